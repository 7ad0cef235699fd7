// MW1008: a way out of the mesh that nobody answers for.
import { objectKey, refKey } from "@/lib/mesh";
import type { ObjectAnalyzer } from "../finding";

export const mw1008EgressWithoutOwner: ObjectAnalyzer<"Egress"> = {
  code: "MW1008",
  title: "Egress without an owner",
  area: "ownership",
  ofDesign: true,
  scope: "object",
  kind: "Egress",
  run(index, egress) {
    if (egress.spec.owner) return [];
    const key = objectKey(egress);
    const external = index.find("ExternalService", refKey(egress.spec.to, egress));
    const callers = (egress.spec.from ?? []).map((ref) => index.find("Service", refKey(ref, egress))?.spec.owner);
    const owner = external?.spec.owner ?? callers.find((each) => each !== undefined);
    return [
      {
        code: "MW1008",
        severity: "warning",
        message: `Nobody answers for the egress to ${egress.spec.to.name}.`,
        cause: "Data leaves the mesh here. Somebody has to know why, and to be asked when it changes.",
        refs: [key],
        path: "spec.owner",
        ...(owner === undefined
          ? {}
          : {
              fixes: [
                {
                  title: `Make ${owner} the owner`,
                  command: { type: "patchSpec", key, path: ["owner"], value: owner },
                },
              ],
            }),
      },
    ];
  },
};
