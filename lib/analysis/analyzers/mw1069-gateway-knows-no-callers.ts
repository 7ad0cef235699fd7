// MW1069: a policy on a gateway asks who the client is in words of the mesh. A gateway takes clients without an identity and looks at no tokens.
import { type AuthorizationRule, type AuthorizationSource, objectKey } from "@/lib/mesh";
import type { FindingBody, ObjectAnalyzer } from "../finding";

export const mw1069GatewayKnowsNoCallers: ObjectAnalyzer<"AuthorizationPolicy"> = {
  code: "MW1069",
  title: "A gateway knows no callers",
  area: "access",
  scope: "object",
  kind: "AuthorizationPolicy",
  run(_index, policy) {
    const { gateway } = policy.spec.target;
    if (gateway === undefined) return [];
    const key = objectKey(policy);
    return policy.spec.rules.flatMap((rule, r): FindingBody[] => {
      const asks = fieldOf(rule);
      if (!asks) return [];
      return [
        {
          code: "MW1069",
          severity: "error",
          message: `Rule ${r + 1} of ${policy.metadata.name} matches nothing at gateway ${gateway}: its requests go on unasked.`,
          cause:
            "Clients of a gateway have no identity of the mesh, and a gateway looks at no tokens: a rule that names identities, namespaces or tokens finds none.",
          refs: [key],
          path: `spec.rules[${r}].${asks}`,
          fixes: [
            {
              title: "Ask about every client",
              command: { type: "patchSpec", key, path: ["rules", r, asks] },
            },
          ],
        },
      ];
    });
  },
};

/** The part of the rule that no request can fulfil. */
function fieldOf({ from, when }: AuthorizationRule): "from" | "when" | undefined {
  if (from?.every(asksWho)) return "from";
  const isAsked = when?.some(
    ({ of, values }) => values && (of === "principal" || of === "namespace" || of === "token"),
  );
  return isAsked ? "when" : undefined;
}

/** "Not" holds for who has none. */
const asksWho = ({ principals, services, namespaces, requestPrincipals, claims }: AuthorizationSource): boolean =>
  Boolean(principals ?? services ?? namespaces ?? requestPrincipals ?? claims?.some(({ invert }) => !invert));
