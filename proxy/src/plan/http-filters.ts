// The HTTP filters of a connection manager, and what routes say otherwise about them. Rule: the list keeps its order, and
// the most specific level wins whole: weighted cluster, route, virtual host, route configuration.

import { fromBinary } from "@bufbuild/protobuf";
import { type Any, anyUnpack } from "@bufbuild/protobuf/wkt";
import {
  HTTPFaultSchema,
  type HttpFilter,
  HttpRBACSchema,
  LocalRateLimitSchema,
  RBACPerRouteSchema,
  RouterSchema,
} from "../contract/messages";
import { faultPlan } from "./fault";
import type { FaultPlan, HttpFilterPlan, LocalRateLimitPlan, RouteFilters } from "./filter-types";
import { localRateLimitPlan } from "./local-ratelimit";
import { rbacFilter } from "./rbac";
import type { RbacFilterPlan } from "./rule-types";
import type { Scope } from "./scope";

/** Filters in order; the router must be there, last and once. */
export function httpFilters(filters: readonly HttpFilter[], scope: Scope): HttpFilterPlan[] {
  const last = filters.at(-1);
  const lastConfig = last && typedConfig(last);
  if (!lastConfig || !anyUnpack(lastConfig, RouterSchema)) {
    scope.field("http_filters").fail("must end with the router filter (envoy.filters.http.router)");
  }
  const plans: HttpFilterPlan[] = [];
  filters.forEach((filter, index) => {
    const at = scope.item("http_filters", index);
    const any = typedConfig(filter);
    if (!any) {
      at.field("typed_config").fail("must be set");
      return;
    }
    if (index < filters.length - 1 && anyUnpack(any, RouterSchema)) at.fail("the router filter must be the last one");
    addFilter(plans, filter.name, any, at.field("typed_config"));
  });
  return plans;
}

function addFilter(plans: HttpFilterPlan[], name: string, any: Any, at: Scope): void {
  const rbac = anyUnpack(any, HttpRBACSchema);
  if (rbac) {
    const filter = rbacFilter(name, rbac, at);
    const before = plans.at(-1);
    if (before?.kind === "rbac") plans.splice(-1, 1, { kind: "rbac", filters: [...before.filters, filter] });
    else plans.push({ kind: "rbac", filters: [filter] });
    return;
  }
  const fault = anyUnpack(any, HTTPFaultSchema);
  if (fault) plans.push({ kind: "fault", name, fault: faultPlan(fault, at) });
  const limit = anyUnpack(any, LocalRateLimitSchema);
  if (limit) plans.push({ kind: "local-ratelimit", name, limit: localRateLimitPlan(limit, at) });
}

/** The RBAC filters among them, in order: who may call, whatever else the list does. */
export function rbacFiltersOf(filters: readonly HttpFilterPlan[]): RbacFilterPlan[] {
  return filters.flatMap((filter) => (filter.kind === "rbac" ? filter.filters : []));
}

/** Names that a route may say something otherwise about. */
export function filterNames(filters: readonly HttpFilterPlan[]): string[] {
  return filters.flatMap((filter) => (filter.kind === "rbac" ? filter.filters.map(({ name }) => name) : [filter.name]));
}

function typedConfig(filter: HttpFilter): Any | undefined {
  return filter.configType.case === "typedConfig" ? filter.configType.value : undefined;
}

/** What one level says otherwise, by filter name. */
export interface FilterLevel {
  readonly rbac: ReadonlyMap<string, RbacFilterPlan>;
  readonly filters: RouteFilters;
}

export const NO_OVERRIDES: FilterLevel = { rbac: new Map(), filters: { faults: new Map(), limits: new Map() } };

export function filterLevel(configs: Readonly<Record<string, Any>>, scope: Scope): FilterLevel {
  const entries = Object.entries(configs);
  if (entries.length === 0) return NO_OVERRIDES;
  const rbac = new Map<string, RbacFilterPlan>();
  const faults = new Map<string, FaultPlan>();
  const limits = new Map<string, LocalRateLimitPlan>();
  for (const [name, any] of entries) {
    const at = scope.item("typed_per_filter_config", name);
    if (any.typeUrl.endsWith(`/${RBACPerRouteSchema.typeName}`)) {
      const { rbac: own } = fromBinary(RBACPerRouteSchema, any.value);
      rbac.set(name, own ? rbacFilter(name, own, at.field("rbac")) : { name, rules: null, shadowRules: null });
    }
    const fault = anyUnpack(any, HTTPFaultSchema);
    if (fault) faults.set(name, faultPlan(fault, at));
    const limit = anyUnpack(any, LocalRateLimitSchema);
    if (!limit) continue;
    if (!limit.tokenBucket) at.field("token_bucket").fail("must be set where a route says something about the filter");
    limits.set(name, localRateLimitPlan(limit, at));
  }
  return { rbac, filters: { faults, limits } };
}

/** `inner` wins. */
export function mergeFilterLevels(outer: FilterLevel, inner: FilterLevel): FilterLevel {
  if (inner === NO_OVERRIDES) return outer;
  if (outer === NO_OVERRIDES) return inner;
  return {
    rbac: new Map([...outer.rbac, ...inner.rbac]),
    filters: {
      faults: new Map([...outer.filters.faults, ...inner.filters.faults]),
      limits: new Map([...outer.filters.limits, ...inner.filters.limits]),
    },
  };
}

/** null where nothing is said: the hot path has one comparison. */
export function routeFiltersOf({ filters }: FilterLevel): RouteFilters | null {
  return filters.faults.size + filters.limits.size > 0 ? filters : null;
}
