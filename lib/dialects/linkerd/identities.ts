// Linkerd's names of identities, both ways: web.shop.serviceaccount.identity.linkerd.cluster.local is account web of namespace shop.
// The rule: a design has one trust domain; what Linkerd's mesh calls its own is not in these documents, so every Linkerd name is of it.
import type { AuthorizationSource } from "@/lib/mesh";
import { principal } from "../shared/principals";

const FORM =
  /^(\*|[a-z0-9]([-a-z0-9]*[a-z0-9])?)\.([a-z0-9]([-a-z0-9]*[a-z0-9])?)\.serviceaccount\.identity\.[-a-z0-9]+\..+$/;
const EVERY_ACCOUNT = /^\*\.serviceaccount\.identity\.[-a-z0-9]+\..+$/;

/** Undefined: the model has no word for it. */
export function sourceOfIdentity(identity: string, trustDomain: string): AuthorizationSource | undefined {
  if (identity === "*") return { principals: ["*"] };
  if (EVERY_ACCOUNT.test(identity)) return { principals: [`${trustDomain}/*`] };
  const [, account, , namespace] = FORM.exec(identity) ?? [];
  if (account === undefined || namespace === undefined) return undefined;
  return account === "*" ? { namespaces: [namespace] } : { principals: [principal(trustDomain, namespace, account)] };
}

/** Sources of the same kind in one entry: any of them. */
export function joined(sources: readonly AuthorizationSource[]): AuthorizationSource[] {
  const principals = [...new Set(sources.flatMap((each) => each.principals ?? []))].sort();
  const namespaces = [...new Set(sources.flatMap((each) => each.namespaces ?? []))].sort();
  return [...(principals.length > 0 ? [{ principals }] : []), ...(namespaces.length > 0 ? [{ namespaces }] : [])];
}

export type IdentityRef = { kind: "ServiceAccount" | "Namespace"; name: string; namespace?: string };

/** What a MeshTLSAuthentication says: references, which need no trust domain, or names. */
export type Said = { refs: IdentityRef[]; identities: string[] };

/** One principal of the model; undefined where Linkerd has no name for it. */
export function sayPrincipal(text: string, trustDomain: string): Partial<Said> | undefined {
  if (text === "*") return { identities: ["*"] };
  const own = text.replace(/^spiffe:\/\//, "");
  if (own === `${trustDomain}/*` || own === `${trustDomain}/ns/*`) return { identities: ["*"] };
  const [, domain, namespace, account] = /^([^/*]+)\/ns\/([^/*]+)\/sa\/([^/*]+)$/.exec(own) ?? [];
  if (domain === trustDomain && namespace !== undefined && account !== undefined) {
    return { refs: [{ kind: "ServiceAccount", name: account, namespace }] };
  }
  const whole = /^([^/*]+)\/ns\/([^/*]+)\/(sa\/)?\*$/.exec(own);
  if (whole?.[1] === trustDomain && whole[2] !== undefined) return { refs: [{ kind: "Namespace", name: whole[2] }] };
  return undefined;
}
