// Tracing of the mesh -> Telemetry of Istio's root namespace. Rule: where spans go is said in MeshConfig, which is no resource: the report says
// what belongs there.
import type { MeshRoot, Tracing } from "@/lib/mesh";
import type { ExportContext } from "../shared/export-context";
import { GENERATED_LABEL } from "../shared/generated";
import { ROOT_NAMESPACE } from "./security";

const PROVIDER = "meshwright-otlp";

export function exportTracing(context: ExportContext, mesh: MeshRoot): void {
  const { tracing } = mesh.spec;
  if (!tracing) return;
  const { collector, samplingPercent, tags } = tracing;
  const customTags = Object.fromEntries((tags ?? []).map(({ name, from }) => [name, tagOf(from)]));
  const spec = {
    tracing: [
      {
        providers: [{ name: PROVIDER }],
        randomSamplingPercentage: samplingPercent,
        ...(tags && tags.length > 0 ? { customTags } : {}),
      },
    ],
  };
  const metadata = { name: "meshwright-tracing", namespace: ROOT_NAMESPACE, labels: { [GENERATED_LABEL]: "tracing" } };
  context.add({ apiVersion: "telemetry.istio.io/v1", kind: "Telemetry", metadata, spec }, mesh);
  const reason = `the collector is no part of a resource: add to extensionProviders of MeshConfig {name: ${PROVIDER}, opentelemetry: {service: ${collector.host}, port: ${collector.port}${collector.protocol === "http" ? ", http: {path: /v1/traces}" : ""}}}`;
  context.lose(mesh, ["spec", "tracing", "collector"], "approximate", reason);
}

function tagOf(from: NonNullable<Tracing["tags"]>[number]["from"]): object {
  switch (from.type) {
    case "literal":
      return { literal: { value: from.value } };
    case "header":
      return { header: { name: from.header, ...(from.default ? { defaultValue: from.default } : {}) } };
    case "environment":
      return { environment: { name: from.variable, ...(from.default ? { defaultValue: from.default } : {}) } };
  }
}
