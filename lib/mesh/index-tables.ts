// The tables behind an index: objects by key and kind, and the relations between them, kept one object at a time.
// The rule: putting or taking an object tells every question whose answer it changes, so that who keeps answers knows which are old.
import { ListQuestion, Lists, type Order } from "./index-lists";
import { Question } from "./index-questions";
import { type Reference, referencesOf } from "./references";
import { keyOf, objectKey, parseKey, serviceRefKey } from "./refs";
import { KINDS } from "./schema/document";
import type { Kind, MeshObject, ObjectKey, ObjectOf, PolicyTarget } from "./types";

/** What is asked of a key, with what it is answered by. */
export type Relations = {
  workloads: ObjectOf<"Workload">;
  subsets: ObjectOf<"Subset">;
  routes: ObjectOf<"Route">;
  tcpRoutes: ObjectOf<"TcpRoute">;
  trafficPolicies: ObjectOf<"TrafficPolicy">;
  rateLimits: ObjectOf<"RateLimit">;
  dependenciesFrom: ObjectOf<"Dependency">;
  dependenciesTo: ObjectOf<"Dependency">;
  egresses: ObjectOf<"Egress">;
  authorizations: ObjectOf<"AuthorizationPolicy">;
  authentications: ObjectOf<"RequestAuthentication">;
  mutualTls: ObjectOf<"MutualTls">;
  boundaries: ObjectOf<"TrustBoundary">;
  referrers: MeshObject;
};
export type Relation = keyof Relations;

/** Which object has this key? */
class ObjectQuestion extends Question {
  object: MeshObject | undefined;
}

/** Is there this namespace? */
class NamespaceQuestion extends Question {
  objects = 0;
}

export type Tables = ReturnType<typeof createTables>;

/** `changed` is told the questions whose answer is another one now. */
export function createTables(order: Order, changed: (question: Question) => void) {
  const byKey = new Map<ObjectKey, ObjectQuestion>();
  const document = new Question();
  const kinds = emptyKinds(order);
  const namespaces = new Map<string, NamespaceQuestion>();
  const allNamespaces = new Question();
  let namespaceNames: readonly string[] | undefined;
  let areReferrersKept = false;
  const of = <K extends Kind>(kind: K) => new Lists<ObjectOf<K>>(order, kinds[kind]);
  const relations: { [R in Relation]: Lists<Relations[R]> } = {
    workloads: of("Workload"),
    subsets: of("Subset"),
    routes: of("Route"),
    tcpRoutes: of("TcpRoute"),
    trafficPolicies: of("TrafficPolicy"),
    rateLimits: of("RateLimit"),
    dependenciesFrom: of("Dependency"),
    dependenciesTo: of("Dependency"),
    egresses: of("Egress"),
    authorizations: of("AuthorizationPolicy"),
    authentications: of("RequestAuthentication"),
    mutualTls: of("MutualTls"),
    boundaries: of("TrustBoundary"),
    referrers: new Lists(order, document),
  };

  function change(object: MeshObject, how: "add" | "remove"): void {
    changed(document);
    changed(ofKind(kinds, object, how));
    const relate: Relate = (relation, to, value) => changed(relations[relation][how](to, value));
    const references = referencesOf(object);
    if (areReferrersKept) relateReferrer(object, references, relate);
    relateByKind(object, references, relate);
    const namespace = namespaceOf(object);
    if (namespace !== undefined) count(namespace, how === "add" ? 1 : -1);
  }

  function namespaceQuestion(name: string): NamespaceQuestion {
    let question = namespaces.get(name);
    if (!question) {
      question = new NamespaceQuestion(allNamespaces);
      namespaces.set(name, question);
    }
    return question;
  }

  /** Did a namespace come or go? */
  function count(name: string, by: 1 | -1): void {
    const question = namespaceQuestion(name);
    const before = question.objects;
    question.objects += by;
    if (before > 0 && question.objects > 0) return;
    namespaceNames = undefined;
    changed(question);
    changed(allNamespaces);
  }

  function objectQuestion(key: ObjectKey, known?: Kind): ObjectQuestion {
    let question = byKey.get(key);
    if (!question) {
      const kind = known ?? kindOf(key);
      question = new ObjectQuestion(kind ? kinds[kind] : document);
      byKey.set(key, question);
    }
    return question;
  }

  return {
    /** Few ask who names an object, so it is known only from the first time on. */
    keepReferrers(): void {
      if (areReferrersKept) return;
      areReferrersKept = true;
      for (const { object } of byKey.values()) {
        if (object)
          relateReferrer(object, referencesOf(object), (relation, to, value) => relations[relation].add(to, value));
      }
    },
    /** The question that any change answers differently. */
    document,
    allNamespaces,
    objectQuestion,
    get: (key: ObjectKey) => byKey.get(key)?.object,
    lists: relations,
    ofKind: <K extends Kind>(kind: K): ListQuestion<ObjectOf<K>> => kinds[kind],
    namespaceQuestion,
    /** Sorted. */
    namespaces() {
      namespaceNames ??= [...namespaces].flatMap(([name, { objects }]) => (objects > 0 ? [name] : [])).sort();
      return namespaceNames;
    },
    put(object: MeshObject): void {
      const question = objectQuestion(objectKey(object), object.kind);
      if (question.object) change(question.object, "remove");
      question.object = object;
      changed(question);
      change(object, "add");
    },
    take(key: ObjectKey): void {
      const question = byKey.get(key);
      if (!question?.object) return;
      change(question.object, "remove");
      question.object = undefined;
      changed(question);
      if (question.readers.length === 0) byKey.delete(key);
    },
  };
}

