"use client";
// The form of active health checks: what each host is asked, how often, and what it takes to be out or back.
// Rule: another kind of check keeps the times of the one before; what only one kind has is there with it alone.
import { Text } from "@mantine/core";
import { CHECK_METHODS, HEALTH_CHECK_DEFAULTS as DEFAULTS, type HealthCheck } from "@/lib/mesh";
import { ChoiceField, ListField, TextField } from "./fields";
import { usePolicyForm } from "./form-context";
import { type NumberOf, Numbers, Row, Section } from "./parts";

const BLOCK = "healthCheck";
const at = (field: string) => ["spec", BLOCK, field];
const KINDS = [
  { value: "http", label: "a path, by HTTP" },
  { value: "grpc", label: "the health service, by gRPC" },
  { value: "tcp", label: "a connection, by TCP" },
];
const TIMES = [
  { field: "intervalMs", label: "Every", suffix: "ms", placeholder: `default ${DEFAULTS.intervalMs} ms` },
  { field: "timeoutMs", label: "Answer within", suffix: "ms", placeholder: `default ${DEFAULTS.timeoutMs} ms` },
  { field: "unhealthyThreshold", label: "Out after", placeholder: `default ${DEFAULTS.unhealthyThreshold}` },
  { field: "healthyThreshold", label: "Back after", placeholder: `default ${DEFAULTS.healthyThreshold}` },
  { field: "jitterPercent", label: "Later by chance", suffix: "%", placeholder: `default ${DEFAULTS.jitterPercent} %` },
  { field: "unhealthyIntervalMs", label: "Every, while out", suffix: "ms" },
  { field: "noTrafficIntervalMs", label: "Every, without traffic", suffix: "ms", placeholder: "default 1 min" },
  { field: "initialJitterMs", label: "First one later by", suffix: "ms" },
] as const satisfies readonly NumberOf<keyof HealthCheck>[];

/** The same times, asked another way. */
function asked(type: string | undefined, check: HealthCheck | undefined): HealthCheck | undefined {
  const when = Object.fromEntries(
    [...TIMES.map(({ field }) => field), "reuseConnection" as const].flatMap((field) =>
      check?.[field] === undefined ? [] : [[field, check[field]]],
    ),
  );
  if (type === "http") return { type, path: "/", ...when };
  return type === "grpc" || type === "tcp" ? { type, ...when } : undefined;
}

export function HealthCheckSection({ check }: { check: HealthCheck | undefined }) {
  const form = usePolicyForm();
  return (
    <Section title="Health check" hint="Callers ask each host, and leave out those that do not pass.">
      <ChoiceField
        path={at("type")}
        label="Hosts are asked"
        value={check?.type}
        choices={KINDS}
        placeholder="nothing (default)"
        onChoose={(type) => form.set(["spec", BLOCK], asked(type, check))}
      />
      {check ? (
        <>
          <Questions check={check} />
          <Numbers block={BLOCK} fields={TIMES} values={check} />
          <Text size="xs" c="dimmed">
            The first checks decide before a caller calls. Authorization has to allow its callers to ask.
          </Text>
        </>
      ) : null}
    </Section>
  );
}

function Questions({ check }: { check: HealthCheck }) {
  if (check.type === "grpc") {
    return (
      <Row>
        <TextField path={at("serviceName")} label="gRPC service" value={check.serviceName} placeholder="the server" />
        <TextField path={at("host")} label="Authority" value={check.host} placeholder="the service's name" />
      </Row>
    );
  }
  if (check.type === "tcp") {
    return (
      <>
        <TextField path={at("send")} label="Sends" value={check.send} placeholder="nothing" />
        <ListField path={at("receive")} label="Receives" value={check.receive} placeholder="anything" />
      </>
    );
  }
  return (
    <>
      <Row>
        <TextField path={at("path")} label="Path" value={check.path} />
        <ChoiceField
          path={at("method")}
          label="Method"
          value={check.method}
          choices={CHECK_METHODS}
          placeholder="GET"
        />
        <TextField path={at("host")} label="Host" value={check.host} placeholder="the service's name" />
      </Row>
      <ListField
        path={at("expectedStatuses")}
        label="Statuses that pass"
        value={check.expectedStatuses}
        placeholder="200"
        isNumeric
      />
    </>
  );
}
