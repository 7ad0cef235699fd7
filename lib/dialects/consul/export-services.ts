// Services with their versions, limits and mutual TLS -> ServiceDefaults and ServiceResolver; limits of calls go to the callers.
// The rule: what the callee says here its callers say in Consul: each drawn or allowed caller gets it, and where none is known it is told.

import { keyOf, objectKey, type RateLimit, type Service, type TrafficLocality, type TrafficPolicy } from "@/lib/mesh";
import type { ExportContext } from "../shared/export-context";
import { msToDuration } from "../shared/fields";
import { loseHealthCheck } from "../shared/health-check";
import { loseLocality } from "../shared/locality";
import { loseSharedLimit } from "../shared/shared-limit";
import { type ConsulExport, filled, isHttp, portOf } from "./export-out";
import { callersOf } from "./export-who";
import { judgeBalancing, writeBalancer } from "./load-balancer";

type Spec = Record<string, unknown>;

export function exportService(out: ConsulExport, service: Service): void {
  const { index, context } = out;
  const { name, namespace } = service.metadata;
  const key = objectKey(service);
  const { protocol, port } = portOf(service);
  out.say({ name, namespace }, { protocol }, service);
  const others = service.spec.ports.filter((each) => each.port !== port);
  if (others.length > 0) {
    const words = others.map((each) => each.port).join(", ");
    const reason = `a service of Consul has one port, here ${port}: register a service of its own for ${words}`;
    context.lose(service, ["spec", "ports"], "approximate", reason, { changesMeaning: true });
  }
  const subsets = index.subsetsOf(key).map(({ spec }) => [spec.name, { filter: filterOf(spec.labels) }] as const);
  const policy = index.trafficPoliciesOf(key).find(({ spec }) => spec.subset === undefined);
  const connect = policy?.spec.connectionPool?.connectTimeoutMs;
  const balancing = policy?.spec.loadBalancing;
  const spec = filled({
    subsets: Object.fromEntries(subsets),
    connectTimeout: connect === undefined ? undefined : msToDuration(connect),
    loadBalancer: balancing && writeBalancer(balancing),
    prioritizeByLocality: policy && priorityOf(policy),
  });
  if (Object.keys(spec).length > 0) out.add("ServiceResolver", { name, namespace }, spec, policy);
  for (const subset of index.subsetsOf(key)) {
    const reason = `a filter over metadata: give its pods ${Object.keys(subset.spec.labels)
      .map((label) => `consul.hashicorp.com/service-meta-${metaName(label)}`)
      .join(", ")}`;
    context.tell(subset, ["spec"], "exact", reason, { target: `ServiceResolver ${name}` });
  }
  for (const limit of index.rateLimitsOf(key)) exportLimit(out, service, limit);
}

/** Consul knows the nearest first, by region and zone, and no other way. */
function priorityOf({ spec: { locality } }: TrafficPolicy): Spec | undefined {
  if (!locality) return undefined;
  if (locality.enabled === false) return { mode: "none" };
  return isPlain(locality) ? { mode: "failover" } : undefined;
}

const isPlain = ({ distribute, failover, failoverPriority }: TrafficLocality): boolean =>
  !distribute && !failover && !failoverPriority;

function judgeLocality(context: ExportContext, policy: TrafficPolicy): void {
  const { locality, subset } = policy.spec;
  const path = ["spec", "locality"];
  if (!locality) return;
  if (subset !== undefined) loseLocality(context, policy, "Consul", "a ServiceResolver says it for all of a service");
  else if (locality.enabled === false)
    context.tell(policy, path, "exact", "prioritizeByLocality of its ServiceResolver is none");
  else if (isPlain(locality)) {
    const reason =
      "prioritizeByLocality of its ServiceResolver: region and zone, without subzones, in Consul Enterprise only";
    context.lose(policy, path, "approximate", reason, { changesMeaning: true });
  } else loseLocality(context, policy, "Consul", "failover of its ServiceResolver names services and datacenters");
}

/** Metadata of Consul has names of letters, digits, dashes and underscores. */
const metaName = (label: string) => label.replaceAll(/[^\w-]/g, "_");

