// Label selectors of services and policies: who is behind a service, and which service is a version of another.
import { keyOf, type Service, valueAt, type Workload, workloadLabels } from "@/lib/mesh";
import type { ImportContext } from "../shared/context";
import { isRecord } from "../shared/fields";

export type Labels = Record<string, string>;
export type SelectorOf = { namespace: string; name: string; selector: Labels };

export const SUBSET_OF = "meshwright.dev/subset-of";
export const SUBSET = "meshwright.dev/subset";
export const SUBSET_LABELS = "meshwright.dev/subset-labels";

export const matches = (selector: Labels, labels: Labels) =>
  Object.entries(selector).every(([key, value]) => labels[key] === value);

export function labelsAt(value: unknown): Labels | undefined {
  if (!isRecord(value)) return undefined;
  const entries = Object.entries(value);
  return entries.every(([, each]) => typeof each === "string") ? (Object.fromEntries(entries) as Labels) : undefined;
}

/** Selectors of the services of a namespace: of this text, else those that the design remembers. */
export function selectorsIn(context: ImportContext, namespace: string): SelectorOf[] {
  const known = cache.get(context) ?? new Map<string, SelectorOf[]>();
  cache.set(context, known);
  const selectors = known.get(namespace) ?? readSelectors(context, namespace);
  known.set(namespace, selectors);
  return selectors;
}

/** What an import reads is all there before the first of it is looked at. */
const cache = new WeakMap<ImportContext, Map<string, SelectorOf[]>>();

function readSelectors(context: ImportContext, namespace: string): SelectorOf[] {
  const found = new Map<string, Labels>();
  for (const service of context.index.all("Service")) {
    if (service.metadata.namespace !== namespace) continue;
    const kept = service.metadata.origin?.kept?.find((each) => each.path === "spec.selector");
    const selector = labelsAt(kept?.value);
    if (selector) found.set(service.metadata.name, selector);
  }
  for (const resource of context.resources) {
    if (resource.kind !== "Service" || resource.apiVersion !== "v1" || resource.namespace !== namespace) continue;
    const selector = labelsAt(valueAt(resource.spec, ["selector"]));
    if (selector && Object.keys(selector).length > 0) found.set(resource.name, selector);
  }
  return [...found].map(([name, selector]) => ({ namespace, name, selector }));
}

/** The service of which `own` is a version: its selector is a part of this one's. The widest wins. */
export function apexOf(own: SelectorOf, all: readonly SelectorOf[]): SelectorOf | undefined {
  const size = Object.keys(own.selector).length;
  return all
    .filter(
      ({ name, selector }) =>
        name !== own.name && Object.keys(selector).length < size && matches(selector, own.selector),
    )
    .sort(byWidth)[0];
}

/** The services that select a pod with these labels, without those that are versions of another one. */
export function servicesFor(labels: Labels, all: readonly SelectorOf[]): SelectorOf[] {
  return all.filter((each) => matches(each.selector, labels) && !apexOf(each, all)).sort(byWidth);
}

const byWidth = (a: SelectorOf, b: SelectorOf) =>
  Object.keys(a.selector).length - Object.keys(b.selector).length || (a.name < b.name ? -1 : 1);

/** Whole services that a pod selector means; undefined when it means only some pods of one, or none that are known. */
export function servicesMeant(context: ImportContext, namespace: string, selector: Labels): Service[] | undefined {
  const selectors = new Map(selectorsIn(context, namespace).map((each) => [each.name, each.selector]));
  const workloads = new Map<string, Workload[]>();
  for (const workload of context.all("Workload")) {
    const { service } = workload.spec;
    if (workload.metadata.namespace !== namespace || service === undefined) continue;
    workloads.set(service, [...(workloads.get(service) ?? []), workload]);
  }
  const meant: Service[] = [];
  for (const service of context.all("Service")) {
    if (service.metadata.namespace !== namespace) continue;
    const pods = workloads.get(service.metadata.name) ?? [];
    const own = selectors.get(service.metadata.name);
    const hits = pods.filter((pod) => matches(selector, workloadLabels(pod))).length;
    if (hits > 0 && hits < pods.length) return undefined;
    if (hits > 0 || (pods.length === 0 && own !== undefined && matches(selector, own))) meant.push(service);
  }
  return meant.length === 0 ? undefined : meant;
}

/** Names of the namespaces that a selector means; undefined when it asks for more than labels. */
export function namespacesMeant(context: ImportContext, selector: Labels): string[] {
  const NAME = "kubernetes.io/metadata.name";
  const names = new Set(context.all("Namespace").map(({ metadata }) => metadata.name));
  const asked = selector[NAME];
  if (asked !== undefined) names.add(asked);
  return [...names]
    .filter((name) => {
      const object = context.get(keyOf("Namespace", undefined, name));
      return matches(selector, { ...object?.metadata.labels, [NAME]: name });
    })
    .sort();
}

/** Which port of the pods is behind each port of the service, as far as its source said. */
export function podPorts(service: Service): { port: number; pod: unknown; isSaid: boolean }[] {
  const kept = service.metadata.origin?.dialect === "kubernetes" ? (service.metadata.origin.kept ?? []) : [];
  return service.spec.ports.map(({ port }, i) => {
    const said = kept.find((each) => each.path === `spec.ports[${i}].targetPort`)?.value;
    return { port, pod: said ?? port, isSaid: said !== undefined };
  });
}

/** Undefined: Kubernetes was not read with the service. */
export const knownSelector = (service: Service) =>
  labelsAt(service.metadata.origin?.kept?.find((each) => each.path === "spec.selector")?.value);
/** What an export writes: the label that pods of that service most likely have, where nothing is known. */
export const selectorOf = (service: Service): Labels => knownSelector(service) ?? { app: service.metadata.name };
