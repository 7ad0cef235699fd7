// MW1030: something that matters runs once. Its restart, or its machine's, is an outage.
import { objectKey } from "@/lib/mesh";
import type { ObjectAnalyzer } from "../finding";

export const mw1030SingleInstance: ObjectAnalyzer<"Service"> = {
  code: "MW1030",
  title: "One instance of what matters",
  area: "resilience",
  scope: "object",
  kind: "Service",
  run(index, service, facts) {
    const { criticality } = service.spec;
    if (criticality !== "critical" && criticality !== "high") return [];
    const key = objectKey(service);
    const workloads = index.workloadsOf(key);
    const count = workloads.reduce((sum, workload) => sum + facts.endpointsOf(workload), 0);
    const [only] = workloads.filter((workload) => facts.endpointsOf(workload) > 0);
    if (count !== 1 || !only) return [];
    return [
      {
        code: "MW1030",
        severity: criticality === "critical" ? "warning" : "info",
        message: `${service.metadata.name} (criticality ${criticality}) runs once.`,
        cause: "While that instance restarts, is deployed or is ejected, every call to it fails.",
        refs: [key, objectKey(only)],
        fixes: [
          {
            title: `Run ${only.metadata.name} twice`,
            command: { type: "patchSpec", key: objectKey(only), path: ["replicas"], value: 2 },
          },
        ],
      },
    ];
  },
};
