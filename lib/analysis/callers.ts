// Whom a rule of an authorization policy names: by service, by namespace, by SPIFFE ID.
// The rule: as the compiler, a caller is its identities; a service without workloads is taken by its default identity.
import {
  type AuthorizationPolicy,
  type AuthorizationRule,
  type AuthorizationSource,
  type MeshIndex,
  type MeshObject,
  type ObjectKey,
  parseKey,
  refKey,
  serviceAccountOf,
  spiffeId,
  workloadOwnerKey,
} from "@/lib/mesh";
import { asksOfTokens } from "./tokens";

/** `trust-domain/ns/x/sa/y` of everything that runs under this key. */
export function identitiesOf(index: MeshIndex, caller: ObjectKey): string[] {
  const object = index.get(caller);
  const running: MeshObject[] = object?.kind === "Service" ? [...index.workloadsOf(caller)] : object ? [object] : [];
  const accounts = running.flatMap((each) => serviceAccountOf(each) ?? []);
  const { namespace, name } = parseKey(caller) ?? { namespace: "", name: "" };
  const trustDomain = index.mesh?.spec.trustDomain ?? "";
  return (accounts.length > 0 ? accounts : [name]).map((account) =>
    spiffeId(trustDomain, namespace ?? "", account).replace("spiffe://", ""),
  );
}

export function namesCaller(
  index: MeshIndex,
  rule: AuthorizationRule,
  policy: AuthorizationPolicy,
  caller: ObjectKey,
): boolean {
  // where it is, and what it brings, nobody knows here
  if (policy.spec.action === "deny" && rule.when) return false;
  return !rule.from || rule.from.some((source) => sourceNames(index, source, policy, caller));
}

function sourceNames(index: MeshIndex, source: AuthorizationSource, policy: AuthorizationPolicy, caller: ObjectKey) {
  // It may bring a token that the denial does not mean.
  if (policy.spec.action === "deny" && (asksOfTokens(source) || asksWhere(source))) return false;
  const ids = identitiesOf(index, caller);
  const byPrincipal = source.principals?.some((each) => ids.some((id) => isPrincipal(each, id))) ?? true;
  const byService =
    source.services?.some((ref) => {
      const key = refKey(ref, policy);
      if (key === caller) return true;
      const workload = index.find("Workload", key);
      return workload !== undefined && workloadOwnerKey(workload) === caller;
    }) ?? true;
  const namespace = parseKey(caller)?.namespace ?? "";
  const isLeftOut =
    source.notPrincipals?.some((each) => ids.some((id) => isPrincipal(each, id))) ||
    source.notNamespaces?.some((each) => isName(each, namespace));
  return byPrincipal && byService && !isLeftOut && (source.namespaces?.some((each) => isName(each, namespace)) ?? true);
}

/** An address is of a machine, and a design has none. */
const asksWhere = ({ addresses, notAddresses, clientAddresses, notClientAddresses }: AuthorizationSource) =>
  [addresses, notAddresses, clientAddresses, notClientAddresses].some((each) => each !== undefined);

function isName(pattern: string, name: string): boolean {
  if (pattern.startsWith("*")) return name.endsWith(pattern.slice(1));
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

function isPrincipal(pattern: string, id: string): boolean {
  if (pattern === "*") return true;
  if (pattern.startsWith("*")) return id.endsWith(pattern.slice(1));
  const exact = pattern.replace(/^spiffe:\/\//, "");
  return exact.endsWith("*") ? id.startsWith(exact.slice(0, -1)) : id === exact;
}
