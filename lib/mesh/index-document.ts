// Look-ups over a document: by key, by kind, and the relations that analyzers, compiler and canvas ask for again and again.
// The rule: who has a MeshIndex only asks. `buildIndex` is a snapshot; a live index is kept by its owner, who says what changed.

import { type Asked, createTables, isOfKind, type Lookup, MESH_WIDE, type Tables } from "./index-tables";
import { keyOf, objectKey, parseKey } from "./refs";
import { KINDS } from "./schema/document";
import type {
  AuthorizationPolicy,
  Dependency,
  Egress,
  Kind,
  MeshDocument,
  MeshObject,
  MeshRoot,
  MutualTls,
  ObjectKey,
  ObjectOf,
  RateLimit,
  Route,
  Subset,
  TrafficPolicy,
  TrustBoundary,
  Workload,
} from "./types";

export type MeshIndex = {
  readonly document: MeshDocument;
  /** The Mesh object; absent only in an invalid document. */
  readonly mesh: MeshRoot | undefined;
  get(key: ObjectKey): MeshObject | undefined;
  find<K extends Kind>(kind: K, key: ObjectKey): ObjectOf<K> | undefined;
  all<K extends Kind>(kind: K): readonly ObjectOf<K>[];
  workloadsOf(service: ObjectKey): readonly Workload[];
  subsetsOf(service: ObjectKey): readonly Subset[];
  subset(service: ObjectKey, name: string): Subset | undefined;
  /** Routes whose target is this service, gateway or external service. */
  routesOf(target: ObjectKey): readonly Route[];
  trafficPoliciesOf(service: ObjectKey): readonly TrafficPolicy[];
  rateLimitsOf(service: ObjectKey): readonly RateLimit[];
  dependenciesFrom(caller: ObjectKey): readonly Dependency[];
  dependenciesTo(callee: ObjectKey): readonly Dependency[];
  egressesTo(external: ObjectKey): readonly Egress[];
  /** Those of the service itself, then of its namespace, then of the whole mesh. */
  authorizationsOn(service: ObjectKey): readonly AuthorizationPolicy[];
  /** The most particular first. */
  mutualTlsOn(service: ObjectKey): readonly MutualTls[];
  /** Trust boundaries that the service is in, by itself or with its namespace. */
  boundariesOf(service: ObjectKey): readonly TrustBoundary[];
  /** Keys of the objects that name this one. */
  referrersOf(key: ObjectKey): readonly ObjectKey[];
  /** Namespaces that are declared or in use, sorted. */
  readonly namespaces: readonly string[];
};

export function buildIndex(document: MeshDocument): MeshIndex {
  const tables = createTables("written");
  for (const object of document.objects) tables.put(object);
  return indexOver(tables, () => document, nothing);
}

type Read = (asked: Asked, key: string) => void;
const nothing = () => undefined;

/** An index that is changed object by object. Its lists are in the order of object keys, whatever happened before. */
export type LiveIndex = MeshIndex & {
  /** The look-ups that answer differently now. */
  change(put: readonly MeshObject[], remove: readonly ObjectKey[]): Set<Lookup>;
  /** The same index, telling `read` which look-ups it answers. */
  reading(read: Read): MeshIndex;
};

export function createLiveIndex(): LiveIndex {
  const tables = createTables("by key");
  let document: MeshDocument | undefined;
  const now = () => {
    document ??= { objects: KINDS.flatMap((kind): readonly MeshObject[] => tables.all(kind)) };
    return document;
  };
  const index = indexOver(tables, now, nothing);
  return Object.assign(index, {
    change(put: readonly MeshObject[], remove: readonly ObjectKey[]) {
      document = undefined;
      const touched = new Set<Lookup>();
      for (const key of remove) for (const each of tables.take(key)) touched.add(each);
      for (const object of inOrder(put)) for (const each of tables.put(object)) touched.add(each);
      return touched;
    },
    reading: (read: Read) => indexOver(tables, now, read),
  });
}

function inOrder(objects: readonly MeshObject[]): MeshObject[] {
  const keyed = objects.map((object) => ({ key: objectKey(object), object }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map((each) => each.object);
}

function indexOver(tables: Tables, document: () => MeshDocument, read: Read): MeshIndex {
  const { related } = tables;
  const ask: typeof related = (relation, key) => {
    read(relation, key);
    return related(relation, key);
  };
  const get = (key: ObjectKey) => {
    read("object", key);
    return tables.byKey.get(key);
  };
  const all = <K extends Kind>(kind: K) => {
    read("kind", kind);
    return tables.all(kind);
  };
  const scopes = (service: ObjectKey) => [
    service,
    keyOf("Namespace", undefined, parseKey(service)?.namespace ?? ""),
    MESH_WIDE,
  ];
  return {
    get document() {
      read("document", "");
      return document();
    },
    get mesh() {
      return all("Mesh")[0];
    },
    get,
    find: <K extends Kind>(kind: K, key: ObjectKey) => {
      const object = get(key);
      return object && isOfKind(kind, object) ? object : undefined;
    },
    all,
    workloadsOf: (service) => ask("workloads", service),
    subsetsOf: (service) => ask("subsets", service),
    subset: (service, name) => ask("subsets", service).find((subset) => subset.spec.name === name),
    routesOf: (target) => ask("routes", target),
    trafficPoliciesOf: (service) => ask("trafficPolicies", service),
    rateLimitsOf: (service) => ask("rateLimits", service),
    dependenciesFrom: (caller) => ask("dependenciesFrom", caller),
    dependenciesTo: (callee) => ask("dependenciesTo", callee),
    egressesTo: (external) => ask("egresses", external),
    authorizationsOn: (service) => scopes(service).flatMap((scope) => ask("authorizations", scope)),
    mutualTlsOn: (service) => scopes(service).flatMap((scope) => ask("mutualTls", scope)),
    boundariesOf: (service) => [...new Set(scopes(service).flatMap((scope) => ask("boundaries", scope)))],
    referrersOf: (key) => ask("referrers", key).map(objectKey),
    get namespaces() {
      read("namespaces", "");
      return tables.namespaces();
    },
  };
}
