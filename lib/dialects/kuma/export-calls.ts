// Routes and traffic policies of a service -> MeshHTTPRoute, MeshTimeout, MeshRetry, MeshCircuitBreaker, MeshLoadBalancingStrategy.
// The rule: rules that differ in times or retries are in routes of their own, which the policies name; where all are alike the policies name the service.
import {
  isSameJson,
  type OutlierDetection,
  objectKey,
  type Retries,
  type Route,
  type RouteRule,
  refKey,
  type Service,
  type TrafficPolicy,
} from "@/lib/mesh";
import type { Judgement } from "../gateway-api/entries";
import { versionServiceName } from "../gateway-api/export-rule";
import { msToDuration } from "../shared/fields";
import { loseLocality } from "../shared/locality";
import { takesEverything, type Versions, type WrittenRule, withKeptFilters, writeRoute } from "./export-http-route";
import type { KumaExport, Ref } from "./export-refs";
import { judgeHealthCheck, writeHealthCheck } from "./health-check";
import { judgeBalancing, writeBalancer } from "./load-balancer";
import { speaksGrpc, speaksHttp, speaksTcp } from "./ports";
import { LIMITS, OTHER_HOSTS, OTHER_LOCALITIES, TO_GRPC_ON, TO_HTTP_ON } from "./read-policy";

type Entry = { targetRef: Ref; default: Record<string, unknown> };
/** What a service's policies say of calls to it. */
type Plan = { timeouts: Entry[]; retries: Entry[] };

export function exportService(out: KumaExport, service: Service, versions: Versions): void {
  const { context } = out;
  const key = objectKey(service);
  const { namespace } = service.metadata;
  const plan: Plan = { timeouts: [], retries: [] };
  const [route, ...others] = context.index.all("Route").filter((each) => refKey(each.spec.target, each) === key);
  if (route) exportRoute(out, service, route, versions, plan);
  for (const each of others) {
    context.lose(each, ["spec"], "lost", `${route?.metadata.name} already says where calls of this service go`, {
      changesMeaning: true,
    });
  }
  const limits = exportTraffic(out, service, versions);
  const home = { name: route?.metadata.name ?? limits.name, namespace: out.homeOf(namespace) };
  const timeouts = joined([...plan.timeouts, ...limits.timeouts]);
  if (timeouts.length > 0) out.add("MeshTimeout", home, { to: timeouts });
  const retries = joined([...plan.retries, ...limits.retries]);
  if (retries.length > 0) out.add("MeshRetry", home, { to: retries });
}

/** One entry for each target: fields of the same target side by side. */
function joined(entries: readonly Entry[]): Entry[] {
  const result: Entry[] = [];
  for (const entry of entries) {
    const at = result.findIndex(({ targetRef }) => isSameJson(targetRef, entry.targetRef));
    const there = result[at];
    if (there) result[at] = { ...there, default: beside(there.default, entry.default) };
    else result.push(entry);
  }
  return result;
}

/** `http` is an object of both. */
function beside(a: Record<string, unknown>, b: Record<string, unknown>): Record<string, unknown> {
  const http = { ...(a["http"] as object | undefined), ...(b["http"] as object | undefined) };
  return { ...a, ...b, ...(Object.keys(http).length > 0 ? { http } : {}) };
}

