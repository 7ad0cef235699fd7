// Design -> Linkerd 2.20, with a verdict for every part of the design.
// The rule: what Linkerd has no word for is told; where calls would get another answer, that is told first.
import { buildIndex, type MeshDocument, type MutualTls, objectKey } from "@/lib/mesh";
import { valuesToYaml } from "@/lib/mesh/yaml/values-to-yaml";
import { exportGrants, exportVersion, type Grant } from "../gateway-api/export-services";
import { exportTcpRoute, likeGatewayApi } from "../gateway-api/export-tcp";
import type { DialectExport } from "../shared/dialect";
import { ExportContext } from "../shared/export-context";
import { loseAdoption, loseBoundaries, tellKubernetes } from "../shared/tell-rest";
import { exportAccess } from "./export-access";
import { exportLinkerdRoute } from "./export-routes";
import { isClosed } from "./export-servers";
import { exportNamespace, exportService } from "./export-traffic";

export function exportLinkerd(document: MeshDocument): DialectExport {
  const context = new ExportContext(buildIndex(document), "linkerd", [], ["gateway-api"]);
  const { index } = context;
  context.bringBackKept();
  const versions = new Map<string, [service: string, subset: string]>();
  const grants: Grant[] = [];
  for (const service of index.all("Service")) exportService(context, service);
  for (const route of index.all("Route")) {
    exportLinkerdRoute(context, route, {
      channel: "standard",
      needsSubset: (service, subset) => versions.set(`${service} ${subset}`, [service, subset]),
      needsGrant: (kind, from, to) => grants.push({ kind, from, to }),
    });
  }
  for (const route of index.all("TcpRoute")) {
    const needsSubset = (service: string, subset: string) => versions.set(`${service} ${subset}`, [service, subset]);
    exportTcpRoute(context, route, needsSubset, TCP);
  }
  for (const [service, subset] of [...versions.values()].sort()) exportVersion(context, service, subset);
  exportGrants(context, grants);
  const guarded = exportAccess(context);
  for (const namespace of index.all("Namespace")) exportNamespace(context, namespace, guarded);
  reportRest(context, versions);
  const units = document.objects
    .filter(({ kind }) => CARRIED.has(kind))
    .map((each) => ({ key: objectKey(each), path: "spec" }));
  context.fillExact(units, "means the same in Linkerd");
  reportUnsaid(context);
  return { text: valuesToYaml(context.resources), resources: context.resources, report: context.report };
}

/** Nothing of a design goes without a verdict. */
function reportUnsaid(context: ExportContext): void {
  const judged = new Set(context.report.map(({ key }) => key));
  for (const object of context.index.document.objects) {
    if (judged.has(objectKey(object)) || object.kind === "Mesh" || object.kind === "Dependency") continue;
    const reason = `Linkerd has no ${object.kind}, or none that an export writes`;
    context.lose(object, ["spec"], "lost", reason, { changesMeaning: true });
  }
}

const TCP = likeGatewayApi(
  "Linkerd",
  "Linkerd takes TCPRoute of services where Gateway API is installed with it: see that its version v1 is served",
);

const CARRIED = new Set(["AuthorizationPolicy", "TrafficPolicy", "RateLimit"]);

function reportRest(context: ExportContext, versions: ReadonlyMap<string, unknown>): void {
  const { index } = context;
  const loud = { changesMeaning: true };
  for (const mutualTls of index.all("MutualTls")) tellMutualTls(context, mutualTls);
  if (index.mesh) {
    const { mutualTls, authorization } = index.mesh.spec.defaults;
    const path = ["spec", "defaults", "mutualTls"];
    if (mutualTls === "disable") context.lose(index.mesh, path, "lost", NO_DISABLE, loud);
    else {
      const reason =
        "its proxies always offer mutual TLS; who may come without is said by Servers and default-inbound-policy";
      context.tell(index.mesh, path, "moved", reason);
    }
    const closing =
      authorization === "allow" ? "no Server is the same as allow" : "each service has Servers, which close it";
    context.tell(index.mesh, ["spec", "defaults", "authorization"], "moved", closing);
  }
  for (const gateway of index.all("Gateway")) {
    const reason = "Linkerd has no gateways: run an ingress of another product with a proxy of Linkerd beside it";
    context.lose(gateway, ["spec"], "lost", reason, loud);
  }
  for (const external of index.all("ExternalService")) {
    const reason = "Linkerd knows external addresses by EgressNetwork, for networks and not by service";
    context.lose(external, ["spec"], "lost", reason);
  }
  for (const egress of index.all("Egress")) {
    const reason =
      "Linkerd cannot grant an external host to single callers: every address outside may be called until an EgressNetwork denies it";
    context.lose(egress, ["spec"], "lost", reason, loud);
  }
  loseBoundaries(context, "Linkerd");
  for (const subset of index.all("Subset")) {
    const { service, name } = subset.spec;
    if (versions.has(`Service/${service.namespace ?? subset.metadata.namespace}/${service.name} ${name}`)) continue;
    context.tell(subset, ["spec"], "moved", "no route names it, so it needs no Service of its own");
  }
  for (const dependency of index.all("Dependency")) {
    if (index.mesh?.spec.defaults.authorization !== "drawn") continue;
    context.tell(
      dependency,
      ["spec"],
      "moved",
      "it is a grant: AuthorizationPolicy drawn-callers-of the Server of its callee",
    );
  }
  tellKubernetes(context);
  loseAdoption(context, (service, field) => ({
    reason: field === "optOut" ? "write linkerd.io/inject: disabled at its pods" : "Linkerd has no steps of adoption",
    ...(isClosed(index, service) ? loud : {}),
  }));
}

const NO_DISABLE = "Linkerd's proxies always use mutual TLS between each other";

function tellMutualTls(context: ExportContext, mutualTls: MutualTls): void {
  const { mode, target, ports } = mutualTls.spec;
  const loud = { changesMeaning: true };
  if (mode === "disable") context.lose(mutualTls, ["spec", "mode"], "lost", NO_DISABLE, loud);
  else if (mode === "permissive" && target?.service !== undefined) {
    const key = `Service/${target.namespace ?? mutualTls.metadata.namespace}/${target.service}`;
    const service = context.index.find("Service", key);
    const isOpen = !service || !isClosed(context.index, service);
    const reason = isOpen
      ? "it is the access policy of the service's Servers"
      : "a Server lets in who is granted, also here, where a design without strict mutual TLS only counts refusals";
    const judgement = isOpen ? "moved" : "approximate";
    context.tell(mutualTls, ["spec", "mode"], judgement, reason, isOpen ? {} : loud);
  } else context.tell(mutualTls, ["spec", "mode"], "moved", "it is said by Servers and default-inbound-policy");
  if (ports && ports.length > 0) {
    const reason = "modes of single ports are not written: say them in the accessPolicy of the port's Server";
    context.lose(mutualTls, ["spec", "ports"], "lost", reason, loud);
  }
}
