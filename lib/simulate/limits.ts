// What a rate limit on the way in means for a request: which limit counts it, and how many there may be.
// The rule: a question is one request, and one request always finds a token; so the numbers are told and the outcome stays.
import type { HttpConnectionPlan, RoutePlan } from "@meshwright/proxy/plan";
import { probabilityOf } from "@meshwright/proxy/semantics";
import { type ObjectKey, objectKey } from "@/lib/mesh";
import { withLine } from "./lines";
import type { Passage } from "./passage";
import type { Scene } from "./scene";
import type { HopRateLimit } from "./types";

export function limitOf(
  scene: Scene,
  connection: HttpConnectionPlan,
  { route, virtualHost }: Passage,
  service: ObjectKey,
  isExplained: boolean,
): HopRateLimit | null {
  for (const filter of connection.filters) {
    if (filter.kind !== "local-ratelimit") continue;
    const limit = ownFilters(route)?.limits.get(filter.name) ?? filter.limit;
    if (limit.bucket === null || probabilityOf(limit.enabled) === 0) continue;
    const { maxTokens, tokensPerSecond } = limit.bucket;
    const at = route && virtualHost ? virtualHost.routes.indexOf(route) : -1;
    const [policy] = scene.index.rateLimitsOf(service);
    const rule = policy?.spec.limits[at] && { object: objectKey(policy), path: `spec.limits[${at}]` };
    const isEnforced = probabilityOf(limit.enforced) > 0;
    return {
      perSecond: tokensPerSecond,
      burst: maxTokens,
      status: isEnforced ? limit.status : null,
      ...(rule && isExplained ? { rule: withLine(scene, rule) } : {}),
    };
  }
  return null;
}

function ownFilters(route: RoutePlan | null) {
  if (route?.action.kind !== "forward") return route?.filters;
  return route.action.clusters[0]?.filters;
}
