// The part of a design that decides the configuration of one service's (or gateway's) proxies.
// The rule: compiling the slice gives what compiling the whole document gives; equal slices have equal keys, so an edit elsewhere costs nothing.
import {
  type AuthorizationPolicy,
  type Dependency,
  keyOf,
  type MeshDocument,
  type MeshIndex,
  type MeshObject,
  type ObjectKey,
  objectKey,
  type Ref,
  type Route,
  refKey,
  routeEndsOf,
  serviceRefKey,
  type TcpRoute,
  workloadOwnerKey,
} from "@/lib/mesh";
import { contentId } from "./content-id";
import { type PolicyTargets, policyTargets } from "./policy-targets";

export type Slice = {
  /** The same for the same contents, in whichever document they stand. */
  key: string;
  document: MeshDocument;
};

/** `owner` is a service or a gateway. */
export function sliceFor(index: MeshIndex, owner: ObjectKey): Slice {
  const collector = new Collector(index);
  const gateway = index.find("Gateway", owner);
  if (gateway) collector.addGateway(owner);
  else collector.addService(owner);
  const objects = [...collector.objects];
  return { key: keyOfAll(objects), document: { objects } };
}

/** The same for the same contents in any order: two sums of well mixed numbers, so that nothing has to be sorted. */
function keyOfAll(objects: readonly MeshObject[]): string {
  let a = 0;
  let b = 0;
  for (const object of objects) {
    const id = contentId(object);
    a = (a + mixed(id, 0x9e3779b1)) >>> 0;
    b = (b + mixed(id, 0x85ebca77)) >>> 0;
  }
  return `${objects.length}:${a}:${b}`;
}

/** The finaliser of MurmurHash3: every bit of the number reaches every bit of the answer. */
function mixed(id: number, seed: number): number {
  let hash = Math.imul(id ^ seed, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

class Collector {
  readonly objects = new Set<MeshObject>();
  private readonly callees = new Set<ObjectKey>();
  private readonly policies: PolicyTargets;

  constructor(private readonly index: MeshIndex) {
    this.policies = policyTargets(index.document);
    if (index.mesh) this.objects.add(index.mesh);
  }

  addGateway(key: ObjectKey): void {
    this.add(key);
    for (const route of this.index.routesOf(key)) this.addRoute(route);
    for (const route of this.index.tcpRoutesOf(key)) this.addRoute(route);
    for (const dependency of this.index.dependenciesFrom(key)) this.addOutbound(dependency);
    for (const policy of this.policies.of(key)) this.addAuthorization(policy);
  }

  addService(key: ObjectKey): void {
    this.add(key);
    const workloads = this.index.workloadsOf(key);
    for (const limit of this.index.rateLimitsOf(key)) this.objects.add(limit);
    for (const policy of this.policies.of(key)) this.addAuthorization(policy);
    for (const own of [key, ...workloads.map(objectKey)]) {
      this.add(own);
      for (const dependency of this.index.dependenciesTo(own)) {
        this.objects.add(dependency);
        this.addIdentities(dependency.spec.from, dependency);
      }
      for (const dependency of this.index.dependenciesFrom(own)) this.addOutbound(dependency);
    }
  }

  private addAuthorization(policy: MeshObject): void {
    this.objects.add(policy);
    if (policy.kind !== "AuthorizationPolicy") return;
    this.addSources(policy);
    this.addAuthorizer(policy);
  }

  private add(key: ObjectKey): void {
    const object = this.index.get(key);
    if (object) this.objects.add(object);
  }

  private addSources(policy: AuthorizationPolicy): void {
    for (const rule of policy.spec.rules) {
      for (const source of rule.from ?? []) {
        for (const ref of source.services ?? []) this.addIdentities(ref, policy);
      }
    }
  }

  /** Whom a policy asks, as who calls it sees it. */
  private addAuthorizer({ spec }: AuthorizationPolicy): void {
    const target = this.index.mesh?.spec.authorizers?.find(({ name }) => name === spec.authorizer)?.address?.target;
    if (spec.action !== "custom" || !target) return;
    const key = keyOf(target.kind, target.namespace, target.name);
    if (target.kind === "Service") this.addDestination(key);
    else this.add(key);
  }

  /** What has an identity behind a reference: a service's workloads, a workload, a gateway. */
  private addIdentities(ref: Ref, holder: MeshObject): void {
    const key = refKey(ref, holder);
    if (ref.kind === "Service") for (const workload of this.index.workloadsOf(key)) this.objects.add(workload);
    else this.add(key);
  }

  private addOutbound(dependency: Dependency): void {
    this.objects.add(dependency);
    const key = refKey(dependency.spec.to, dependency);
    this.add(key);
    if (dependency.spec.to.kind === "ExternalService") {
      for (const egress of this.index.egressesTo(key)) this.objects.add(egress);
      return;
    }
    const workload = this.index.find("Workload", key);
    const callee = workload ? workloadOwnerKey(workload) : key;
    this.addDestination(callee);
    for (const route of this.index.routesOf(callee)) this.addRoute(route);
    for (const route of this.index.tcpRoutesOf(callee)) this.addRoute(route);
  }

  private addRoute(route: Route | TcpRoute): void {
    this.objects.add(route);
    for (const { service } of routeEndsOf(route)) this.addDestination(serviceRefKey(service, route));
  }

  /** Everything that a cluster of this service is made of. */
  private addDestination(service: ObjectKey): void {
    if (this.callees.has(service)) return;
    this.callees.add(service);
    this.add(service);
    for (const workload of this.index.workloadsOf(service)) this.objects.add(workload);
    for (const subset of this.index.subsetsOf(service)) this.objects.add(subset);
    for (const policy of this.index.trafficPoliciesOf(service)) this.objects.add(policy);
    for (const policy of this.policies.of(service)) if (policy.kind === "MutualTls") this.objects.add(policy);
  }
}
