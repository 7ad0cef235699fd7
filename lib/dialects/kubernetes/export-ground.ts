// Namespaces, Services, workloads and their accounts of a design -> resources of Kubernetes.
// The rule: containers are no part of a design. A Deployment is written without an image, so that Kubernetes refuses it until a person has put one in.
import {
  isCallerOnly,
  keyOf,
  type Service,
  type Subset,
  serviceAccountOf,
  type Workload,
  workloadOwnerKey,
  workloadOwnerName,
} from "@/lib/mesh";
import type { Manifest } from "../shared/dialect";
import { type ExportContext, metadataOf } from "../shared/export-context";
import { labelOfPlace, PLACE_LABEL } from "../shared/locality";
import { knownSelector, type Labels, selectorOf } from "./selectors";
import { portsOfService } from "./service-ports";

const VERSION = "version";
const RECOMMENDED_VERSION = "app.kubernetes.io/version";

export function exportGround(context: ExportContext): void {
  const { index } = context;
  for (const namespace of index.all("Namespace")) {
    const { name, labels, annotations } = namespace.metadata;
    const metadata = { name, ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) };
    context.resources.push({ apiVersion: "v1", kind: "Namespace", metadata, spec: {} });
    context.tell(namespace, ["metadata"], "exact", "means the same in Kubernetes", { target: `Namespace ${name}` });
  }
  for (const service of index.all("Service")) exportService(context, service);
  for (const subset of index.all("Subset")) exportSubset(context, subset);
  exportAccounts(context);
  for (const workload of index.all("Workload")) exportWorkload(context, workload);
}

function exportService(context: ExportContext, service: Service): void {
  const { name, namespace } = service.metadata;
  const spec = { selector: selectorOf(service), ports: portsOfService(service) };
  context.add({ apiVersion: "v1", kind: "Service", metadata: metadataOf(service, name, namespace), spec }, service);
  const target = `Service ${name}`;
  if (knownSelector(service))
    context.tell(service, ["spec", "ports"], "exact", "means the same in Kubernetes", { target });
  else {
    const reason = `Kubernetes selects pods: label app=${name} is assumed on those of ${name}`;
    context.lose(service, ["spec"], "approximate", reason, { target });
  }
  for (const field of ["mode", "optOut"] as const) {
    if (service.spec[field] === undefined) continue;
    context.lose(service, ["spec", field], "lost", "Kubernetes has no sidecars that could be left out or only count");
  }
}

/** A version that came as a Service of its own is one again. */
function exportSubset(context: ExportContext, subset: Subset): void {
  const { origin, namespace } = subset.metadata;
  const { service, labels } = subset.spec;
  const apex = context.index.find("Service", keyOf("Service", service.namespace ?? namespace, service.name));
  if (origin?.dialect !== "kubernetes" || origin.kind !== "Service" || !apex) {
    const reason = "Kubernetes sends calls to any pod of a service: versions are told apart by the routes of a mesh";
    context.tell(subset, ["spec"], "moved", reason);
    return;
  }
  const spec = { selector: { ...selectorOf(apex), ...labels }, ports: portsOfService(apex) };
  const metadata = metadataOf(subset, origin.name, apex.metadata.namespace);
  context.add({ apiVersion: "v1", kind: "Service", metadata, spec }, subset);
  context.tell(subset, ["spec"], "exact", `it is the Service ${origin.name}`, { target: `Service ${origin.name}` });
}

/** Without one, pods are the account "default" of their namespace, which is always there. */
function exportAccounts(context: ExportContext): void {
  const accounts = context.index.all("Workload").map((each) => `${each.metadata.namespace}/${serviceAccountOf(each)}`);
  for (const account of [...new Set(accounts)].sort()) {
    const [namespace = "", name = ""] = account.split("/");
    if (name === "default") continue;
    const bare: Omit<Manifest, "spec"> = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } };
    // a ServiceAccount has no spec
    context.resources.push(bare as Manifest);
  }
}

