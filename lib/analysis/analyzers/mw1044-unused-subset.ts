// MW1044: a subset to which no route sends anything.
import { objectKey, serviceRefKey } from "@/lib/mesh";
import { isSelected, isSubsetUsed } from "../clusters";
import type { ObjectAnalyzer } from "../finding";

export const mw1044UnusedSubset: ObjectAnalyzer<"Subset"> = {
  code: "MW1044",
  title: "Subset without a route",
  area: "routing",
  scope: "object",
  kind: "Subset",
  run(index, subset) {
    const service = serviceRefKey(subset.spec.service, subset);
    const members = index.workloadsOf(service).filter((workload) => isSelected(subset.spec.labels, workload));
    // a subset without workloads is MW1004
    if (!index.get(service) || members.length === 0 || isSubsetUsed(index, subset)) return [];
    const key = objectKey(subset);
    return [
      {
        code: "MW1044",
        severity: "info",
        message: `No route sends calls to subset ${subset.spec.name} of ${subset.spec.service.name}.`,
        cause: `${members.map((each) => each.metadata.name).join(", ")} still ${members.length === 1 ? "gets" : "get"} a share of every call, as every instance of the service does. A subset steers nothing by itself.`,
        refs: [key, service],
      },
    ];
  },
};
