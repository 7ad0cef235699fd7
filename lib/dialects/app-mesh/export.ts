// Design -> AWS App Mesh: one file for each resource, as the "create" calls took them. The service ended on 2026-09-30.
// The rule: the files are a record of what the design would have been there; the report is what they are read for.
import { buildIndex, isCallerOnly, type MeshDocument } from "@/lib/mesh";
import type { BundleFile, DialectExport } from "../shared/dialect";
import { ExportContext } from "../shared/export-context";
import { exportGateway } from "./export-gateway";
import { guideFiles } from "./export-guide";
import { exportCaller, exportExternal, exportNode } from "./export-nodes";
import { AppMeshExport } from "./export-out";
import { exportService } from "./export-routes";
import { reportDesign, reportExact } from "./export-verdicts";

export function exportAppMesh(document: MeshDocument): DialectExport {
  const context = new ExportContext(buildIndex(document), "app-mesh");
  const out = new AppMeshExport(context);
  const { index } = context;
  out.add("Mesh", {}, { egressFilter: { type: "DROP_ALL" } });
  for (const service of index.all("Service")) for (const node of out.nodesOf(service)) exportNode(out, service, node);
  for (const workload of index.all("Workload").filter(isCallerOnly)) exportCaller(out, workload);
  for (const external of index.all("ExternalService")) exportExternal(out, external);
  for (const service of index.all("Service")) exportService(out, service);
  for (const gateway of index.all("Gateway")) exportGateway(out, gateway);
  context.bringBackKept();
  reportDesign(out);
  reportExact(context);
  const { resources, report } = context;
  const text = `${JSON.stringify(
    resources.map(({ spec }) => spec),
    null,
    2,
  )}\n`;
  return { text, resources, report, files: [...manifestFiles(resources), ...guideFiles(index)] };
}

/** In the order in which one resource needs another. */
const ORDER = ["Mesh", "VirtualNode", "VirtualRouter", "Route", "VirtualService", "VirtualGateway", "GatewayRoute"];

function manifestFiles(resources: DialectExport["resources"]): BundleFile[] {
  const taken = new Set<string>();
  return resources.map(({ kind, spec }) => {
    const { meshName, spec: _spec, ...names } = spec as Record<string, string>;
    const name = kind === "Mesh" ? meshName : Object.values(names).join("_");
    const base = `manifests/${ORDER.indexOf(kind) + 1}-${kind.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase()}/${name}`;
    let path = base;
    for (let i = 2; taken.has(path.toLowerCase()); i++) path = `${base}-${i}`;
    taken.add(path.toLowerCase());
    return { path: `${path}.json`, text: `${JSON.stringify(spec, null, 2)}\n` };
  });
}
