// What makes an authorization policy impossible: a pattern of a header that does not compile.
import type { MeshObject } from "../types";
import type { Complaint } from "./complaint";
import { patternProblem } from "./route";

export function violationsOfAuthorization(object: MeshObject): Complaint[] {
  if (object.kind !== "AuthorizationPolicy") return [];
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