function exportRoute(out: KumaExport, service: Service, route: Route, versions: Versions, plan: Plan): void {
  const { context } = out;
  const { name, namespace } = service.metadata;
  const judged = new Map<number, Judgement[]>();
  const judge = (rule: number, judgement: Judgement) => {
    const all = judged.get(rule) ?? [];
    if (!all.some(({ reason }) => reason === judgement.reason)) judged.set(rule, [...all, judgement]);
  };
  const written = withKeptFilters(out, route, writeRoute(out, route, versions, judge));
  const isGrpc = speaksGrpc(service);
  const timesOf = (index: number) => {
    const rule = route.spec.rules[index];
    return rule?.action.type === "forward"
      ? timesOfRule(rule, isGrpc, (judgement) => judge(index, judgement))
      : undefined;
  };
  const runs = inRuns(written, timesOf);
  const home = out.homeOf(namespace);
  const names: string[] = [];
  runs.forEach((run, i) => {
    // of two routes Kuma takes the one first whose name comes last
    const base =
      runs.length === 1
        ? route.metadata.name
        : `${route.metadata.name.slice(0, 240)}-${String(runs.length - i).padStart(2, "0")}`;
    const to = [{ targetRef: out.service(name, namespace), rules: run.rules.map(({ rule }) => rule) }];
    const made = out.add("MeshHTTPRoute", { name: base, namespace: home }, { to }, { of: route });
    names.push(made);
    if (!run.times) return;
    const targetRef = runs.length === 1 ? out.service(name, namespace) : out.named("MeshHTTPRoute", made, home);
    plan.timeouts.push({ targetRef, default: run.times.timeout });
    plan.retries.push({ targetRef, default: run.times.retry });
  });
  if (!takesEverything(route)) {
    const reason = "Kuma sends what no rule takes to the service itself, where the design answers 404";
    context.lose(route, ["spec", "rules"], "approximate", reason, { changesMeaning: true });
  }
  report(out, route, judged, names);
}

export type Times = { timeout: Record<string, unknown>; retry: Record<string, unknown> };
type Run = { rules: WrittenRule[]; times: Times | undefined };

/** Neighbours of the same times stay together; a redirect has none and goes with either. */
function inRuns(written: readonly WrittenRule[], timesOf: (index: number) => Times | undefined): Run[] {
  const runs: Run[] = [];
  for (const rule of written) {
    const own = timesOf(rule.index);
    const last = runs.at(-1);
    if (last && (own === undefined || last.times === undefined || isSameJson(own, last.times))) {
      last.rules.push(rule);
      last.times ??= own;
    } else runs.push({ rules: [rule], times: own });
  }
  return runs;
}

/** What a proxy retries on that was told nothing, as far as Kuma has words: those of the compiler. */
export const DEFAULT_RETRY = {
  http: { numRetries: 2, retryOn: ["ConnectFailure", "RefusedStream"] },
  grpc: { numRetries: 2, retryOn: ["Unavailable", "Canceled"] },
};
/** Kuma's own list begins where no condition is named. */
const WITHOUT_WORD = new Set(["retriable-status-codes"]);

export function timesOfRule(rule: RouteRule, isGrpc: boolean, judge: (judgement: Judgement) => void): Times {
  const timeout = {
    http: {
      requestTimeout: msToDuration(rule.timeoutMs ?? 0),
      ...(rule.idleTimeoutMs === undefined ? {} : { streamIdleTimeout: msToDuration(rule.idleTimeoutMs) }),
    },
  };
  return { timeout, retry: rule.retries ? retryOf(rule.retries, isGrpc, judge) : DEFAULT_RETRY };
}

const backOffOf = ({ baseMs, maxMs }: NonNullable<Retries["backoff"]>) => ({
  baseInterval: msToDuration(baseMs),
  ...(maxMs === undefined ? {} : { maxInterval: msToDuration(maxMs) }),
});

