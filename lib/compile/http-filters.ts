// The HTTP filters that rules ask for: what a rule says about one, and the list that a listener gets.
// The rule: a listener has a filter only when one of its routes says something about it, so that nobody pays for what is not used.
import type { Fault, RouteRule } from "@/lib/mesh";
import { corsConfig } from "./cors";
import { any, compact, duration, type JsonObject } from "./envoy-json";

/** The names that Envoy's documentation shows: keys of what routes say. */
export const FAULT_FILTER = "envoy.filters.http.fault";

export const CORS_FILTER = "envoy.filters.http.cors";

export const RATE_LIMIT_FILTER = "envoy.filters.http.local_ratelimit";

const FAULT = "extensions.filters.http.fault.v3.HTTPFault";

/** What a rule says about the filters of its listener. */
export function filtersOf({ fault, cors }: RouteRule): JsonObject {
  const said = {
    ...(fault ? { [FAULT_FILTER]: faultConfig(fault) } : {}),
    ...(cors ? { [CORS_FILTER]: corsConfig(cors) } : {}),
  };
  return Object.keys(said).length > 0 ? { typed_per_filter_config: said } : {};
}

function faultConfig({ delay, abort, responseBandwidth }: Fault): JsonObject {
  return any(
    FAULT,
    compact({
      delay: delay && { fixed_delay: duration(delay.fixedDelayMs), percentage: shareOf(delay.percent) },
      abort:
        abort &&
        compact({ http_status: abort.httpStatus, grpc_status: abort.grpcStatus, percentage: shareOf(abort.percent) }),
      response_rate_limit: responseBandwidth && {
        fixed_limit: { limit_kbps: responseBandwidth.limitKbps },
        percentage: shareOf(responseBandwidth.percent),
      },
    }),
  );
}

function shareOf(percent: number): JsonObject {
  return Number.isInteger(percent)
    ? { numerator: percent }
    : { numerator: Math.round(percent * 10_000), denominator: "MILLION" };
}

/** In the order in which a request meets them, as in Istio; each without effect where no route says anything. */
const FILTERS: readonly (JsonObject & { name: string })[] = [
  { name: FAULT_FILTER, typed_config: any(FAULT) },
  { name: CORS_FILTER, typed_config: any("extensions.filters.http.cors.v3.Cors") },
  {
    name: RATE_LIMIT_FILTER,
    typed_config: any("extensions.filters.http.local_ratelimit.v3.LocalRateLimit", { stat_prefix: "rate_limit" }),
  },
];

/** Those that come and go with what routes say. */
export const ROUTE_FILTERS: ReadonlySet<string> = new Set(FILTERS.map(({ name }) => name));

/** Which filters a list has, as one word. */
export const namesOf = (filters: readonly JsonObject[]): string => filters.map(({ name }) => String(name)).join(",");

/** Filters that these virtual hosts need, without effect where a route says nothing. */
export function filtersFor(virtualHosts: readonly JsonObject[]): JsonObject[] {
  const named = new Set<string>();
  for (const { routes } of virtualHosts) {
    for (const route of Array.isArray(routes) ? routes : []) {
      const says = (route as JsonObject)["typed_per_filter_config"] as JsonObject | undefined;
      for (const name of Object.keys(says ?? {})) named.add(name);
    }
  }
  return FILTERS.filter(({ name }) => named.has(name));
}
