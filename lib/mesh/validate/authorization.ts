// What makes an authorization policy impossible: a pattern of a header that does not compile, an authorizer that there is not.
import type { MeshIndex } from "../index-document";
import type { AuthorizationPolicy, MeshObject } from "../types";
import type { Complaint } from "./complaint";
import { patternProblem } from "./route";

export function violationsOfAuthorization(object: MeshObject, index: MeshIndex): Complaint[] {
  return object.kind === "AuthorizationPolicy"
    ? [...violationsOfTarget(object), ...violationsOfAsking(object, index), ...violationsOfPatterns(object)]
    : [];
}

function violationsOfTarget({ spec: { target, action } }: AuthorizationPolicy): Complaint[] {
  if (target.gateway === undefined) return [];
  const path = ["spec", "target", "gateway"];
  if (target.service !== undefined) {
    return [
      { path, message: "stands beside a service, and a policy is for one of them", fix: "Remove one of the two." },
    ];
  }
  if (action === "custom") return [];
  const fix = "Set the action to custom, or name the services behind the gateway.";
  return [{ path, message: `is for the action custom, not ${action}: a gateway knows no callers of the mesh`, fix }];
}

function violationsOfAsking(
  { spec: { action, authorizer, shadow } }: AuthorizationPolicy,
  index: MeshIndex,
): Complaint[] {
  const path = ["spec", "authorizer"];
  if (action !== "custom") {
    if (authorizer === undefined) return [];
    return [
      { path, message: `is for the action custom, not ${action}`, fix: "Remove it, or set the action to custom." },
    ];
  }
  if (shadow) {
    const fix = "Remove shadow: an authorizer that is asked decides.";
    return [{ path: ["spec", "shadow"], message: "cannot be said of the action custom", fix }];
  }
  const known = (index.mesh?.spec.authorizers ?? []).map(({ name }) => name);
  if (authorizer !== undefined && known.includes(authorizer)) return [];
  const message =
    authorizer === undefined
      ? "is missing: custom asks somebody"
      : `names authorizer ${authorizer}, which does not exist`;
  const fix =
    known.length > 0
      ? `Use one of ${known.join(", ")}, or add it to authorizers of the Mesh.`
      : "Add it to authorizers of the Mesh.";
  return [{ path, message, fix }];
}

function violationsOfPatterns(object: AuthorizationPolicy): Complaint[] {
  return object.spec.rules.flatMap((rule, r) =>
    (rule.to ?? []).flatMap((operation, o) =>
      (operation.headers ?? []).flatMap(({ type, values = [] }, h) =>
        (type === "regex" ? values : []).flatMap((value, v): Complaint[] => {
          const problem = patternProblem(value);
          const path = ["spec", "rules", r, "to", o, "headers", h, "values", v];
          return problem ? [{ path, message: `is not an RE2 pattern: ${problem}`, fix: "Correct the pattern." }] : [];
        }),
      ),
    ),
  );
}
