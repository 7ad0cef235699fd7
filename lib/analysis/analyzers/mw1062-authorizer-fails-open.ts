// MW1062: while an authorizer gives no answer, everybody is let on.
import { objectKey } from "@/lib/mesh";
import { policiesAsking } from "../authorizers";
import type { KindsAnalyzer } from "../finding";

export const mw1062AuthorizerFailsOpen: KindsAnalyzer = {
  code: "MW1062",
  title: "An authorizer that fails open",
  area: "access",
  scope: "object",
  kinds: ["Mesh"],
  looksWide: true,
  run(index, mesh) {
    if (mesh.kind !== "Mesh") return [];
    const key = objectKey(mesh);
    return (mesh.spec.authorizers ?? []).flatMap(({ name, whenAway }, i) => {
      const asking = whenAway === "allow" ? policiesAsking(index, name) : [];
      if (asking.length === 0) return [];
      return [
        {
          code: "MW1062",
          severity: "warning" as const,
          message: `While authorizer ${name} gives no answer, what it would decide is let on.`,
          cause: "Whoever can keep it from answering, by load or by cutting the way to it, is let by.",
          refs: [key, ...asking.slice(0, 8).map(objectKey)],
          path: `spec.authorizers[${i}].whenAway`,
          fixes: [
            {
              title: "Refuse while nobody answers",
              command: { type: "patchSpec" as const, key, path: ["authorizers", i, "whenAway"], value: "deny" },
            },
          ],
        },
      ];
    });
  },
};
