// MW1074: a policy on a gateway that also takes connections, about which nobody asks it.
import { isConnectionListener, keyOf, objectKey } from "@/lib/mesh";
import type { ObjectAnalyzer } from "../finding";

export const mw1074PolicyPassedBy: ObjectAnalyzer<"AuthorizationPolicy"> = {
  code: "MW1074",
  title: "Connections pass a gateway's policy by",
  area: "access",
  scope: "object",
  kind: "AuthorizationPolicy",
  run(index, policy) {
    const { gateway: name, namespace } = policy.spec.target;
    if (name === undefined) return [];
    const key = keyOf("Gateway", namespace ?? policy.metadata.namespace, name);
    const open = index.find("Gateway", key)?.spec.listeners.filter(isConnectionListener) ?? [];
    if (open.length === 0) return [];
    const at = open.map((each) => `${each.name} (port ${each.port})`).join(", ");
    return [
      {
        code: "MW1074",
        severity: "warning",
        message: `${policy.metadata.name} is not asked about connections at ${at} of gateway ${name}.`,
        cause:
          "The policy decides about requests. At listeners of protocol tcp and tls a gateway sees none, so connections go on to the services behind them unasked.",
        refs: [objectKey(policy), key],
        path: "spec.target.gateway",
      },
    ];
  },
};
