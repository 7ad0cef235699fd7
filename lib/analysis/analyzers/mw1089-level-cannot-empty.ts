// MW1089: levels by locality, and outlier detection that may not take out all hosts of a place: failing ones there keep being called.
import { objectKey } from "@/lib/mesh";
import { ejectable } from "../ejection";
import type { ObjectAnalyzer } from "../finding";
import { asksForPlaces, blockOf, hostsByPlace, hostsOf, preferenceOf } from "../localities";

export const mw1089LevelCannotEmpty: ObjectAnalyzer<"TrafficPolicy"> = {
  code: "MW1089",
  title: "Failover that ejections cannot finish",
  area: "resilience",
  scope: "object",
  kind: "TrafficPolicy",
  run(index, policy, facts) {
    const locality = preferenceOf(policy);
    const detection = blockOf(index, policy, "outlierDetection");
    if (
      !locality ||
      locality.distribute ||
      !asksForPlaces(locality) ||
      !detection ||
      blockOf(index, policy, "healthCheck")
    )
      return [];
    const { percent, told } = ejectable(detection);
    const all = hostsOf(index, policy).reduce((sum, host) => sum + facts.endpointsOf(host), 0);
    const places = [...hostsByPlace(index, policy, facts)];
    const may = Math.max(detection.alwaysEjectOneHost ? 1 : 0, Math.floor((percent * all) / 100));
    const stuck = places.filter(([, count]) => count > may && count < all).sort(([, a], [, b]) => b - a);
    const [largest] = stuck;
    if (!largest) return [];
    const needed = Math.min(100, Math.ceil((100 * largest[1]) / all));
    const key = objectKey(policy);
    return [
      {
        code: "MW1089",
        severity: "warning",
        message: `Callers near ${stuck.map(([place]) => place).join(", ")} keep calling failing hosts of ${policy.spec.service.name}: of ${all} hosts ${may} may be ejected, and ${largest[1]} ${largest[1] === 1 ? "is" : "are"} in ${largest[0]}.`,
        cause: `maxEjectionPercent (${told}) is a share of all hosts of the service, also of those far away. The next level takes over as the hosts of a place go; as long as some of them stay, so do their calls.`,
        refs: [key],
        path: "spec.outlierDetection.maxEjectionPercent",
        fixes: [
          {
            title: `Set maxEjectionPercent to ${needed}`,
            command: {
              type: "patchSpec",
              key,
              path: ["outlierDetection"],
              value: { ...detection, maxEjectionPercent: needed },
            },
          },
        ],
      },
    ];
  },
};