function exportWorkload(context: ExportContext, workload: Workload): void {
  const { name, namespace, origin } = workload.metadata;
  // a machine is written by the product that knows it
  if (origin?.dialect === "istio" && origin.kind === "WorkloadEntry") return;
  const { version, labels = {} } = workload.spec;
  const own = ownLabels(context, workload);
  const isSaid = labels[RECOMMENDED_VERSION] === version;
  const place = labelOfPlace(workload);
  const pod = {
    ...own,
    ...labels,
    ...(isSaid ? {} : { [VERSION]: version }),
    ...(place === undefined ? {} : { [PLACE_LABEL]: place }),
  };
  const selector = { ...own, ...(isSaid ? { [RECOMMENDED_VERSION]: version } : { [VERSION]: version }) };
  const manifest = isCallerOnly(workload) && jobManifest(workload, podTemplate(workload, pod));
  const made = manifest || setManifest(workload, selector, podTemplate(workload, pod));
  context.resources.push({ ...made, metadata: metadataOf(workload, name, namespace) });
  const keeps = manifest ? "" : ", and keeps the selector of one that is there";
  const reason = `containers are no part of a design: Kubernetes refuses it until its image is written${keeps}`;
  context.lose(workload, ["spec"], "approximate", reason, { target: `${made.kind} ${name}` });
  if (workload.spec.locality === undefined) return;
  const path = ["spec", "locality"];
  const where = "nodes say where their pods are: let its pods run on nodes of this region and zone";
  if (place === undefined) context.lose(workload, path, "lost", where);
  else context.tell(workload, path, "moved", `label ${PLACE_LABEL} of its pods, for Istio; elsewhere ${where}`);
}

/** Labels by which its service finds it; of one that only calls, what tells it from others. */
function ownLabels({ index }: ExportContext, workload: Workload): Labels {
  if (isCallerOnly(workload)) return workload.spec.labels ?? { "app.kubernetes.io/name": workload.metadata.name };
  const service = index.find("Service", workloadOwnerKey(workload));
  return service ? selectorOf(service) : { app: workloadOwnerName(workload) };
}

function podTemplate(workload: Workload, labels: Labels) {
  const account = serviceAccountOf(workload);
  return {
    metadata: { labels },
    spec: {
      ...(account === undefined || account === "default" ? {} : { serviceAccountName: account }),
      containers: [{ name: workloadOwnerName(workload) }],
    },
  };
}

type Bare = Omit<Manifest, "metadata">;

function setManifest(workload: Workload, selector: Labels, template: ReturnType<typeof podTemplate>): Bare {
  const { replicas, service } = workload.spec;
  const kind = workload.metadata.origin?.kind === "StatefulSet" ? "StatefulSet" : "Deployment";
  const spec = {
    ...(replicas === undefined ? {} : { replicas }),
    ...(kind === "StatefulSet" && service !== undefined ? { serviceName: service } : {}),
    selector: { matchLabels: selector },
    template,
  };
  return { apiVersion: "apps/v1", kind, spec };
}

/** What came as a job is one again. */
function jobManifest({ metadata, spec }: Workload, pod: ReturnType<typeof podTemplate>): Bare | undefined {
  const { kind, kept } = metadata.origin ?? {};
  const template = { ...pod, spec: { ...pod.spec, restartPolicy: "Never" } };
  if (kind === "Job") {
    const { replicas: parallelism } = spec;
    return { apiVersion: "batch/v1", kind, spec: { ...(parallelism === undefined ? {} : { parallelism }), template } };
  }
  const schedule = kept?.find(({ path }) => path === "spec.schedule")?.value;
  if (kind !== "CronJob" || typeof schedule !== "string") return undefined;
  return { apiVersion: "batch/v1", kind, spec: { schedule, jobTemplate: { spec: { template } } } };
}
