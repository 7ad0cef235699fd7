// MW1003: outlier detection that can never eject, because one endpoint is already more than maxEjectionPercent.
import { objectKey } from "@/lib/mesh";
import { clustersOf } from "../clusters";
import { ejectable } from "../ejection";
import type { FindingBody, ObjectAnalyzer } from "../finding";

export const mw1003SmallClusterEjection: ObjectAnalyzer<"TrafficPolicy"> = {
  code: "MW1003",
  title: "Too few endpoints for an ejection",
  area: "resilience",
  scope: "object",
  kind: "TrafficPolicy",
  run(index, policy, facts) {
    const detection = policy.spec.outlierDetection;
    if (!detection || detection.alwaysEjectOneHost) return [];
    const { percent, told } = ejectable(detection);
    const clusters = clustersOf(index, policy, facts).filter((cluster) => cluster.endpoints > 0);
    // a single endpoint has nobody to take over from it: that is another matter than the limit
    const trapped = clusters.filter((cluster) => cluster.endpoints > 1 && 100 / cluster.endpoints > percent);
    if (trapped.length === 0) return [];
    const smallest = Math.min(...trapped.map((cluster) => cluster.endpoints));
    const needed = Math.ceil(100 / smallest);
    const sizes = trapped.map((cluster) => `${cluster.name} has ${cluster.endpoints}`).join(", ");
    const key = objectKey(policy);
    const finding: FindingBody = {
      code: "MW1003",
      severity: "warning",
      message: `Outlier detection of ${policy.metadata.name} never ejects: it may take out ${percent} % of the endpoints, and ${sizes}.`,
      cause: `Envoy checks the limit before the first ejection too: one of N endpoints may go only if 100 / N is at most maxEjectionPercent (${told}). It takes ${percent === 0 ? "a limit above 0" : `${Math.ceil(100 / percent)} endpoints`}.`,
      refs: [key],
      path: "spec.outlierDetection.maxEjectionPercent",
      fixes: [
        {
          title: `Set maxEjectionPercent to ${needed}`,
          command: { type: "patchSpec", key, path: ["outlierDetection", "maxEjectionPercent"], value: needed },
        },
        {
          title: "Always allow the first ejection (Envoy; Istio cannot say it)",
          command: { type: "patchSpec", key, path: ["outlierDetection", "alwaysEjectOneHost"], value: true },
        },
      ],
    };
    return [finding];
  },
};
