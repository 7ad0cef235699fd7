// Label selectors of Cilium: keys with their source, the labels that Cilium adds to pods, and what of a design they select.
// The rule: a selector is for whole services or single workloads; where it means only some pods of one, that is said to whoever asks.
import { keyOf, type Service, serviceAccountOf, type Workload, workloadLabels, workloadOwnerKey } from "@/lib/mesh";
import { type Labels, selectorsIn } from "../kubernetes/selectors";
import type { ImportContext } from "../shared/context";
import type { Fields } from "../shared/fields";

export const NAMESPACE = "io.kubernetes.pod.namespace";
export const ACCOUNT = "io.cilium.k8s.policy.serviceaccount";
const NAMESPACE_LABELS = "io.cilium.k8s.namespace.labels.";

const OPERATORS = ["In", "NotIn", "Exists", "DoesNotExist"] as const;
type Operator = (typeof OPERATORS)[number];
export type Condition = { key: string; operator: Operator; values: readonly string[] };
export type Selector = readonly Condition[];

/** `k8s:` and `any:` say where a label comes from; in a design all come from Kubernetes. */
const plainKey = (key: string) => key.replace(/^(k8s|any):/, "");

export function readSelector(fields: Fields): Selector {
  const labels = Object.entries(fields.textMap("matchLabels") ?? {}).map(
    ([key, value]): Condition => ({ key: plainKey(key), operator: "In", values: [value] }),
  );
  const expressions = fields.list("matchExpressions").flatMap((each): Condition[] => {
    const key = each.text("key");
    const operator = OPERATORS.find((one) => one === each.peek("operator"));
    const values = each.texts("values") ?? [];
    if (key === undefined) each.problem("key", "is missing", "Name the label.");
    if (!operator) each.problem("operator", "is not known", `Write one of ${OPERATORS.join(", ")}.`);
    return key === undefined || !operator ? [] : [{ key: plainKey(key), operator, values }];
  });
  return [...labels, ...expressions];
}

export const saysNamespace = (selector: Selector) =>
  selector.some(({ key }) => key === NAMESPACE || key.startsWith(NAMESPACE_LABELS));

/** As Cilium adds it to every selector of a policy that has a namespace, unless the selector names another. */
export const within = (namespace: string, selector: Selector): Selector =>
  namespace === "" || saysNamespace(selector)
    ? selector
    : [...selector, { key: NAMESPACE, operator: "In", values: [namespace] }];

function holds({ key, operator, values }: Condition, labels: Labels): boolean {
  const value = labels[key];
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
  }
}

export const selects = (selector: Selector, labels: Labels) => selector.every((each) => holds(each, labels));

/** Pods as a design knows them: a workload, or a service that nothing is known to run yet. */
export type Pod = { service: Service; workload?: Workload; account: string; labels: Labels };

export type Pods = {
  all: readonly Pod[];
  byNamespace: ReadonlyMap<string, readonly Pod[]>;
  byService: ReadonlyMap<Service, readonly Pod[]>;
  byLabel: ReadonlyMap<string, readonly Pod[]>;
};

const labelText = (key: string, value: string) => `${key}=${value}`;

export function podsOf(context: ImportContext): Pods {
  const workloads = new Map<string, Workload[]>();
  for (const each of context.all("Workload")) {
    const key = workloadOwnerKey(each);
    workloads.set(key, [...(workloads.get(key) ?? []), each]);
  }
  const ofNamespace = new Map<string, Labels>();
  const selectors = new Map<string, Labels>();
  for (const namespace of new Set(context.all("Service").map(({ metadata }) => metadata.namespace))) {
    for (const each of selectorsIn(context, namespace)) selectors.set(`${namespace}/${each.name}`, each.selector);
  }
  const all = context.all("Service").flatMap((service): Pod[] => {
    const { name, namespace } = service.metadata;
    const known = selectors.get(`${namespace}/${name}`);
    // without Kubernetes the label of the name is the one that everybody uses
    const own = known ?? { app: name, "app.kubernetes.io/name": name };
    const there = ofNamespace.get(namespace) ?? labelsOfNamespace(context, namespace);
    ofNamespace.set(namespace, there);
    const pod = (account: string, labels: Labels, workload?: Workload): Pod => ({
      service,
      account,
      labels: { ...labels, ...there, [ACCOUNT]: account },
      ...(workload ? { workload } : {}),
    });
    const running = workloads.get(keyOf("Service", namespace, name)) ?? [];
    if (running.length === 0) return [pod(name, own)];
    return running.map((each) => pod(serviceAccountOf(each) ?? name, { ...own, ...workloadLabels(each) }, each));
  });
  const byNamespace = new Map<string, Pod[]>();
  const byService = new Map<Service, Pod[]>();
  const byLabel = new Map<string, Pod[]>();
  for (const pod of all) {
    put(byNamespace, pod.service.metadata.namespace, pod);
    put(byService, pod.service, pod);
    for (const [key, value] of Object.entries(pod.labels)) put(byLabel, labelText(key, value), pod);
  }
  return { all, byNamespace, byService, byLabel };
}

function put<K>(map: Map<K, Pod[]>, key: K, pod: Pod): void {
  const there = map.get(key);
  if (there) there.push(pod);
  else map.set(key, [pod]);
}

function labelsOfNamespace(context: ImportContext, namespace: string): Labels {
  const labels = context.find("Namespace", keyOf("Namespace", undefined, namespace))?.metadata.labels ?? {};
  const own = { "kubernetes.io/metadata.name": namespace, ...labels };
  return {
    [NAMESPACE]: namespace,
    ...Object.fromEntries(Object.entries(own).map(([key, value]) => [`${NAMESPACE_LABELS}${key}`, value])),
  };
}

/** Those of the rarest label that the selector asks for. */
function candidates({ all, byLabel }: Pods, selector: Selector): readonly Pod[] {
  const lists = selector
    .filter(({ operator, values }) => operator === "In" && values.length === 1)
    .map(({ key, values }) => byLabel.get(labelText(key, values[0] ?? "")) ?? []);
  return lists.reduce((least, each) => (each.length < least.length ? each : least), all);
}

export type Selected = { services: Service[]; workloads: Workload[] };

/** Whole services, and workloads of services that are selected in part. */
export function selected(pods: Pods, selector: Selector): Selected {
  const hits = candidates(pods, selector).filter(({ labels }) => selects(selector, labels));
  const chosen = new Set(hits);
  const services = [...new Set(hits.map(({ service }) => service))];
  const isWhole = (service: Service) => (pods.byService.get(service) ?? []).every((each) => chosen.has(each));
  const whole = new Set(services.filter(isWhole));
  const workloads = hits.flatMap(({ service, workload }) => (workload && !whole.has(service) ? [workload] : []));
  return { services: [...whole], workloads };
}

export const textOf = (selector: Selector) =>
  selector.length === 0
    ? "of every label"
    : selector
        .map(({ key, operator, values }) => {
          if (operator === "In" && values.length === 1) return `${key}=${values[0]}`;
          return [key, operator, values.join(" or ")].filter(Boolean).join(" ");
        })
        .join(", ");
