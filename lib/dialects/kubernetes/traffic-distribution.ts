// trafficDistribution of a Service -> locality of a TrafficPolicy that prefers the caller's zone.
// The rule: who says more of localities goes first; the Service keeps what it says, for whoever goes by it without a mesh.
import { keyOf, PLACE_LABELS, serviceRefKey, valueAt } from "@/lib/mesh";
import type { ImportContext } from "../shared/context";

/** Two names of the same: the second is the newer one. */
const OF_ZONE = new Set<unknown>(["PreferClose", "PreferSameZone"]);

/** After all policies were read. */
export function putDistributions(context: ImportContext): void {
  for (const resource of context.resources) {
    if (resource.kind !== "Service" || resource.apiVersion !== "v1") continue;
    const key = keyOf("Service", resource.namespace, resource.name);
    if (!OF_ZONE.has(valueAt(resource.spec, ["trafficDistribution"])) || !context.get(key)) continue;
    const existing = context
      .all("TrafficPolicy")
      .find((each) => serviceRefKey(each.spec.service, each) === key && each.spec.subset === undefined);
    if (existing?.spec.locality) continue;
    const spec = {
      ...existing?.spec,
      service: existing?.spec.service ?? { name: resource.name },
      locality: { failoverPriority: [PLACE_LABELS.zone] },
    };
    const { annotations: _annotations, labels: _labels, ...source } = resource;
    context.put("TrafficPolicy", existing?.metadata.name ?? resource.name, spec, { resource: source }, existing);
    const message =
      "is taken over as a locality that prefers the zone: here the next zones get calls as soon as less than 72 % of the own zone's hosts are ready, there once none is";
    context.warn(resource, ["spec", "trafficDistribution"], message, "Say where the workloads run: their locality.", {
      verdict: "approximate",
    });
  }
}
