// MW1035: two authorization policies that say the same. Who changes one of them changes nothing.
import { type AuthorizationPolicy, isSameJson, keyOf, objectKey } from "@/lib/mesh";
import type { ObjectAnalyzer } from "../finding";

export const mw1035SamePolicyTwice: ObjectAnalyzer<"AuthorizationPolicy"> = {
  code: "MW1035",
  title: "The same policy twice",
  area: "access",
  scope: "object",
  kind: "AuthorizationPolicy",
  run(index, policy) {
    const { target } = policy.spec;
    const namespace = target.namespace ?? policy.metadata.namespace;
    const where = target.gateway
      ? keyOf("Gateway", namespace, target.gateway)
      : keyOf("Service", namespace, target.service ?? "");
    const key = objectKey(policy);
    const twin = index
      .authorizationsOn(where)
      .find(
        (other) =>
          objectKey(other) < key && other.metadata.namespace === policy.metadata.namespace && isSame(other, policy),
      );
    if (!twin) return [];
    return [
      {
        code: "MW1035",
        severity: policy.spec.action === "deny" ? "warning" : "info",
        message: `${policy.metadata.name} says the same as ${twin.metadata.name}.`,
        cause: "Taking a permission away in one of them takes nothing away.",
        refs: [key, objectKey(twin)],
        fixes: [{ title: `Remove ${policy.metadata.name}`, command: { type: "removeObject", key } }],
      },
    ];
  },
};

const isSame = (a: AuthorizationPolicy, b: AuthorizationPolicy) =>
  a.spec.action === b.spec.action &&
  (a.spec.shadow ?? false) === (b.spec.shadow ?? false) &&
  isSameJson(a.spec.target, b.spec.target) &&
  isSameJson(a.spec.rules, b.spec.rules);
