// MW1052: a policy asks of tokens where nobody looks at them, so no request ever has one.
import { type AuthorizationPolicy, type AuthorizationRule, isOfKind, objectKey, parseKey } from "@/lib/mesh";
import type { KindsAnalyzer } from "../finding";
import { asksOfTokens, servicesOf, sourcesAskingOfTokens } from "../tokens";

export const mw1052TokenNotLookedAt: KindsAnalyzer = {
  code: "MW1052",
  title: "Policy on tokens that nobody looks at",
  area: "broken",
  scope: "object",
  kinds: ["AuthorizationPolicy"],
  looksWide: true,
  run(index, object) {
    if (!isOfKind("AuthorizationPolicy", object) || sourcesAskingOfTokens(object).length === 0) return [];
    const blind = servicesOf(index, object).filter((service) => index.authenticationsOn(service).length === 0);
    const [first] = blind;
    if (first === undefined) return [];
    const names = blind.length === 1 ? (parseKey(first)?.name ?? first) : `${blind.length} services`;
    const refusesAll = isRefusal(object);
    return [
      {
        code: "MW1052",
        severity: refusesAll ? "error" : "warning",
        message: `${object.metadata.name} asks of tokens, and no request authentication looks at those for ${names}.`,
        cause: refusesAll
          ? "Without one no request has a token as far as policies can see, so this denial takes them all."
          : "Without one no request has a token as far as policies can see, so what is asked of it never holds.",
        refs: [objectKey(object), ...blind.slice(0, 8)],
        path: "spec.rules",
        fixes: [
          {
            title: refusesAll ? "Take out what asks of tokens, which lets callers in" : "Take out what asks of tokens",
            command: { type: "patchSpec", key: objectKey(object), path: ["rules"], value: rulesWithoutTokens(object) },
          },
        ],
      },
    ];
  },
};

/** A rule without a source left asked for nothing else: it goes. */
const rulesWithoutTokens = ({ spec }: AuthorizationPolicy): AuthorizationRule[] =>
  spec.rules.flatMap((rule) => {
    const from = rule.from?.filter((source) => !asksOfTokens(source));
    return from?.length === 0 ? [] : [{ ...rule, ...(from ? { from } : {}) }];
  });

/** Enforced, and it denies who has no token. */
const isRefusal = (policy: AuthorizationPolicy): boolean =>
  policy.spec.action === "deny" &&
  !policy.spec.shadow &&
  sourcesAskingOfTokens(policy).some(
    ({ requestPrincipals, notRequestPrincipals, claims = [] }) =>
      !requestPrincipals &&
      (notRequestPrincipals !== undefined || claims.length > 0) &&
      claims.every(({ invert }) => invert),
  );
