// Look-ups over a document: by key, by kind, and the relations that analyzers, compiler and canvas ask for again and again.
// The rule: who has a MeshIndex only asks. `buildIndex` is a snapshot; a live index is kept by its owner, who says what changed.

import { Notes, type Question, type Reader } from "./index-questions";
import { createTables, isOfKind, MESH_WIDE, type Relation, type Relations, type Tables } from "./index-tables";
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
  RequestAuthentication,
  Route,
  Subset,
  TcpRoute,
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
  /** How connections to the TCP ports of this service are sent on. */
  tcpRoutesOf(service: ObjectKey): readonly TcpRoute[];
  trafficPoliciesOf(service: ObjectKey): readonly TrafficPolicy[];
  rateLimitsOf(service: ObjectKey): readonly RateLimit[];
  dependenciesFrom(caller: ObjectKey): readonly Dependency[];
  dependenciesTo(callee: ObjectKey): readonly Dependency[];
  egressesTo(external: ObjectKey): readonly Egress[];
  /** Those of the service itself, then of its namespace, then of the whole mesh. */
  authorizationsOn(service: ObjectKey): readonly AuthorizationPolicy[];
  /** In the same order. */
  authenticationsOn(service: ObjectKey): readonly RequestAuthentication[];
  /** The most particular first. */
  mutualTlsOn(service: ObjectKey): readonly MutualTls[];
  /** Trust boundaries that the service is in, by itself or with its namespace. */
  boundariesOf(service: ObjectKey): readonly TrustBoundary[];
  /** Keys of the objects that name this one. */
  referrersOf(key: ObjectKey): readonly ObjectKey[];
  /** Namespaces that are declared or in use, sorted. */
  readonly namespaces: readonly string[];
  hasNamespace(name: string): boolean;
};

export function buildIndex(document: MeshDocument): MeshIndex {
  const tables = createTables("written", () => undefined);
  for (const object of document.objects) tables.put(object);
  return indexOver(tables, () => document);
}

/** An index that is changed object by object. Its lists are in the order of object keys, whatever happened before. */
export type LiveIndex = {
  /** Those whose notes hold a question that is answered differently now. */
  change(put: readonly MeshObject[], remove: readonly ObjectKey[]): Set<Reader>;
  notes: Notes;
  /**
   * What is asked of it is noted: each question, or only the kind of objects that it is about, for who looks at so much of the mesh
   * that asking again costs less than noting. Each call gives another value.
   */
  asking(noted: "each question" | "kinds" | "nothing"): MeshIndex;
};

export function createLiveIndex(): LiveIndex {
  let again = new Set<Reader>();
  const tables = createTables("by key", ({ readers }) => {
    for (const reader of readers) again.add(reader);
  });
  let document: MeshDocument | undefined;
  const now = () => {
    document ??= { objects: KINDS.flatMap((kind): readonly MeshObject[] => tables.ofKind(kind).get()) };
    return document;
  };
  const notes = new Notes();
  const note = {
    nothing: undefined,
    "each question": (question: Question) => notes.add(question),
    kinds: (question: Question) => notes.add(question.wider ?? question),
  };
  return {
    change(put, remove) {
      document = undefined;
      again = new Set();
      for (const key of remove) tables.take(key);
      for (const object of put) tables.put(object);
      return again;
    },
    notes,
    asking: (noted) => indexOver(tables, now, note[noted]),
  };
}

function indexOver(tables: Tables, document: () => MeshDocument, note?: (question: Question) => void): MeshIndex {
  const { lists } = tables;
  const ask = <R extends Relation>(relation: R, key: string): readonly Relations[R][] => {
    if (!note) return lists[relation].get(key);
    const question = lists[relation].question(key);
    note(question);
    return question.get();
  };
  const get = (key: ObjectKey) => {
    if (!note) return tables.get(key);
    const question = tables.objectQuestion(key);
    note(question);
    return question.object;
  };
  const all = <K extends Kind>(kind: K) => {
    const question = tables.ofKind(kind);
    note?.(question);
    return question.get();
  };
  /** Of the service itself, then of its namespace, then of the whole mesh. A gateway has only what names it. */
  const inScope = <R extends Relation>(relation: R, service: ObjectKey): readonly Relations[R][] => {
    const own = ask(relation, service);
    if (parseKey(service)?.kind === "Gateway" && relation === "authorizations") return own;
    const ofNamespace = ask(relation, keyOf("Namespace", undefined, parseKey(service)?.namespace ?? ""));
    const ofMesh = ask(relation, MESH_WIDE);
    return ofNamespace.length + ofMesh.length === 0 ? own : [...own, ...ofNamespace, ...ofMesh];
  };
  return {
    get document() {
      note?.(tables.document);
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
    tcpRoutesOf: (service) => ask("tcpRoutes", service),
    trafficPoliciesOf: (service) => ask("trafficPolicies", service),
    rateLimitsOf: (service) => ask("rateLimits", service),
    dependenciesFrom: (caller) => ask("dependenciesFrom", caller),
    dependenciesTo: (callee) => ask("dependenciesTo", callee),
    egressesTo: (external) => ask("egresses", external),
    authorizationsOn: (service) => inScope("authorizations", service),
    authenticationsOn: (service) => inScope("authentications", service),
    mutualTlsOn: (service) => inScope("mutualTls", service),
    boundariesOf: (service) => {
      const found = inScope("boundaries", service);
      return found.length < 2 ? found : [...new Set(found)];
    },
    referrersOf: (key) => {
      tables.keepReferrers();
      return ask("referrers", key).map(objectKey);
    },
    get namespaces() {
      note?.(tables.allNamespaces);
      return tables.namespaces();
    },
    hasNamespace: (name) => {
      const question = tables.namespaceQuestion(name);
      note?.(question);
      return question.objects > 0;
    },
  };
}
