"use client";
// The forms of resilience and of subsets.
import { ActionIcon, Button, Switch, Text } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { type Subset, serviceRefKey, type TrafficPolicy } from "@/lib/mesh";
import { ChoiceField, NumberField, SwitchField, TextField } from "./fields";
import { usePolicyForm } from "./form-context";
import { HealthCheckSection } from "./health-check-form";
import { LoadBalancingSection } from "./load-balancing-form";
import { LocalitySection } from "./locality-form";
import { type NumberOf, Numbers, Row, Section } from "./parts";
import { ServiceField } from "./reference-fields";

type Spec = TrafficPolicy["spec"];
const POOL = [
  { field: "maxConnections", label: "Connections" },
  { field: "maxPendingRequests", label: "Waiting requests" },
  { field: "maxRequests", label: "Requests at once" },
  { field: "maxRetries", label: "Retries at once" },
  { field: "connectTimeoutMs", label: "Connect timeout", suffix: "ms" },
  { field: "idleTimeoutMs", label: "Idle timeout", suffix: "ms" },
  { field: "maxRequestsPerConnection", label: "Requests of a connection" },
  { field: "maxConnectionDurationMs", label: "Longest connection", suffix: "ms" },
  { field: "maxConcurrentStreams", label: "Streams of a connection" },
  { field: "tcpIdleTimeoutMs", label: "Idle timeout of TCP", suffix: "ms" },
  { field: "maxConnectAttempts", label: "Tries to connect of TCP" },
] as const satisfies readonly NumberOf<keyof NonNullable<Spec["connectionPool"]>>[];
const OUTLIER = [
  { field: "consecutive5xxErrors", label: "5xx in a row" },
  { field: "consecutiveGatewayErrors", label: "502 to 504 in a row" },
  { field: "consecutiveLocalOriginFailures", label: "Without an answer in a row" },
  { field: "intervalMs", label: "Interval", suffix: "ms" },
  { field: "baseEjectionTimeMs", label: "Ejected for", suffix: "ms" },
  { field: "maxEjectionPercent", label: "Most ejected", suffix: "%" },
  { field: "minHealthPercent", label: "Least healthy", suffix: "%" },
] as const satisfies readonly NumberOf<keyof NonNullable<Spec["outlierDetection"]>>[];

type Outlier = NonNullable<Spec["outlierDetection"]>;
const VOLUME = [
  { field: "minimumHosts", label: "Least hosts" },
  { field: "requestVolume", label: "Least requests of each" },
] as const;
const SUCCESS_RATE = [
  { field: "standardDeviationFactor", label: "Standard deviations" },
  ...VOLUME,
] as const satisfies readonly NumberOf<keyof NonNullable<Outlier["successRate"]>>[];
const FAILURES = [
  { field: "threshold", label: "Share of failures", suffix: "%" },
  ...VOLUME,
] as const satisfies readonly NumberOf<keyof NonNullable<Outlier["failurePercentage"]>>[];

/** A detector that is on by being there, and its numbers. */
function Detector<F extends string>(props: {
  name: "successRate" | "failurePercentage";
  label: string;
  fields: readonly NumberOf<F>[];
  value: { [K in F]?: number | undefined } | undefined;
}) {
  const form = usePolicyForm();
  const path = ["spec", "outlierDetection", props.name];
  return (
    <>
      <Switch
        size="xs"
        label={props.label}
        checked={props.value !== undefined}
        disabled={form.isReadOnly}
        onChange={(event) => form.set(path, event.currentTarget.checked ? {} : undefined)}
      />
      {props.value ? (
        <Row>
          {props.fields.map(({ field, ...rest }) => (
            <NumberField key={field} path={[...path, field]} value={props.value?.[field]} {...rest} />
          ))}
        </Row>
      ) : null}
    </>
  );
}

