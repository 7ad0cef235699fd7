// Who a rule lets in -> authentications of Linkerd.
// The rule: a caller that Linkerd has no name for is left out and told; a rule never lets in more than the design does.
import { type AuthorizationPolicy, type AuthorizationSource, type MeshIndex, refKey } from "@/lib/mesh";
import { principalsOf } from "../shared/principals";
import { type IdentityRef, type Said, sayPrincipal } from "./identities";

/** Undefined `said`: anybody. Empty: nobody. */
export type Callers = { said?: Said; unsaid: string[] };

export function callersOf(
  index: MeshIndex,
  policy: AuthorizationPolicy,
  from: readonly AuthorizationSource[] | undefined,
): Callers {
  if (!from) return { unsaid: [] };
  const trustDomain = index.mesh?.spec.trustDomain ?? "cluster.local";
  const said: Said = { refs: [], identities: [] };
  const unsaid: string[] = [];
  for (const source of from) {
    const own = sayable(index, policy, source, trustDomain);
    unsaid.push(...own.unsaid);
    said.refs.push(...own.said.refs);
    said.identities.push(...own.said.identities);
  }
  return { said: tidy(said), unsaid };
}

function sayable(
  index: MeshIndex,
  policy: AuthorizationPolicy,
  source: AuthorizationSource,
  trustDomain: string,
): { said: Said; unsaid: string[] } {
  const services = source.services?.flatMap((ref) => principalsOf(index, trustDomain, refKey(ref, policy)));
  const { principals, namespaces } = source;
  if (!principals && !services) {
    const refs = (namespaces ?? []).map((name): IdentityRef => ({ kind: "Namespace", name }));
    return { said: { refs, identities: [] }, unsaid: [] };
  }
  // the fields of one entry are AND-ed
  const both =
    principals && services ? principals.filter((each) => services.includes(each)) : (principals ?? services ?? []);
  const isHere = (text: string) => namespaces?.some((each) => text.startsWith(`${trustDomain}/ns/${each}/`)) ?? true;
  const said: Said = { refs: [], identities: [] };
  const unsaid: string[] = [];
  for (const text of both) {
    const one = sayPrincipal(text, trustDomain);
    if (!isHere(text)) {
      if (text.includes("*")) unsaid.push(text);
      continue;
    }
    if (!one) unsaid.push(text);
    said.refs.push(...(one?.refs ?? []));
    said.identities.push(...(one?.identities ?? []));
  }
  return { said, unsaid };
}

export function tidy({ refs, identities }: Said): Said {
  if (identities.includes("*")) return { refs: [], identities: ["*"] };
  const byName = new Map(refs.map((each) => [`${each.kind} ${each.namespace ?? ""}/${each.name}`, each]));
  return { refs: [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each), identities };
}

export const isNobody = ({ said }: Callers) => said !== undefined && said.refs.length + said.identities.length === 0;
