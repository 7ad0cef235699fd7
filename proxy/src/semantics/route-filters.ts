// What the route of a request says otherwise about filters. Rule: the choice of cluster has the last word where there is one.

import type {
  ClusterChoice,
  CorsFilterPlan,
  CorsPlan,
  FaultFilterPlan,
  FaultPlan,
  LocalRateLimitPlan,
  RateLimitFilterPlan,
  RouteFilters,
  RoutePlan,
} from "../plan/types";
import { type HttpRequestView, pseudoHeader } from "../plan/views";
import { pickCluster } from "./match-route";

/** `random`: the request's, with which its cluster is picked. */
export function routeFilters(route: RoutePlan | null, random: number): RouteFilters | null {
  const choice = choiceOf(route, random);
  return choice === null ? (route?.filters ?? null) : choice.filters;
}

/** Where a request with this number goes; null where the route answers itself. */
export function choiceOf(route: RoutePlan | null, random: number): ClusterChoice | null {
  return route?.action.kind === "forward" ? pickCluster(route.action, random) : null;
}

/** The first value of the header; "" where there is none. */
export function clusterInHeader(header: string, request: HttpRequestView): string {
  const pseudo = pseudoHeader(header);
  if (pseudo) return pseudo(request);
  const { headers } = request;
  for (let i = 0; i < headers.count; i++) if (headers.nameAt(i) === header) return headers.valueAt(i);
  return "";
}

type Own = RouteFilters | null;

export const faultFor = (filter: FaultFilterPlan, own: Own): FaultPlan => own?.faults.get(filter.name) ?? filter.fault;

export const limitFor = (filter: RateLimitFilterPlan, own: Own): LocalRateLimitPlan =>
  own?.limits.get(filter.name) ?? filter.limit;

/** Undefined: nothing is said of pages. As in Envoy, what a route answers itself is not touched. */
export const corsFor = (filter: CorsFilterPlan, own: Own, route: RoutePlan | null): CorsPlan | undefined =>
  route?.action.kind === "forward" ? own?.cors.get(filter.name) : undefined;
