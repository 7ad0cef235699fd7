// MW1032: a sidecar without a budget of CPU and memory. What it costs is found out on the node.
import { objectKey, workloadOwnerKey } from "@/lib/mesh";
import type { ObjectAnalyzer } from "../finding";

/** What our proxy needs for about 500 requests a second (docs/quality.md), with room. */
const BUDGET = { cpuMillicores: 100, memoryMb: 64 };

export const mw1032SidecarWithoutBudget: ObjectAnalyzer<"Workload"> = {
  code: "MW1032",
  title: "Sidecar without a budget",
  area: "ownership",
  ofDesign: true,
  scope: "object",
  kind: "Workload",
  run(index, workload) {
    const { sidecar } = workload.spec;
    if (sidecar?.cpuMillicores !== undefined && sidecar.memoryMb !== undefined) return [];
    const service = index.find("Service", workloadOwnerKey(workload));
    if (service?.spec.optOut) return [];
    const key = objectKey(workload);
    const missing =
      sidecar?.cpuMillicores !== undefined ? "memory" : sidecar?.memoryMb !== undefined ? "CPU" : "CPU and memory";
    return [
      {
        code: "MW1032",
        severity: "info",
        message: `The sidecar of ${workload.metadata.name} has no budget of ${missing}.`,
        cause: "Without one nobody can say what the mesh costs, nor notice a sidecar that takes more than it should.",
        refs: [key],
        path: "spec.sidecar",
        fixes: [
          {
            title: "Give it 100 millicores and 64 MB",
            command: { type: "patchSpec", key, path: ["sidecar"], value: { ...BUDGET, ...sidecar } },
          },
        ],
      },
    ];
  },
};
