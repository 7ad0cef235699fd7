// MW1045: a rule that answers with an error itself: a fault, or a closed door that was forgotten.
import { objectKey, refKey } from "@/lib/mesh";
import type { FindingBody, ObjectAnalyzer } from "../finding";

export const mw1045ErrorAsAnswer: ObjectAnalyzer<"Route"> = {
  code: "MW1045",
  title: "Route that answers with an error",
  area: "routing",
  scope: "object",
  kind: "Route",
  run(index, route) {
    const target = refKey(route.spec.target, route);
    const service = index.find("Service", target);
    return route.spec.rules.flatMap((rule, i): FindingBody[] => {
      if (rule.action.type !== "respond" || rule.action.status < 500) return [];
      const key = objectKey(route);
      const isCritical = service?.spec.criticality === "critical" || rule.matches.length === 0;
      return [
        {
          code: "MW1045",
          severity: isCritical ? "warning" : "info",
          message: `Rule ${i + 1} of ${route.metadata.name} answers ${rule.action.status} itself.`,
          cause:
            "A fault that was tried out, or a maintenance page: in production it is an outage by design. It counts as an error in the golden signals.",
          refs: [key, ...(index.get(target) ? [target] : [])],
          path: `spec.rules[${i}].action.status`,
          fixes:
            route.spec.rules.length > 1
              ? [{ title: `Remove rule ${i + 1}`, command: { type: "patchSpec", key, path: ["rules", i] } }]
              : [{ title: `Remove ${route.metadata.name}`, command: { type: "removeObject", key } }],
        },
      ];
    });
  },
};
