"use client";
// "Who is told of requests?" Job: tracing and access log of the whole mesh as fields of the draft.
import { MeshForm } from "../mesh-form";
import { AccessLogFields } from "./access-log-fields";
import { TracingFields } from "./tracing-fields";

export function MeshTelemetry() {
  return (
    <MeshForm
      title="Telemetry"
      say={({ spec: { tracing, accessLog } }) =>
        tracing || accessLog
          ? `Every sidecar and gateway tells of its requests: ${[tracing && "spans", accessLog && "an access log"].filter(Boolean).join(" and ")}.`
          : "Nobody outside of this control plane is told of requests."
      }
    >
      {({ spec }) => (
        <>
          <TracingFields tracing={spec.tracing} />
          <AccessLogFields log={spec.accessLog} />
        </>
      )}
    </MeshForm>
  );
}
