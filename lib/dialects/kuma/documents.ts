// Kuma's universal form (type, mesh, name, spec) -> kind, name and spec, as its Kubernetes form has them.
// The rule: only documents that say a type of Kuma and have no apiVersion are Kuma's; Mesh and Dataplane have no spec around their fields.
import type { Foreign } from "../shared/dialect";
import { isRecord } from "../shared/fields";

export const GROUP = "kuma.io";
export const VERSION = "v1alpha1";
export const API = `${GROUP}/${VERSION}`;
/** What the universal form says of itself; the rest is its spec where it has none. */
const HEAD = new Set(["type", "name", "mesh", "labels", "creationTime", "modificationTime", "status"]);
/** Kinds whose fields stand at the top of a universal document. */
const BARE = new Set(["Mesh", "Dataplane", "MeshGateway"]);

export const DEFAULT_MESH = "default";
export const MESH_LABEL = "kuma.io/mesh";
export const NAMESPACE_LABEL = "k8s.kuma.io/namespace";
export const DISPLAY_NAME = "kuma.io/display-name";
export const SERVICE_TAG = "kuma.io/service";

/** Where Kuma itself runs: its policies are for the whole mesh, those of other namespaces for their own. */
export const SYSTEM_NAMESPACE = "kuma-system";
const SYSTEM = new Set([SYSTEM_NAMESPACE, "kong-mesh-system"]);

export function unwrapUniversal(value: unknown, kinds: ReadonlySet<string>): Foreign | undefined {
  if (!isRecord(value) || value["apiVersion"] !== undefined || value["kind"] !== undefined) return undefined;
  const { type, name, mesh, labels } = value;
  if (typeof type !== "string" || typeof name !== "string" || name === "" || !kinds.has(type)) return undefined;
  const isBare = BARE.has(type) && !isRecord(value["spec"]);
  const spec = isBare
    ? Object.fromEntries(Object.entries(value).filter(([key]) => !HEAD.has(key)))
    : (value["spec"] as Record<string, unknown> | undefined);
  return {
    apiVersion: API,
    kind: type,
    name,
    path: [],
    ...(isBare ? { isBare } : {}),
    parent: typeof mesh === "string" && mesh !== "" ? mesh : type === "Mesh" ? name : DEFAULT_MESH,
    ...(isRecord(labels) ? { labels } : {}),
    spec: spec ?? {},
  };
}

type Place = { namespace: string; parent?: string; labels?: Record<string, string> };

/** The mesh that a resource belongs to: its own word, its label, else the default one. */
export const meshOf = ({ parent, labels }: Place) => parent ?? labels?.[MESH_LABEL] ?? DEFAULT_MESH;

/** Universal resources have no namespace: only a resource of Kubernetes has no parent here. */
export const isUniversal = ({ parent }: Place) => parent !== undefined;
export const isSystem = (resource: Place) =>
  isUniversal(resource) || resource.namespace === "" || SYSTEM.has(resource.namespace);

/** `backend_shop_svc_8080`: how the tag kuma.io/service names a Service of Kubernetes. */
export function parseServiceTag(tag: string): { name: string; namespace?: string; port?: number } {
  const parts = /^([^_]+)_([^_]+)_svc(?:_(\d+))?$/.exec(tag);
  if (!parts?.[1] || !parts[2]) return { name: tag };
  return { name: parts[1], namespace: parts[2], ...(parts[3] === undefined ? {} : { port: Number(parts[3]) }) };
}

export const serviceTag = (name: string, namespace: string, port: number) => `${name}_${namespace}_svc_${port}`;
