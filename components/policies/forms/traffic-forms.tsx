"use client";
// The forms of resilience and of subsets.
import { ActionIcon, Button, Switch, Text } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { type Subset, serviceRefKey, type TrafficPolicy } from "@/lib/mesh";
import { ChoiceField, ListField, NumberField, SwitchField, TextField } from "./fields";
import { usePolicyForm } from "./form-context";
import classes from "./forms.module.css";
import { HealthCheckSection } from "./health-check-form";
import { LoadBalancingSection } from "./load-balancing-form";
import { LocalitySection } from "./locality-form";
import { More, type NumberOf, Numbers, Row, Section } from "./parts";
import { ServiceField } from "./reference-fields";

type Spec = TrafficPolicy["spec"];
const OFF = "off by default";
const POOL = [
  {
    field: "maxConnections",
    label: "Connections",
    description: "Of one caller's proxy, at most.",
    placeholder: "default 1024",
  },
  {
    field: "maxPendingRequests",
    label: "Waiting requests",
    description: "For a connection, at most.",
    placeholder: "default 1024",
  },
  {
    field: "maxRequests",
    label: "Requests at once",
    description: "Under way, at most.",
    placeholder: "default 1024",
  },
  {
    field: "maxRetries",
    label: "Retries at once",
    description: "Empty: as the budget says.",
    placeholder: "by the budget",
  },
  {
    field: "connectTimeoutMs",
    label: "Connect timeout",
    description: "Longest time to connect.",
    suffix: "ms",
    placeholder: "default 5 s",
  },
] as const satisfies readonly NumberOf<keyof Pool>[];
const CONNECTIONS = [
  {
    field: "idleTimeoutMs",
    label: "Idle timeout, HTTP",
    description: "Closed when unused so long.",
    suffix: "ms",
    placeholder: "default 5 min",
  },
  {
    field: "maxConnectionDurationMs",
    label: "Maximum age, HTTP",
    description: "Then closed when it is free.",
    suffix: "ms",
    placeholder: "no limit",
  },
  {
    field: "maxRequestsPerConnection",
    label: "Requests each, HTTP",
    description: "Then closed; 0: never.",
    placeholder: "no limit",
  },
  {
    field: "maxConcurrentStreams",
    label: "Requests at once, HTTP/2",
    description: "More open another one.",
    placeholder: "default 1024",
  },
  {
    field: "tcpIdleTimeoutMs",
    label: "Idle timeout, TCP",
    description: "Closed when no byte moves.",
    suffix: "ms",
    placeholder: "default 1 h",
  },
  {
    field: "maxConnectAttempts",
    label: "Connect attempts, TCP",
    description: "The first one counts too.",
    placeholder: "default 1",
  },
] as const satisfies readonly NumberOf<keyof Pool>[];
const OUTLIER = [
  {
    field: "consecutive5xxErrors",
    label: "5xx in a row",
    description: "Ejects the host; 0: off.",
    placeholder: "default 5",
  },
  {
    field: "intervalMs",
    label: "Looked at every",
    description: "Ejections and returns.",
    suffix: "ms",
    placeholder: "default 10 s",
  },
  {
    field: "baseEjectionTimeMs",
    label: "Ejected for",
    description: "Longer with each time.",
    suffix: "ms",
    placeholder: "default 30 s",
  },
  {
    field: "maxEjectionPercent",
    label: "Ejected at once",
    description: "Share of the hosts, at most.",
    suffix: "%",
    placeholder: "default 10 %",
  },
] as const satisfies readonly NumberOf<keyof Outlier>[];
/** With statuses of its own the first counter counts those, whatever they are. */
const OWN_ERRORS = OUTLIER.map((each) =>
  each.field === "consecutive5xxErrors" ? { ...each, label: "Errors in a row" } : each,
);
const COUNTERS = [
  {
    field: "consecutiveGatewayErrors",
    label: "502, 503, 504 in a row",
    description: "Ejects the host; 0: off.",
    placeholder: OFF,
  },
  {
    field: "minHealthPercent",
    label: "Panic threshold",
    description: "Below it all hosts are used.",
    suffix: "%",
    placeholder: "default 0 %",
  },
] as const satisfies readonly NumberOf<keyof Outlier>[];

type Pool = NonNullable<Spec["connectionPool"]>;
type Outlier = NonNullable<Spec["outlierDetection"]>;
const HOSTS = {
  field: "minimumHosts",
  label: "Hosts, at least",
  description: "With enough requests.",
  placeholder: "default 5",
} as const;
const REQUESTS = {
  field: "requestVolume",
  label: "Requests, at least",
  description: "Of each host in an interval.",
} as const;
const SUCCESS_RATE = [
  {
    field: "standardDeviationFactor",
    label: "Standard deviations",
    description: "Below the mean of all hosts.",
    placeholder: "default 1.9",
  },
  HOSTS,
  { ...REQUESTS, placeholder: "default 100" },
] as const satisfies readonly NumberOf<keyof NonNullable<Outlier["successRate"]>>[];
const FAILURES = [
  {
    field: "threshold",
    label: "Failed requests",
    description: "Ejected from this share on.",
    suffix: "%",
    placeholder: "default 85 %",
  },
  HOSTS,
  { ...REQUESTS, placeholder: "default 50" },
] as const satisfies readonly NumberOf<keyof NonNullable<Outlier["failurePercentage"]>>[];
const UPGRADES = [
  { value: "upgrade", label: "HTTP/2 always" },
  { value: "do-not-upgrade", label: "HTTP/1.1 always" },
];

