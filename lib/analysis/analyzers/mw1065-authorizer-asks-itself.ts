// MW1065: a policy asks an authorizer about the calls with which that authorizer is asked.
import { objectKey } from "@/lib/mesh";
import { authorizerOf, serviceBehind } from "../authorizers";
import type { KindsAnalyzer } from "../finding";
import { servicesOf } from "../tokens";

export const mw1065AuthorizerAsksItself: KindsAnalyzer = {
  code: "MW1065",
  title: "An authorizer that is asked about itself",
  area: "broken",
  scope: "object",
  kinds: ["AuthorizationPolicy"],
  looksWide: true,
  run(index, policy) {
    if (policy.kind !== "AuthorizationPolicy" || policy.spec.rules.length === 0) return [];
    const authorizer = authorizerOf(index, policy);
    const target = authorizer && serviceBehind(index, authorizer);
    if (!target || !servicesOf(index, policy).includes(objectKey(target))) return [];
    return [
      {
        code: "MW1065",
        severity: "error",
        message: `${policy.metadata.name} is also for ${target.metadata.name}: each call that asks authorizer ${authorizer.name} has to be asked about first.`,
        cause:
          "The sidecar before the authorizer asks the authorizer, whose sidecar asks again, until a time limit ends it.",
        refs: [objectKey(policy), objectKey(target)],
        path: "spec.target",
      },
    ];
  },
};
