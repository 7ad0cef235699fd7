// MW1082: consistent hashing, and nothing that finds a failing host: its keys fail for as long as it is there.
import { objectKey } from "@/lib/mesh";
import type { ObjectAnalyzer } from "../finding";
import { keysOf } from "../hashing";
import { blockOf } from "../localities";

export const mw1082KeysOfAFailingHost: ObjectAnalyzer<"TrafficPolicy"> = {
  code: "MW1082",
  title: "Keys that stay at a failing host",
  area: "resilience",
  scope: "object",
  kind: "TrafficPolicy",
  run(index, policy) {
    if (!keysOf(policy)) return [];
    if (blockOf(index, policy, "outlierDetection") || blockOf(index, policy, "healthCheck")) return [];
    const key = objectKey(policy);
    return [
      {
        code: "MW1082",
        severity: "warning",
        message: `${policy.metadata.name} keeps keys at their hosts of ${policy.spec.service.name}, and nothing takes failing ones out.`,
        cause:
          "Requests of a key go to its host whatever it answers, and their retries too: another host would not have what was kept for them. Until the host is taken out, some callers get nothing but errors, and all others none.",
        refs: [key],
        path: "spec.loadBalancing",
        fixes: [
          {
            title: "Take hosts out after 5 errors in a row",
            command: {
              type: "patchSpec",
              key,
              path: ["outlierDetection"],
              value: { consecutive5xxErrors: 5, maxEjectionPercent: 50 },
            },
          },
        ],
      },
    ];
  },
};
