// Design -> Cilium 1.20: its network policies, and Gateway API for routes and gateways, with a verdict for every part of the design.
// The rule: what Cilium has no word for is told; where calls would get another answer, that is told first.
import { buildIndex, type MeshDocument, objectKey } from "@/lib/mesh";
import { valuesToYaml } from "@/lib/mesh/yaml/values-to-yaml";
import type { DialectExport } from "../shared/dialect";
import { ExportContext } from "../shared/export-context";
import { exportAccess } from "./export-access";
import { exportCalls } from "./export-calls";
import { reportRest, reportUnsaid } from "./export-rest";
import { exportRoutes } from "./export-routes";
import { writerOf } from "./writer";

export function exportCilium(document: MeshDocument): DialectExport {
  const context = new ExportContext(buildIndex(document), "cilium", ["spec", "listeners"], ["gateway-api"]);
  context.bringBackKept();
  const versions = exportRoutes(context);
  const writer = writerOf(context);
  exportAccess(context, writer);
  exportCalls(context, writer);
  reportRest(context, versions);
  const units = document.objects
    .filter(({ kind }) => kind === "AuthorizationPolicy")
    .map((each) => ({ key: objectKey(each), path: "spec" }));
  context.fillExact(units, "means the same in Cilium");
  reportUnsaid(context);
  return { text: valuesToYaml(context.resources), resources: context.resources, report: context.report };
}
