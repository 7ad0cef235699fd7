// Envoy hash_policy of a route or of TCP -> HashPolicyPlan. One rule: what says nothing to hash is left out, as in Envoy.

import type { HashPolicy, RouteAction_HashPolicy } from "../contract/messages";
import { regexSubstitution } from "./rewrites";
import type { Scope } from "./scope";
import type { HashPolicyPlan } from "./types";

/** null: nothing is hashed. */
export function hashPolicies(
  policies: readonly RouteAction_HashPolicy[],
  scope: Scope,
): readonly HashPolicyPlan[] | null {
  const plans = policies.flatMap((policy, index) => {
    const plan = hashPolicy(policy, scope.item("hash_policy", index));
    return plan === null ? [] : [plan];
  });
  return plans.length === 0 ? null : plans;
}

function hashPolicy({ policySpecifier: said, terminal: isTerminal }: RouteAction_HashPolicy, scope: Scope) {
  switch (said.case) {
    case "header": {
      const { headerName, regexRewrite } = said.value;
      const at = scope.field("header").field("regex_rewrite");
      const rewrite = regexRewrite ? regexSubstitution(regexRewrite, at) : null;
      return { kind: "header", name: headerName.toLowerCase(), rewrite, isTerminal } as const;
    }
    case "cookie": {
      const { name, ttl, path, attributes } = said.value;
      const more = attributes.map((one) => (one.value === "" ? one.name : `${one.name}=${one.value}`));
      return { kind: "cookie", name, ttlSeconds: ttl ? Number(ttl.seconds) : null, path, more, isTerminal } as const;
    }
    case "connectionProperties":
      return said.value.sourceIp ? ({ kind: "source-ip", isTerminal } as const) : null;
    case "queryParameter":
      return { kind: "query-parameter", name: said.value.name, isTerminal } as const;
    default:
      return null; // refused by the support table and the constraints
  }
}

export const hashesSourceIp = (policies: readonly HashPolicy[]): boolean =>
  policies.some(({ policySpecifier }) => policySpecifier.case === "sourceIp");