function retryOf(
  { attempts, perTryTimeoutMs, on = [], backoff, ignorePreviousHosts, remoteLocalities }: Retries,
  isGrpc: boolean,
  judge: (judgement: Judgement) => void,
): Record<string, unknown> {
  const protocol = isGrpc ? "grpc" : "http";
  if (attempts === 0) return { [protocol]: { numRetries: 0 } };
  const words = isGrpc ? TO_GRPC_ON : TO_HTTP_ON;
  if (isGrpc && ignorePreviousHosts === true) {
    const reason = "for gRPC Kuma cannot leave out hosts that were tried: a retry may go to the same one";
    judge({ verdict: "approximate", reason, changesMeaning: false });
  }
  if (isGrpc && remoteLocalities) {
    const reason = "for gRPC Kuma cannot send retries to other localities: they spread as calls do";
    judge({ verdict: "approximate", reason, changesMeaning: false });
  }
  const hostSelection = [
    ...(ignorePreviousHosts ? [OTHER_HOSTS] : []),
    ...(remoteLocalities ? [OTHER_LOCALITIES] : []),
  ];
  const perTry = {
    ...(perTryTimeoutMs === undefined ? {} : { perTryTimeout: msToDuration(perTryTimeoutMs) }),
    ...(backoff ? { backOff: backOffOf(backoff) } : {}),
    ...(!isGrpc && hostSelection.length > 0 ? { hostSelection } : {}),
  };
  if (on.length === 0) return { [protocol]: { ...DEFAULT_RETRY[protocol], numRetries: attempts, ...perTry } };
  const said = on.flatMap((word) => words[word] ?? (!isGrpc && /^\d+$/.test(word) ? word : []));
  // what only gRPC answers with has no effect on other calls, and is not missed there
  const missed = on.filter(
    (word) =>
      words[word] === undefined &&
      !WITHOUT_WORD.has(word) &&
      (isGrpc || (!/^\d+$/.test(word) && TO_GRPC_ON[word] === undefined)),
  );
  if (missed.length > 0) {
    judge({
      verdict: "approximate",
      reason: `retries on ${missed.join(", ")} cannot be said of ${protocol} calls`,
      changesMeaning: true,
    });
  }
  if (said.length === 0) return { [protocol]: { numRetries: 0 } };
  if (said.every((word) => /^\d+$/.test(word))) {
    judge({
      verdict: "approximate",
      reason: "beside status codes alone Kuma also tries failed connections and 502, 503 and 504 again",
      changesMeaning: true,
    });
  }
  return { [protocol]: { numRetries: attempts, ...perTry, retryOn: said } };
}

function report(
  out: KumaExport,
  route: Route,
  judged: ReadonlyMap<number, readonly Judgement[]>,
  names: readonly string[],
): void {
  const target = names.map((name) => `MeshHTTPRoute ${name}`).join(", ");
  route.spec.rules.forEach((_rule, i) => {
    const all = judged.get(i) ?? [];
    const path = ["spec", "rules", i];
    for (const { verdict, reason, changesMeaning } of all)
      out.context.lose(route, path, verdict, reason, { ...(changesMeaning ? { changesMeaning } : {}), target });
    if (all.length === 0)
      out.context.tell(route, path, "exact", "means the same in Kuma, with its times in MeshTimeout and MeshRetry", {
        target,
      });
  });
}

type Limits = { name: string; timeouts: Entry[]; retries: Entry[] };

function exportTraffic(out: KumaExport, service: Service, versions: Versions): Limits {
  const { index } = out.context;
  const { name, namespace } = service.metadata;
  const key = objectKey(service);
  const policies = index.trafficPoliciesOf(key);
  const own = policies.find(({ spec }) => spec.subset === undefined);
  const places: { targetRef: Ref; blocks: Partial<TrafficPolicy["spec"]> }[] = [];
  if (own) places.push({ targetRef: out.service(name, namespace), blocks: own.spec });
  for (const subset of index.subsetsOf(key)) {
    const special = policies.find(({ spec }) => spec.subset === subset.spec.name);
    if (!versions.isOwnService(key, subset.spec.name)) {
      if (special)
        out.context.lose(
          special,
          ["spec"],
          "lost",
          "Kuma 2.x limits services, not versions by tag: what the service says holds",
          { changesMeaning: true },
        );
      continue;
    }
    const { service: _service, subset: _subset, ...blocks } = { ...own?.spec, ...special?.spec };
    if (Object.keys(blocks).length === 0) continue;
    versions.needs(key, subset.spec.name);
    places.push({ targetRef: out.service(versionServiceName(index, key, subset.spec.name), namespace), blocks });
  }
  for (const policy of policies) judgeTraffic(out, policy, service);
  const source = own ?? policies[0];
  const home = { name: source?.metadata.name ?? name, namespace: out.homeOf(namespace) };
  const entries = (of: (blocks: Partial<TrafficPolicy["spec"]>) => Record<string, unknown>) =>
    places.flatMap(({ targetRef, blocks }): Entry[] => {
      const body = of(blocks);
      return Object.keys(body).length > 0 ? [{ targetRef, default: body }] : [];
    });
  const breakers = entries(breakerOf);
  if (breakers.length > 0) out.add("MeshCircuitBreaker", home, { to: breakers }, { of: source });
  const balancers = entries(({ loadBalancing, locality }) => ({
    ...(loadBalancing ? writeBalancer(loadBalancing) : {}),
    ...(locality?.enabled === false ? { localityAwareness: { disabled: true } } : {}),
  }));
  if (balancers.length > 0) out.add("MeshLoadBalancingStrategy", home, { to: balancers }, { of: source });
  const checks = entries(({ healthCheck }) => (healthCheck ? writeHealthCheck(healthCheck) : {}));
  if (checks.length > 0) out.add("MeshHealthCheck", home, { to: checks }, { of: source });
  const timeouts = entries(({ connectionPool: pool }) => ({
    ...(pool?.connectTimeoutMs === undefined ? {} : { connectionTimeout: msToDuration(pool.connectTimeoutMs) }),
    ...idleTimeOf(service, pool),
    ...(pool?.maxConnectionDurationMs === undefined
      ? {}
      : { http: { maxConnectionDuration: msToDuration(pool.maxConnectionDurationMs) } }),
  }));
  const retries = entries(({ connectionPool: pool }) =>
    pool?.maxConnectAttempts === undefined ? {} : { tcp: { maxConnectAttempt: pool.maxConnectAttempts } },
  );
  return { name: home.name, timeouts, retries };
}

