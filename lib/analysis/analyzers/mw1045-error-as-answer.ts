// MW1045: a rule that answers with an error itself, or makes faults on purpose: what was tried out and forgotten.
import { type Fault, objectKey, type Route, refKey } from "@/lib/mesh";
import { faultText } from "@/lib/mesh/diff/words";
import type { FindingBody, ObjectAnalyzer } from "../finding";

export const mw1045ErrorAsAnswer: ObjectAnalyzer<"Route"> = {
  code: "MW1045",
  title: "Route that answers with an error",
  area: "routing",
  scope: "object",
  kind: "Route",
  run(index, route) {
    const key = objectKey(route);
    const target = refKey(route.spec.target, route);
    const refs = () => [key, ...(index.get(target) ? [target] : [])];
    return route.spec.rules.flatMap((rule, i): FindingBody[] => {
      if (rule.fault && isActive(rule.fault)) return [faultFinding(route, i, rule.fault, refs())];
      if (rule.action.type !== "respond" || rule.action.status < 500) return [];
      const service = index.find("Service", target);
      const isCritical = service?.spec.criticality === "critical" || rule.matches.length === 0;
      return [
        {
          code: "MW1045",
          severity: isCritical ? "warning" : "info",
          message: `Rule ${i + 1} of ${route.metadata.name} answers ${rule.action.status} itself.`,
          cause:
            "A fault that was tried out, or a maintenance page: in production it is an outage by design. It counts as an error in the golden signals.",
          refs: refs(),
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

const isActive = ({ delay, abort, responseBandwidth }: Fault) =>
  [delay, abort, responseBandwidth].some((each) => (each?.percent ?? 0) > 0);

function faultFinding(route: Route, i: number, fault: Fault, refs: string[]): FindingBody {
  const key = objectKey(route);
  return {
    code: "MW1045",
    severity: "warning",
    message: `Rule ${i + 1} of ${route.metadata.name} makes faults: ${faultText(fault)}.`,
    cause:
      "Faults are for finding out what callers do. In production they are errors and delays of real requests, and retries pay for them.",
    refs,
    path: `spec.rules[${i}].fault`,
    fixes: [
      { title: `Remove the fault of rule ${i + 1}`, command: { type: "patchSpec", key, path: ["rules", i, "fault"] } },
    ],
  };
}
