// A design for a product that does not look at tokens here: nothing that asks of a token is left, and each loss is told.
// The rule: what is left refuses more, never less. A grant that asks for a token goes; a denial that asks for one, or for none, is for all.
import {
  type AuthorizationPolicy,
  type AuthorizationSource,
  type MeshDocument,
  type MeshObject,
  objectKey,
} from "@/lib/mesh";
import type { ReportEntry } from "./dialect";

export function withoutTokens(
  document: MeshDocument,
  title: string,
): { document: MeshDocument; losses: ReportEntry[] } {
  const losses: ReportEntry[] = [];
  const objects = document.objects.flatMap((object): MeshObject[] => {
    if (object.kind === "RequestAuthentication") {
      const reason = `this export to ${title} has no words for it: tokens are not looked at there`;
      losses.push({ key: objectKey(object), path: "spec", verdict: "lost", reason, changesMeaning: true });
      return [];
    }
    return [object.kind === "AuthorizationPolicy" ? withoutConditions(object, title, losses) : object];
  });
  return losses.length > 0 ? { document: { objects }, losses } : { document, losses };
}

function withoutConditions(policy: AuthorizationPolicy, title: string, losses: ReportEntry[]): AuthorizationPolicy {
  const { action, shadow } = policy.spec;
  if (!policy.spec.rules.some(({ from }) => from?.some(asksOfTokens))) return policy;
  const isDenial = action === "deny";
  const rules = policy.spec.rules.flatMap((rule, r) => {
    if (!rule.from?.some(asksOfTokens)) return [rule];
    const what = isDenial ? "denied without this condition, which refuses more" : "the grant is left out";
    const reason = `this export to ${title} does not ask of tokens: ${what}`;
    const verdict = isDenial ? "approximate" : "lost";
    const changesMeaning = action !== "audit" && shadow !== true;
    losses.push({ key: objectKey(policy), path: `spec.rules[${r}].from`, verdict, reason, changesMeaning });
    const from = rule.from.flatMap((source): AuthorizationSource[] =>
      !asksOfTokens(source) ? [source] : isDenial ? [withoutToken(source)] : [],
    );
    // A source without a field is any caller: then the rule is for all of them.
    if (from.some((source) => Object.keys(source).length === 0)) {
      const { from: _, ...rest } = rule;
      return [rest];
    }
    return from.length > 0 ? [{ ...rule, from }] : [];
  });
  return { ...policy, spec: { ...policy.spec, rules } };
}

const asksOfTokens = ({ requestPrincipals, notRequestPrincipals, claims }: AuthorizationSource): boolean =>
  requestPrincipals !== undefined || notRequestPrincipals !== undefined || claims !== undefined;

function withoutToken({ requestPrincipals: _, notRequestPrincipals: __, claims: ___, ...rest }: AuthorizationSource) {
  return rest;
}
