// AuthorizationPolicies and what the mesh closes by default -> NetworkPolicies.
// The rule: Kubernetes lets in by the labels of pods and by port; what that cannot say is refused there and told, and denials are told first.
import {
  type AuthorizationPolicy,
  type AuthorizationRule,
  type AuthorizationSource,
  keyOf,
  type MeshIndex,
  objectKey,
  type Path,
  type Service,
  type Workload,
  workloadOwnerKey,
  workloadOwnerName,
} from "@/lib/mesh";
import { type ExportContext, metadataOf } from "../shared/export-context";
import { GENERATED_LABEL } from "../shared/generated";
import { freeNames } from "../shared/names";
import { type Holder, holdersIn, meantBy, taken } from "../shared/principals";
import { podPorts, selectorOf } from "./selectors";

type Raw = Record<string, unknown>;
type Free = ReturnType<typeof freeNames>;
type Peers = { from: Raw[]; unsaid: string[]; isEverybody: boolean; gateways: string[] };

const NAME_LABEL = "kubernetes.io/metadata.name";

export function exportPolicies(context: ExportContext): void {
  const { index } = context;
  const free = freeNames(context.resources);
  for (const policy of index.all("AuthorizationPolicy")) exportPolicy(context, free, policy);
  const standard = index.mesh?.spec.defaults.authorization ?? "allow";
  if (standard === "allow") return;
  for (const service of index.all("Service")) exportDefault(context, free, service, standard === "drawn");
}

function exportPolicy(context: ExportContext, free: Free, policy: AuthorizationPolicy): void {
  const { action, shadow, rules } = policy.spec;
  if (shadow || action !== "allow") {
    const isLoud = !shadow && action === "deny";
    const reason = isLoud
      ? "Kubernetes has no denials: calls that this refuses are let in where anything grants them"
      : "Kubernetes neither audits nor tries policies";
    context.lose(policy, ["spec"], "lost", reason, isLoud ? { changesMeaning: true } : {});
    return;
  }
  for (const scope of scopesOf(context.index, policy)) {
    const ingress = rules.flatMap((rule, r): Raw[] => asList(ruleOf(context, policy, rule, r, scope.service)));
    const name = free("NetworkPolicy", scope.namespace, scope.name);
    const metadata = metadataOf(policy, name, scope.namespace);
    write(context, metadata, scope.service, ingress);
  }
}

function write(
  context: ExportContext,
  metadata: Parameters<ExportContext["add"]>[0]["metadata"],
  service: Service | undefined,
  ingress: Raw[],
): void {
  const podSelector = service ? { matchLabels: selectorOf(service) } : {};
  const spec = { podSelector, policyTypes: ["Ingress"], ingress };
  context.resources.push({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata, spec });
}

const asList = (rule: Raw | undefined): Raw[] => (rule ? [rule] : []);

type Scope = { namespace: string; name: string; service?: Service };

/** Ports are those of a service, so a policy for more that names them is written for each service. */
function scopesOf(index: MeshIndex, policy: AuthorizationPolicy): Scope[] {
  const { target, rules } = policy.spec;
  const { name } = policy.metadata;
  const own = target.namespace ?? policy.metadata.namespace;
  if (target.service !== undefined) {
    const service = index.find("Service", keyOf("Service", own, target.service));
    return service ? [{ namespace: own, name, service }] : [];
  }
  const services = index
    .all("Service")
    .filter(({ metadata }) => target.namespace === undefined || metadata.namespace === target.namespace);
  if (rules.some(({ to }) => to !== undefined)) {
    return services.map((service) => ({
      namespace: service.metadata.namespace,
      name: `${name}-${service.metadata.name}`.slice(0, 253),
      service,
    }));
  }
  const namespaces = target.namespace === undefined ? services.map(({ metadata }) => metadata.namespace) : [own];
  return [...new Set(namespaces)].map((namespace) => ({ namespace, name }));
}

function ruleOf(
  context: ExportContext,
  policy: AuthorizationPolicy,
  rule: AuthorizationRule,
  r: number,
  service: Service | undefined,
): Raw | undefined {
  const path: Path = ["spec", "rules", r];
  const ports = portsOf(context, policy, rule, path, service);
  if (ports?.length === 0) return undefined;
  // what came from Kubernetes as open to everybody goes back so
  const isOwn = policy.metadata.origin?.dialect === "kubernetes";
  const isOpen = !rule.from && (isOwn || !isStrict(context.index, service));
  const peers = peersOf(context.index, policy, rule.from ?? [{ principals: ["*"] }]);
  if (!isOpen) tellPeers(context, policy, path, peers);
  if (!isOpen && peers.from.length === 0) return undefined;
  return { ...(isOpen ? {} : { from: peers.from }), ...(ports ? { ports } : {}) };
}

function isStrict(index: MeshIndex, service: Service | undefined): boolean {
  const own = service && index.mutualTlsOn(objectKey(service))[0]?.spec.mode;
  return (own ?? index.mesh?.spec.defaults.mutualTls ?? "permissive") === "strict";
}

