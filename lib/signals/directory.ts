// Names in metrics -> objects of the design. Metrics name principals and services; screens, rollups and findings name object keys.
import { keyOf, type MeshDocument, type ObjectKey, objectKey, serviceAccountOf, workloadOwnerKey } from "@/lib/mesh";

/** A caller without an identity: plain text, or from outside. */
export const UNKNOWN = "unknown";

export type Directory = {
  /** Service or gateway behind `ns/service-account`. */
  callers: ReadonlyMap<string, ObjectKey>;
  /** Service behind `ns/workload`; a workload that serves nothing is its own. */
  workloads: ReadonlyMap<string, ObjectKey>;
  /** Keys of external services. */
  externals: ReadonlySet<ObjectKey>;
  services: ReadonlySet<ObjectKey>;
};

export function directoryOf(document: MeshDocument): Directory {
  const callers = new Map<string, ObjectKey>();
  const workloads = new Map<string, ObjectKey>();
  const externals = new Set<ObjectKey>();
  const services = new Set<ObjectKey>();
  for (const object of document.objects) {
    const { namespace = "", name } = object.metadata;
    if (object.kind === "ExternalService") externals.add(objectKey(object));
    if (object.kind === "Service") services.add(objectKey(object));
    if (object.kind !== "Workload" && object.kind !== "Gateway") continue;
    const key = object.kind === "Gateway" ? objectKey(object) : workloadOwnerKey(object);
    const account = `${namespace}/${serviceAccountOf(object) ?? name}`;
    // Two services may share an account; the service of the account's own name is then the likelier caller.
    if (!callers.has(account) || key === keyOf("Service", namespace, serviceAccountOf(object) ?? name)) {
      callers.set(account, key);
    }
    workloads.set(`${namespace}/${name}`, key);
  }
  return { callers, workloads, externals, services };
}

const SPIFFE = /^spiffe:\/\/[^/]+\/ns\/([^/]+)\/sa\/([^/]+)$/;

/** The caller's key, or `unknown` when neither principal nor workload says who it was. */
export function callerKey(directory: Directory, principal: string, namespace: string, workload: string): ObjectKey {
  const id = SPIFFE.exec(principal);
  const account = id ? `${id[1]}/${id[2]}` : undefined;
  const place = `${namespace}/${workload}`;
  const known =
    (account && directory.callers.get(account)) ?? directory.workloads.get(place) ?? directory.callers.get(place);
  if (known) return known;
  if (account) return keyOf("Service", id?.[1], id?.[2] ?? "");
  return UNKNOWN;
}

/** The callee's key; a name that is not in the design any more stays a service of that name. */
export function calleeKey(directory: Directory, namespace: string, name: string): ObjectKey {
  const external = keyOf("ExternalService", namespace, name);
  const service = keyOf("Service", namespace, name);
  return directory.externals.has(external) && !directory.services.has(service) ? external : service;
}
