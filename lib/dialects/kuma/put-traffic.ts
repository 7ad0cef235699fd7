// MeshCircuitBreaker, MeshLoadBalancingStrategy and the connection's times of MeshTimeout -> TrafficPolicy of a service or a version.
// The rule: a version that says what its service says needs no policy of its own; detectors that are not named do not act.
import { isSameJson, type OutlierDetection, objectKey, type Service, type SpecOf, serviceRefKey } from "@/lib/mesh";
import type { ImportContext } from "../shared/context";
import { defined } from "../shared/fields";
import { healthCheckOf } from "./health-check";
import { balancingOf } from "./load-balancer";
import { type Acting, entriesFor, isOnly, merged } from "./merge";
import { speaksHttp, speaksTcp } from "./ports";
import { freeName } from "./put-routes";
import type { BalancerConf, BreakerConf, CheckConf, OutlierConf, RetryConf, TimeoutConf } from "./state";

/** Share of healthy hosts below which Envoy uses all of them, where nothing is said. */
const DEFAULT_PANIC = 50;

export type Traffic = {
  breakers: readonly Acting<BreakerConf>[];
  balancers: readonly Acting<BalancerConf>[];
  checks: readonly Acting<CheckConf>[];
  timeouts: readonly Acting<TimeoutConf>[];
  /** Those that say how often a connection of TCP is tried. */
  connects: readonly Acting<RetryConf>[];
};
type Blocks = Omit<SpecOf<"TrafficPolicy">, "service" | "subset">;

export function putTrafficPolicies(context: ImportContext, service: Service, traffic: Traffic): void {
  const own = blocksFor(service, undefined, traffic);
  if (own) put(context, service, undefined, own, traffic);
  const key = objectKey(service);
  for (const subset of context.all("Subset").filter((each) => serviceRefKey(each.spec.service, each) === key)) {
    const isNamed = sources(traffic).some(
      ({ place }) => place?.subset === subset.spec.name && objectKey(place.service) === key,
    );
    const blocks = isNamed ? blocksFor(service, subset.spec.name, traffic) : undefined;
    if (blocks && !isSameJson(blocks, own)) put(context, service, subset.spec.name, blocks, traffic);
    if (!isNamed && subset.metadata.origin?.kind === "Service") tellApex(context, service, subset.spec.name, traffic);
  }
}

/** In Kuma a version that is a Service of its own has limits of its own: what is said of the service does not reach it. */
function tellApex(context: ImportContext, service: Service, subset: string, traffic: Traffic): void {
  const key = objectKey(service);
  for (const { policy, place } of [...traffic.breakers, ...traffic.balancers, ...traffic.checks] as Acting<object>[]) {
    if (!place || place.subset !== undefined || objectKey(place.service) !== key) continue;
    const message = `does not reach calls that a route sends to version ${subset} in Kuma; here it does`;
    context.warn(policy.resource, ["spec", "to"], message, `Name the Service of version ${subset} in it, too.`, {
      changesMeaning: true,
    });
  }
}

const listsOf = ({ breakers, balancers, checks, timeouts, connects }: Traffic): readonly Acting<object>[][] =>
  [breakers, balancers, checks, timeouts, connects] as Acting<object>[][];
const sources = (traffic: Traffic): Acting<object>[] => listsOf(traffic).flat();

function blocksFor(service: Service, subset: string | undefined, traffic: Traffic): Blocks | undefined {
  const conf = <C extends object>(acting: readonly Acting<C>[]) =>
    merged(entriesFor(acting, service, subset).map(({ entry }) => entry.conf));
  const breaker = conf(traffic.breakers);
  const timeout = conf(traffic.timeouts);
  const [isHttp, isTcp] = [speaksHttp(service), speaksTcp(service)];
  const balancer = conf(traffic.balancers) ?? {};
  const balancing = balancingOf(balancer);
  const pool = defined({
    ...breaker?.limits,
    connectTimeoutMs: timeout?.connectMs,
    idleTimeoutMs: isHttp ? timeout?.idleMs || undefined : undefined,
    tcpIdleTimeoutMs: isTcp ? timeout?.idleMs || undefined : undefined,
    maxConnectAttempts: isTcp ? conf(traffic.connects)?.tcp?.attempts : undefined,
    maxConnectionDurationMs: timeout?.lifeMs || undefined,
  });
  const outlier = breaker?.outlier && !breaker.outlier.isOff ? detectionOf(breaker.outlier) : undefined;
  const check = conf(traffic.checks);
  const healthCheck = check ? healthCheckOf(check, service) : null;
  const blocks: Blocks = {
    ...(Object.keys(pool).length > 0 ? { connectionPool: pool } : {}),
    ...(outlier ? { outlierDetection: outlier } : {}),
    ...(healthCheck ? { healthCheck } : {}),
    ...(balancing ? { loadBalancing: balancing } : {}),
    ...(balancer.isAwarenessOff ? { locality: { enabled: false } } : {}),
  };
  return Object.keys(blocks).length > 0 ? blocks : undefined;
}

function detectionOf(conf: OutlierConf): OutlierDetection {
  const { total, gateway, isSplit, local, intervalMs, ejectionMs, maxPercent, panic } = conf;
  const health = panic ?? DEFAULT_PANIC;
  return defined<OutlierDetection>({
    consecutive5xxErrors: total ?? 0,
    consecutiveGatewayErrors: gateway,
    splitExternalLocalOriginErrors: isSplit,
    consecutiveLocalOriginFailures: local ?? (isSplit ? 0 : undefined),
    successRate: conf.successRate,
    failurePercentage: conf.failurePercentage,
    intervalMs,
    baseEjectionTimeMs: ejectionMs,
    maxEjectionPercent: maxPercent,
    minHealthPercent: health === 0 ? undefined : health,
  });
}

function put(
  context: ImportContext,
  service: Service,
  subset: string | undefined,
  blocks: Blocks,
  traffic: Traffic,
): void {
  const { name, namespace } = service.metadata;
  const key = objectKey(service);
  const existing = context
    .all("TrafficPolicy")
    .find((each) => serviceRefKey(each.spec.service, each) === key && each.spec.subset === subset);
  const lists = listsOf(traffic);
  const acting = lists.flatMap((list) => entriesFor<object>(list, service, subset));
  const source = acting.find((each) => isOnly(each.policy, lists, service));
  const first = source ?? acting[0];
  if (!first) return;
  const base = freeName(context, "TrafficPolicy", namespace, source?.policy.resource.name, name);
  const ref = existing?.spec.service ?? { name };
  const spec = { service: ref, ...(subset === undefined ? {} : { subset }), ...blocks };
  const put = context.put(
    "TrafficPolicy",
    existing?.metadata.name ?? (subset === undefined ? base : `${base}-${subset}`.slice(0, 253)),
    spec,
    { resource: { ...first.policy.resource, namespace } },
    existing,
  );
  for (const { policy } of acting) {
    if (!policy.result.objects.includes(put)) policy.result.objects.push(put);
    policy.result.sentences.push(
      `${Object.keys(blocks).join(", ")} of ${subset === undefined ? name : `subset ${subset} of ${name}`}.`,
    );
  }
}