export function TrafficForm({ policy }: { policy: TrafficPolicy }) {
  const { index } = usePolicyForm();
  const { service, subset, connectionPool: pool, outlierDetection: outlier, loadBalancing, retryBudget } = policy.spec;
  const subsets = index.subsetsOf(serviceRefKey(service, policy)).map((each) => each.spec.name);
  const at = (block: string, field: string) => ["spec", block, field];
  return (
    <>
      <Section title="For calls to">
        <ServiceField path={["spec", "service"]} label="Service" value={service} />
        <ChoiceField
          path={["spec", "subset"]}
          label="Subset"
          value={subset}
          choices={subsets}
          placeholder="every subset"
        />
      </Section>
      <Section title="Circuit breaker" hint="How much one caller may ask at once; more is answered with 503.">
        <Numbers block="connectionPool" fields={POOL} values={pool} />
        <NumberField
          path={["spec", "connectionPool", "tcpKeepalive", "timeMs"]}
          label="TCP keepalive after"
          value={pool?.tcpKeepalive?.timeMs}
          suffix="ms"
        />
        <ChoiceField
          path={at("connectionPool", "h2UpgradePolicy")}
          label="HTTP/2 for ports of HTTP"
          value={pool?.h2UpgradePolicy}
          placeholder="between sidecars (default)"
          choices={["upgrade", "do-not-upgrade"]}
        />
      </Section>
      <Section title="Outlier detection" hint="Takes failing hosts out for a while.">
        <Numbers block="outlierDetection" fields={OUTLIER} values={outlier} />
        {outlier ? (
          <>
            <SwitchField
              path={at("outlierDetection", "alwaysEjectOneHost")}
              label="Always eject one host"
              value={outlier.alwaysEjectOneHost}
            />
            <SwitchField
              path={at("outlierDetection", "splitExternalLocalOriginErrors")}
              label="Count calls without an answer for themselves"
              value={outlier.splitExternalLocalOriginErrors}
            />
            <Detector
              name="successRate"
              fields={SUCCESS_RATE}
              value={outlier.successRate}
              label="Compare shares of success"
            />
            <Detector
              name="failurePercentage"
              fields={FAILURES}
              value={outlier.failurePercentage}
              label="Limit the share of failures"
            />
          </>
        ) : null}
        {outlier?.legacyConsecutiveErrors === undefined ? null : (
          <Text size="xs" c="var(--mw-attention)">
            Istio's consecutiveErrors: {outlier.legacyConsecutiveErrors} is kept as written and has no effect.
          </Text>
        )}
      </Section>
      <HealthCheckSection check={policy.spec.healthCheck} />
      <LoadBalancingSection balancing={loadBalancing} />
      <LocalitySection policy={policy} />
      <Section title="Retry budget" hint="Keeps retries from becoming a storm.">
        <Row>
          <NumberField
            path={at("retryBudget", "percent")}
            label="Most retries"
            value={retryBudget?.percent}
            suffix="%"
          />
          {retryBudget ? (
            <NumberField
              path={at("retryBudget", "minConcurrency")}
              label="Always allowed"
              value={retryBudget.minConcurrency}
            />
          ) : null}
        </Row>
      </Section>
    </>
  );
}

export function SubsetForm({ subset }: { subset: Subset }) {
  const form = usePolicyForm();
  const { service, name, labels } = subset.spec;
  const workloads = form.index.workloadsOf(serviceRefKey(service, subset));
  const versions = [...new Set(workloads.map((each) => each.spec.version))];
  const entries = Object.entries(labels);
  return (
    <>
      <Section title="Of the service">
        <ServiceField path={["spec", "service"]} label="Service" value={service} />
        <TextField path={["spec", "name"]} label="Name" value={name} />
      </Section>
      <Section title="Workloads that belong to it" hint="All labels have to be as written.">
        {entries.map(([label, value]) => (
          <Row key={label}>
            {label === "version" ? (
              <ChoiceField
                path={["spec", "labels", label]}
                label={label}
                description=""
                value={value}
                choices={versions}
                isRequired
              />
            ) : (
              <TextField path={["spec", "labels", label]} label={label} description="" value={value} />
            )}
            <ActionIcon
              aria-label={`Remove label ${label}`}
              disabled={form.isReadOnly}
              onClick={() => form.set(["spec", "labels", label], undefined)}
            >
              <IconX size={16} />
            </ActionIcon>
          </Row>
        ))}
        {entries.length === 0 && !form.isReadOnly ? (
          <Button
            size="compact-xs"
            variant="subtle"
            onClick={() => form.set(["spec", "labels", "version"], versions[0] ?? "v1")}
          >
            Select a version
          </Button>
        ) : null}
        <Text size="xs" c="dimmed">
          Other labels can be written in the YAML.
        </Text>
      </Section>
    </>
  );
}
