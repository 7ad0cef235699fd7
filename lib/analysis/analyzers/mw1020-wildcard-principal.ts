// MW1020: a principal with a wildcard that takes more than it looks like.
import { objectKey } from "@/lib/mesh";
import type { FindingBody, ObjectAnalyzer } from "../finding";

export const mw1020WildcardPrincipal: ObjectAnalyzer<"AuthorizationPolicy"> = {
  code: "MW1020",
  title: "Principal with a wildcard",
  area: "access",
  scope: "object",
  kind: "AuthorizationPolicy",
  run(_index, policy) {
    if (policy.spec.action !== "allow") return [];
    return policy.spec.rules.flatMap((rule, r) =>
      (rule.from ?? []).flatMap((source, f) =>
        (source.principals ?? []).flatMap((principal, p): FindingBody[] => {
          const meaning = meaningOf(principal);
          if (!meaning) return [];
          return [
            {
              code: "MW1020",
              severity: meaning.isWide ? "warning" : "info",
              message: `${principal} in ${policy.metadata.name} names ${meaning.text}.`,
              cause:
                "The wildcard is compared as text. Whoever can get such an identity has the permission, also services that do not exist yet.",
              refs: [objectKey(policy)],
              path: `spec.rules[${r}].from[${f}].principals[${p}]`,
            },
          ];
        }),
      ),
    );
  },
};

/** `*` alone is another finding. */
function meaningOf(principal: string): { text: string; isWide: boolean } | undefined {
  if (principal === "*" || !principal.includes("*")) return undefined;
  if (principal.startsWith("*")) return { text: "that account in every namespace and trust domain", isWide: true };
  const [, ns] = principal.split("/ns/");
  const namespace = ns?.split("/")[0];
  if (!namespace || namespace.endsWith("*")) return { text: "every identity of several namespaces", isWide: true };
  // ns/x/sa/y-*: part of one namespace
  return { text: `several accounts of namespace ${namespace}`, isWide: false };
}
