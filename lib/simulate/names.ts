// What a caller may write as Host, and what to call things in sentences.
// The rule: this finds words and candidates only; what a host really means for a caller is decided by its proxy's plan.
import { httpPorts, tcpPorts } from "@/lib/compile/facts";
import {
  coversServerName,
  type MeshIndex,
  type ObjectKey,
  objectKey,
  parseKey,
  plainHost,
  workloadOwnerKey,
} from "@/lib/mesh";

export const nameOf = (key: ObjectKey): string => parseKey(key)?.name ?? key;

/** `name.namespace`, the form that every caller may use. */
export function hostOf(key: ObjectKey): string {
  const parts = parseKey(key);
  return parts ? `${parts.name}.${parts.namespace}` : key;
}

/** The service or external service that this host would name for a caller of `namespace`. */
export function objectOfHost(index: MeshIndex, host: string, namespace: string | undefined): ObjectKey | undefined {
  const [name = "", space, ...rest] = plainHost(host).split(".");
  const tail = rest.join(".");
  if (tail === "" || tail === "svc" || tail === "svc.cluster.local") {
    const key = `Service/${space ?? namespace ?? ""}/${name}`;
    if (index.find("Service", key)) return key;
  }
  const external = index
    .all("ExternalService")
    .find(({ spec }) => spec.hosts.some((each) => coversServerName(each, host)));
  return external && objectKey(external);
}

/** The ports of a service or external service on which there are requests. */
export function carriedPorts(index: MeshIndex, key: ObjectKey): number[] {
  const object = index.find("Service", key) ?? index.find("ExternalService", key);
  return object ? httpPorts(object.spec.ports).map(({ port }) => port) : [];
}

/** TCP ports of a service or external service, which apps reach by CONNECT. */
export function tunnelPorts(index: MeshIndex, key: ObjectKey): number[] {
  const object = index.find("Service", key) ?? index.find("ExternalService", key);
  return object ? tcpPorts(object.spec.ports).map(({ port }) => port) : [];
}

/** A workload stands for its service. */
export function ownerOf(index: MeshIndex, key: ObjectKey): ObjectKey {
  const workload = index.find("Workload", key);
  return workload ? workloadOwnerKey(workload) : key;
}
