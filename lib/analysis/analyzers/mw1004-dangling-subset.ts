// MW1004: a subset that no workload belongs to. Calls sent there get 503.
import { API_VERSION, keyOf, objectKey, serviceRefKey } from "@/lib/mesh";
import { isSelected, isSubsetUsed } from "../clusters";
import type { FindingBody, Fix, ObjectAnalyzer } from "../finding";

export const mw1004DanglingSubset: ObjectAnalyzer<"Subset"> = {
  code: "MW1004",
  title: "Subset without a workload",
  area: "broken",
  scope: "object",
  kind: "Subset",
  run(index, subset) {
    const service = serviceRefKey(subset.spec.service, subset);
    const found = index.find("Service", service);
    const workloads = index.workloadsOf(service);
    if (!found || workloads.some((workload) => isSelected(subset.spec.labels, workload))) return [];
    const { name } = subset.spec;
    const isUsed = isSubsetUsed(index, subset);
    const labels = Object.entries(subset.spec.labels).map(([key, value]) => `${key}=${value}`);
    const key = objectKey(subset);
    const fixes: Fix[] = [];
    const twin = workloads.find((workload) => workload.spec.version === name);
    if (twin) {
      fixes.push({
        title: `Select workload ${twin.metadata.name} by version=${name}`,
        command: { type: "patchSpec", key, path: ["labels"], value: { version: name } },
      });
    }
    const version = subset.spec.labels["version"];
    const workloadName = `${found.metadata.name}-${version}`;
    if (version && labels.length === 1 && !index.get(keyOf("Workload", found.metadata.namespace, workloadName))) {
      fixes.push({
        title: `Add workload ${workloadName}`,
        command: {
          type: "addObject",
          object: {
            apiVersion: API_VERSION,
            kind: "Workload",
            metadata: { name: workloadName, namespace: found.metadata.namespace },
            spec: { service: found.metadata.name, version },
          },
        },
      });
    }
    fixes.push({ title: `Remove subset ${name} and what uses it`, command: { type: "removeObject", key } });
    const finding: FindingBody = {
      code: "MW1004",
      severity: isUsed ? "error" : "info",
      message: `No workload of ${found.metadata.name} belongs to subset ${name}${isUsed ? ", and calls are sent there: they get 503" : ""}.`,
      cause: `The subset selects ${labels.join(", ") || "everything"}; the workloads have ${workloads.map((workload) => `version=${workload.spec.version}`).join(", ") || "nothing: there are none"}.`,
      refs: [key, service],
      path: "spec.labels",
      fixes,
    };
    return [finding];
  },
};
