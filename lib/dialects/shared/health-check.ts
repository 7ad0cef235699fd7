// The loss of active health checks in products that have none.
// The rule: without checks a host gets calls until it is gone from discovery or outlier detection ejects it, so each loss says what is left.
import type { TrafficPolicy } from "@/lib/mesh";
import type { ExportContext } from "./export-context";

export function loseHealthCheck(context: ExportContext, policy: TrafficPolicy, product: string, instead: string): void {
  if (!policy.spec.healthCheck) return;
  context.lose(policy, ["spec", "healthCheck"], "lost", `callers in ${product} do not check hosts: ${instead}`);
}
