// The design, arranged the way the compiler asks for it. Arranged once per document and shared by all proxies of a compile run.
// The rule: every list is in the order of object keys, so that the order of a file cannot change a proxy's configuration; and
// what a compile asked can be noted, so that it is known which change of the design would change its answer.
import {
  type AuthorizationPolicy,
  type Dependency,
  type Egress,
  type ExternalService,
  type Gateway,
  type MeshDocument,
  type MeshObject,
  type MeshRoot,
  type MutualTls,
  type ObjectKey,
  objectKey,
  type RateLimit,
  type Ref,
  type RequestAuthentication,
  type Route,
  refKey,
  type Service,
  type ServiceRef,
  type Subset,
  serviceAccountOf,
  serviceRefKey,
  spiffeId,
  type TcpRoute,
  type TrafficPolicy,
  type Workload,
  workloadLabels,
  workloadOwnerKey,
} from "@/lib/mesh";
import { type Arrangement, arrange, lookup, rearrange, scopesOf, subsetKey, type TableName } from "./arrangement";

export { subsetKey };

type Table<T> = { get(key: string): T | undefined; has(key: string): boolean };
type Lists<T> = Table<readonly T[]>;

export type Facts = {
  /** Absent only in a document that was not validated. */
  readonly root: MeshRoot | undefined;
  readonly trustDomain: string;
  readonly defaults: MeshRoot["spec"]["defaults"];
  services: Table<Service>;
  workloads: Table<Workload>;
  workloadsOf: Lists<Workload>;
  gateways: Table<Gateway>;
  externals: Table<ExternalService>;
  subsets: Table<Subset>;
  routesOf: Lists<Route>;
  /** Routes with a rule that leads to the service and says how long a request may be idle. */
  idleRoutesTo: Lists<Route>;
  tcpRoutesOf: Lists<TcpRoute>;
  trafficPoliciesOf: Lists<TrafficPolicy>;
  rateLimits: Table<RateLimit>;
  /** By the object that calls, and by the object that is called: a service or one of its workloads. */
  dependenciesFrom: Lists<Dependency>;
  dependenciesTo: Lists<Dependency>;
  egressesTo: Lists<Egress>;
  readonly mutualTls: readonly MutualTls[];
  /** By service, namespace or mesh: what they are addressed to. */
  mutualTlsOn: Lists<MutualTls>;
  authenticationsOn: Lists<RequestAuthentication>;
  authorizationsOn: Lists<AuthorizationPolicy>;
};

const arrangements = new WeakMap<MeshDocument, Arrangement>();
const factsOfDocument = new WeakMap<MeshDocument, Facts>();

/** Documents are never changed in place, so what was arranged for one stays right for it. `near` is one that is much like it. */
export function arrangementOf(document: MeshDocument, near?: MeshDocument): Arrangement {
  const known = arrangements.get(document);
  if (known) return known;
  const before = near && arrangements.get(near);
  const made = before ? rearrange(before, document) : arrange(document);
  arrangements.set(document, made);
  return made;
}

export function factsOf(document: MeshDocument): Facts {
  const known = factsOfDocument.get(document);
  if (known) return known;
  const facts = notedFacts(document, nothing);
  factsOfDocument.set(document, facts);
  return facts;
}

/** A name of a question that was asked; see `lookup`. */
export type Note = (asked: string) => void;
const nothing: Note = () => undefined;

/** The same facts, telling which of them were asked for. */
export function notedFacts(document: MeshDocument, note: Note): Facts {
  const { tables } = arrangementOf(document);
  const list = (name: TableName, key: string) => {
    const answer = tables.get(name)?.get(key);
    if (note !== nothing) note(answer?.asked ?? lookup(name, key));
    return answer?.objects;
  };
  const lists = <T extends MeshObject>(name: TableName): Lists<T> => ({
    get: (key) => list(name, key) as readonly T[] | undefined,
    has: (key) => list(name, key) !== undefined,
  });
  const single = <T extends MeshObject>(name: TableName): Table<T> => ({
    get: (key) => list(name, key)?.at(-1) as T | undefined,
    has: (key) => list(name, key) !== undefined,
  });
  return {
    get root() {
      return list("root", "")?.[0] as MeshRoot | undefined;
    },
    get trustDomain() {
      return this.root?.spec.trustDomain ?? "mesh.local";
    },
    get defaults() {
      return this.root?.spec.defaults ?? { mutualTls: "strict", authorization: "drawn" };
    },
    get mutualTls() {
      return (list("mutualTls", "") ?? []) as readonly MutualTls[];
    },
    services: single("services"),
    workloads: single("workloads"),
    workloadsOf: lists("workloadsOf"),
    gateways: single("gateways"),
    externals: single("externals"),
    subsets: single("subsets"),
    routesOf: lists("routesOf"),
    idleRoutesTo: lists("idleRoutesTo"),
    tcpRoutesOf: lists("tcpRoutesOf"),
    trafficPoliciesOf: lists("trafficPoliciesOf"),
    rateLimits: single("rateLimits"),
    dependenciesFrom: lists("dependenciesFrom"),
    dependenciesTo: lists("dependenciesTo"),
    egressesTo: lists("egressesTo"),
    mutualTlsOn: lists("mutualTlsOn"),
    authenticationsOn: lists("authenticationsOn"),
    authorizationsOn: lists("authorizationsOn"),
  };
}

