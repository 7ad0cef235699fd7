// The rate limit of a service, in the sidecar of each instance: a route per limit, each with a token bucket of its own, or with what
// the control plane is asked to count for all instances; of connections a bucket per port. The rule: what no limit matches goes on to the
// app as it always did.
import { objectKey, type RateLimit, type RequestLimit } from "@/lib/mesh";
import { any, compact, duration, type JsonObject } from "./envoy-json";
import { RATE_LIMIT_FILTER } from "./http-filters";
import type { CompileContext } from "./parts";
import { compileMatch } from "./route-match";

const LIMIT = "extensions.filters.http.local_ratelimit.v3.LocalRateLimit";
const CONNECTION_LIMIT = "extensions.filters.network.local_ratelimit.v3.LocalRateLimit";
const SHARED_LIMIT = "extensions.filters.http.ratelimit.v3.RateLimit";
const ALL: JsonObject = { default_value: { numerator: 100 } };
const SHARED_LIMIT_FILTER = "envoy.filters.http.ratelimit";
export const CONNECTION_LIMIT_FILTER = "envoy.filters.network.local_ratelimit";
const CONTROL_PLANE = "xds";
/** Envoy's default of 20 ms is short for a control plane that is busy with a deployment. */
const ANSWER_WITHIN_MS = 100;
/** What a descriptor says: which limit of the policy, and whose requests. */
const LIMIT_KEY = "limit";
const VALUE_KEY = "value";

/** `app` is the route that every request takes: with its answer or its cluster. */
export function limitedRoutes(policy: RateLimit, app: JsonObject): JsonObject[] {
  const { limits = [] } = policy.spec;
  return limits.map((limit, i) => {
    const route = {
      ...app,
      name: `${policy.metadata.name}/${limit.name ?? i}`,
      match: limit.match ? compileMatch(limit.match) : { prefix: "/" },
    };
    return policy.spec.scope === "global" ? sharedLimit(route, limit, i) : ownLimit(route, limit, policy);
  });
}

function ownLimit(route: JsonObject, { requests, perMs, burst }: RequestLimit, { spec }: RateLimit): JsonObject {
  const config = compact({
    stat_prefix: "rate_limit",
    token_bucket: { max_tokens: burst ?? requests, tokens_per_fill: requests, fill_interval: duration(perMs) },
    filter_enabled: ALL,
    filter_enforced: spec.shadow ? undefined : ALL,
    enable_x_ratelimit_headers: spec.tellsCallers ? "DRAFT_VERSION_03" : undefined,
  });
  return { ...route, typed_per_filter_config: { [RATE_LIMIT_FILTER]: any(LIMIT, config) } };
}

/** An instance without an app answers by itself: nothing is counted there. */
function sharedLimit(route: JsonObject, { per }: RequestLimit, index: number): JsonObject {
  const action = route["route"];
  if (action === null || typeof action !== "object" || Array.isArray(action)) return route;
  const actions = [
    { generic_key: { descriptor_key: LIMIT_KEY, descriptor_value: String(index) } },
    ...valueActions(per),
  ];
  return { ...route, route: { ...action, rate_limits: [{ actions }] } };
}

/** Who calls is what the sidecar itself wrote into the header, from the caller's certificate. */
function valueActions(per: RequestLimit["per"]): JsonObject[] {
  if (per === undefined) return [];
  const header_name = per.type === "caller" ? "x-forwarded-client-cert" : per.name.toLowerCase();
  return [{ request_headers: { header_name, descriptor_key: VALUE_KEY, skip_if_absent: true } }];
}

/** The filter that asks the proxy's own control plane; none where there is no control plane, which is told. */
export function sharedLimitFilters({ input, problems }: CompileContext, policy: RateLimit): JsonObject[] {
  const { scope, limits, whenAway, shadow, tellsCallers } = policy.spec;
  if (scope !== "global" || !limits) return [];
  const { controlPlaneCluster: cluster = CONTROL_PLANE } = input.overrides;
  if (cluster === null) {
    problems.warn(
      policy,
      "spec.scope",
      "without a control plane nobody counts for all instances: its requests are not limited",
      "Let each instance count for itself, or run the mesh with its control plane.",
    );
    return [];
  }
  const config = compact({
    domain: objectKey(policy),
    timeout: duration(input.overrides.rateLimitAnswerMs ?? ANSWER_WITHIN_MS),
    failure_mode_deny: whenAway === "deny" && !shadow ? true : undefined,
    enable_x_ratelimit_headers: tellsCallers ? "DRAFT_VERSION_03" : undefined,
    rate_limit_service: { grpc_service: { envoy_grpc: { cluster_name: cluster } }, transport_api_version: "V3" },
  });
  return [{ name: SHARED_LIMIT_FILTER, typed_config: any(SHARED_LIMIT, config) }];
}

/**
 * The network filters of a chain, with the limit of new connections before them. It is asked before TLS and before who calls is known.
 * @param port the chains of one port take from one bucket
 */
export function limitedConnections(policy: RateLimit | undefined, port: number, filters: JsonObject[]): JsonObject[] {
  if (!policy?.spec.connectionRate) return filters;
  const { connections, perMs, burst } = policy.spec.connectionRate;
  const typed_config = any(CONNECTION_LIMIT, {
    stat_prefix: "connection_rate",
    token_bucket: { max_tokens: burst ?? connections, tokens_per_fill: connections, fill_interval: duration(perMs) },
    share_key: `${objectKey(policy)} ${port}`,
  });
  return [{ name: CONNECTION_LIMIT_FILTER, typed_config }, ...filters];
}
