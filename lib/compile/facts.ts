// The design, arranged the way the compiler asks for it. Built once per document and shared by all proxies of a compile run.
// The rule: every list is in the order of object keys, so that the order of a file cannot change a proxy's configuration.
import {
  type AuthorizationPolicy,
  type Dependency,
  type Egress,
  type ExternalService,
  type Gateway,
  keyOf,
  type MeshDocument,
  type MeshRoot,
  type MutualTls,
  type ObjectKey,
  objectKey,
  type RateLimit,
  type Ref,
  type Route,
  refKey,
  type Service,
  type ServiceRef,
  type Subset,
  serviceAccountOf,
  serviceRefKey,
  spiffeId,
  type TrafficPolicy,
  type Workload,
  workloadLabels,
} from "@/lib/mesh";

export type Facts = {
  /** Absent only in a document that was not validated. */
  root: MeshRoot | undefined;
  trustDomain: string;
  defaults: MeshRoot["spec"]["defaults"];
  services: ReadonlyMap<ObjectKey, Service>;
  workloads: ReadonlyMap<ObjectKey, Workload>;
  workloadsOf: ReadonlyMap<ObjectKey, Workload[]>;
  gateways: ReadonlyMap<ObjectKey, Gateway>;
  externals: ReadonlyMap<ObjectKey, ExternalService>;
  subsets: ReadonlyMap<string, Subset>;
  routesOf: ReadonlyMap<ObjectKey, Route[]>;
  trafficPoliciesOf: ReadonlyMap<ObjectKey, TrafficPolicy[]>;
  rateLimits: ReadonlyMap<ObjectKey, RateLimit>;
  dependencies: readonly Dependency[];
  egresses: readonly Egress[];
  mutualTls: readonly MutualTls[];
  authorizationPolicies: readonly AuthorizationPolicy[];
};

const factsOfDocument = new WeakMap<MeshDocument, Facts>();

/** Documents are never changed in place, so what was arranged for one stays right for it. */
export function factsOf(document: MeshDocument): Facts {
  const known = factsOfDocument.get(document);
  if (known) return known;
  const facts = arrange(document);
  factsOfDocument.set(document, facts);
  return facts;
}

function arrange(document: MeshDocument): Facts {
  const services = new Map<ObjectKey, Service>();
  const workloads = new Map<ObjectKey, Workload>();
  const workloadsOf = new Map<ObjectKey, Workload[]>();
  const gateways = new Map<ObjectKey, Gateway>();
  const externals = new Map<ObjectKey, ExternalService>();
  const subsets = new Map<string, Subset>();
  const routesOf = new Map<ObjectKey, Route[]>();
  const trafficPoliciesOf = new Map<ObjectKey, TrafficPolicy[]>();
  const rateLimits = new Map<ObjectKey, RateLimit>();
  const dependencies: Dependency[] = [];
  const egresses: Egress[] = [];
  const mutualTls: MutualTls[] = [];
  const authorizationPolicies: AuthorizationPolicy[] = [];
  let root: MeshRoot | undefined;

  const keyed = document.objects.map((object) => ({ key: objectKey(object), object }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : 1));
  for (const { key, object } of keyed) {
    switch (object.kind) {
      case "Mesh":
        root ??= object;
        break;
      case "Service":
        services.set(key, object);
        break;
      case "Workload":
        workloads.set(key, object);
        append(workloadsOf, keyOf("Service", object.metadata.namespace, object.spec.service), object);
        break;
      case "Gateway":
        gateways.set(key, object);
        break;
      case "ExternalService":
        externals.set(key, object);
        break;
      case "Subset":
        subsets.set(subsetKey(serviceRefKey(object.spec.service, object), object.spec.name), object);
        break;
      case "Route":
        append(routesOf, refKey(object.spec.target, object), object);
        break;
      case "TrafficPolicy":
        append(trafficPoliciesOf, serviceRefKey(object.spec.service, object), object);
        break;
      case "RateLimit":
        rateLimits.set(serviceRefKey(object.spec.service, object), object);
        break;
      case "Dependency":
        dependencies.push(object);
        break;
      case "Egress":
        egresses.push(object);
        break;
      case "MutualTls":
        mutualTls.push(object);
        break;
      case "AuthorizationPolicy":
        authorizationPolicies.push(object);
        break;
    }
  }
  return {
    root,
    trustDomain: root?.spec.trustDomain ?? "mesh.local",
    defaults: root?.spec.defaults ?? { mutualTls: "strict", authorization: "drawn" },
    services,
    workloads,
    workloadsOf,
    gateways,
    externals,
    subsets,
    routesOf,
    trafficPoliciesOf,
    rateLimits,
    dependencies,
    egresses,
    mutualTls,
    authorizationPolicies,
  };
}

function append<T>(map: Map<ObjectKey, T[]>, key: ObjectKey, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

export function subsetKey(service: ObjectKey, name: string): string {
  return `${service}|${name}`;
}

/** Workloads of a service, of one subset of it when named. */
export function workloadsIn(facts: Facts, service: ObjectKey, subset: string | undefined): Workload[] {
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
  const key = refKey(ref, holder);
  const owners: (Workload | Gateway)[] = [];
  if (ref.kind === "Service") owners.push(...(facts.workloadsOf.get(key) ?? []));
  const workload = facts.workloads.get(key);
  if (workload) owners.push(workload);
  const gateway = facts.gateways.get(key);
  if (gateway) owners.push(gateway);
  return [...new Set(owners.map((owner) => spiffeIdOf(facts, owner)))].sort();
}

/** The service that a reference means: itself, or the one that a workload runs. */
export function serviceOfRef(
  facts: Facts,
  ref: Ref,
  holder: { metadata: { namespace?: string | undefined } },
): ObjectKey | undefined {
  const key = refKey(ref, holder);
  if (ref.kind === "Service") return key;
  const workload = ref.kind === "Workload" ? facts.workloads.get(key) : undefined;
  return workload && keyOf("Service", workload.metadata.namespace, workload.spec.service);
}

export function serviceByRef(
  facts: Facts,
  ref: ServiceRef,
  holder: { metadata: { namespace?: string | undefined } },
): Service | undefined {
  return facts.services.get(serviceRefKey(ref, holder));
}

/** Ports that the sidecars carry in this release: HTTP of every kind. */
export function httpPorts(ports: Service["spec"]["ports"]): Service["spec"]["ports"] {
  return ports.filter((port) => port.protocol !== "tcp").sort((a, b) => a.port - b.port);
}

/** Does the app behind a port speak HTTP/2 without being asked (prior knowledge)? A gRPC server speaks nothing else. */
export function speaksHttp2(ports: Service["spec"]["ports"], port: number): boolean {
  const protocol = ports.find((each) => each.port === port)?.protocol;
  return protocol === "http2" || protocol === "grpc";
}
