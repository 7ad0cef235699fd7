// A request to try, as a question to the simulator. Pure. Rule: what is asked stands in the fields; nothing is added in secret.
import {
  decidingRules,
  type Gateway,
  isConnectionListener,
  type Listener,
  type MeshIndex,
  type ObjectKey,
  objectKey,
  refKey,
  type Service,
} from "@/lib/mesh";
import { type PolicyObject, targetOf } from "@/lib/mesh/policies";
import type { Caller, Question } from "@/lib/simulate";

export interface RequestFields {
  from: ObjectKey;
  to: ObjectKey;
  /** Of the callee; absent: it has none. */
  port?: number | undefined;
  /** Instead of the callee: the listener of the gateway in `from` that a client connects to. */
  listener?: string | undefined;
  /** What a client of a listener of TLS asks for. */
  serverName?: string | undefined;
  method: string;
  path: string;
  /** `name: value`, one a line. */
  headers: string;
}

const isTcp = ({ protocol }: Service["spec"]["ports"][number]) => protocol === "tcp";

/** The port that this policy is about: of a TCP route a TCP port, and the one that its rules name first; else one of requests before one of TCP. */
export function portOf(policy: PolicyObject, to: ObjectKey, index: MeshIndex): number | undefined {
  const ports = (index.find("Service", to) ?? index.find("ExternalService", to))?.spec.ports ?? [];
  const tcp = ports.filter(isTcp);
  const first = policy.kind === "TcpRoute" ? tcp[0] : ports.find((port) => !isTcp(port));
  const named =
    policy.kind === "TcpRoute" ? policy.spec.rules.flatMap(({ matches }) => matches.map(({ port }) => port)) : [];
  return named.find((port) => tcp.some((each) => each.port === port)) ?? (first ?? ports[0])?.port;
}

/** A TCP port has connections only: they have no method, path or header of their own. */
export function isConnection({ to, port }: RequestFields, index: MeshIndex): boolean {
  const object = index.find("Service", to) ?? index.find("ExternalService", to);
  return (object?.spec.ports ?? []).some((each) => each.port === port && isTcp(each));
}

/** A request that this policy decides. */
export function firstRequest(policy: PolicyObject, index: MeshIndex): RequestFields {
  const first = firstCall(policy, index);
  return { ...first, port: portOf(policy, first.to, index), ...entryOf(policy, first.from, index) };
}

/** Where connections of a policy about connections come in; null: they do not come through a gateway. */
export function listenersAt(policy: PolicyObject, from: ObjectKey, index: MeshIndex): Listener[] | null {
  if (policy.kind !== "TcpRoute") return null;
  return index.find("Gateway", from)?.spec.listeners.filter(isConnectionListener) ?? null;
}

/**
 * The listener and the server name that are asked about first: of those that this policy decides, else of the gateway's; of `listener`
 * when one is chosen. Both undefined where nothing comes in through a gateway.
 */
export function entryOf(
  policy: PolicyObject,
  from: ObjectKey,
  index: MeshIndex,
  listener?: string,
): Pick<RequestFields, "listener" | "serverName"> {
  const known = listenersAt(policy, from, index) ?? [];
  const routes = index.tcpRoutesOf(from);
  const decided = known.map((each) => ({ each, rules: decidingRules(routes, each) }));
  const isOwn = ({ rules }: (typeof decided)[number]) =>
    rules.some(({ route }) => objectKey(route) === objectKey(policy));
  const wanted =
    listener === undefined ? (decided.find(isOwn) ?? decided[0]) : decided.find(({ each }) => each.name === listener);
  if (!wanted) return { listener: undefined, serverName: undefined };
  const { each, rules } = wanted;
  if (each.protocol !== "tls") return { listener: each.name, serverName: undefined };
  const own = rules.find(({ route }) => objectKey(route) === objectKey(policy)) ?? rules[0];
  return { listener: each.name, serverName: nameLike(own?.names?.[0] ?? "*", each.hosts) };
}

