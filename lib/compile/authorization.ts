// RBAC filters of an inbound listener, in order: written denials, audits, then the list of who may call.
// The rule: a policy carries the key of the object it comes from, so a refusal leads back to what was drawn or written.
import { type AuthorizationPolicy, objectKey, type Service } from "@/lib/mesh";
import { type Carried, compileRule } from "./authorization-rules";
import { any, compact, type JsonObject } from "./envoy-json";
import { dependenciesOn, type Facts, policiesFor, principalsOf } from "./facts";
import type { Protection } from "./modes";
import type { Problems } from "./problems";

type Policies = ReadonlyMap<string, JsonObject>;
const NONE: Policies = new Map();

const HTTP_RBAC = "extensions.filters.http.rbac.v3.RBAC";
const NETWORK_RBAC = "extensions.filters.network.rbac.v3.RBAC";
/** Denies what an authorizer would decide, where nobody can be asked. */
export const UNASKED_FILTER = "meshwright.rbac.custom";

/** For the HTTP ports of a service as filters of requests, for a TCP port as filters of connections. */
export function authorizationFilters(
  facts: Facts,
  service: Service,
  protection: Protection,
  problems: Problems,
  carried: Carried,
): JsonObject[] {
  const policies = policiesFor(facts.authorizationsOn, service);
  const compiled = (action: AuthorizationPolicy["spec"]["action"], shadow: boolean) =>
    policiesOf(
      facts,
      policies.filter((p) => p.spec.action === action && (p.spec.shadow ?? false) === shadow),
      carried,
    );
  const filters: JsonObject[] = [];
  const addFilter = adderTo(filters, carried);

  if (carried.as === "tcp" && protection.denials === "enforced") {
    // Authorizers are asked about requests, and here there are none.
    const unasked = compiled("custom", false);
    addFilter(UNASKED_FILTER, { rules: unasked.size > 0 ? rbac("DENY", unasked) : undefined });
  }

  const denials = compiled("deny", false);
  const shadowDenials = compiled("deny", true);
  const isDenyEnforced = protection.denials === "enforced";
  addFilter("meshwright.rbac.deny", {
    rules: isDenyEnforced && denials.size > 0 ? rbac("DENY", denials) : undefined,
    shadow_rules: shadowOf("DENY", isDenyEnforced ? shadowDenials : both(denials, shadowDenials)),
  });

  const audits = both(compiled("audit", false), compiled("audit", true));
  addFilter("meshwright.rbac.audit", { rules: audits.size > 0 ? rbac("LOG", audits) : undefined });

  const granted = grantedBy(facts, service, compiled("allow", false), policies, carried);
  const wouldGrant = compiled("allow", true);
  if (granted) {
    // A list that was written where everybody may call is meant, whatever the connection: without identity nobody is on it, as in Istio.
    const isWritten = facts.defaults.authorization === "allow" && service.spec.mode === undefined;
    const isEnforced = protection.allowed === "enforced" || isWritten;
    if (!isEnforced) warnUnenforced(service, facts, problems, protection);
    const proposed = wouldGrant.size > 0 ? rbac("ALLOW", both(granted, wouldGrant)) : undefined;
    addFilter("meshwright.rbac.allow", {
      rules: isEnforced ? rbac("ALLOW", granted) : undefined,
      shadow_rules: isEnforced ? proposed : (proposed ?? rbac("ALLOW", granted)),
    });
  } else {
    // Everything is allowed: policies in shadow show who would be refused if they were the list.
    addFilter("meshwright.rbac.allow", { shadow_rules: shadowOf("ALLOW", wouldGrant) });
  }
  return filters;
}

/** The list of who may call, or null when the mesh allows everything that no policy restricts. */
function grantedBy(
  facts: Facts,
  service: Service,
  allowed: Policies,
  policies: readonly AuthorizationPolicy[],
  carried: Carried,
): Policies | null {
  switch (facts.defaults.authorization) {
    case "drawn":
      return both(drawnPolicies(facts, service, carried), allowed);
    case "deny":
      return allowed;
    case "allow":
      return policies.some((policy) => policy.spec.action === "allow" && !policy.spec.shadow) ? allowed : null;
  }
}

function drawnPolicies(facts: Facts, service: Service, { ports }: Carried): Policies {
  const policies = new Map<string, JsonObject>();
  const key = objectKey(service);
  for (const dependency of dependenciesOn(facts, key)) {
    const { from, port } = dependency.spec;
    if (port !== undefined && !ports.includes(port)) continue;
    const principals = principalsOf(facts, from, dependency);
    if (principals.length === 0) continue;
    policies.set(objectKey(dependency), {
      permissions: [{ any: true }],
      principals: principals.map((id) => ({ authenticated: { principal_name: { exact: id } } })),
    });
  }
  return policies;
}

/** By rule, what it matches. */
export function policiesOf(facts: Facts, policies: readonly AuthorizationPolicy[], carried: Carried): Policies {
  if (policies.length === 0) return NONE;
  const compiled = new Map<string, JsonObject>();
  for (const policy of policies) {
    policy.spec.rules.forEach((rule, index) => {
      const result = compileRule(facts, policy, rule, carried);
      if (result) compiled.set(`${objectKey(policy)}#${index}`, result);
    });
  }
  return compiled;
}

/** Of two with one key the second counts. */
function both(a: Policies, b: Policies): Policies {
  return a.size === 0 ? b : b.size === 0 ? a : new Map([...a, ...b]);
}

function rbac(action: "ALLOW" | "DENY" | "LOG", policies: Policies): JsonObject {
  // names that no other object has: without a prototype it is a dictionary from the start, as V8 would make it of each after a while
  const sorted: JsonObject = Object.create(null);
  for (const name of [...policies.keys()].sort()) sorted[name] = policies.get(name) ?? {};
  return { action, policies: sorted };
}

function shadowOf(action: "ALLOW" | "DENY", policies: Policies): JsonObject | undefined {
  return policies.size > 0 ? rbac(action, policies) : undefined;
}

type Rules = { rules?: JsonObject | undefined; shadow_rules?: JsonObject | undefined };

function adderTo(filters: JsonObject[], { as }: Carried): (name: string, rules: Rules) => void {
  return (name, rules) => {
    if (!rules.rules && !rules.shadow_rules) return;
    const typed_config =
      as === "http"
        ? any(HTTP_RBAC, compact(rules))
        : any(NETWORK_RBAC, compact({ ...rules, stat_prefix: "inbound_tcp" }));
    filters.push({ name, typed_config });
  };
}

function warnUnenforced(service: Service, facts: Facts, problems: Problems, protection: Protection): void {
  if (service.spec.mode !== undefined) return; // A step of adoption says so itself.
  problems.warn(
    service,
    "spec",
    `its callers are not checked: mutual TLS is ${protection.tls}, so they have no proved identity; who would be refused is only counted`,
    facts.defaults.mutualTls === "strict"
      ? "Set mutual TLS of this service to strict."
      : "Set mutual TLS to strict, for this service or for the mesh.",
  );
}