/** Is one of these said? */
const isAnySet = <T extends object>(block: T | undefined, fields: readonly (keyof T)[]) =>
  fields.some((field) => block?.[field] !== undefined);

/** A detector that is on by being there, and its numbers. */
function Detector<F extends string>(props: {
  name: "successRate" | "failurePercentage";
  label: string;
  description: string;
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
        description={props.description}
        checked={props.value !== undefined}
        disabled={form.isReadOnly}
        onChange={(event) => form.set(path, event.currentTarget.checked ? {} : undefined)}
      />
      {props.value ? (
        <div className={classes.nested}>
          <Row>
            {props.fields.map(({ field, ...rest }) => (
              <NumberField key={field} path={[...path, field]} value={props.value?.[field]} {...rest} />
            ))}
          </Row>
        </div>
      ) : null}
    </>
  );
}

function OutlierDetails({ outlier }: { outlier: Outlier }) {
  const at = (field: string) => ["spec", "outlierDetection", field];
  const { splitExternalLocalOriginErrors: isSplit, consecutiveLocalOriginFailures: failures } = outlier;
  return (
    <>
      <Numbers block="outlierDetection" fields={COUNTERS} values={outlier} />
      <ListField
        path={at("errorStatuses")}
        label="Answers that are errors"
        description="Statuses that the counters count, and no others."
        value={outlier.errorStatuses}
        placeholder="default 5xx"
        isNumeric
      />
      <SwitchField
        path={at("alwaysEjectOneHost")}
        label="Always eject one host"
        description="Also where the share above allows none (Envoy 1.31 on)."
        value={outlier.alwaysEjectOneHost}
      />
      <SwitchField
        path={at("splitExternalLocalOriginErrors")}
        label="Count calls without an answer apart"
        description="Refused, reset or timed out. Otherwise they count as 5xx and gateway errors."
        value={isSplit}
      />
      {isSplit || failures !== undefined ? (
        <div className={classes.nested}>
          <NumberField
            path={at("consecutiveLocalOriginFailures")}
            label="Without an answer in a row"
            description={isSplit ? "Ejects the host; 0: off." : "Has no effect while they are not counted apart."}
            value={failures}
            placeholder="default 5"
          />
        </div>
      ) : null}
      <Detector
        name="successRate"
        fields={SUCCESS_RATE}
        value={outlier.successRate}
        label="Compare success rates"
        description="Ejects hosts that succeed far less than the others."
      />
      <Detector
        name="failurePercentage"
        fields={FAILURES}
        value={outlier.failurePercentage}
        label="Limit the share of failures"
        description="Ejects hosts that fail in too many of their requests."
      />
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
        <More
          label="Age, idle time and protocol of connections"
          isSet={isAnySet(pool, [...CONNECTIONS.map(({ field }) => field), "tcpKeepalive", "h2UpgradePolicy"])}
        >
          <Numbers block="connectionPool" fields={CONNECTIONS} values={pool} />
          <NumberField
            path={["spec", "connectionPool", "tcpKeepalive", "timeMs"]}
            label="TCP keepalive after"
            description="A connection that is idle so long is probed, and closed after ten probes without an answer."
            value={pool?.tcpKeepalive?.timeMs}
            suffix="ms"
            placeholder="never"
          />
          <ChoiceField
            path={at("connectionPool", "h2UpgradePolicy")}
            label="Ports of protocol http are called by"
            description="By default HTTP/2 between sidecars, HTTP/1.1 to hosts without one."
            value={pool?.h2UpgradePolicy}
            placeholder="default"
            choices={UPGRADES}
          />
        </More>
      </Section>
      <Section title="Outlier detection" hint="Takes failing hosts out for a while.">
        <Numbers block="outlierDetection" fields={outlier?.errorStatuses ? OWN_ERRORS : OUTLIER} values={outlier} />
        {outlier ? (
          <More
            label="More ways to find failing hosts"
            isSet={isAnySet(outlier, [
              ...COUNTERS.map(({ field }) => field),
              "errorStatuses",
              "alwaysEjectOneHost",
              "splitExternalLocalOriginErrors",
              "consecutiveLocalOriginFailures",
              "successRate",
              "failurePercentage",
            ])}
          >
            <OutlierDetails outlier={outlier} />
          </More>
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
            label="Retries, at most"
            description="Share of the requests under way."
            value={retryBudget?.percent}
            suffix="%"
            placeholder="default 20 %"
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
