// Design -> resources of consul-k8s, with a verdict for every part of the design.
// The rule: what the design leaves to a proxy's defaults is written out where Consul's are others; what Consul has no word for is told.
import { buildIndex, type MeshDocument, objectKey } from "@/lib/mesh";
import { valuesToYaml } from "@/lib/mesh/yaml/values-to-yaml";
import type { DialectExport } from "../shared/dialect";
import { ExportContext } from "../shared/export-context";
import { loseAdoption, loseBoundaries, loseExternalCalls, tellKubernetes } from "../shared/tell-rest";
import { exportAuthorizers } from "./export-authorizers";
import { exportEgress, exportExternal, exportGateway } from "./export-gateways";
import { exportIntentions } from "./export-intentions";
import { exportMesh } from "./export-mesh";
import { ConsulExport } from "./export-out";
import { exportServiceRoute } from "./export-route";
import { exportCalls, exportService } from "./export-services";
import { Splits } from "./export-splits";

const LOUD = { changesMeaning: true };

export function exportConsul(document: MeshDocument): DialectExport {
  const context = new ExportContext(buildIndex(document), "consul", ["spec", "routes"]);
  context.bringBackKept();
  const out = new ConsulExport(context);
  const { index } = context;
  const splits = new Splits(out);
  exportMesh(out);
  for (const service of index.all("Service")) {
    if (!out.isOwner(service)) {
      tellTwin(out, objectKey(service));
      continue;
    }
    exportService(out, service);
    exportServiceRoute(out, service, splits);
  }
  for (const gateway of index.all("Gateway")) exportGateway(out, gateway, splits);
  for (const external of index.all("ExternalService")) exportExternal(out, external);
  exportCalls(out);
  exportEgress(out);
  exportAuthorizers(out);
  exportIntentions(out);
  out.finish();
  reportRest(out);
  return { text: valuesToYaml(context.resources), resources: context.resources, report: context.report };
}

/** Everything of a service whose name another one has. */
function tellTwin({ context, index }: ConsulExport, key: string): void {
  const service = index.find("Service", key);
  if (!service) return;
  const reason = `a name is one service in Consul, and another one is called ${service.metadata.name}: rename one of them, or keep namespaces apart with Consul Enterprise`;
  context.lose(service, ["metadata", "name"], "lost", reason, LOUD);
  for (const each of [...index.routesOf(key), ...index.trafficPoliciesOf(key), ...index.rateLimitsOf(key)]) {
    context.lose(each, ["spec"], "lost", reason, LOUD);
  }
}

function reportRest({ context, index }: ConsulExport): void {
  loseBoundaries(context, "Consul");
  loseExternalCalls(context, "Consul", "a TerminatingGateway makes it: write caFile and sni of its services");
  const isDrawn = index.mesh?.spec.defaults.authorization === "drawn";
  for (const dependency of index.all("Dependency")) {
    const reason = isDrawn
      ? "its caller is a source of the ServiceIntentions of its callee"
      : "with transparent proxies nothing has to be said to call a service";
    context.tell(dependency, ["spec"], "moved", reason);
  }
  tellKubernetes(context);
  loseAdoption(context, (_service, field) => ({
    reason:
      field === "optOut"
        ? "write consul.hashicorp.com/connect-inject: false at its pods"
        : "Consul has no steps of adoption: what intentions refuse is refused",
    ...LOUD,
  }));
  const judged = new Set(context.report.map(({ key }) => key));
  for (const object of index.document.objects) {
    if (judged.has(objectKey(object)) || object.kind === "Mesh") continue;
    const reason = `Consul has no ${object.kind}, or none that an export writes`;
    context.lose(object, ["spec"], "lost", reason, LOUD);
  }
}
