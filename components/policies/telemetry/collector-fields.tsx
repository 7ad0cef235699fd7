"use client";
// The address of an OpenTelemetry collector.
import type { Path, Tracing } from "@/lib/mesh";
import { ChoiceField, NumberField, TextField } from "../forms/fields";
import { Row } from "../forms/parts";

/** One that runs beside each proxy, until a person says where it is. */
export const LOCAL_COLLECTOR: Tracing["collector"] = { host: "127.0.0.1", port: 4317, protocol: "grpc" };

const PROTOCOLS = [
  { value: "grpc", label: "gRPC" },
  { value: "http", label: "HTTP" },
];

export function CollectorFields(props: {
  path: Path;
  collector: Pick<Tracing["collector"], "host" | "port" | "protocol">;
}) {
  const { path, collector } = props;
  return (
    <Row>
      <TextField path={[...path, "host"]} label="Collector" description="" value={collector.host} />
      <NumberField path={[...path, "port"]} label="Port" description="" value={collector.port} />
      <ChoiceField
        path={[...path, "protocol"]}
        label="OTLP by"
        description=""
        value={collector.protocol}
        choices={PROTOCOLS}
        isRequired
      />
    </Row>
  );
}
