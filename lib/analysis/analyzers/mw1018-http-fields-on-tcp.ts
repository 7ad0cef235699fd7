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
    if (!ports.some(({ protocol }) => protocol === "tcp")) return [];
    return policy.spec.rules.flatMap((rule, r) =>
      (rule.to ?? []).flatMap((operation, o): FindingBody[] => {
        if (!HTTP_FIELDS.some((field) => operation[field])) return [];
        const meant = ports.filter(
          ({ port }) => (operation.ports?.includes(port) ?? true) && !operation.notPorts?.includes(port),
        );
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

const HTTP_FIELDS = ["methods", "notMethods", "paths", "notPaths", "hosts", "notHosts", "headers"] as const;
