// The HTTP filters of a connection manager, and what routes say otherwise about them. Rule: the list keeps its order, and
// the most specific level wins whole (CORS: field by field; header mutations: all of them): weighted cluster, route, virtual host, route configuration.

import { fromBinary } from "@bufbuild/protobuf";
import { type Any, anyUnpack } from "@bufbuild/protobuf/wkt";
import {
  CorsPolicySchema,
  CorsSchema,
  ExtAuthzPerRouteSchema,
  ExtAuthzSchema,
  HeaderMutationPerRouteSchema,
  HeaderMutationSchema,
  HTTPFaultSchema,
  type HttpFilter,
  HttpHealthCheckSchema,
  HttpRBACSchema,
  JwtAuthenticationSchema,
  JwtPerRouteSchema,
  LocalRateLimitSchema,
  RateLimitPerRouteSchema,
  RateLimitSchema,
  RBACPerRouteSchema,
  RouterSchema,
} from "../contract/messages";
import { corsPlan, mergeCors } from "./cors";
import { extAuthzFilterPlan, extAuthzRoutePlan, mergeExtAuthz } from "./ext-authz";
import type { ExtAuthzRoutePlan } from "./ext-authz-types";
import { faultPlan } from "./fault";
import type {
  CorsPlan,
  FaultPlan,
  HeaderMutationPlan,
  HttpFilterPlan,
  LocalRateLimitPlan,
  RouteFilters,
} from "./filter-types";
import { headerMutationPlan } from "./header-mutation";
import { healthCheckPlan } from "./health-check";
import { jwtFilterPlan, jwtRoutePlan } from "./jwt";
import type { JwtRoutePlan } from "./jwt-types";
import { localRateLimitPlan } from "./local-ratelimit";
import { rateLimitFilterPlan, rateLimitRoutePlan } from "./ratelimit";
import type { RateLimitRoutePlan } from "./ratelimit-types";
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
  if (anyUnpack(any, CorsSchema)) plans.push({ kind: "cors", name });
  const authz = anyUnpack(any, ExtAuthzSchema);
  if (authz) plans.push(extAuthzFilterPlan(name, authz, at));
  const fault = anyUnpack(any, HTTPFaultSchema);
  if (fault) plans.push({ kind: "fault", name, fault: faultPlan(fault, at) });
  const mutation = anyUnpack(any, HeaderMutationSchema);
  if (mutation) {
    const changes = headerMutationPlan(mutation.mutations, at);
    plans.push({
      kind: "header-mutation",
      name,
      changes,
      mostSpecificWins: mutation.mostSpecificHeaderMutationsWins,
    });
  }
  const check = anyUnpack(any, HttpHealthCheckSchema);
  if (check) plans.push(healthCheckPlan(name, check, at));
  const jwt = anyUnpack(any, JwtAuthenticationSchema);
  if (jwt) plans.push(jwtFilterPlan(name, jwt, at));
  const limit = anyUnpack(any, LocalRateLimitSchema);
  if (limit) plans.push({ kind: "local-ratelimit", name, limit: localRateLimitPlan(limit, at) });
  const globalLimit = anyUnpack(any, RateLimitSchema);
  if (globalLimit) plans.push(rateLimitFilterPlan(name, globalLimit, at));
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

export const NO_OVERRIDES: FilterLevel = {
  rbac: new Map(),
  filters: {
    cors: new Map(),
    authz: new Map(),
    faults: new Map(),
    limits: new Map(),
    rateLimits: new Map(),
    jwt: new Map(),
    mutations: new Map(),
  },
};

export function filterLevel(configs: Readonly<Record<string, Any>>, scope: Scope): FilterLevel {
  const entries = Object.entries(configs);
  if (entries.length === 0) return NO_OVERRIDES;
  const rbac = new Map<string, RbacFilterPlan>();
  const cors = new Map<string, CorsPlan>();
  const authz = new Map<string, ExtAuthzRoutePlan>();
  const faults = new Map<string, FaultPlan>();
  const limits = new Map<string, LocalRateLimitPlan>();
  const rateLimits = new Map<string, RateLimitRoutePlan>();
  const jwt = new Map<string, JwtRoutePlan>();
  const mutations = new Map<string, readonly HeaderMutationPlan[]>();
  for (const [name, any] of entries) {
    const at = scope.item("typed_per_filter_config", name);
    if (any.typeUrl.endsWith(`/${RBACPerRouteSchema.typeName}`)) {
      const { rbac: own } = fromBinary(RBACPerRouteSchema, any.value);
      rbac.set(name, rbacFilter(name, own ?? {}, at.field("rbac")));
    }
    const policy = anyUnpack(any, CorsPolicySchema);
    if (policy) cors.set(name, corsPlan(policy, at));
    const check = anyUnpack(any, ExtAuthzPerRouteSchema);
    if (check) authz.set(name, extAuthzRoutePlan(check, at));
    const changes = anyUnpack(any, HeaderMutationPerRouteSchema);
    if (changes) mutations.set(name, [headerMutationPlan(changes.mutations, at)]);
    const tokens = anyUnpack(any, JwtPerRouteSchema);
    if (tokens) jwt.set(name, jwtRoutePlan(tokens, at));
    const globalLimit = anyUnpack(any, RateLimitPerRouteSchema);
    if (globalLimit) rateLimits.set(name, rateLimitRoutePlan(globalLimit));
    const fault = anyUnpack(any, HTTPFaultSchema);
    if (fault) faults.set(name, faultPlan(fault, at));
    const limit = anyUnpack(any, LocalRateLimitSchema);
    if (!limit) continue;
    if (!limit.tokenBucket) at.field("token_bucket").fail("must be set where a route says something about the filter");
    limits.set(name, localRateLimitPlan(limit, at));
  }
  return { rbac, filters: { cors, authz, faults, limits, rateLimits, jwt, mutations } };
}

/** `inner` wins. */
export function mergeFilterLevels(outer: FilterLevel, inner: FilterLevel): FilterLevel {
  if (inner === NO_OVERRIDES) return outer;
  if (outer === NO_OVERRIDES) return inner;
  const cors = new Map(outer.filters.cors);
  for (const [name, policy] of inner.filters.cors) cors.set(name, mergeCors(cors.get(name), policy));
  const mutations = new Map(outer.filters.mutations);
  for (const [name, levels] of inner.filters.mutations)
    mutations.set(name, [...levels, ...(mutations.get(name) ?? [])]);
  const authz = new Map(outer.filters.authz);
  for (const [name, one] of inner.filters.authz) authz.set(name, mergeExtAuthz(authz.get(name), one));
  return {
    rbac: new Map([...outer.rbac, ...inner.rbac]),
    filters: {
      cors,
      authz,
      faults: new Map([...outer.filters.faults, ...inner.filters.faults]),
      limits: new Map([...outer.filters.limits, ...inner.filters.limits]),
      rateLimits: new Map([...outer.filters.rateLimits, ...inner.filters.rateLimits]),
      jwt: new Map([...outer.filters.jwt, ...inner.filters.jwt]),
      mutations,
    },
  };
}

/** null where nothing is said: the hot path has one comparison. */
export function routeFiltersOf({ filters }: FilterLevel): RouteFilters | null {
  return Object.values(filters).some(({ size }) => size > 0) ? filters : null;
}
