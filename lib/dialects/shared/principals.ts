// Principals of a design, as trust-domain/ns/NS/sa/SA: whose they are, and which of them a source of a policy means.
// The rule: one place decides what a source means; every export says it in the words of its product.
import {
  type AuthorizationSource,
  type Gateway,
  type MeshIndex,
  type ObjectKey,
  refKey,
  serviceAccountOf,
  type Workload,
} from "@/lib/mesh";
import type { ImportContext } from "./context";

export const trustDomainOf = (index: MeshIndex) => index.mesh?.spec.trustDomain ?? "cluster.local";

/** With what this import changed of the mesh. */
export const trustDomainIn = (context: ImportContext) =>
  context.all("Mesh")[0]?.spec.trustDomain ?? trustDomainOf(context.index);

export const principal = (trustDomain: string, namespace: string, account: string) =>
  `${trustDomain}/ns/${namespace}/sa/${account}`;

export const principalOf = (trustDomain: string, each: Workload | Gateway) =>
  principal(trustDomain, each.metadata.namespace, serviceAccountOf(each) ?? "");

/** As the design means it: a service without workloads keeps the account that it will have. */
export function principalsOf(index: MeshIndex, trustDomain: string, key: ObjectKey): string[] {
  const object = index.get(key);
  const holders = object?.kind === "Service" ? index.workloadsOf(key) : object ? [object] : [];
  const found = holders.flatMap((holder) => {
    const account = serviceAccountOf(holder);
    const { namespace } = holder.metadata;
    return account === undefined || namespace === undefined ? [] : [principal(trustDomain, namespace, account)];
  });
  if (found.length > 0 || object?.kind !== "Service") return [...new Set(found)].sort();
  return [principal(trustDomain, object.metadata.namespace, object.metadata.name)];
}

/** `*` at the beginning or the end, as a design writes it. */
export function matchesPrincipal(text: string, id: string): boolean {
  const own = text.replace(/^spiffe:\/\//, "");
  if (own === "*") return true;
  if (own.startsWith("*")) return `spiffe://${id}`.endsWith(own.slice(1));
  return own.endsWith("*") ? id.startsWith(own.slice(0, -1)) : id === own;
}

/** The object that names them: references are from its namespace. */
export type Holder = { metadata: { namespace?: string | undefined } };

export type Meant = {
  /** Fields that ask for more than an identity, as for a token. */
  odd: string[];
  /** Those of the named services. */
  services: string[] | undefined;
  takes(id: string): boolean;
};

const KNOWN = new Set(["principals", "services", "namespaces"]);

/** The fields of one source are AND-ed. */
export function meantBy(index: MeshIndex, holder: Holder, source: AuthorizationSource): Meant {
  const trustDomain = trustDomainOf(index);
  const odd = Object.keys(source).filter((field) => !KNOWN.has(field));
  const { principals, namespaces } = source;
  const services = source.services?.flatMap((ref) => principalsOf(index, trustDomain, refKey(ref, holder)));
  const isHere = (id: string) => namespaces?.some((each) => id.startsWith(`${trustDomain}/ns/${each}/`)) ?? true;
  const takes = (id: string) =>
    odd.length === 0 &&
    (principals?.some((text) => matchesPrincipal(text, id)) ?? true) &&
    (services?.includes(id) ?? true) &&
    isHere(id);
  return { odd, services, takes };
}

export type Holders = {
  workloads: ReadonlyMap<string, readonly Workload[]>;
  gateways: ReadonlyMap<string, readonly Gateway[]>;
};
const holders = new WeakMap<MeshIndex, Holders>();

/** Workloads and gateways by their principal. */
export function holdersIn(index: MeshIndex): Holders {
  const there = holders.get(index);
  if (there) return there;
  const trustDomain = trustDomainOf(index);
  const grouped = <T extends Workload | Gateway>(all: readonly T[]) => {
    const byId = new Map<string, T[]>();
    for (const each of all) {
      const id = principalOf(trustDomain, each);
      const own = byId.get(id);
      if (own) own.push(each);
      else byId.set(id, [each]);
    }
    return byId;
  };
  const made = { workloads: grouped(index.all("Workload")), gateways: grouped(index.all("Gateway")) };
  holders.set(index, made);
  return made;
}

/** Those whose principal is taken: of named services those alone are looked at. */
export function taken<T>(all: ReadonlyMap<string, readonly T[]>, { services, takes }: Meant): T[] {
  const ids = services ?? [...all.keys()];
  return ids.filter(takes).flatMap((id) => all.get(id) ?? []);
}
