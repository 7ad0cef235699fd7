// A request to try, as a question to the simulator. Pure. Rule: what is asked stands in the fields; nothing is added in secret.
import { type MeshIndex, type ObjectKey, objectKey, refKey } from "@/lib/mesh";
import { type PolicyObject, targetOf } from "@/lib/mesh/policies";
import type { Caller, Question } from "@/lib/simulate";

export interface RequestFields {
  from: ObjectKey;
  to: ObjectKey;
  method: string;
  path: string;
  /** `name: value`, one a line. */
  headers: string;
}

/** A request that this policy decides. */
export function firstRequest(policy: PolicyObject, index: MeshIndex): RequestFields {
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
  if (!fields.path.startsWith("/")) return "The path begins with /.";
  const headers: Record<string, string> = {};
  for (const line of fields.headers.split("\n").filter((each) => each.trim() !== "")) {
    const colon = line.indexOf(":");
    if (colon < 1) return `The header “${line.trim()}” needs a colon behind its name.`;
    headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { from, to: { host: host.name, port: host.port }, method: fields.method, path: fields.path, headers };
}

function callerOf(key: ObjectKey, index: MeshIndex): Caller | string {
  const object = index.get(key);
  if (object?.kind === "Gateway") return { kind: "outside", gateway: key };
  const workload =
    object?.kind === "Service" ? index.workloadsOf(key)[0] : object?.kind === "Workload" ? object : undefined;
  if (workload) return { kind: "workload", workload: objectKey(workload) };
  return object ? `${object.metadata.name} runs nothing that could call.` : "Choose who calls.";
}

function hostOf(key: ObjectKey, index: MeshIndex): { name: string; port: number | undefined } | undefined {
  const service = index.find("Service", key);
  if (service)
    return { name: `${service.metadata.name}.${service.metadata.namespace}`, port: service.spec.ports[0]?.port };
  const external = index.find("ExternalService", key);
  const name = external?.spec.hosts[0];
  return name ? { name, port: external?.spec.ports[0]?.port } : undefined;
}
