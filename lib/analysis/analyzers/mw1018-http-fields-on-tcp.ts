// MW1018: methods, paths, hosts or headers in a rule for ports on which there is no HTTP to read them from.
import { keyOf, objectKey } from "@/lib/mesh";
import type { FindingBody, ObjectAnalyzer } from "../finding";

export const mw1018HttpFieldsOnTcp: ObjectAnalyzer<"AuthorizationPolicy"> = {
  code: "MW1018",
  title: "HTTP fields on TCP ports",
  area: "access",
  scope: "object",
  kind: "AuthorizationPolicy",
  run(index, policy) {
    const { target, action } = policy.spec;
    if (!target.service) return [];
    const service = keyOf("Service", target.namespace ?? policy.metadata.namespace, target.service);
    const ports = index.find("Service", service)?.spec.ports ?? [];
    return policy.spec.rules.flatMap((rule, r) =>
      (rule.to ?? []).flatMap((operation, o): FindingBody[] => {
        if (!operation.methods && !operation.paths && !operation.hosts && !operation.headers) return [];
        const meant = ports.filter((each) => operation.ports?.includes(each.port) ?? true);
        if (meant.length === 0 || meant.some((each) => each.protocol !== "tcp")) return [];
        return [
          {
            code: "MW1018",
            severity: action === "deny" ? "error" : "warning",
            message: `Rule ${r + 1} of ${policy.metadata.name} asks for methods, paths, hosts or headers on TCP port ${meant.map((each) => each.port).join(", ")} of ${target.service}.`,
            cause:
              action === "deny"
                ? "On TCP there is no request to look at. Istio drops these fields, so the denial takes every connection of its callers."
                : "On TCP there is no request to look at, so the rule never matches.",
            refs: [objectKey(policy), service],
            path: `spec.rules[${r}].to[${o}]`,
          },
        ];
      }),
    );
  },
};
