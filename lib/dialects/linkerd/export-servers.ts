// Which Servers a design needs: one for each port of a service that is closed, or that takes other callers than its namespace.
import {
  type AuthorizationPolicy,
  type MeshIndex,
  type MutualTlsMode,
  objectKey,
  type Protocol,
  type Service,
  type ServicePort,
} from "@/lib/mesh";
import { podPorts, selectorOf } from "../kubernetes/selectors";
import type { Manifest } from "../shared/dialect";
import { type ExportContext, metadataOf } from "../shared/export-context";
import { GENERATED_LABEL } from "../shared/generated";
import { POLICY_GROUP } from "./state";

/** A Server with the ports of the service behind it. */
export type OutServer = { name: string; service: Service; ports: number[] };

const PROTOCOLS: Record<Protocol, string> = { http: "HTTP/1", http2: "HTTP/2", grpc: "gRPC", tcp: "opaque" };

export const allowsOn = (index: MeshIndex, service: Service): AuthorizationPolicy[] =>
  index.authorizationsOn(objectKey(service)).filter(({ spec }) => spec.action === "allow");

/** The list of callers counts: the mesh's default closes the service, or a policy does. */
export function isClosed(index: MeshIndex, service: Service): boolean {
  const standard = index.mesh?.spec.defaults.authorization ?? "allow";
  return standard !== "allow" || allowsOn(index, service).some(({ spec }) => !spec.shadow);
}

/** A policy for a namespace that grants nothing is the namespace's default; a Server is for what grants something. */
export const isNamespaceDenial = ({ spec }: AuthorizationPolicy) =>
  spec.target.service === undefined &&
  spec.target.namespace !== undefined &&
  spec.action === "allow" &&
  !spec.shadow &&
  spec.rules.length === 0;

export function tlsOf(index: MeshIndex, service: Service): MutualTlsMode {
  return index.mutualTlsOn(objectKey(service))[0]?.spec.mode ?? index.mesh?.spec.defaults.mutualTls ?? "permissive";
}

/** What a service without a Server has: the mode of its namespace, or of the mesh. */
export function scopeTls(index: MeshIndex, namespace: string): MutualTlsMode {
  const scoped = index.all("MutualTls").filter(({ spec }) => spec.target?.service === undefined);
  const own = scoped.find(({ spec }) => spec.target?.namespace === namespace);
  const mesh = scoped.find(({ spec }) => spec.target?.namespace === undefined);
  return (own ?? mesh)?.spec.mode ?? index.mesh?.spec.defaults.mutualTls ?? "permissive";
}

export function serversFor(context: ExportContext, service: Service): OutServer[] {
  const { index } = context;
  const accessPolicy = accessOf(index, service);
  if (accessPolicy === undefined) return [];
  const policies = allowsOn(index, service);
  const sources = policies.filter(
    ({ metadata: { origin } }) => origin?.dialect === "linkerd" && origin.kind === "Server",
  );
  const read = sources.map((policy) => fromSource(context, service, policy));
  const covered = new Set(read.flatMap(({ ports }) => ports));
  const bare = service.spec.ports.filter(({ port }) => !covered.has(port));
  if (read.length > 0 && index.mesh?.spec.defaults.authorization === "allow") {
    const words = bare.map(({ port }) => port).join(", ");
    const reason = `port ${words} has no Server, as in the source: Linkerd's default holds there, and the design closes it`;
    if (bare.length > 0) context.lose(service, ["spec", "ports"], "approximate", reason, { changesMeaning: true });
    return read;
  }
  return [...read, ...bare.map((port) => newServer(context, service, port, accessPolicy))];
}