type Pool = TrafficPolicy["spec"]["connectionPool"];

/** One for connections of HTTP and of TCP. */
function idleTimeOf(service: Service, pool: Pool): Record<string, unknown> {
  const ofHttp = speaksHttp(service) ? pool?.idleTimeoutMs : undefined;
  const idleMs = ofHttp ?? (speaksTcp(service) ? pool?.tcpIdleTimeoutMs : undefined) ?? pool?.idleTimeoutMs;
  return idleMs === undefined ? {} : { idleTimeout: msToDuration(idleMs) };
}

/** Where Kuma's one time means something else than the two of the design. */
function idleLoss(service: Service, pool: Pool): { field: string; reason: string } | undefined {
  const { idleTimeoutMs: ofHttp, tcpIdleTimeoutMs: ofTcp } = pool ?? {};
  if (ofTcp === undefined) return undefined;
  if (!speaksTcp(service)) return { field: "tcpIdleTimeoutMs", reason: "the service has no port of protocol tcp" };
  if (!speaksHttp(service) || ofHttp === ofTcp) return undefined;
  return {
    field: "tcpIdleTimeoutMs",
    reason:
      ofHttp === undefined
        ? "Kuma has one idle time for all connections of a service: those of HTTP get it as well"
        : "Kuma has one idle time for all connections of a service, and it is that of HTTP",
  };
}

/** Envoy's, which acts unless it is turned off. */
const CONSECUTIVE_5XX = 5;

function breakerOf({
  connectionPool: pool,
  outlierDetection: outlier,
}: Partial<TrafficPolicy["spec"]>): Record<string, unknown> {
  const limits = Object.fromEntries(LIMITS.flatMap((name) => (pool?.[name] === undefined ? [] : [[name, pool[name]]])));
  const total = outlier?.consecutive5xxErrors ?? CONSECUTIVE_5XX;
  const gateway = outlier?.consecutiveGatewayErrors ?? 0;
  const detectors = outlier && {
    ...(total > 0 ? { totalFailures: { consecutive: total } } : {}),
    ...(gateway > 0 ? { gatewayFailures: { consecutive: gateway } } : {}),
    ...localDetector(outlier),
    ...(outlier.successRate ? { successRate: successRateOf(outlier.successRate) } : {}),
    ...(outlier.failurePercentage ? { failurePercentage: outlier.failurePercentage } : {}),
  };
  const detection = outlier && {
    ...(outlier.splitExternalLocalOriginErrors === undefined
      ? {}
      : { splitExternalAndLocalErrors: outlier.splitExternalLocalOriginErrors }),
    ...(outlier.intervalMs === undefined ? {} : { interval: msToDuration(outlier.intervalMs) }),
    ...(outlier.baseEjectionTimeMs === undefined ? {} : { baseEjectionTime: msToDuration(outlier.baseEjectionTimeMs) }),
    ...(outlier.maxEjectionPercent === undefined ? {} : { maxEjectionPercent: outlier.maxEjectionPercent }),
    healthyPanicThreshold: outlier.minHealthPercent ?? 0,
    ...(detectors && Object.keys(detectors).length > 0 ? { detectors } : { disabled: true }),
  };
  return {
    ...(Object.keys(limits).length > 0 ? { connectionLimits: limits } : {}),
    ...(detection ? { outlierDetection: detection } : {}),
  };
}

