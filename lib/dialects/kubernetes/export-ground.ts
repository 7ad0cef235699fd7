// Namespaces, Services, workloads and their accounts of a design -> resources of Kubernetes.
// The rule: containers are no part of a design. A Deployment is written without an image, so that Kubernetes refuses it until a person has put one in.
import { keyOf, type Service, type Subset, serviceAccountOf, type Workload } from "@/lib/mesh";
import type { Manifest } from "../shared/dialect";
import { type ExportContext, metadataOf } from "../shared/export-context";
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
  const service = context.index.find("Service", keyOf("Service", namespace, workload.spec.service));
  const own: Labels = service ? selectorOf(service) : { app: workload.spec.service };
  const { version, labels = {}, replicas } = workload.spec;
  const isSaid = labels[RECOMMENDED_VERSION] === version;
  const pod = { ...own, ...labels, ...(isSaid ? {} : { [VERSION]: version }) };
  const selector = { ...own, ...(isSaid ? { [RECOMMENDED_VERSION]: version } : { [VERSION]: version }) };
  const kind = origin?.kind === "StatefulSet" ? "StatefulSet" : "Deployment";
  const account = serviceAccountOf(workload);
  const spec = {
    ...(replicas === undefined ? {} : { replicas }),
    ...(kind === "StatefulSet" ? { serviceName: workload.spec.service } : {}),
    selector: { matchLabels: selector },
    template: {
      metadata: { labels: pod },
      spec: {
        ...(account === undefined || account === "default" ? {} : { serviceAccountName: account }),
        containers: [{ name: workload.spec.service }],
      },
    },
  };
  const metadata = metadataOf(workload, name, namespace);
  context.resources.push({ apiVersion: "apps/v1", kind, metadata, spec });
  const reason =
    "containers are no part of a design: Kubernetes refuses it until its image is written, and keeps the selector of one that is there";
  context.lose(workload, ["spec"], "approximate", reason, { target: `${kind} ${name}` });
}
