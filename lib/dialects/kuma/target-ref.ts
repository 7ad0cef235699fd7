// targetRef: what a policy selects, read and resolved to services of the design.
// The rule: a selection that means less than whole services, or callers other than all, is said to be so; it is never widened.
import { keyOf, type Service, type Subset } from "@/lib/mesh";
import { servicesMeant } from "../kubernetes/selectors";
import type { ImportContext, Resource } from "../shared/context";
import type { Fields } from "../shared/fields";
import { DISPLAY_NAME, isSystem, NAMESPACE_LABEL, parseServiceTag, SERVICE_TAG } from "./documents";
import type { KumaState, Place, Selection, TargetRef } from "./state";

export function readRef(fields: Fields | undefined): TargetRef | undefined {
  if (!fields) return undefined;
  const kind = fields.text("kind");
  const name = fields.text("name");
  const namespace = fields.text("namespace");
  const sectionName = fields.text("sectionName");
  const labels = { ...fields.textMap("labels"), ...fields.textMap("tags") };
  const types = fields.texts("proxyTypes");
  fields.take("mesh");
  fields.keepRest();
  if (kind === undefined) {
    fields.problem("kind", "is missing", "Write Mesh, Dataplane, MeshService or another kind that Kuma has.");
    return undefined;
  }
  return {
    kind,
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(sectionName === undefined ? {} : { sectionName }),
    labels,
    isGatewayOnly: types !== undefined && types.length > 0 && !types.includes("Sidecar"),
    path: [...fields.path],
  };
}

/** Whether it is a MeshService of the design, or a version of one that is a Service of its own. */
export function isKnownPlace(context: ImportContext, resource: Resource, ref: TargetRef): boolean {
  if (ref.kind !== "MeshService" && ref.kind !== "MeshServiceSubset") return false;
  const tagged = parseServiceTag(ref.name ?? ref.labels[DISPLAY_NAME] ?? "");
  const namespace = namespaceOf(context, resource, ref);
  const isVersion = ({ metadata: { origin } }: Subset) =>
    origin?.kind === "Service" && origin.name === tagged.name && origin.namespace === namespace;
  return (
    context.find("Service", keyOf("Service", namespace, tagged.name)) !== undefined ||
    context.all("Subset").some(isVersion)
  );
}

function namespaceOf(context: ImportContext, resource: Resource, ref: TargetRef): string {
  const tagged = parseServiceTag(ref.name ?? ref.labels[DISPLAY_NAME] ?? "");
  return tagged.namespace ?? ref.namespace ?? ref.labels[NAMESPACE_LABEL] ?? homeOf(context, resource, tagged.name);
}

/** What MeshService (2.x: also MeshServiceSubset) names; undefined when that cannot be told. */
export function placeOf(context: ImportContext, resource: Resource, ref: TargetRef, port?: number): Place | undefined {
  const tagged = parseServiceTag(ref.name ?? ref.labels[DISPLAY_NAME] ?? "");
  const namespace = namespaceOf(context, resource, ref);
  if (tagged.name === "" || !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(tagged.name)) return undefined;
  const wanted = port ?? tagged.port;
  const versions = Object.fromEntries(
    Object.entries(ref.labels).filter(([key]) => key !== DISPLAY_NAME && !key.includes("kuma.io/")),
  );
  const found = context.get(keyOf("Service", namespace, tagged.name));
  if (found?.kind !== "Service") {
    const subset = context
      .all("Subset")
      .find(
        ({ metadata: { origin } }) =>
          origin?.kind === "Service" && origin.name === tagged.name && origin.namespace === namespace,
      );
    const apex =
      subset &&
      context.get(
        keyOf("Service", subset.spec.service.namespace ?? subset.metadata.namespace, subset.spec.service.name),
      );
    if (subset && apex?.kind === "Service")
      return { service: apex, subset: subset.spec.name, ...(wanted === undefined ? {} : { port: wanted }) };
  }
  const service = context.serviceNamed(resource, namespace, tagged.name, [...ref.path, "name"], wanted);
  const ported = wanted === undefined ? {} : { port: wanted };
  if (ref.kind !== "MeshServiceSubset" && Object.keys(versions).length === 0) return { service, ...ported };
  const subset = subsetOf(context, resource, service, versions);
  return subset === undefined ? undefined : { service, subset, ...ported };
}

/** Without a namespace a name is of the policy's own; policies of the system name services by their labels. */
function homeOf(context: ImportContext, resource: Resource, name: string): string {
  if (!isSystem(resource) || context.get(keyOf("Service", resource.namespace, name))) return resource.namespace;
  const all = context.all("Service").filter((each) => each.metadata.name === name);
  return all.length === 1 && all[0] ? all[0].metadata.namespace : resource.namespace;
}

