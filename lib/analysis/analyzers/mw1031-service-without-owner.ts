// MW1031: a service that nobody answers for.
import { objectKey } from "@/lib/mesh";
import type { ObjectAnalyzer } from "../finding";
import { ownerFix } from "../owners";
import { isSensitive } from "../protection";

export const mw1031ServiceWithoutOwner: ObjectAnalyzer<"Service"> = {
  code: "MW1031",
  title: "Service without an owner",
  area: "ownership",
  ofDesign: true,
  scope: "object",
  kind: "Service",
  run(index, service) {
    if (service.spec.owner) return [];
    const { criticality } = service.spec;
    const matters = criticality === "critical" || criticality === "high" || isSensitive(service);
    return [
      {
        code: "MW1031",
        severity: matters ? "warning" : "info",
        message: `Nobody answers for ${service.metadata.name}.`,
        cause: "An owner is asked when a policy of the service changes, when it fails, and when a risk is accepted.",
        refs: [objectKey(service)],
        path: "spec.owner",
        ...ownerFix(index, service),
      },
    ];
  },
};
