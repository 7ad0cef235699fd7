// What a rate limit on the way in means for a request or connection: which limit counts it, and how many there may be.
// The rule: a question is one of them, and one always finds a token; so the numbers are told and the outcome stays.
import type { FilterChainPlan, HttpConnectionPlan } from "@meshwright/proxy/plan";
import { limitFor, probabilityOf, routeFilters } from "@meshwright/proxy/semantics";
import { type ObjectKey, objectKey, type RateLimit, type RequestLimit } from "@/lib/mesh";
import { withLine } from "./lines";
import type { Passage } from "./passage";
import type { Scene } from "./scene";
import type { HopConnectionRate, HopRateLimit } from "./types";

const TOO_MANY_REQUESTS = 429;

type Limited = { policy: RateLimit; limit: RequestLimit; at: number };

export function limitOf(
  scene: Scene,
  connection: HttpConnectionPlan,
  { route, virtualHost }: Passage,
  service: ObjectKey,
  isExplained: boolean,
): HopRateLimit | null {
  const [policy] = scene.index.rateLimitsOf(service);
  const at = route && virtualHost ? virtualHost.routes.indexOf(route) : -1;
  const limit = policy?.spec.limits?.[at];
  const limited = policy && limit ? { policy, limit, at } : null;
  const rule =
    limited && isExplained
      ? { rule: withLine(scene, { object: objectKey(limited.policy), path: `spec.limits[${at}]` }) }
      : {};
  for (const filter of connection.filters) {
    if (filter.kind === "ratelimit") {
      const isCounted = route?.action.kind === "forward" && route.action.rateLimits !== null;
      if (isCounted && limited) return { ...sharedLimit(limited), ...rule };
    }
    if (filter.kind !== "local-ratelimit") continue;
    const own = limitFor(filter, routeFilters(route, 0));
    if (own.bucket === null || probabilityOf(own.enabled) === 0) continue;
    const { maxTokens, tokensPerSecond } = own.bucket;
    const isEnforced = probabilityOf(own.enforced) > 0;
    return { perSecond: tokensPerSecond, burst: maxTokens, status: isEnforced ? own.status : null, ...rule };
  }
  return null;
}

export function connectionRateOf(
  scene: Scene,
  { connectionLimits }: FilterChainPlan,
  service: ObjectKey,
  isExplained: boolean,
): HopConnectionRate | null {
  const limit = connectionLimits.find(({ kind }) => kind === "rate");
  if (limit?.kind !== "rate") return null;
  const [policy] = scene.index.rateLimitsOf(service);
  const { maxTokens: burst, tokensPerSecond: perSecond } = limit.bucket;
  const rule =
    policy && isExplained ? { rule: withLine(scene, { object: objectKey(policy), path: "spec.connectionRate" }) } : {};
  return { perSecond, burst, ...rule };
}

/** The numbers are the design's: the sidecar knows only whom to ask. */
function sharedLimit({ policy, limit }: Limited): HopRateLimit {
  const { requests, perMs, per } = limit;
  const { whenAway = "allow", shadow } = policy.spec;
  const key = per === undefined ? null : per.type === "caller" ? "caller" : per.name;
  return {
    perSecond: (requests * 1000) / perMs,
    burst: requests,
    status: shadow ? null : TOO_MANY_REQUESTS,
    shared: { requests, perMs, key, whenAway },
  };
}