const filterOf = (labels: Readonly<Record<string, string>>) =>
  Object.entries(labels)
    .map(([label, value]) => {
      const name = metaName(label);
      const path = /^\w+$/.test(name) ? `Service.Meta.${name}` : `Service.Meta["${name}"]`;
      return `${path} == ${/^[A-Za-z]\w*$/.test(value) ? value : `"${value}"`}`;
    })
    .join(" and ");

/** Limits of calls, to who makes them. */
export function exportCalls(out: ConsulExport): void {
  const { index } = out;
  const byCaller = new Map<string, { home: { name: string; namespace: string }; overrides: Spec[] }>();
  for (const policy of index.all("TrafficPolicy")) {
    const key = keyOf("Service", policy.spec.service.namespace ?? policy.metadata.namespace, policy.spec.service.name);
    const service = index.find("Service", key);
    if (!service || !out.isOwner(service)) continue;
    judgeTraffic(out, policy, service);
    if (policy.spec.subset !== undefined) continue;
    const conf = upstreamOf(policy);
    if (Object.keys(conf).length === 0) continue;
    for (const caller of callersOf(out, service)) {
      const there = byCaller.get(caller.name) ?? { home: caller, overrides: [] };
      there.overrides.push({ name: service.metadata.name, ...conf });
      byCaller.set(caller.name, there);
    }
  }
  for (const { home, overrides } of byCaller.values()) out.say(home, { upstreamConfig: { overrides } });
}

/** The limits of a policy as a caller says them. */
export function upstreamOf({ spec }: TrafficPolicy): Spec {
  const { connectionPool: pool, outlierDetection: outlier } = spec;
  return filled({
    limits: filled({
      maxConnections: pool?.maxConnections,
      maxPendingRequests: pool?.maxPendingRequests,
      maxConcurrentRequests: pool?.maxRequests,
    }),
    passiveHealthCheck: outlier && checkOf(outlier),
  });
}

function checkOf(outlier: NonNullable<TrafficPolicy["spec"]["outlierDetection"]>): Spec {
  const { consecutive5xxErrors, consecutiveGatewayErrors, legacyConsecutiveErrors } = outlier;
  const failures = [consecutive5xxErrors, consecutiveGatewayErrors, legacyConsecutiveErrors].find((each) => each);
  const time = (ms: number | undefined) => (ms === undefined ? undefined : msToDuration(ms));
  return filled({
    interval: time(outlier.intervalMs),
    maxFailures: failures,
    ...(consecutive5xxErrors === 0 && failures === undefined ? { enforcingConsecutive5xx: 0 } : {}),
    baseEjectionTime: time(outlier.baseEjectionTimeMs),
    maxEjectionPercent: outlier.maxEjectionPercent,
  });
}

type Verdict = ["exact" | "approximate" | "lost", string, boolean?];
const CALLER = "each caller says it of its own calls, in upstreamConfig of its ServiceDefaults";
const POOL: Record<string, Verdict> = {
  maxConnections: ["exact", CALLER],
  maxPendingRequests: ["exact", CALLER],
  maxRequests: ["exact", CALLER],
  connectTimeoutMs: ["exact", "connectTimeout of its ServiceResolver"],
};
const OUTLIER: Record<string, Verdict> = {
  consecutive5xxErrors: ["exact", CALLER],
  intervalMs: ["exact", CALLER],
  baseEjectionTimeMs: ["exact", CALLER],
  maxEjectionPercent: ["exact", CALLER],
  consecutiveGatewayErrors: ["approximate", "Consul counts every 5xx as a failure, not 502, 503 and 504 alone"],
  errorStatuses: ["lost", "Consul counts every 5xx, and cannot name other answers"],
  legacyConsecutiveErrors: ["approximate", "the number counts here, of every 5xx: Istio ignores it"],
};

