// Deployment, StatefulSet, Job and CronJob -> Workload of the service that selects its pods, or of none where none does: it only calls.
// The rule: only what tells the mesh who it is comes into the design; containers stay in Kubernetes.
import { keyOf, type SpecOf, valueAt } from "@/lib/mesh";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import type { Fields, Sink } from "../shared/fields";
import { PLACE_LABEL, placeOfLabel } from "../shared/locality";
import { type Labels, labelsAt, selectorsIn, servicesFor } from "./selectors";

const MAX_REPLICAS = 1000;
const VERSION_LABELS = ["version", "app.kubernetes.io/version"];

export function importWorkload(context: ImportContext, resource: Resource, spec: Fields, sink: Sink): Understood {
  const result = understood(resource);
  const template = takeTemplate(resource, spec);
  const labels = labelsAt(valueAt(template, ["metadata", "labels"])) ?? {};
  const account = valueAt(template, ["spec", "serviceAccountName"]);
  const replicas = spec.number(isJob(resource) ? "parallelism" : "replicas") ?? 1;
  const [service, ...others] = servicesFor(labels, selectorsIn(context, resource.namespace));
  if (others.length > 0) {
    const names = others.map(({ name }) => name).join(", ");
    const message = `is behind several services; it is taken as a workload of ${service?.name} and not of ${names}`;
    const fix = "Give each service its own workloads, or one Service several ports.";
    context.warn(resource, ["spec", "template", "metadata", "labels"], message, fix, { changesMeaning: true });
  }
  const workload = workloadOf(context, resource, { service: service?.name, labels, account, replicas });
  const existing = context.get(keyOf("Workload", resource.namespace, resource.name));
  const current = existing?.kind === "Workload" ? existing : undefined;
  const kept = current?.spec.sidecar ? { sidecar: current.spec.sidecar } : {};
  result.objects.push(context.put("Workload", resource.name, { ...workload, ...kept }, { resource, sink }, current));
  result.sentences.push(
    `workload of ${service?.name ?? "no service: it only calls"}, version ${workload.version}, ${replicas} ${replicas === 1 ? "instance" : "instances"}, account ${workload.serviceAccount}.`,
  );
  return result;
}

const isJob = ({ kind }: Resource) => kind === "Job" || kind === "CronJob";

/** What each pod is like. When a job begins is Kubernetes' to say, and is kept. */
function takeTemplate({ kind }: Resource, spec: Fields): unknown {
  if (kind !== "CronJob") return spec.take("template");
  const schedule = spec.text("schedule");
  if (schedule !== undefined) spec.keep("schedule", schedule);
  return valueAt(spec.take("jobTemplate"), ["spec", "template"]);
}

type Pod = { service: string | undefined; labels: Labels; account: unknown; replicas: number };

function workloadOf(context: ImportContext, resource: Resource, pod: Pod): SpecOf<"Workload"> {
  const said = VERSION_LABELS.map((label) => pod.labels[label]).find((each) => each !== undefined && each !== "");
  const locality = placeOfLabel(pod.labels[PLACE_LABEL]);
  const { version: _version, [PLACE_LABEL]: written, ...others } = pod.labels;
  const rest = written !== undefined && locality === undefined ? { ...others, [PLACE_LABEL]: written } : others;
  if (pod.replicas > MAX_REPLICAS) {
    const message = `has ${pod.replicas} replicas; the design takes ${MAX_REPLICAS}`;
    context.warn(resource, ["spec", "replicas"], message, "Say the rest in the environment.");
  }
  return {
    ...(pod.service === undefined ? {} : { service: pod.service }),
    version: said ?? "v1",
    // without one, pods are the account "default" of their namespace
    serviceAccount: typeof pod.account === "string" && pod.account !== "" ? pod.account : "default",
    ...(Object.keys(rest).length > 0 ? { labels: rest } : {}),
    ...(locality === undefined ? {} : { locality }),
    replicas: Math.min(pod.replicas, MAX_REPLICAS),
  };
}
