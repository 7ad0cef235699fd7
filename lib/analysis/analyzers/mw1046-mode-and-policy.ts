// MW1046: a service's step of adoption and a policy on it that say different things. The policy wins.
import { objectKey } from "@/lib/mesh";
import type { FindingBody, ObjectAnalyzer } from "../finding";

const TLS_OF_STEP = { observe: "permissive", permissive: "permissive", strict: "strict", enforced: "strict" } as const;

export const mw1046ModeAndPolicy: ObjectAnalyzer<"Service"> = {
  code: "MW1046",
  title: "Mode and policy disagree",
  area: "encryption",
  scope: "object",
  kind: "Service",
  run(index, service) {
    const { mode } = service.spec;
    if (mode === undefined || service.spec.optOut) return [];
    const key = objectKey(service);
    const policies = index.mutualTlsOn(key).filter((policy) => policy.spec.target?.service !== undefined);
    return policies.flatMap((policy): FindingBody[] => {
      if (policy.spec.mode === TLS_OF_STEP[mode]) return [];
      const isWeaker = TLS_OF_STEP[mode] === "strict";
      const of = objectKey(policy);
      return [
        {
          code: "MW1046",
          severity: isWeaker ? "warning" : "info",
          message: `${service.metadata.name} is ${mode}, but ${policy.metadata.name} makes its mutual TLS ${policy.spec.mode}.`,
          cause: "A policy for the service beats its step of adoption. Whoever reads only one of the two is mistaken.",
          refs: [of, key],
          path: "spec.mode",
          fixes: [
            {
              title: `Make ${policy.metadata.name} say ${TLS_OF_STEP[mode]}`,
              command: { type: "patchSpec", key: of, path: ["mode"], value: TLS_OF_STEP[mode] },
            },
            { title: `Remove ${policy.metadata.name}`, command: { type: "removeObject", key: of } },
          ],
        },
      ];
    });
  },
};
