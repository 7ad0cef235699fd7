// Look-ups over a document: by key, by kind, and the relations that analyzers, compiler and canvas ask for again and again.
// The rule: an index is a snapshot of one document; it is built once and never changed.

import { referencesOf } from "./references";
import { objectKey, refKey, serviceRefKey } from "./refs";
import type {
  Dependency,
  Egress,
  Kind,
  MeshDocument,
  MeshObject,
  MeshRoot,
  ObjectKey,
  ObjectOf,
  Route,
  Subset,
  TrafficPolicy,
  Workload,
} from "./types";

export type MeshIndex = {
  document: MeshDocument;
  /** The Mesh object; absent only in an invalid document. */
  mesh: MeshRoot | undefined;
  get(key: ObjectKey): MeshObject | undefined;
  find<K extends Kind>(kind: K, key: ObjectKey): ObjectOf<K> | undefined;
  all<K extends Kind>(kind: K): readonly ObjectOf<K>[];
  workloadsOf(service: ObjectKey): readonly Workload[];
  subsetsOf(service: ObjectKey): readonly Subset[];
  subset(service: ObjectKey, name: string): Subset | undefined;
  /** Routes whose target is this service, gateway or external service. */
  routesOf(target: ObjectKey): readonly Route[];
  trafficPoliciesOf(service: ObjectKey): readonly TrafficPolicy[];
  dependenciesFrom(caller: ObjectKey): readonly Dependency[];
  dependenciesTo(callee: ObjectKey): readonly Dependency[];
  egressesTo(external: ObjectKey): readonly Egress[];
  /** Keys of the objects that name this one. */
  referrersOf(key: ObjectKey): readonly ObjectKey[];
  /** Namespaces that are declared or in use, sorted. */
  namespaces: readonly string[];
};

class Lists<V> {
  private readonly map = new Map<string, V[]>();
  add(key: string, value: V): void {
    const list = this.map.get(key);
    if (list) list.push(value);
    else this.map.set(key, [value]);
  }
  get(key: string): readonly V[] {
    return this.map.get(key) ?? [];
  }
}

export function buildIndex(document: MeshDocument): MeshIndex {
  const byKey = new Map<ObjectKey, MeshObject>();
  const byKind = new Lists<MeshObject>();
  const workloads = new Lists<Workload>();
  const subsets = new Lists<Subset>();
  const routes = new Lists<Route>();
  const trafficPolicies = new Lists<TrafficPolicy>();
  const from = new Lists<Dependency>();
  const to = new Lists<Dependency>();
  const egresses = new Lists<Egress>();
  const referrers = new Lists<ObjectKey>();
  const namespaces = new Set<string>();

  for (const object of document.objects) {
    const key = objectKey(object);
    byKey.set(key, object);
    byKind.add(object.kind, object);
    if (object.kind === "Namespace") namespaces.add(object.metadata.name);
    else if (object.metadata.namespace !== undefined) namespaces.add(object.metadata.namespace);
    for (const target of new Set(referencesOf(object).map((reference) => reference.key))) referrers.add(target, key);

    if (object.kind === "Workload") {
      workloads.add(serviceRefKey({ name: object.spec.service }, object), object);
    } else if (object.kind === "Subset") {
      subsets.add(serviceRefKey(object.spec.service, object), object);
    } else if (object.kind === "Route") {
      routes.add(refKey(object.spec.target, object), object);
    } else if (object.kind === "TrafficPolicy") {
      trafficPolicies.add(serviceRefKey(object.spec.service, object), object);
    } else if (object.kind === "Dependency") {
      from.add(refKey(object.spec.from, object), object);
      to.add(refKey(object.spec.to, object), object);
    } else if (object.kind === "Egress") {
      egresses.add(refKey(object.spec.to, object), object);
    }
  }

  const all = <K extends Kind>(kind: K) => byKind.get(kind) as unknown as readonly ObjectOf<K>[];
  return {
    document,
    mesh: all("Mesh")[0],
    get: (key) => byKey.get(key),
    find: <K extends Kind>(kind: K, key: ObjectKey) => {
      const object = byKey.get(key);
      return object?.kind === kind ? (object as ObjectOf<K>) : undefined;
    },
    all,
    workloadsOf: (service) => workloads.get(service),
    subsetsOf: (service) => subsets.get(service),
    subset: (service, name) => subsets.get(service).find((subset) => subset.spec.name === name),
    routesOf: (target) => routes.get(target),
    trafficPoliciesOf: (service) => trafficPolicies.get(service),
    dependenciesFrom: (caller) => from.get(caller),
    dependenciesTo: (callee) => to.get(callee),
    egressesTo: (external) => egresses.get(external),
    referrersOf: (key) => referrers.get(key),
    namespaces: [...namespaces].sort(),
  };
}
