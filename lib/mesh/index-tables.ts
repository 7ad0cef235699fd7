// The tables behind an index: objects by key and kind, and the relations between them, kept one object at a time.
// The rule: putting or taking an object names every look-up whose answer it changes (a `Lookup`), so that who keeps answers knows which are old.
import { referencesOf } from "./references";
import { keyOf, objectKey, refKey, serviceRefKey } from "./refs";
import type { Kind, MeshObject, ObjectKey, ObjectOf, PolicyTarget } from "./types";

/** The name of one question to an index: a relation and what it is asked of. */
export type Lookup = string;
/** What a look-up asks: a relation; one object; all of a kind; the namespaces; or the whole document. */
export type Asked = Relation | "object" | "kind" | "namespaces" | "document";
export const lookup = (asked: Asked, key: string): Lookup => `${asked} ${key}`;

/** The kind of objects that answer; undefined when they may be of any kind. */
export const KIND_OF: { [R in Relation]: Kind | undefined } = {
  workloads: "Workload",
  subsets: "Subset",
  routes: "Route",
  trafficPolicies: "TrafficPolicy",
  rateLimits: "RateLimit",
  dependenciesFrom: "Dependency",
  dependenciesTo: "Dependency",
  egresses: "Egress",
  authorizations: "AuthorizationPolicy",
  mutualTls: "MutualTls",
  boundaries: "TrustBoundary",
  referrers: undefined,
};

type Relation = keyof Relations;
type Relations = {
  workloads: ObjectOf<"Workload">;
  subsets: ObjectOf<"Subset">;
  routes: ObjectOf<"Route">;
  trafficPolicies: ObjectOf<"TrafficPolicy">;
  rateLimits: ObjectOf<"RateLimit">;
  dependenciesFrom: ObjectOf<"Dependency">;
  dependenciesTo: ObjectOf<"Dependency">;
  egresses: ObjectOf<"Egress">;
  authorizations: ObjectOf<"AuthorizationPolicy">;
  mutualTls: ObjectOf<"MutualTls">;
  boundaries: ObjectOf<"TrustBoundary">;
  referrers: MeshObject;
};

type Order = "written" | "by key";

/** Lists by key. In the order in which they were added, or by object key, which does not depend on the past. */
class Lists<V extends MeshObject> {
  private readonly map = new Map<string, V[]>();
  /** Lists that somebody may hold: they are not changed any more, so that a list is a name for what was in it. */
  private readonly given = new Set<string>();
  constructor(private readonly order: Order) {}
  private own(key: string): V[] | undefined {
    const list = this.map.get(key);
    if (!list || !this.given.delete(key)) return list;
    const copy = [...list];
    this.map.set(key, copy);
    return copy;
  }
  add(key: string, value: V): void {
    const list = this.own(key);
    if (!list) this.map.set(key, [value]);
    else if (this.order === "written") list.push(value);
    else list.splice(placeOf(list, objectKey(value)), 0, value);
  }
  remove(key: string, value: V): void {
    const list = this.own(key);
    const at = list?.indexOf(value) ?? -1;
    if (!list || at < 0) return;
    if (list.length === 1) this.map.delete(key);
    else list.splice(at, 1);
  }
  get(key: string): readonly V[] {
    const list = this.map.get(key);
    if (list) this.given.add(key);
    return list ?? [];
  }
}

