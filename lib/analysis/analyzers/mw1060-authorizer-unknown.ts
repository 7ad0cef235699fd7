// MW1060: a policy asks somebody of whom only the name is known. What would be decided is refused.
import { objectKey } from "@/lib/mesh";
import { authorizerOf } from "../authorizers";
import type { ObjectAnalyzer } from "../finding";

export const mw1060AuthorizerUnknown: ObjectAnalyzer<"AuthorizationPolicy"> = {
  code: "MW1060",
  title: "Nobody knows where the authorizer is",
  area: "broken",
  scope: "object",
  kind: "AuthorizationPolicy",
  run(index, policy) {
    const authorizer = authorizerOf(index, policy);
    if (!authorizer || authorizer.address || policy.spec.rules.length === 0) return [];
    return [
      {
        code: "MW1060",
        severity: "error",
        message: `What ${policy.metadata.name} matches gets 403: authorizer ${authorizer.name} has no address.`,
        cause:
          "A request goes on when the authorizer lets it. Where nobody can be asked, it is refused, as in Istio for a provider that the mesh configuration lacks.",
        refs: [objectKey(policy), ...(index.mesh ? [objectKey(index.mesh)] : [])],
        path: "spec.authorizer",
      },
    ];
  },
};
