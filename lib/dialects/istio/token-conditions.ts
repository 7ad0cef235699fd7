// Conditions on a request's token, both ways. The rule: Istio keeps them beside a rule's sources, the model has them in each source,
// as it does with who the caller is.
import { type AuthorizationSource, type ClaimCondition, isSameJson } from "@/lib/mesh";
import type { Fields } from "../shared/fields";
import { comparisonsOf, type IstioCondition, writtenValues } from "./conditions";

const CLAIMS = /^request\.auth\.claims((?:\[[^[\]]{1,256}\]){1,8})$/;
/** What Istio has a word of its own for, as the claim it is (RFC 7519, OpenID Connect). */
const CLAIM_OF: Readonly<Record<string, string>> = {
  "request.auth.audiences": "aud",
  "request.auth.presenter": "azp",
};
const PRINCIPAL = "request.auth.principal";
const MAX_SOURCES = 64;
const MAX_CLAIMS = 32;

export const asksOfToken = (condition: Fields): boolean => String(condition.peek("key")).startsWith("request.auth.");

/** Sources with the conditions in each; undefined when one has no place in the model. */
export function importTokenConditions(
  conditions: readonly Fields[],
  sources: readonly AuthorizationSource[],
): AuthorizationSource[] | undefined {
  if (conditions.length === 0) return [...sources];
  let result: AuthorizationSource[] = sources.length > 0 ? [...sources] : [{}];
  for (const each of conditions) {
    const key = each.text("key") ?? "";
    const values = each.texts("values") ?? [];
    const notValues = each.texts("notValues") ?? [];
    each.keepRest();
    const written = [...values, ...notValues];
    if (written.length === 0 || written.some((value) => value === "" || value.length > 1024)) return undefined;
    const merged =
      key === PRINCIPAL ? withPrincipals(result, values, notValues) : withClaim(result, key, values, notValues);
    if (!merged || merged.length > MAX_SOURCES) return undefined;
    result = merged;
  }
  return result.every(({ claims = [] }) => claims.length <= MAX_CLAIMS) ? result : undefined;
}

/** Two lists of which both have to hold are no list. */
function withPrincipals(
  sources: readonly AuthorizationSource[],
  values: readonly string[],
  notValues: readonly string[],
): AuthorizationSource[] | undefined {
  if (values.length > 0 && sources.some(({ requestPrincipals }) => requestPrincipals)) return undefined;
  return sources.map((source) => ({
    ...source,
    ...(values.length > 0 ? { requestPrincipals: [...values] } : {}),
    ...(notValues.length > 0 ? { notRequestPrincipals: [...(source.notRequestPrincipals ?? []), ...notValues] } : {}),
  }));
}

function withClaim(
  sources: readonly AuthorizationSource[],
  key: string,
  values: readonly string[],
  notValues: readonly string[],
): AuthorizationSource[] | undefined {
  const path = CLAIMS.exec(key)?.[1]?.slice(1, -1).split("][");
  const word = Object.hasOwn(CLAIM_OF, key) ? CLAIM_OF[key] : undefined;
  const claim = path ?? (word === undefined ? undefined : [word]);
  if (!claim) return undefined;
  const not = comparisonsOf(notValues).map((each): ClaimCondition => ({ claim, ...each, invert: true }));
  const any = comparisonsOf(values).map((each): ClaimCondition => ({ claim, ...each }));
  const choices = any.length > 0 ? any.map((condition) => [condition, ...not]) : [not];
  return sources.flatMap((source) =>
    choices.map((added) => ({ ...source, claims: [...(source.claims ?? []), ...added] })),
  );
}

/** Null: Istio has no words for it. */
export function exportClaim({ claim, type, values = [], invert }: ClaimCondition): IstioCondition | null {
  const said = writtenValues(type, values);
  if (!said || claim.some((name) => /[[\]]/.test(name))) return null;
  const key = `request.auth.claims[${claim.join("][")}]`;
  return invert ? { key, notValues: said } : { key, values: said };
}

/** Sources that ask for the same claims: each group is a rule of its own in Istio. */
export function byClaims(sources: readonly AuthorizationSource[]): AuthorizationSource[][] {
  const groups: AuthorizationSource[][] = [];
  for (const source of sources) {
    const group = groups.find(([first]) => isSameJson(first?.claims ?? [], source.claims ?? []));
    if (group) group.push(source);
    else groups.push([source]);
  }
  return groups;
}