/** A name that `pattern` stands for: itself, or one below it. */
function nameLike(pattern: string, hosts: readonly string[]): string {
  const wide = pattern === "*" ? (hosts.find((host) => !host.includes("*")) ?? hosts[0] ?? "*") : pattern;
  if (wide === "*") return "www.example.com";
  return wide.startsWith("*.") ? `www${wide.slice(1)}` : wide;
}

function firstCall(policy: PolicyObject, index: MeshIndex): RequestFields {
  const target = targetOf(policy).key;
  const to = target && index.get(target)?.kind !== "Namespace" ? target : null;
  const gateway = to ? index.find("Gateway", to) : undefined;
  if (gateway) {
    const behind = index.dependenciesFrom(objectKey(gateway))[0];
    return {
      from: objectKey(gateway),
      to: behind ? refKey(behind.spec.to, behind) : "",
      method: "GET",
      path: "/",
      headers: "",
    };
  }
  const callee =
    to ??
    (index.all("Dependency")[0]
      ? refKey(index.all("Dependency")[0]?.spec.to ?? { kind: "Service", name: "" }, policy)
      : "");
  const caller = index.dependenciesTo(callee)[0];
  const ref = policy.kind === "Egress" ? (policy.spec.from?.[0] ?? caller?.spec.from) : caller?.spec.from;
  return { from: ref ? refKey(ref, caller ?? policy) : "", to: callee, method: "GET", path: "/", headers: "" };
}

export function questionOf(fields: RequestFields, index: MeshIndex): Question | string {
  const from = callerOf(fields.from, index);
  if (typeof from === "string") return from;
  const gateway = index.find("Gateway", fields.from);
  if (gateway && fields.listener !== undefined) return connectionTo(gateway, fields, from);
  const host = hostOf(fields.to, index);
  if (!host) return "Choose whom it calls.";
  const to = { host, port: fields.port };
  if (isConnection(fields, index)) return { from, to, method: "CONNECT", path: "/", headers: {} };
  if (!fields.path.startsWith("/")) return "The path begins with /.";
  const headers: Record<string, string> = {};
  for (const line of fields.headers.split("\n").filter((each) => each.trim() !== "")) {
    const colon = line.indexOf(":");
    if (colon < 1) return `The header “${line.trim()}” needs a colon behind its name.`;
    headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { from, to, method: fields.method, path: fields.path, headers };
}

/** TLS is told apart by its server name; where it is no TLS nobody says one, and the gateway's own name stands for its address. */
function connectionTo({ metadata, spec }: Gateway, fields: RequestFields, from: Caller): Question | string {
  const listener = spec.listeners.find(({ name }) => name === fields.listener);
  if (!listener) return `${metadata.name} has no listener ${fields.listener} any more. Choose another.`;
  const serverName = fields.serverName?.trim() ?? "";
  if (listener.protocol === "tls" && !/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(serverName))
    return "Write the server name that the client asks for, without a port or a wildcard: db.example.com.";
  const host = listener.protocol === "tls" ? serverName.toLowerCase() : `${metadata.name}.${metadata.namespace}`;
  return { from, to: { host, port: listener.port }, method: "CONNECT", path: "/", headers: {} };
}

function callerOf(key: ObjectKey, index: MeshIndex): Caller | string {
  const object = index.get(key);
  if (object?.kind === "Gateway") return { kind: "outside", gateway: key };
  const workload =
    object?.kind === "Service" ? index.workloadsOf(key)[0] : object?.kind === "Workload" ? object : undefined;
  if (workload) return { kind: "workload", workload: objectKey(workload) };
  return object ? `${object.metadata.name} runs nothing that could call.` : "Choose who calls.";
}

function hostOf(key: ObjectKey, index: MeshIndex): string | undefined {
  const service = index.find("Service", key);
  return service
    ? `${service.metadata.name}.${service.metadata.namespace}`
    : index.find("ExternalService", key)?.spec.hosts[0];
}