function subsetOf(
  context: ImportContext,
  resource: Resource,
  service: Service,
  labels: Record<string, string>,
): string | undefined {
  const wanted = Object.entries(labels);
  if (wanted.length === 0) return undefined;
  const { name, namespace } = service.metadata;
  const existing = context
    .all("Subset")
    .find(
      ({ metadata, spec }) =>
        spec.service.name === name &&
        (spec.service.namespace ?? metadata.namespace) === namespace &&
        Object.keys(spec.labels).length === wanted.length &&
        wanted.every(([key, value]) => spec.labels[key] === value),
    );
  if (existing) return existing.spec.name;
  const own =
    wanted
      .map(([, value]) => value)
      .join("-")
      .toLowerCase()
      .replaceAll(/[^-a-z0-9]+/g, "-")
      .replace(/^-+/, "")
      .slice(0, 40)
      .replace(/-+$/, "") || "subset";
  const spec = { service: { name }, name: own, labels };
  context.put("Subset", `${name}-${own}`.slice(0, 253), spec, { resource: { ...resource, namespace } }, undefined);
  return own;
}

const ALL: Selection = { type: "all" };
const NAMES = ["app", "app.kubernetes.io/name", "k8s.kuma.io/service-name"];

export function selectionOf(
  context: ImportContext,
  state: KumaState,
  resource: Resource,
  ref: TargetRef | undefined,
): Selection {
  if (ref?.isGatewayOnly) return { type: "unknown", why: "it is for gateways only" };
  if (!ref || ref.kind === "Mesh") return ALL;
  if (ref.kind === "MeshService") {
    const place = placeOf(context, resource, ref);
    return place
      ? { type: "services", services: [place.service] }
      : { type: "unknown", why: "its service is not known" };
  }
  if (ref.kind !== "MeshSubset" && ref.kind !== "Dataplane" && ref.kind !== "MeshServiceSubset")
    return { type: "unknown", why: `its targetRef is a ${ref.kind}` };
  const { [NAMESPACE_LABEL]: namespace, [SERVICE_TAG]: tag, ...labels } = ref.labels;
  const name = ref.kind === "MeshServiceSubset" ? ref.name : tag;
  const rest = Object.keys(labels);
  if (name !== undefined && name !== "*" && rest.length === 0) {
    const place = placeOf(context, resource, {
      ...ref,
      kind: "MeshService",
      name,
      labels: namespace === undefined ? {} : { [NAMESPACE_LABEL]: namespace },
    });
    if (place) return { type: "services", services: [place.service] };
  }
  if (name === undefined && ref.name === undefined && rest.length === 0)
    return namespace === undefined ? ALL : { type: "namespace", namespace };
  const services = name === undefined ? byLabels(context, state, resource, namespace, labels) : undefined;
  if (services) return { type: "services", services };
  const text = Object.entries(ref.labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(", ");
  return { type: "unknown", why: `no whole service of the design answers to ${text || ref.kind}` };
}

function byLabels(
  context: ImportContext,
  state: KumaState,
  resource: Resource,
  namespace: string | undefined,
  labels: Record<string, string>,
): Service[] | undefined {
  const taken = state.dataplanes.filter((each) =>
    Object.entries(labels).every(
      ([key, value]) => each.labels[key] === value || each.tags.some((tags) => tags[key] === value),
    ),
  );
  const tags = new Set(taken.flatMap((each) => each.tags.flatMap((one) => one[SERVICE_TAG] ?? [])));
  if (tags.size > 0) {
    const isWhole = state.dataplanes.every(
      (each) => taken.includes(each) || !each.tags.some((one) => tags.has(one[SERVICE_TAG] ?? "")),
    );
    return isWhole ? [...tags].flatMap((tag) => named(context, resource.namespace, tag)) : undefined;
  }
  const namespaces =
    namespace !== undefined
      ? [namespace]
      : isSystem(resource)
        ? context.all("Namespace").map(({ metadata }) => metadata.name)
        : [resource.namespace];
  const meant = namespaces.flatMap((each) => servicesMeant(context, each, labels) ?? []);
  if (meant.length > 0) return meant;
  const [only, ...more] = Object.keys(labels);
  if (only === undefined || more.length > 0 || !NAMES.includes(only)) return undefined;
  const same = namespaces.flatMap((each) => named(context, each, labels[only] ?? ""));
  return same.length > 0 ? same : undefined;
}

function named(context: ImportContext, namespace: string, name: string): Service[] {
  const found = context.get(keyOf("Service", namespace, name));
  return found?.kind === "Service" ? [found] : [];
}