function tellPeers(context: ExportContext, policy: AuthorizationPolicy, path: Path, peers: Peers): void {
  const at = [...path, "from"];
  const loud = { changesMeaning: true };
  if (peers.unsaid.length > 0) {
    const reason = `no pods of the design are ${peers.unsaid.join(", ")}: these callers are refused`;
    context.loseOnce(policy, at, "lost", reason, loud);
  }
  if (peers.isEverybody) {
    const reason = "anybody with an identity is every pod of the cluster there, also one outside of the mesh";
    context.loseOnce(policy, at, "approximate", reason, loud);
  }
  if (peers.gateways.length > 0) {
    const reason = `Kubernetes does not know gateways: label app=${peers.gateways.join(", app=")} is assumed on their pods`;
    context.loseOnce(policy, at, "approximate", reason);
  }
}

/** Undefined: every port. Empty: nothing of the rule can be said. */
function portsOf(
  context: ExportContext,
  policy: AuthorizationPolicy,
  { to }: AuthorizationRule,
  path: Path,
  service: Service | undefined,
): Raw[] | undefined {
  if (!to) return undefined;
  const plain = to.filter((operation) => Object.keys(operation).every((field) => field === "ports"));
  if (plain.length < to.length) {
    const reason = "Kubernetes knows ports, not requests: these calls are refused";
    context.loseOnce(policy, [...path, "to"], "lost", reason, { changesMeaning: true });
  }
  if (plain.some(({ ports }) => !ports)) return undefined;
  const ports = new Set(plain.flatMap((each) => each.ports ?? []));
  return service ? podPortsOf(service, (port) => ports.has(port)) : [];
}

const podPortsOf = (service: Service, isIn: (port: number) => boolean): Raw[] =>
  podPorts(service)
    .filter(({ port }) => isIn(port))
    .map(({ pod, port }) => ({
      protocol: "TCP",
      port: typeof pod === "number" || typeof pod === "string" ? pod : port,
    }));

/** Pods of the workloads whose identity is meant; whole namespaces where those are. */
function peersOf(index: MeshIndex, holder: Holder, sources: readonly AuthorizationSource[]): Peers {
  const peers: Peers = { from: [], unsaid: [], isEverybody: false, gateways: [] };
  const held = holdersIn(index);
  const found = new Map<string, Raw>();
  const put = (peer: Raw) => found.set(JSON.stringify(peer), peer);
  for (const source of sources) {
    const meant = meantBy(index, holder, source);
    const { odd, services } = meant;
    const { principals, namespaces } = source;
    peers.unsaid.push(...odd);
    if (odd.length > 0) continue;
    if (!services && (!principals || principals.includes("*"))) {
      if (!namespaces) peers.isEverybody = true;
      for (const each of namespaces ?? [undefined]) put(inNamespace(each));
      continue;
    }
    const workloads = taken(held.workloads, meant);
    const gateways = taken(held.gateways, meant);
    if (workloads.length + gateways.length === 0) peers.unsaid.push(...(principals ?? services ?? []));
    for (const peer of podsOf(index, workloads)) put(peer);
    for (const { metadata } of gateways) {
      peers.gateways.push(metadata.name);
      put({ ...inNamespace(metadata.namespace), podSelector: { matchLabels: { app: metadata.name } } });
    }
  }
  peers.from = [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
  return peers;
}

/** Undefined: every namespace. */
const inNamespace = (name: string | undefined): Raw => ({
  namespaceSelector: name === undefined ? {} : { matchLabels: { [NAME_LABEL]: name } },
});

/** A service whose workloads are all meant is one peer; of others each version is. */
function podsOf(index: MeshIndex, workloads: readonly Workload[]): Raw[] {
  const chosen = new Set(workloads);
  return workloads.map((each) => {
    const { namespace } = each.metadata;
    const key = workloadOwnerKey(each);
    const service = index.find("Service", key);
    const own = service ? selectorOf(service) : { app: workloadOwnerName(each) };
    const isWhole = index.workloadsOf(key).every((one) => chosen.has(one));
    const matchLabels = isWhole ? own : { ...own, version: each.spec.version };
    return { ...inNamespace(namespace), podSelector: { matchLabels } };
  });
}

function exportDefault(context: ExportContext, free: Free, service: Service, isDrawn: boolean): void {
  const { index } = context;
  const { name, namespace } = service.metadata;
  const lines = isDrawn ? index.dependenciesTo(objectKey(service)) : [];
  const ingress = lines.flatMap((line): Raw[] => {
    const { from, gateways } = peersOf(index, line, [{ services: [line.spec.from] }]);
    const { port } = line.spec;
    const reason =
      gateways.length > 0
        ? `it is a grant of the NetworkPolicy drawn-callers-of-${name}; label app=${gateways.join(", app=")} is assumed on the gateway's pods`
        : `it is a grant of the NetworkPolicy drawn-callers-of-${name}`;
    context.tell(line, ["spec"], gateways.length > 0 ? "approximate" : "moved", reason);
    if (from.length === 0) return [];
    return [{ from, ...(port === undefined ? {} : { ports: podPortsOf(service, (each) => each === port) }) }];
  });
  const own = free("NetworkPolicy", namespace, isDrawn ? `drawn-callers-of-${name}` : `nobody-calls-${name}`);
  const labels = { [GENERATED_LABEL]: isDrawn ? "drawn" : "default" };
  write(context, { name: own, namespace, labels }, service, ingress);
}
