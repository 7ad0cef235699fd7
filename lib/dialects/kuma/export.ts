// Design -> resources of Kuma 2.x or 3.x, in the Kubernetes form, with a verdict for every part of the design.
// The rule: what the design leaves to a proxy's defaults is written out where Kuma's are others; what Kuma has no word for is told.
import { buildIndex, keyOf, type MeshDocument, objectKey } from "@/lib/mesh";
import { valuesToYaml } from "@/lib/mesh/yaml/values-to-yaml";
import { exportVersion } from "../gateway-api/export-services";
import type { DialectExport, ExportOptions } from "../shared/dialect";
import { ExportContext } from "../shared/export-context";
import { loseAdoption, loseBoundaries, tellKubernetes } from "../shared/tell-rest";
import { exportService } from "./export-calls";
import { exportExternal, exportGateway } from "./export-edges";
import { exportFaults } from "./export-faults";
import type { Versions } from "./export-http-route";
import { bringBack } from "./export-kept";
import { exportMesh, exportMutualTls } from "./export-mesh";
import { exportDefault } from "./export-permission-defaults";
import { exportPermissions } from "./export-permissions";
import { KumaExport } from "./export-refs";
import { exportTcpRoute } from "./export-tcp";
import { exportRateLimit } from "./rate-limit";

export function exportKuma(document: MeshDocument, { channel = "2.x" }: ExportOptions = {}): DialectExport {
  const context = new ExportContext(buildIndex(document), "kuma");
  const { index } = context;
  const out = new KumaExport(context, channel === "3.x" ? "3.x" : "2.x");
  const needed = new Map<string, [service: string, subset: string]>();
  const versions: Versions = {
    isOwnService: (service, subset) =>
      out.isThree || index.subset(service, subset)?.metadata.origin?.kind === "Service",
    needs: (service, subset) => needed.set(`${service} ${subset}`, [service, subset]),
  };
  if (index.mesh) exportMesh(out, index.mesh);
  for (const mutualTls of index.all("MutualTls")) exportMutualTls(out, mutualTls);
  exportPermissions(out);
  if (index.mesh) exportDefault(out, index.mesh);
  for (const gateway of index.all("Gateway")) exportGateway(out, gateway, versions);
  for (const external of index.all("ExternalService")) exportExternal(out, external);
  for (const service of index.all("Service")) {
    exportService(out, service, versions);
    const { origin, name, namespace } = service.metadata;
    if (origin?.dialect === "kuma" && origin.kind === "MeshService") {
      const ports = service.spec.ports.map(({ name: port, port: number, protocol }) => ({
        name: port,
        port: number,
        appProtocol: protocol,
      }));
      out.add("MeshService", { name, namespace }, { ports }, { of: service, isWhole: true });
    }
  }
  for (const route of index.all("TcpRoute")) exportTcpRoute(out, route, versions);
  for (const [service, subset] of [...needed.values()].sort()) exportVersion(context, service, subset);
  for (const rateLimit of index.all("RateLimit")) exportRateLimit(out, rateLimit);
  exportFaults(out);
  reportRest(out, needed);
  bringBack(out);
  return { text: valuesToYaml(context.resources), resources: context.resources, report: context.report };
}

function reportRest({ context, channel }: KumaExport, needed: ReadonlyMap<string, unknown>): void {
  const { index } = context;
  for (const route of index.all("Route")) {
    const kind = route.spec.target.kind;
    if (kind === "Service" || kind === "Gateway") continue;
    context.lose(route, ["spec"], "lost", "rules for calls to external services are left out", {
      changesMeaning: true,
    });
  }
  for (const egress of index.all("Egress")) {
    const reason = "Kuma opens external services to all callers, or all of outside by MeshPassthrough, not one to some";
    context.lose(egress, ["spec"], "approximate", reason, { changesMeaning: true });
  }
  loseBoundaries(context, "Kuma");
  for (const subset of index.all("Subset")) {
    const service = keyOf(
      "Service",
      subset.spec.service.namespace ?? subset.metadata.namespace,
      subset.spec.service.name,
    );
    if (needed.has(`${service} ${subset.spec.name}`)) continue;
    const reason =
      channel === "2.x"
        ? "routes name it by the tags of its workloads"
        : "no route names it, so it needs no Service of its own";
    context.tell(subset, ["spec"], "moved", reason);
  }
  tellKubernetes(context, "it is a resource of Kubernetes, or what Kuma makes of one, and is applied on its own");
  const isDrawn = index.mesh?.spec.defaults.authorization === "drawn";
  for (const dependency of index.all("Dependency")) {
    const reason = isDrawn
      ? "it is a grant in the MeshTrafficPermission drawn-callers-of its callee"
      : "Kuma's proxies know every service: nothing has to be said to call one";
    context.tell(dependency, ["spec"], "moved", reason);
  }
  loseAdoption(context, (service) => ({
    reason: `write it as MeshTLS or as sidecar injection for ${objectKey(service)}`,
  }));
}
