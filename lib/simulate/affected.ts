// Which calls a change of the design can reach at all.
// The rule: candidates are found wide and cheaply from the changed objects; only equal slices acquit one of them.
import {
  isCallerOnly,
  keyOf,
  type MeshIndex,
  type MeshObject,
  type ObjectKey,
  objectKey,
  type PolicyTarget,
  parseKey,
  type Route,
  refKey,
  routeEndsOf,
  serviceRefKey,
  type TcpRoute,
  tcpTargetKey,
  workloadOwnerKey,
} from "@/lib/mesh";
import type { Pair } from "./calls";
import { contentId } from "./content-id";
import { ownerOf } from "./names";
import type { Scene } from "./scene";

/** More changed objects than this: comparing everything is no dearer. */
const MANY = 200;

/** True for pairs whose answers may differ between the two versions. */
export function changedPairs(before: Scene, after: Scene): (pair: Pair) => boolean {
  const owners = changedOwners(before, after);
  if (owners.size === 0) return () => false;
  // Who calls a service is also told what happens where its routes send the call.
  const reached = new Set(owners);
  for (const { index } of [before, after]) for (const target of targetsLeadingTo(index, owners)) reached.add(target);
  return ({ caller, callee }) => reached.has(caller) || reached.has(callee);
}

/** Services and gateways whose proxies may be configured differently. */
export function changedOwners(before: Scene, after: Scene): Set<ObjectKey> {
  const candidates = candidatesOf(before, after);
  return new Set([...candidates].filter((owner) => before.slice(owner).key !== after.slice(owner).key));
}

function candidatesOf(before: Scene, after: Scene): Set<ObjectKey> {
  const was = new Set(before.document.objects.map(contentId));
  const is = new Set(after.document.objects.map(contentId));
  const removed = before.document.objects.filter((object) => !is.has(contentId(object)));
  const added = after.document.objects.filter((object) => !was.has(contentId(object)));
  const changed = [...removed, ...added];
  if (changed.length > MANY || changed.some(({ kind }) => kind === "Mesh")) return allOwners(before, after);
  const candidates = new Set<ObjectKey>();
  for (const { index } of [before, after]) {
    const seeds = new Set(changed.flatMap((object) => mentionedBy(index, object)));
    for (const seed of seeds) for (const each of [seed, ...neighboursOf(index, seed)]) candidates.add(each);
    for (const target of targetsLeadingTo(index, seeds)) {
      for (const each of [target, ...neighboursOf(index, target)]) candidates.add(each);
    }
    for (const service of restrictedBy(index, seeds)) candidates.add(service);
    for (const service of askingOf(index, seeds)) candidates.add(service);
  }
  return candidates;
}

function allOwners(...scenes: Scene[]): Set<ObjectKey> {
  return new Set(
    scenes.flatMap(({ index }) =>
      [
        ...index.all("Service"),
        ...index.all("Gateway"),
        ...index.all("ExternalService"),
        ...index.all("Workload").filter(isCallerOnly),
      ].map(objectKey),
    ),
  );
}

/** Services, gateways and external services that an object speaks about. */
function mentionedBy(index: MeshIndex, object: MeshObject): ObjectKey[] {
  switch (object.kind) {
    case "Service":
    case "Gateway":
    case "ExternalService":
      return [objectKey(object)];
    case "Workload":
      return [workloadOwnerKey(object)];
    case "TcpRoute":
      return [tcpTargetKey(object)];
    case "Subset":
    case "TrafficPolicy":
    case "RateLimit":
      return [serviceRefKey(object.spec.service, object)];
    case "Route":
      return [refKey(object.spec.target, object)];
    case "Dependency":
      return [object.spec.from, object.spec.to].map((ref) => ownerOf(index, refKey(ref, object)));
    case "Egress":
      return [refKey(object.spec.to, object)];
    case "MutualTls":
    case "RequestAuthentication":
    case "AuthorizationPolicy":
      return targetsOf(index, object);
    default:
      return [];
  }
}

function targetsOf(
  index: MeshIndex,
  { spec, metadata }: Extract<MeshObject, { kind: "MutualTls" | "RequestAuthentication" | "AuthorizationPolicy" }>,
): ObjectKey[] {
  const target: PolicyTarget | undefined = spec.target;
  if (target?.gateway !== undefined) return [keyOf("Gateway", target.namespace ?? metadata.namespace, target.gateway)];
  if (target?.service !== undefined) return [keyOf("Service", target.namespace ?? metadata.namespace, target.service)];
  const services = index.all("Service").map(objectKey);
  const { namespace } = target ?? {};
  return namespace === undefined ? services : services.filter((key) => parseKey(key)?.namespace === namespace);
}

/** Callers and callees. */
function neighboursOf(index: MeshIndex, owner: ObjectKey): ObjectKey[] {
  const own = [owner, ...index.workloadsOf(owner).map(objectKey)];
  return own.flatMap((key) => [
    ...index.dependenciesTo(key).map((dependency) => ownerOf(index, refKey(dependency.spec.from, dependency))),
    ...index.dependenciesFrom(key).map((dependency) => ownerOf(index, refKey(dependency.spec.to, dependency))),
  ]);
}

/** Targets of routes that send calls, or copies of them, to one of these services. */
function targetsLeadingTo(index: MeshIndex, services: ReadonlySet<ObjectKey>): ObjectKey[] {
  const leads = (route: Route | TcpRoute) =>
    routeEndsOf(route).some(({ service }) => services.has(serviceRefKey(service, route)));
  return [
    ...index.all("Route").flatMap((route) => (leads(route) ? [refKey(route.spec.target, route)] : [])),
    ...index.all("TcpRoute").flatMap((route) => (leads(route) ? [tcpTargetKey(route)] : [])),
  ];
}

/** Services whose policies name one of these as a caller. */
function restrictedBy(index: MeshIndex, callers: ReadonlySet<ObjectKey>): ObjectKey[] {
  return index.all("AuthorizationPolicy").flatMap((policy) => {
    const names = policy.spec.rules.some(({ from }) =>
      from?.some(({ services }) => services?.some((ref) => callers.has(ownerOf(index, refKey(ref, policy))))),
    );
    return names ? targetsOf(index, policy) : [];
  });
}

/** Services whose policies ask one of these. */
function askingOf(index: MeshIndex, asked: ReadonlySet<ObjectKey>): ObjectKey[] {
  const isAsked = (index.mesh?.spec.authorizers ?? []).some(
    ({ address }) => address && asked.has(keyOf(address.target.kind, address.target.namespace, address.target.name)),
  );
  if (!isAsked) return [];
  return index
    .all("AuthorizationPolicy")
    .flatMap((policy) => (policy.spec.action === "custom" ? targetsOf(index, policy) : []));
}
