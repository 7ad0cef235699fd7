// MW1064: an authorizer that is described, and that no policy asks.
import { objectKey } from "@/lib/mesh";
import type { KindsAnalyzer } from "../finding";

export const mw1064AuthorizerNobodyAsks: KindsAnalyzer = {
  code: "MW1064",
  title: "An authorizer that nobody asks",
  area: "access",
  scope: "object",
  kinds: ["Mesh"],
  looksWide: true,
  run(index, mesh) {
    if (mesh.kind !== "Mesh") return [];
    const key = objectKey(mesh);
    return (mesh.spec.authorizers ?? []).flatMap(({ name }, i) => {
      if (index.all("AuthorizationPolicy").some(({ spec }) => spec.authorizer === name)) return [];
      return [
        {
          code: "MW1064",
          severity: "info" as const,
          message: `No policy asks authorizer ${name}.`,
          cause:
            "An authorizer decides about the requests that a policy with the action custom matches, and about no others.",
          refs: [key],
          path: `spec.authorizers[${i}]`,
          fixes: [
            {
              title: `Remove authorizer ${name}`,
              command: { type: "patchSpec" as const, key, path: ["authorizers", i] },
            },
          ],
        },
      ];
    });
  },
};
