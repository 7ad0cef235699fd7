// MW1047: a way out of the mesh for callers that the design does not draw.
import { type Command, type Egress, objectKey, type Ref, refKey } from "@/lib/mesh";
import { isDrawn } from "../calls";
import type { ObjectAnalyzer } from "../finding";

export const mw1047EgressNotUsed: ObjectAnalyzer<"Egress"> = {
  code: "MW1047",
  title: "Way out that nobody draws",
  area: "access",
  ofDesign: true,
  scope: "object",
  kind: "Egress",
  run(index, egress) {
    const external = refKey(egress.spec.to, egress);
    if (!index.get(external)) return [];
    const { from } = egress.spec;
    const unused = from?.filter((ref) => !isDrawn(index, ref, refKey(ref, egress), external)) ?? [];
    if (from ? unused.length === 0 : index.dependenciesTo(external).length > 0) return [];
    const who = unused.map((ref) => ref.name).join(" and ") || "a namespace";
    return [
      {
        code: "MW1047",
        severity: "info",
        message: `${egress.metadata.name} opens ${egress.spec.to.name} for ${who}, but no such dependency is drawn.`,
        cause: "A way out that nobody needs is one that somebody else can use.",
        refs: [objectKey(egress), external],
        path: from ? "spec.from" : "spec.to",
        fixes: [{ title: `Close it for ${who}`, command: closing(egress, unused) }],
      },
    ];
  },
};

function closing(egress: Egress, unused: readonly Ref[]): Command {
  const key = objectKey(egress);
  const from = egress.spec.from?.filter((ref) => !unused.includes(ref)) ?? [];
  return from.length === 0 ? { type: "removeObject", key } : { type: "patchSpec", key, path: ["from"], value: from };
}
