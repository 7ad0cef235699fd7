// MW1090: a number of calls without an answer that is never reached, because they do not count for themselves.
import { objectKey } from "@/lib/mesh";
import type { ObjectAnalyzer } from "../finding";

export const mw1090SplitNotAsked: ObjectAnalyzer<"TrafficPolicy"> = {
  code: "MW1090",
  title: "Counter that nothing counts for",
  area: "resilience",
  scope: "object",
  kind: "TrafficPolicy",
  run(_index, policy) {
    const outlier = policy.spec.outlierDetection;
    const { consecutiveLocalOriginFailures: failures, splitExternalLocalOriginErrors: isSplit } = outlier ?? {};
    if (failures === undefined || failures === 0 || isSplit) return [];
    const key = objectKey(policy);
    const path = ["outlierDetection", "consecutiveLocalOriginFailures"];
    return [
      {
        code: "MW1090",
        severity: "warning",
        message: `Outlier detection of ${policy.metadata.name} waits for ${failures} calls without an answer in a row, and none of them counts there.`,
        cause:
          "Refused, reset and timed out calls count as 5xx and gateway errors unless splitExternalLocalOriginErrors is on: only then they have a counter of their own.",
        refs: [key],
        path: `spec.${path.join(".")}`,
        fixes: [
          {
            title: "Count calls without an answer for themselves",
            command: {
              type: "patchSpec",
              key,
              path: ["outlierDetection", "splitExternalLocalOriginErrors"],
              value: true,
            },
          },
          { title: "Take the number out", command: { type: "patchSpec", key, path, value: undefined } },
        ],
      },
    ];
  },
};