function newServer(context: ExportContext, service: Service, own: ServicePort, accessPolicy: string): OutServer {
  const { index } = context;
  const pods = podPorts(service).find(({ port }) => port === own.port);
  const isOwn =
    allowsOn(index, service).length > 0 ||
    index.rateLimitsOf(objectKey(service)).length > 0 ||
    index.mutualTlsOn(objectKey(service)).some(({ spec }) => spec.target?.service !== undefined);
  const metadata = {
    name: `${service.metadata.name}-${own.name}`,
    namespace: service.metadata.namespace,
    // closed by the mesh's default alone: an import finds that in the design
    ...(isOwn ? {} : { labels: { [GENERATED_LABEL]: "default" } }),
  };
  const port = typeof pods?.pod === "number" || typeof pods?.pod === "string" ? pods.pod : own.port;
  const spec = {
    podSelector: { matchLabels: selectorOf(service) },
    port,
    proxyProtocol: PROTOCOLS[own.protocol],
    accessPolicy,
  };
  context.add({ apiVersion: `${POLICY_GROUP}/v1beta3`, kind: "Server", metadata, spec }, undefined);
  return { name: metadata.name, service, ports: [own.port] };
}

/** Undefined: it needs none. */
function accessOf(index: MeshIndex, service: Service): string | undefined {
  const policies = allowsOn(index, service);
  if (isClosed(index, service)) {
    const standard = index.mesh?.spec.defaults.authorization;
    const isOnlyDenial = standard === "allow" && policies.every((each) => each.spec.shadow || isNamespaceDenial(each));
    return isOnlyDenial ? undefined : "deny";
  }
  if (policies.length > 0) return "audit";
  const mode = tlsOf(index, service);
  // a limit needs a Server that it is for
  const isLimited = index.rateLimitsOf(objectKey(service)).some(({ spec }) => !spec.shadow && spec.scope !== "global");
  if (!isLimited && mode === scopeTls(index, service.metadata.namespace)) return undefined;
  return mode === "strict" ? "all-authenticated" : "all-unauthenticated";
}

/** A Server that an import read, with the port and pods that it had. */
function fromSource(context: ExportContext, service: Service, policy: AuthorizationPolicy): OutServer {
  const { origin } = policy.metadata;
  const port = origin?.kept?.find(({ path }) => path === "spec.port")?.value;
  const pods = podPorts(service);
  const ports = service.spec.ports.filter(
    (each, i) => pods[i]?.pod === port || each.name === port || each.port === port,
  );
  const [rule] = policy.spec.rules;
  const accessPolicy = policy.spec.shadow
    ? "audit"
    : !rule
      ? "deny"
      : rule.from
        ? "all-authenticated"
        : "all-unauthenticated";
  const name = origin?.name ?? policy.metadata.name;
  const manifest: Manifest = {
    apiVersion: `${POLICY_GROUP}/v1beta3`,
    kind: "Server",
    metadata: metadataOf(policy, name, service.metadata.namespace),
    spec: {
      podSelector: { matchLabels: selectorOf(service) },
      port: service.spec.ports[0]?.port ?? 80,
      proxyProtocol: PROTOCOLS[ports[0]?.protocol ?? "http"],
      accessPolicy,
    },
  };
  const isThere = context.resources.some(
    ({ kind, metadata }) =>
      kind === "Server" && metadata.name === name && metadata.namespace === manifest.metadata.namespace,
  );
  if (!isThere) context.add(manifest, withoutStale(policy, accessPolicy));
  return { name, service, ports: ports.map((each) => each.port) };
}

/** What was written stays only while the design says the same: "cluster" has no word in it. */
function withoutStale(policy: AuthorizationPolicy, accessPolicy: string): AuthorizationPolicy {
  const { origin } = policy.metadata;
  const isStale = (path: string, value: unknown) =>
    path === "spec.accessPolicy" && String(value).replace("cluster-", "all-") !== accessPolicy;
  const kept = origin?.kept?.filter(({ path, value }) => !isStale(path, value));
  if (!origin || !kept) return policy;
  return { ...policy, metadata: { ...policy.metadata, origin: { ...origin, kept } } };
}