const NO_POOL: Readonly<Record<string, string>> = {
  maxRequestsPerConnection: "Kuma does not limit the requests of a connection",
  maxConcurrentStreams: "Kuma does not limit the streams of a connection",
  tcpKeepalive: "Kuma does not probe idle connections",
  h2UpgradePolicy: "Kuma goes by appProtocol: write it at the port of the Service",
};
/** Envoy's own number, where the errors are split and nothing is said. */
const LOCAL_ORIGIN_FAILURES = 5;

function localDetector(outlier: OutlierDetection): Record<string, unknown> {
  const { splitExternalLocalOriginErrors: isSplit, consecutiveLocalOriginFailures: said } = outlier;
  const consecutive = said ?? (isSplit ? LOCAL_ORIGIN_FAILURES : 0);
  return consecutive > 0 ? { localOriginFailures: { consecutive } } : {};
}

/** Kuma takes decimal numbers as texts. */
function successRateOf({ standardDeviationFactor: factor, ...rest }: NonNullable<OutlierDetection["successRate"]>) {
  if (factor === undefined) return rest;
  return { ...rest, standardDeviationFactor: Number.isInteger(factor) ? factor : String(factor) };
}

function judgeTraffic({ context }: KumaExport, policy: TrafficPolicy, service: Service): void {
  const { connectionPool: pool, outlierDetection: outlier, retryBudget } = policy.spec;
  const say = (path: string[], verdict: "exact" | "lost" | "approximate" | "ignored", reason: string) =>
    context.tell(policy, ["spec", ...path], verdict, reason);
  for (const name of Object.keys(pool ?? {})) {
    const why = NO_POOL[name];
    const idle = idleLoss(service, pool);
    if (why !== undefined) say(["connectionPool", name], "lost", why);
    else if (name === idle?.field) say(["connectionPool", name], "approximate", idle.reason);
    else if (name === "maxConnectAttempts") say(["connectionPool", name], "exact", "means the same in MeshRetry");
    else
      say(
        ["connectionPool", name],
        "exact",
        `means the same in ${name.endsWith("Ms") ? "MeshTimeout" : "MeshCircuitBreaker"}`,
      );
  }
  for (const name of Object.keys(outlier ?? {})) {
    const path = ["outlierDetection", name];
    if (name === "legacyConsecutiveErrors")
      say(
        path,
        "approximate",
        "it has no effect here; what acts, five 5xx in a row unless said otherwise, is written as totalFailures: write gatewayFailures if 502, 503 and 504 were meant",
      );
    else if (name === "errorStatuses") say(path, "lost", "Kuma counts 5xx and cannot name other answers");
    else if (name === "alwaysEjectOneHost")
      say(path, "lost", "Kuma cannot tell Envoy to allow the first ejection: set maxEjectionPercent instead");
    else say(path, "exact", "means the same in MeshCircuitBreaker");
  }
  if (policy.spec.healthCheck) judgeHealthCheck(policy.spec.healthCheck, say);
  if (policy.spec.loadBalancing) judgeBalancing(policy.spec.loadBalancing, say);
  if (policy.spec.locality?.enabled === false) say(["locality"], "exact", "localityAwareness is disabled");
  else loseLocality(context, policy, "Kuma", "localityAwareness prefers its own zones, by tags and their weights");
  if (retryBudget)
    say(["retryBudget"], "lost", "Kuma has no retry budget: connectionLimits.maxRetries limits how many are under way");
}