function judgeTraffic(out: ConsulExport, policy: TrafficPolicy, service: Service): void {
  const { context, index } = out;
  const { subset, connectionPool = {}, outlierDetection = {}, retryBudget } = policy.spec;
  if (subset !== undefined) {
    const reason = "callers limit their calls of a service, not of one of its versions: what the service says holds";
    context.lose(policy, ["spec"], "lost", reason, { changesMeaning: true });
    return;
  }
  const callers = callersOf(out, service);
  const gateways = index
    .dependenciesTo(objectKey(service))
    .flatMap(({ spec }) => (spec.from.kind === "Gateway" ? spec.from.name : []));
  if (gateways.length > 0 && Object.keys(upstreamOf(policy)).length > 0) {
    const reason = `calls of gateway ${gateways.join(", ")} are not limited: write it beside the service in its IngressGateway`;
    context.lose(policy, ["spec"], "approximate", reason);
  }
  const judge = (path: string[], verdict: Verdict | undefined) => {
    const [kind, reason, isLoud] = verdict ?? ["lost", `Consul has no ${path.at(-1)}`];
    const isOfCaller = kind !== "lost" && verdict?.[1] !== POOL["connectTimeoutMs"]?.[1];
    if (isOfCaller && callers.length === 0) {
      const nobody =
        "a caller says it in Consul, and no caller is drawn: write it in upstreamConfig of each one's ServiceDefaults";
      context.lose(policy, ["spec", ...path], "lost", nobody);
    } else context.tell(policy, ["spec", ...path], kind, reason, isLoud ? { changesMeaning: true } : {});
  };
  for (const field of Object.keys(connectionPool)) judge(["connectionPool", field], POOL[field]);
  for (const field of Object.keys(outlierDetection)) judge(["outlierDetection", field], OUTLIER[field]);
  judgeBalancing(out, policy, service);
  loseHealthCheck(
    context,
    policy,
    "Consul",
    "agents check the instances that they register, by checks of the service definition",
  );
  judgeLocality(context, policy);
  if (retryBudget) context.lose(policy, ["spec", "retryBudget"], "lost", "Consul has no retry budget");
  if (Object.keys(policy.spec).length === 1) context.tell(policy, ["spec"], "exact", "it says nothing");
}

function exportLimit(out: ConsulExport, service: Service, limit: RateLimit): void {
  const { context } = out;
  const { name, namespace } = service.metadata;
  const loud = { changesMeaning: true };
  if (loseSharedLimit(context, limit, "Consul")) return;
  const { limits, connectionRate } = limit.spec;
  if (connectionRate)
    context.lose(limit, ["spec", "connectionRate"], "lost", "Consul limits requests, not connections", loud);
  if (!limits) return;
  if (limit.spec.shadow || !isHttp(service)) {
    const reason = limit.spec.shadow
      ? "Consul has no limits that only count"
      : "Consul limits requests, not connections";
    context.lose(limit, ["spec"], "lost", reason, limit.spec.shadow ? {} : loud);
    return;
  }
  const level: Spec = {};
  const routes: Spec[] = [];
  limits.forEach((each, i) => {
    const path = ["spec", "limits", i];
    const perSecond = (each.requests * 1000) / each.perMs;
    const bucket = {
      requestsPerSecond: Math.max(1, Math.round(perSecond)),
      requestsMaxBurst: Math.max(each.burst ?? each.requests, Math.round(perSecond)),
    };
    const { path: own, ...rest } = each.match ?? {};
    const isWhole = each.match === undefined || Object.keys(each.match).length === 0;
    if (Object.keys(rest).length > 0 || own?.ignoreCase || level["requestsPerSecond"] !== undefined) {
      const reason = "Consul limits by path only: these requests are not limited, or by another of its limits";
      context.lose(limit, path, "lost", reason, loud);
      return;
    }
    if (isWhole) Object.assign(level, bucket);
    else {
      const value = own?.value ?? "/";
      const key = own?.type === "exact" ? "pathExact" : own?.type === "regex" ? "pathRegex" : "pathPrefix";
      routes.push({ [key]: value, ...bucket });
    }
    const isRound = Number.isInteger(perSecond) && own?.type !== "pathPrefix";
    const reason = isRound
      ? "rateLimits of the instance, in Consul's Enterprise edition"
      : "rateLimits of the instance, in whole requests per second and by the text of the path; Enterprise edition";
    context.tell(limit, path, isRound ? "exact" : "approximate", reason);
  });
  const instanceLevel = { ...level, ...(routes.length > 0 ? { routes } : {}) };
  if (Object.keys(instanceLevel).length > 0) out.say({ name, namespace }, { rateLimits: { instanceLevel } });
  if (limit.spec.tellsCallers) {
    context.lose(limit, ["spec", "tellsCallers"], "lost", "Consul's answers do not tell of limits");
  }
}
