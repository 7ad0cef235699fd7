// What consul-k8s reads of pods: metadata of the service and the upstreams that a pod names.
// The rule: Kubernetes says what runs, an annotation what Consul calls it; a version by annotation is the workload's version.
import { isCallerOnly, keyOf, objectKey, valueAt, workloadOwnerName } from "@/lib/mesh";
import type { ImportContext } from "../shared/context";
import { drawLine } from "../shared/draw-line";
import { isRecord } from "../shared/fields";
import type { World } from "./put-routes";

const META = "consul.hashicorp.com/service-meta-";
const UPSTREAMS = "consul.hashicorp.com/connect-service-upstreams";
const VERSION = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const MAX_VERSION = 63;

type Annotated = ImportContext["resources"][number] & { said: Record<string, unknown> };

function annotated({ resources }: ImportContext): Annotated[] {
  return resources.flatMap((resource): Annotated[] => {
    if (!["Deployment", "StatefulSet", "Job"].includes(resource.kind)) return [];
    const said = valueAt(resource.spec, ["template", "metadata", "annotations"]);
    return isRecord(said) ? [{ ...resource, said }] : [];
  });
}

/** `service-meta-version: v2` is what the filter of a version asks for. */
export function readMetadata(context: ImportContext): void {
  for (const { namespace, name, said } of annotated(context)) {
    const workload = context.find("Workload", keyOf("Workload", namespace, name));
    if (!workload) continue;
    const metadata = Object.entries(said).flatMap(([key, value]) =>
      key.startsWith(META) && typeof value === "string" ? [[key.slice(META.length), value] as const] : [],
    );
    const { version: written, ...labels } = Object.fromEntries(metadata);
    const version =
      written !== undefined && VERSION.test(written) && written.length <= MAX_VERSION ? written : workload.spec.version;
    const all = { ...workload.spec.labels, ...labels };
    const spec = { ...workload.spec, version, ...(Object.keys(all).length > 0 ? { labels: all } : {}) };
    if (metadata.length > 0) context.objects.set(objectKey(workload), { ...workload, spec });
  }
}

/** `api:8080, db.svc:5432`: calls that are meant. */
export function drawPodUpstreams({ context, places }: World): void {
  for (const { said, ...resource } of annotated(context)) {
    const workload = context.find("Workload", keyOf("Workload", resource.namespace, resource.name));
    const text = said[UPSTREAMS];
    if (!workload || typeof text !== "string") continue;
    const from = {
      kind: isCallerOnly(workload) ? ("Workload" as const) : ("Service" as const),
      namespace: resource.namespace,
      name: workloadOwnerName(workload),
    };
    const path = ["spec", "template", "metadata", "annotations", UPSTREAMS];
    for (const part of text.split(",")) {
      const [name] = (part.trim().split(":")[0] ?? "").split(".");
      const to = name ? places.service(name, resource, path) : undefined;
      if (to) drawLine(context, resource, from, { kind: "Service", ...to.metadata });
    }
  }
}
