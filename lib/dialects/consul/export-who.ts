// Who a policy means -> names of services, which are all that Consul knows of a caller.
// The rule: an allowance names a service only when all of its workloads are meant, a denial when any of them is.
import {
  type AuthorizationPolicy,
  type AuthorizationSource,
  type MeshIndex,
  type ObjectKey,
  objectKey,
  refKey,
  type Service,
  serviceAccountOf,
  spiffeId,
  workloadOwnerKey,
  workloadOwnerName,
} from "@/lib/mesh";
import type { ConsulExport } from "./export-out";

/** Something with an identity, and the service or gateway that Consul knows it as. */
type Holder = { id: string; keys: ObjectKey[]; namespace: string; name: string };
/** `partly`: services of which only some workloads are meant. `isOpen`: a pattern, of which only those of today are named. */
export type Who = { names: string[]; partly: string[]; isOpen: boolean };

const known = new WeakMap<MeshIndex, Holder[]>();
const allSizes = new WeakMap<readonly Holder[], Map<string, number>>();

function holdersOf(index: MeshIndex): Holder[] {
  const there = known.get(index);
  if (there) return there;
  const trustDomain = index.mesh?.spec.trustDomain ?? "cluster.local";
  const holder = (account: string, namespace: string, name: string, keys: ObjectKey[]): Holder => ({
    id: spiffeId(trustDomain, namespace, account).replace("spiffe://", ""),
    keys,
    namespace,
    name,
  });
  const found = [...index.all("Workload"), ...index.all("Gateway")].map((object) => {
    const { namespace, name } = object.metadata;
    const service = object.kind === "Workload" ? workloadOwnerName(object) : name;
    const key = objectKey(object);
    const keys = object.kind === "Workload" ? [key, workloadOwnerKey(object)] : [key];
    return holder(serviceAccountOf(object) ?? name, namespace, service, keys);
  });
  // a service without workloads keeps the account that it will have
  for (const service of index.all("Service")) {
    if (index.workloadsOf(objectKey(service)).length > 0) continue;
    const { namespace, name } = service.metadata;
    found.push(holder(name, namespace, name, [objectKey(service)]));
  }
  known.set(index, found);
  return found;
}

/** Undefined: anybody. */
export function whoOf(
  { index }: ConsulExport,
  policy: AuthorizationPolicy,
  source: AuthorizationSource | undefined,
): Who | undefined {
  const { principals, services, namespaces } = source ?? {};
  if (!principals && !services && !namespaces) return undefined;
  if (principals?.includes("*") && !services && !namespaces) return undefined;
  const wanted = services?.map((ref) => refKey(ref, policy));
  const all = holdersOf(index);
  const meant = all.filter(
    ({ id, keys, namespace }) =>
      (!wanted || keys.some((key) => wanted.includes(key))) &&
      (!namespaces || namespaces.includes(namespace)) &&
      (!principals || principals.some((text) => takes(text.replace(/^spiffe:\/\//, ""), id))),
  );
  const names = new Set<string>();
  const partly = new Set<string>();
  const sizes = allSizes.get(all) ?? sizesOf(all);
  allSizes.set(all, sizes);
  for (const [key, size] of sizesOf(meant)) {
    const name = key.split("/")[1] ?? key;
    (size === sizes.get(key) ? names : partly).add(name);
  }
  const isOpen = namespaces !== undefined || (principals?.some((text) => text.includes("*")) ?? false);
  return { names: [...names].sort(), partly: [...partly].sort(), isOpen };
}

/** Holders of each service or gateway. */
function sizesOf(holders: readonly Holder[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { namespace, name } of holders)
    sizes.set(`${namespace}/${name}`, (sizes.get(`${namespace}/${name}`) ?? 0) + 1);
  return sizes;
}

function takes(pattern: string, id: string): boolean {
  if (pattern.startsWith("*")) return id.endsWith(pattern.slice(1));
  return pattern.endsWith("*") ? id.startsWith(pattern.slice(0, -1)) : id === pattern;
}

/** Services that may call this one, by a line, a policy or an open mesh. */
export function callersOf(out: ConsulExport, service: Service): { name: string; namespace: string }[] {
  const { index } = out;
  const key = objectKey(service);
  const drawn = index.dependenciesTo(key).flatMap((dependency) => {
    const caller = index.get(refKey(dependency.spec.from, dependency));
    return caller?.kind === "Workload"
      ? (caller.spec.service ?? [])
      : caller?.kind === "Service"
        ? caller.metadata.name
        : [];
  });
  const allowed = index
    .authorizationsOn(key)
    .filter(({ spec }) => spec.action === "allow" && !spec.shadow)
    .flatMap((policy) =>
      policy.spec.rules.flatMap(({ from = [] }) => from.flatMap((each) => whoOf(out, policy, each)?.names ?? [])),
    );
  const isOpen = index.mesh?.spec.defaults.authorization === "allow";
  const services = isOpen
    ? index.all("Service").filter((each) => out.isOwner(each))
    : [...new Set([...drawn, ...allowed])].flatMap((name) => out.serviceCalled(name) ?? []);
  return services
    .filter((each) => objectKey(each) !== key)
    .map(({ metadata }) => ({ name: metadata.name, namespace: metadata.namespace }));
}
