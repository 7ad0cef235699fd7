// MW1041: a mesh in which whatever no policy restricts is allowed.
import { objectKey } from "@/lib/mesh";
import type { ObjectAnalyzer } from "../finding";

export const mw1041OpenMesh: ObjectAnalyzer<"Mesh"> = {
  code: "MW1041",
  title: "Everything is allowed by default",
  area: "access",
  scope: "object",
  kind: "Mesh",
  run(index, mesh) {
    if (mesh.spec.defaults.authorization !== "allow") return [];
    const key = objectKey(mesh);
    const open = index
      .all("Service")
      .filter(
        (service) => !index.authorizationsOn(objectKey(service)).some((policy) => policy.spec.action === "allow"),
      );
    if (open.length === 0) return [];
    return [
      {
        code: "MW1041",
        severity: "warning",
        message: `${open.length === 1 ? `${open[0]?.metadata.name} takes` : `${open.length} services take`} calls from everybody in the mesh.`,
        cause: "The mesh allows what no policy restricts, so one taken-over workload reaches all of them.",
        refs: [key, ...open.slice(0, 8).map(objectKey)],
        path: "spec.defaults.authorization",
        fixes: [
          {
            title: "Allow only what is drawn",
            command: { type: "patchSpec", key, path: ["defaults", "authorization"], value: "drawn" },
          },
        ],
      },
    ];
  },
};
