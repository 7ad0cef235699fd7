// Keys and references: the one place that says how an object is named and how a reference finds it.
import type { CallerMatch, Kind, MeshObject, ObjectKey, ObjectOf, Ref, ServiceRef, TcpRoute, Workload } from "./types";

/** `Kind/namespace/name`; mesh-wide kinds have an empty namespace. */
export function objectKey(object: {
  kind: string;
  metadata: { name: string; namespace?: string | undefined };
}): ObjectKey {
  return `${object.kind}/${object.metadata.namespace ?? ""}/${object.metadata.name}`;
}

export function keyOf(kind: Kind, namespace: string | undefined, name: string): ObjectKey {
  return `${kind}/${namespace ?? ""}/${name}`;
}

/** The parts of an object key; a name holds no slash, so the split is exact. */
export function parseKey(key: ObjectKey): { kind: string; namespace: string | undefined; name: string } | undefined {
  const first = key.indexOf("/");
  const second = key.indexOf("/", first + 1);
  const name = key.slice(second + 1);
  if (first < 1 || second < 0 || name === "" || name.includes("/")) return undefined;
  return { kind: key.slice(0, first), namespace: key.slice(first + 1, second) || undefined, name };
}

/** Key of what `ref` points at, seen from `holder` (its namespace is the default). */
export function refKey(ref: Ref, holder: { metadata: { namespace?: string | undefined } }): ObjectKey {
  return keyOf(ref.kind, ref.namespace ?? holder.metadata.namespace, ref.name);
}

export function serviceRefKey(ref: ServiceRef, holder: { metadata: { namespace?: string | undefined } }): ObjectKey {
  return keyOf("Service", ref.namespace ?? holder.metadata.namespace, ref.name);
}

/** For whose connections a route is. */
export function tcpTargetOf({ spec: { service, gateway } }: TcpRoute): Ref {
  return gateway ? { kind: "Gateway", ...gateway } : { kind: "Service", ...(service ?? { name: "" }) };
}

export const tcpTargetKey = (route: TcpRoute): ObjectKey => refKey(tcpTargetOf(route), route);

/** A reference to `object` as `holder` would write it: without the namespace when it is the same. */
export function refTo(object: MeshObject & { kind: Ref["kind"] }, holderNamespace: string | undefined): Ref {
  const { name, namespace } = object.metadata;
  return namespace === holderNamespace || namespace === undefined
    ? { kind: object.kind, name }
    : { kind: object.kind, namespace, name };
}

/** The label set that subsets select from: a workload's own labels and its version. */
export function workloadLabels(workload: Workload): Record<string, string> {
  return { ...workload.spec.labels, version: workload.spec.version };
}

/** What answers for a workload: the service that it runs, or the workload itself where it serves nothing. */
export function workloadOwnerKey(workload: Workload): ObjectKey {
  const { metadata, spec } = workload;
  return spec.service === undefined ? objectKey(workload) : keyOf("Service", metadata.namespace, spec.service);
}

/** The name of that. */
export function workloadOwnerName({ metadata, spec }: Workload): string {
  return spec.service ?? metadata.name;
}

/** What calls for itself: a workload that runs no service. */
export type CallerOnly = Workload & { spec: { service?: undefined } };
export function isCallerOnly(object: MeshObject): object is CallerOnly {
  return object.kind === "Workload" && object.spec.service === undefined;
}

/** What lines are drawn between: a box of its own. */
export function isDependencyEnd(
  object: MeshObject,
): object is ObjectOf<"Service" | "Gateway" | "ExternalService"> | CallerOnly {
  const { kind } = object;
  return kind === "Service" || kind === "Gateway" || kind === "ExternalService" || isCallerOnly(object);
}

/** Whether a condition on the caller means this workload. */
export function isMeantCaller({ namespace, labels = {} }: CallerMatch, workload: Workload): boolean {
  const own = workloadLabels(workload);
  const isThere = namespace === undefined || namespace === workload.metadata.namespace;
  return isThere && Object.entries(labels).every(([name, value]) => own[name] === value);
}

export function serviceAccountOf(object: MeshObject): string | undefined {
  if (object.kind === "Workload") return object.spec.serviceAccount ?? object.spec.service ?? object.metadata.name;
  if (object.kind === "Gateway") return object.spec.serviceAccount ?? object.metadata.name;
  return undefined;
}

export function spiffeId(trustDomain: string, namespace: string, serviceAccount: string): string {
  return `spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccount}`;
}
