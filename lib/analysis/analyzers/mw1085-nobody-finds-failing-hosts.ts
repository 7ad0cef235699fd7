// MW1085: levels of hosts by locality, and nothing that finds a failing host: errors of the near ones are never answered by the next.
import { objectKey } from "@/lib/mesh";
import type { ObjectAnalyzer } from "../finding";
import { blockOf, preferenceOf } from "../localities";

export const mw1085NobodyFindsFailingHosts: ObjectAnalyzer<"TrafficPolicy"> = {
  code: "MW1085",
  title: "Failover that no error starts",
  area: "resilience",
  scope: "object",
  kind: "TrafficPolicy",
  run(index, policy) {
    const locality = preferenceOf(policy);
    if (!locality || locality.distribute) return [];
    if (blockOf(index, policy, "outlierDetection") || blockOf(index, policy, "healthCheck")) return [];
    const key = objectKey(policy);
    return [
      {
        code: "MW1085",
        severity: "warning",
        message: `${policy.metadata.name} prefers near hosts of ${policy.spec.service.name}, and nothing takes failing ones out.`,
        cause:
          "The next level is called when hosts of the one before are out. Without outlier detection and health check a host is out only when it is not ready: one that answers with errors keeps its calls. Istio makes no levels at all then.",
        refs: [key],
        path: "spec.locality",
        fixes: [
          {
            title: "Take hosts out after 5 errors in a row",
            command: {
              type: "patchSpec",
              key,
              path: ["outlierDetection"],
              value: { consecutive5xxErrors: 5, maxEjectionPercent: 100 },
            },
          },
        ],
      },
    ];
  },
};