/** Policies for the service, its namespace and the mesh, in the order of their keys. */
export function policiesFor<T extends MeshObject>(table: Lists<T>, service: Service): readonly T[] {
  return merged(scopesOf(service).map((scope) => table.get(scope)));
}

/** Dependencies that lead to the service, by its own name or by a workload's. */
export function dependenciesOn(facts: Facts, service: ObjectKey): readonly Dependency[] {
  const workloads = facts.workloadsOf.get(service) ?? [];
  return merged([service, ...workloads.map(objectKey)].map((key) => facts.dependenciesTo.get(key)));
}

function merged<T extends MeshObject>(lists: readonly (readonly T[] | undefined)[]): readonly T[] {
  const [only, ...more] = lists.filter((list) => list !== undefined);
  if (more.length === 0) return only ?? [];
  return [...(only ?? []), ...more.flat()].sort((a, b) => (objectKey(a) < objectKey(b) ? -1 : 1));
}

/** Workloads of a service, of one subset of it when named. */
export function workloadsIn(facts: Facts, service: ObjectKey, subset: string | undefined): readonly Workload[] {
  const all = facts.workloadsOf.get(service) ?? [];
  if (subset === undefined) return all;
  const labels = Object.entries(facts.subsets.get(subsetKey(service, subset))?.spec.labels ?? {});
  return all.filter((workload) => labels.every(([name, value]) => workloadLabels(workload)[name] === value));
}

export function spiffeIdOf(facts: Facts, object: Workload | Gateway): string {
  const { namespace, name } = object.metadata;
  return spiffeId(facts.trustDomain, namespace, serviceAccountOf(object) ?? name);
}

/** SPIFFE IDs behind a reference to a service, workload or gateway; sorted, each once. */
export function principalsOf(
  facts: Facts,
  ref: Ref,
  holder: { metadata: { namespace?: string | undefined } },
): string[] {
  const ids = ownersOf(facts, ref.kind, refKey(ref, holder)).map((owner) => spiffeIdOf(facts, owner));
  return ids.length < 2 ? ids : [...new Set(ids)].sort();
}

function ownersOf(facts: Facts, kind: Ref["kind"], key: ObjectKey): readonly (Workload | Gateway)[] {
  if (kind === "Service") return facts.workloadsOf.get(key) ?? [];
  const owner = kind === "Workload" ? facts.workloads.get(key) : facts.gateways.get(key);
  return owner ? [owner] : [];
}

/** The service that a reference means: itself, or the one that a workload runs. */
export function serviceOfRef(
  facts: Pick<Facts, "workloads">,
  ref: Ref,
  holder: { metadata: { namespace?: string | undefined } },
): ObjectKey | undefined {
  const key = refKey(ref, holder);
  if (ref.kind === "Service") return key;
  const workload = ref.kind === "Workload" ? facts.workloads.get(key) : undefined;
  return workload && workloadOwnerKey(workload);
}

export function serviceByRef(
  facts: Facts,
  ref: ServiceRef,
  holder: { metadata: { namespace?: string | undefined } },
): Service | undefined {
  return facts.services.get(serviceRefKey(ref, holder));
}

/** Ports on which there are requests: HTTP of every kind. */
export function httpPorts(ports: Service["spec"]["ports"]): Service["spec"]["ports"] {
  return ports.filter((port) => port.protocol !== "tcp").sort((a, b) => a.port - b.port);
}

/** Ports on which there are connections only. */
export function tcpPorts(ports: Service["spec"]["ports"]): Service["spec"]["ports"] {
  return ports.filter((port) => port.protocol === "tcp").sort((a, b) => a.port - b.port);
}

export function isTcpPort({ spec: { ports } }: Service, port: number): boolean {
  return ports.some((each) => each.port === port && each.protocol === "tcp");
}

/** Does the app behind a port speak HTTP/2 without being asked (prior knowledge)? A gRPC server speaks nothing else. */
export function speaksHttp2(ports: Service["spec"]["ports"], port: number): boolean {
  const protocol = ports.find((each) => each.port === port)?.protocol;
  return protocol === "http2" || protocol === "grpc";
}
