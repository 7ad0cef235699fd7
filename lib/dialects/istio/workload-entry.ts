// WorkloadEntry <-> Workload that only calls: a machine outside of Kubernetes with an identity and no service before it.
// The rule: addresses are an environment's and are kept with the object; a machine behind a service has no place and is kept whole.
import { type CallerOnly, isCallerOnly, keyOf, valueAt } from "@/lib/mesh";
import { labelsAt, matches, selectorsIn, servicesFor } from "../kubernetes/selectors";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import { type ExportContext, metadataOf } from "../shared/export-context";
import type { Fields, Sink } from "../shared/fields";
import { importKept } from "../shared/kept-kinds";
import { placeOfLabel } from "../shared/locality";

const KIND = "WorkloadEntry";
const behindService = importKept(
  { kind: KIND, verdict: "lost", changesMeaning: true, why: "puts a machine outside of Kubernetes behind a service" },
  "Keep Istio for what it does.",
);

export function importWorkloadEntry(context: ImportContext, resource: Resource, spec: Fields, sink: Sink): Understood {
  const labels = labelsAt(valueAt(resource.spec, ["labels"])) ?? {};
  if (isSelected(context, resource.namespace, labels)) return behindService(context, resource);
  const result = understood(resource);
  spec.take("labels");
  const { version = "v1", ...rest } = labels;
  const serviceAccount = spec.text("serviceAccount") ?? "default";
  const locality = placeOfEntry(spec);
  spec.keepRest();
  context.assumeNamespace(resource.namespace);
  const existing = context.find("Workload", keyOf("Workload", resource.namespace, resource.name));
  const kept = existing?.spec.sidecar ? { sidecar: existing.spec.sidecar } : {};
  const workload = {
    version,
    serviceAccount,
    ...(Object.keys(rest).length > 0 ? { labels: rest } : {}),
    ...(locality === undefined ? {} : { locality }),
    ...kept,
  };
  result.objects.push(context.put("Workload", resource.name, workload, { resource, sink }, existing));
  result.sentences.push(`a workload that only calls, version ${version}, account ${serviceAccount}.`);
  return result;
}

/** Written another way it is kept. */
function placeOfEntry(spec: Fields): string | undefined {
  const written = spec.peek("locality");
  const place = typeof written === "string" && written.includes("/") ? placeOfLabel(written) : undefined;
  if (place !== undefined) spec.take("locality");
  return place;
}

/** By a Service, or by a ServiceEntry of the same text. */
function isSelected(context: ImportContext, namespace: string, labels: Record<string, string>): boolean {
  if (servicesFor(labels, selectorsIn(context, namespace)).length > 0) return true;
  return context.resources.some((each) => {
    if (each.kind !== "ServiceEntry" || each.namespace !== namespace) return false;
    const selector = labelsAt(valueAt(each.spec, ["workloadSelector", "labels"]));
    return selector !== undefined && matches(selector, labels);
  });
}

/** Machines that came from Istio; what runs in Kubernetes is applied on its own. */
export function exportWorkloadEntries(context: ExportContext): void {
  for (const workload of context.index.all("Workload")) {
    if (isCallerOnly(workload) && isMachine(workload)) exportEntry(context, workload);
  }
}

export const isMachine = ({ metadata: { origin } }: CallerOnly): boolean =>
  origin?.dialect === "istio" && origin.kind === KIND;

function exportEntry(context: ExportContext, workload: CallerOnly): void {
  const { metadata, spec } = workload;
  const { name, namespace } = metadata;
  const labels = { ...spec.labels, ...(spec.version === "v1" ? {} : { version: spec.version }) };
  const account = spec.serviceAccount ?? name;
  const entry = {
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
    ...(account === "default" ? {} : { serviceAccount: account }),
    ...(spec.locality === undefined ? {} : { locality: spec.locality }),
  };
  const manifest = {
    apiVersion: "networking.istio.io/v1",
    kind: KIND,
    metadata: metadataOf(workload, name, namespace),
    spec: entry,
  };
  context.add(manifest, workload);
  context.tell(workload, ["spec"], "exact", "means the same in Istio", { target: `${KIND} ${name}` });
}