type Kinds = { [K in Kind]: ListQuestion<ObjectOf<K>> };

function emptyKinds(order: Order): Kinds {
  return {
    Mesh: new ListQuestion(order),
    Namespace: new ListQuestion(order),
    TrustBoundary: new ListQuestion(order),
    Gateway: new ListQuestion(order),
    Service: new ListQuestion(order),
    Workload: new ListQuestion(order),
    ExternalService: new ListQuestion(order),
    Dependency: new ListQuestion(order),
    Subset: new ListQuestion(order),
    Route: new ListQuestion(order),
    TcpRoute: new ListQuestion(order),
    TrafficPolicy: new ListQuestion(order),
    RateLimit: new ListQuestion(order),
    MutualTls: new ListQuestion(order),
    RequestAuthentication: new ListQuestion(order),
    AuthorizationPolicy: new ListQuestion(order),
    Egress: new ListQuestion(order),
  };
}

/** Is it of that kind? The one place that ties the name of a kind to its type. */
export function isOfKind<K extends Kind>(kind: K, object: MeshObject): object is ObjectOf<K> {
  return object.kind === kind;
}

function ofKind(kinds: Kinds, object: MeshObject, how: "add" | "remove"): Question {
  const place = <K extends Kind>(kind: K) => {
    if (isOfKind(kind, object)) kinds[kind][how](object);
    return kinds[kind];
  };
  return place(object.kind);
}

function namespaceOf(object: MeshObject): string | undefined {
  return object.kind === "Namespace" ? object.metadata.name : object.metadata.namespace;
}

type Relate = <R extends Relation>(relation: R, to: ObjectKey, value: Relations[R]) => void;

function kindOf(key: ObjectKey): Kind | undefined {
  const named = parseKey(key)?.kind;
  return KINDS.find((kind) => kind === named);
}

function relateReferrer(object: MeshObject, references: readonly Reference[], relate: Relate): void {
  for (const key of new Set(references.map((reference) => reference.key))) relate("referrers", key, object);
}

/** What an object is about is what it names first; only a policy's target may be no object at all. */
function relateByKind(object: MeshObject, [first, second]: readonly Reference[], relate: Relate): void {
  switch (object.kind) {
    case "Workload":
      if (first) relate("workloads", first.key, object);
      break;
    case "Subset":
      if (first) relate("subsets", first.key, object);
      break;
    case "Route":
      if (first) relate("routes", first.key, object);
      break;
    case "TcpRoute":
      if (first) relate("tcpRoutes", first.key, object);
      break;
    case "TrafficPolicy":
      if (first) relate("trafficPolicies", first.key, object);
      break;
    case "RateLimit":
      if (first) relate("rateLimits", first.key, object);
      break;
    case "Dependency":
      if (first) relate("dependenciesFrom", first.key, object);
      if (second) relate("dependenciesTo", second.key, object);
      break;
    case "Egress":
      if (first) relate("egresses", first.key, object);
      break;
    case "AuthorizationPolicy":
      relate("authorizations", targetKey(object.spec.target, object), object);
      break;
    case "RequestAuthentication":
      relate("authentications", targetKey(object.spec.target, object), object);
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

/** What a policy's target means: a service, a gateway, a namespace, or the mesh. */
export function targetKey(target: PolicyTarget, holder: MeshObject): ObjectKey {
  if (target.service) return keyOf("Service", target.namespace ?? holder.metadata.namespace, target.service);
  if (target.gateway) return keyOf("Gateway", target.namespace ?? holder.metadata.namespace, target.gateway);
  return target.namespace ? keyOf("Namespace", undefined, target.namespace) : keyOf("Mesh", undefined, "");
}

export const MESH_WIDE = keyOf("Mesh", undefined, "");
