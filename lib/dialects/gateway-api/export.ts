// Design -> Gateway API v1.6 with GAMMA, with a verdict for every part of the design.
// The rule: what Gateway API has no word for is told; where calls would get another answer, that is told first.
import { buildIndex, isHashing, type MeshDocument, objectKey, type TrafficPolicy } from "@/lib/mesh";
import { valuesToYaml } from "@/lib/mesh/yaml/values-to-yaml";
import { loseBalancing } from "../shared/balancing";
import type { DialectExport, ExportOptions } from "../shared/dialect";
import { ExportContext } from "../shared/export-context";
import { loseLocality } from "../shared/locality";
import { loseBoundaries, tellKubernetes } from "../shared/tell-rest";
import { exportBackendTls, type WrittenTls } from "./export-backend-tls";
import { exportConnections } from "./export-connections";
import { exportGateway } from "./export-gateway";
import { exportRoute } from "./export-route";
import type { RouteNeeds } from "./export-rule";
import { exportGrants, exportVersion, type Grant } from "./export-services";
import { exportTcpRoute } from "./export-tcp";

export function exportGatewayApi(document: MeshDocument, { channel = "standard" }: ExportOptions = {}): DialectExport {
  const context = new ExportContext(buildIndex(document), "gateway-api", ["spec", "listeners"]);
  const { index } = context;
  const versions = new Map<string, [service: string, subset: string]>();
  const grants: Grant[] = [];
  for (const gateway of index.all("Gateway")) exportGateway(context, gateway);
  for (const route of index.all("Route")) {
    exportRoute(context, route, {
      channel,
      needsSubset: (service, subset) => versions.set(`${service} ${subset}`, [service, subset]),
      needsGrant: (kind, from, to) => grants.push({ kind, from, to }),
    });
  }
  for (const route of index.all("TcpRoute")) {
    const needsSubset = (service: string, subset: string) => versions.set(`${service} ${subset}`, [service, subset]);
    if (!route.spec.gateway) exportTcpRoute(context, route, needsSubset);
    else {
      const needsGrant: RouteNeeds["needsGrant"] = (kind, from, to) => grants.push({ kind, from, to });
      exportConnections(context, route, { needsSubset, needsGrant });
    }
  }
  for (const [service, subset] of [...versions.values()].sort()) exportVersion(context, service, subset);
  exportGrants(context, grants);
  const backendTls = exportBackendTls(context);
  reportRest(context, versions, backendTls);
  context.bringBackKept();
  backendTls.dropStale();
  return { text: valuesToYaml(context.resources), resources: context.resources, report: context.report };
}

function reportRest(context: ExportContext, versions: ReadonlyMap<string, unknown>, { told }: WrittenTls): void {
  const { index } = context;
  const loud = { changesMeaning: true };
  const authorization = index.mesh?.spec.defaults.authorization;
  if (index.mesh && authorization !== "allow") {
    const reason =
      authorization === "drawn"
        ? "Gateway API has no authorization: calls that are not drawn are no longer refused"
        : "Gateway API has no authorization: calls that no policy allows are no longer refused";
    context.lose(index.mesh, ["spec", "defaults", "authorization"], "lost", reason, loud);
  }
  if (index.mesh) {
    const reason = "mutual TLS is the product's own: set it there";
    context.lose(index.mesh, ["spec", "defaults", "mutualTls"], "lost", reason);
  }
  for (const policy of index.all("AuthorizationPolicy")) {
    const isSilent = policy.spec.action === "audit" || policy.spec.shadow === true;
    context.lose(
      policy,
      ["spec"],
      "lost",
      "Gateway API has no authorization: write it in the product's own policy",
      isSilent ? {} : loud,
    );
  }
  for (const mutualTls of index.all("MutualTls")) {
    context.lose(
      mutualTls,
      ["spec"],
      "lost",
      "Gateway API has no mutual TLS between services: write it in the product's own policy",
    );
  }
  for (const policy of index.all("TrafficPolicy")) {
    const blocks = (["connectionPool", "outlierDetection", "healthCheck", "retryBudget"] as const).filter(
      (each) => policy.spec[each],
    );
    loseBalancing(context, policy, "lost", balancingReason(policy));
    loseLocality(context, policy, "Gateway API", "write it in the product's own policy");
    for (const block of blocks) {
      context.lose(
        policy,
        ["spec", block],
        "lost",
        `Gateway API has no ${block}: write it in the product's own policy`,
      );
    }
  }
  for (const limit of index.all("RateLimit")) {
    const reason = "Gateway API has no rate limits: write it in the product's own policy";
    context.lose(limit, ["spec"], "lost", reason, limit.spec.shadow ? {} : loud);
  }
  for (const external of index.all("ExternalService")) {
    if (told.has(objectKey(external))) continue;
    context.lose(
      external,
      ["spec"],
      "lost",
      "Gateway API has no external services: write a ServiceEntry or the like of the product",
    );
  }
  for (const egress of index.all("Egress")) {
    context.lose(egress, ["spec"], "lost", "Gateway API cannot grant external hosts", loud);
  }
  loseBoundaries(context, "Gateway API");
  for (const subset of index.all("Subset")) {
    const service = `Service/${subset.spec.service.namespace ?? subset.metadata.namespace}/${subset.spec.service.name}`;
    if (versions.has(`${service} ${subset.spec.name}`)) continue;
    context.tell(subset, ["spec"], "moved", "no route names it, so it needs no Service of its own");
  }
  tellKubernetes(context);
  if (authorization === "drawn") {
    for (const dependency of index.all("Dependency")) {
      context.lose(dependency, ["spec"], "lost", "it is a grant here, and Gateway API grants nothing");
    }
  }
}

/** sessionPersistence looks alike and is not: it writes down the host, in a cookie or header of the gateway's own. */
function balancingReason({ spec }: TrafficPolicy): string {
  return isHashing(spec.loadBalancing?.policy ?? "random")
    ? "Gateway API hashes nothing; its sessionPersistence (experimental) keeps a session by a cookie or header that the gateway gives"
    : "Gateway API has no loadBalancing: write it in the product's own policy";
}
