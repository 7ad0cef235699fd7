// A request to try, as a question to the simulator. Pure. Rule: what is asked stands in the fields; nothing is added in secret.
import { type MeshIndex, type ObjectKey, objectKey, refKey, type Service } from "@/lib/mesh";
import { type PolicyObject, targetOf } from "@/lib/mesh/policies";
import type { Caller, Question } from "@/lib/simulate";

export interface RequestFields {
  from: ObjectKey;
  to: ObjectKey;
  /** Of the callee; absent: it has none. */
  port?: number | undefined;
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
  return { ...first, port: portOf(policy, first.to, index) };
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
