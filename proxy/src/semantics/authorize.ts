// RBAC as Envoy evaluates it: policies in name order, the first that matches decides; ALLOW without a match denies.
// One rule: shadow rules are evaluated and reported, and never change the decision.

import type { RbacContext, RbacFilterPlan, RbacPlan, RoutePlan } from "../plan/types";

export interface AuthorizationDecision {
  readonly allowed: boolean;
  /** Policy that decided: the matching DENY policy, or the ALLOW policy; null: no policy matched. */
  readonly policy: string | null;
  /** Filter that denied; null when allowed. */
  readonly deniedBy: string | null;
  /** What shadow rules would have denied: `policy` null = no ALLOW policy matched. */
  readonly shadowDenials: readonly ShadowDenial[];
  /** Policies of LOG rules that matched. */
  readonly logged: readonly string[];
  /** What shadow rules say to the filters behind, as Envoy's metadata of envoy.filters.http.rbac; null: there are none. */
  readonly shadow: Readonly<Record<string, string>> | null;
}

export interface ShadowDenial {
  readonly filter: string;
  readonly policy: string | null;
}

const NONE: readonly never[] = Object.freeze([]);
const ALLOWED: AuthorizationDecision = Object.freeze({
  allowed: true,
  policy: null,
  deniedBy: null,
  shadowDenials: NONE,
  logged: NONE,
  shadow: null,
});

/** All RBAC filters of an HTTP connection manager in order, with the route's overrides. */
export function authorizeRequest(
  filters: readonly RbacFilterPlan[],
  route: RoutePlan | null,
  context: RbacContext,
): AuthorizationDecision {
  const overrides = route?.rbacOverrides;
  return authorize(overrides ? filters.map((filter) => overrides.get(filter.name) ?? filter) : filters, context);
}

/** All network RBAC filters of a filter chain; `context.request` is null. */
export function authorizeConnection(filters: readonly RbacFilterPlan[], context: RbacContext): AuthorizationDecision {
  return authorize(filters, context);
}

function authorize(filters: readonly RbacFilterPlan[], context: RbacContext): AuthorizationDecision {
  let shadowDenials: ShadowDenial[] | null = null;
  let logged: string[] | null = null;
  let policy: string | null = null;
  let shadow: Record<string, string> | null = null;
  for (const filter of filters) {
    if (filter.shadowRules) {
      const match = firstMatch(filter.shadowRules, context);
      const isPermitted = permits(filter.shadowRules, match);
      shadow ??= {};
      shadow[`${filter.shadowPrefix}shadow_engine_result`] = isPermitted ? "allowed" : "denied";
      if (match !== null) shadow[`${filter.shadowPrefix}shadow_effective_policy_id`] = match;
      if (!isPermitted) {
        shadowDenials ??= [];
        shadowDenials.push({ filter: filter.name, policy: match });
      }
    }
    if (filter.rules) {
      const match = firstMatch(filter.rules, context);
      if (!permits(filter.rules, match)) {
        return {
          allowed: false,
          policy: match,
          deniedBy: filter.name,
          shadowDenials: shadowDenials ?? NONE,
          logged: logged ?? NONE,
          shadow,
        };
      }
      if (filter.rules.action === "log" && match !== null) {
        logged ??= [];
        logged.push(match);
      } else {
        policy = match ?? policy;
      }
    }
  }
  return policy === null && !shadow && !logged
    ? ALLOWED
    : { allowed: true, policy, deniedBy: null, shadowDenials: shadowDenials ?? NONE, logged: logged ?? NONE, shadow };
}

function firstMatch(rules: RbacPlan, context: RbacContext): string | null {
  for (const policy of rules.policies) {
    if (policy.permission.matches(context) && policy.principal.matches(context)) {
      return policy.name;
    }
  }
  return null;
}

function permits(rules: RbacPlan, match: string | null): boolean {
  return rules.action === "log" || (rules.action === "allow") === (match !== null);
}