function placeOf(list: readonly MeshObject[], key: ObjectKey): number {
  let low = 0;
  let high = list.length;
  // what comes in order goes to the end at once
  const last = list.at(-1);
  if (last && objectKey(last) < key) return high;
  while (low < high) {
    const middle = (low + high) >> 1;
    const object = list[middle];
    if (object && objectKey(object) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

export type Tables = ReturnType<typeof createTables>;

export function createTables(order: Order) {
  const byKey = new Map<ObjectKey, MeshObject>();
  const byKind = emptyKinds(order);
  const inNamespace = new Map<string, number>();
  let namespaces: readonly string[] | undefined;
  const relations: { [R in Relation]: Lists<Relations[R]> } = {
    workloads: new Lists(order),
    subsets: new Lists(order),
    routes: new Lists(order),
    trafficPolicies: new Lists(order),
    rateLimits: new Lists(order),
    dependenciesFrom: new Lists(order),
    dependenciesTo: new Lists(order),
    egresses: new Lists(order),
    authorizations: new Lists(order),
    mutualTls: new Lists(order),
    boundaries: new Lists(order),
    referrers: new Lists(order),
  };

  function change(object: MeshObject, how: "add" | "remove"): Lookup[] {
    const key = objectKey(object);
    const touched = [lookup("document", ""), lookup("object", key), lookup("kind", object.kind)];
    const relate = <R extends Relation>(relation: R, to: ObjectKey, value: Relations[R]) => {
      relations[relation][how](to, value);
      touched.push(lookup(relation, to));
    };
    for (const target of new Set(referencesOf(object).map((reference) => reference.key))) {
      relate("referrers", target, object);
    }
    relateByKind(object, relate);
    if (count(object, how === "add" ? 1 : -1)) touched.push(lookup("namespaces", ""));
    return touched;
  }

  /** Did a namespace come or go? */
  function count(object: MeshObject, by: 1 | -1): boolean {
    const name = namespaceOf(object);
    if (name === undefined) return false;
    const before = inNamespace.get(name) ?? 0;
    if (before + by === 0) inNamespace.delete(name);
    else inNamespace.set(name, before + by);
    const isNews = before === 0 || before + by === 0;
    if (isNews) namespaces = undefined;
    return isNews;
  }

  return {
    byKey,
    /** Sorted. */
    namespaces() {
      namespaces ??= [...inNamespace.keys()].sort();
      return namespaces;
    },
    all<K extends Kind>(kind: K): readonly ObjectOf<K>[] {
      const list: Lists<ObjectOf<K>> = byKind[kind];
      return list.get(kind);
    },
    related: <R extends Relation>(relation: R, key: string): readonly Relations[R][] => relations[relation].get(key),
    /** The look-ups that answer differently now. */
    put(object: MeshObject): Lookup[] {
      const key = objectKey(object);
      const before = byKey.get(key);
      const touched = before ? this.take(key) : [];
      byKey.set(key, object);
      ofKind(byKind, object, "add");
      return [...touched, ...change(object, "add")];
    },
    take(key: ObjectKey): Lookup[] {
      const object = byKey.get(key);
      if (!object) return [];
      byKey.delete(key);
      ofKind(byKind, object, "remove");
      return change(object, "remove");
    },
  };
}

type Kinds = { [K in Kind]: Lists<ObjectOf<K>> };

function emptyKinds(order: Order): Kinds {
  return {
    Mesh: new Lists(order),
    Namespace: new Lists(order),
    TrustBoundary: new Lists(order),
    Gateway: new Lists(order),
    Service: new Lists(order),
    Workload: new Lists(order),
    ExternalService: new Lists(order),
    Dependency: new Lists(order),
    Subset: new Lists(order),
    Route: new Lists(order),
    TrafficPolicy: new Lists(order),
    RateLimit: new Lists(order),
    MutualTls: new Lists(order),
    AuthorizationPolicy: new Lists(order),
    Egress: new Lists(order),
  };
}

/** Is it of that kind? The one place that ties the name of a kind to its type. */
export function isOfKind<K extends Kind>(kind: K, object: MeshObject): object is ObjectOf<K> {
  return object.kind === kind;
}

function ofKind(kinds: Kinds, object: MeshObject, how: "add" | "remove"): void {
  const place = <K extends Kind>(kind: K) => {
    if (isOfKind(kind, object)) kinds[kind][how](kind, object);
  };
  place(object.kind);
}

function namespaceOf(object: MeshObject): string | undefined {
  return object.kind === "Namespace" ? object.metadata.name : object.metadata.namespace;
}

type Relate = <R extends Relation>(relation: R, to: ObjectKey, value: Relations[R]) => void;

function relateByKind(object: MeshObject, relate: Relate): void {
  switch (object.kind) {
    case "Workload":
      relate("workloads", serviceRefKey({ name: object.spec.service }, object), object);
      break;
    case "Subset":
      relate("subsets", serviceRefKey(object.spec.service, object), object);
      break;
    case "Route":
      relate("routes", refKey(object.spec.target, object), object);
      break;
    case "TrafficPolicy":
      relate("trafficPolicies", serviceRefKey(object.spec.service, object), object);
      break;
    case "RateLimit":
      relate("rateLimits", serviceRefKey(object.spec.service, object), object);
      break;
    case "Dependency":
      relate("dependenciesFrom", refKey(object.spec.from, object), object);
      relate("dependenciesTo", refKey(object.spec.to, object), object);
      break;
    case "Egress":
      relate("egresses", refKey(object.spec.to, object), object);
      break;
    case "AuthorizationPolicy":
      relate("authorizations", targetKey(object.spec.target, object), object);
      break;
    case "MutualTls":
      relate("mutualTls", targetKey(object.spec.target ?? {}, object), object);
      break;
    case "TrustBoundary":
      for (const member of object.spec.members) {
        const to =
          "service" in member ? serviceRefKey(member.service, object) : keyOf("Namespace", undefined, member.namespace);
        relate("boundaries", to, object);
      }
      break;
    default:
      break;
  }
}

/** What a policy's target means: a service, a namespace, or the mesh. */
function targetKey(target: PolicyTarget, holder: MeshObject): ObjectKey {
  if (target.service) return keyOf("Service", target.namespace ?? holder.metadata.namespace, target.service);
  return target.namespace ? keyOf("Namespace", undefined, target.namespace) : keyOf("Mesh", undefined, "");
}

export const MESH_WIDE = keyOf("Mesh", undefined, "");
