// The rate limit of a service, in the sidecar of each instance: a route per limit, each with a token bucket of its own.
// The rule: what no limit matches goes on to the app as it always did.
import type { RateLimit } from "@/lib/mesh";
import { any, compact, duration, type JsonObject } from "./envoy-json";
import { RATE_LIMIT_FILTER } from "./http-filters";
import { compileMatch } from "./route-match";

const LIMIT = "extensions.filters.http.local_ratelimit.v3.LocalRateLimit";
const ALL: JsonObject = { default_value: { numerator: 100 } };

/** `app` is the route that every request takes: with its answer or its cluster. */
export function limitedRoutes(policy: RateLimit, app: JsonObject): JsonObject[] {
  const { limits, shadow, tellsCallers } = policy.spec;
  return limits.map(({ name, match, requests, perMs, burst }, i) => ({
    ...app,
    name: `${policy.metadata.name}/${name ?? i}`,
    match: match ? compileMatch(match) : { prefix: "/" },
    typed_per_filter_config: {
      [RATE_LIMIT_FILTER]: any(
        LIMIT,
        compact({
          stat_prefix: "rate_limit",
          token_bucket: {
            max_tokens: burst ?? requests,
            tokens_per_fill: requests,
            fill_interval: duration(perMs),
          },
          filter_enabled: ALL,
          filter_enforced: shadow ? undefined : ALL,
          enable_x_ratelimit_headers: tellsCallers ? "DRAFT_VERSION_03" : undefined,
        }),
      ),
    },
  }));
}
