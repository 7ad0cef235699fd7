// Design -> Kubernetes alone: what a mesh stands on, and of its policies what a NetworkPolicy can say.
// The rule: what only a mesh has is told as lost; where calls would get another answer, that is told first.
import { buildIndex, type ExternalService, type MeshDocument, objectKey } from "@/lib/mesh";
import { valuesToYaml } from "@/lib/mesh/yaml/values-to-yaml";
import type { DialectExport } from "../shared/dialect";
import { ExportContext, metadataOf } from "../shared/export-context";
import { loseLocality } from "../shared/locality";
import { loseExternalConnections } from "../shared/tell-rest";
import { exportGround } from "./export-ground";
import { exportPolicies } from "./export-policies";

const loud = { changesMeaning: true };

export function exportKubernetes(document: MeshDocument): DialectExport {
  const context = new ExportContext(buildIndex(document), "kubernetes");
  context.bringBackKept();
  withoutIngress(context);
  exportGround(context);
  exportPolicies(context);
  for (const external of context.index.all("ExternalService")) exportExternal(context, external);
  reportRest(context);
  const units = document.objects
    .filter(({ kind }) => kind === "AuthorizationPolicy")
    .map((each) => ({ key: objectKey(each), path: "spec" }));
  context.fillExact(units, "means the same in a NetworkPolicy, by pod instead of by identity");
  reportUnsaid(context);
  return { text: valuesToYaml(context.resources), resources: context.resources, report: context.report };
}

/** Of a policy that was kept for its rules about what goes out: what comes in is said by the design. */
function withoutIngress({ index, resources }: ExportContext): void {
  const read = new Set(
    index
      .all("AuthorizationPolicy")
      .flatMap(({ metadata: { origin } }) =>
        origin?.dialect === "kubernetes" ? [`${origin.namespace}/${origin.name}`] : [],
      ),
  );
  for (const [i, each] of resources.entries()) {
    const { name, namespace } = each.metadata;
    if (each.kind !== "NetworkPolicy" || !read.has(`${namespace}/${name}`)) continue;
    const { ingress: _ingress, ...spec } = each.spec;
    const metadata = { ...each.metadata, name: `${name.slice(0, 240)}-egress` };
    resources[i] = { ...each, metadata, spec: { ...spec, policyTypes: ["Egress"] } };
  }
}

/** Only what came as a Service of type ExternalName is one again. */
function exportExternal(context: ExportContext, external: ExternalService): void {
  const { origin, name, namespace } = external.metadata;
  const [host] = external.spec.hosts;
  if (origin?.dialect !== "kubernetes" || host === undefined) {
    context.lose(external, ["spec"], "lost", "Kubernetes has no services outside: names are found by DNS");
    return;
  }
  const ports = external.spec.ports.map(({ name: own, port }) => ({ name: own, port }));
  const spec = { type: "ExternalName", externalName: host, ports };
  context.add({ apiVersion: "v1", kind: "Service", metadata: metadataOf(external, name, namespace), spec }, external);
  loseExternalConnections(context, "Kubernetes", external);
  if (external.spec.tls)
    context.lose(external, ["spec", "tls"], "lost", "Kubernetes makes no TLS: let the app make it", {
      changesMeaning: true,
    });
  else if (!external.spec.proxyProtocol && !external.spec.resolution)
    context.tell(external, ["spec"], "exact", "means the same in Kubernetes", { target: `Service ${name}` });
}

function reportRest(context: ExportContext): void {
  const { index } = context;
  const lose = (object: Parameters<ExportContext["lose"]>[0], reason: string, isLoud = true) =>
    context.lose(object, ["spec"], "lost", reason, isLoud ? loud : {});
  if (index.mesh) {
    const { authorization, mutualTls } = index.mesh.spec.defaults;
    const closing =
      authorization === "allow" ? "pods are open there too" : "each service has a NetworkPolicy that closes it";
    context.tell(index.mesh, ["spec", "defaults", "authorization"], "moved", closing);
    const reason = "Kubernetes has no mutual TLS: calls go in plain text, and callers are known by their addresses";
    context.lose(index.mesh, ["spec", "defaults", "mutualTls"], "lost", reason, mutualTls === "strict" ? loud : {});
  }
  for (const each of index.all("MutualTls")) {
    lose(each, "Kubernetes has no mutual TLS: calls go in plain text", each.spec.mode === "strict");
  }
  for (const each of index.all("Route"))
    lose(each, "Kubernetes sends calls to any pod of a service: rules are for a mesh, or Gateway API");
  for (const each of index.all("Gateway")) lose(each, "Kubernetes alone has no gateways: export to Gateway API");
  for (const each of index.all("Egress")) {
    lose(each, "Kubernetes knows addresses, not names: everything outside may be called");
  }
  for (const each of index.all("TrafficPolicy"))
    loseLocality(context, each, "Kubernetes", "trafficDistribution of a Service prefers the zone, and nothing else");
  for (const each of index.all("TrafficPolicy")) lose(each, "Kubernetes has no limits on calls", false);
  for (const each of index.all("RateLimit")) lose(each, "Kubernetes has no rate limits", !each.spec.shadow);
  for (const each of index.all("TrustBoundary")) lose(each, "Kubernetes has no trust boundaries", false);
  if (index.mesh?.spec.defaults.authorization === "drawn") return;
  for (const each of index.all("Dependency")) {
    context.tell(each, ["spec"], "moved", "Kubernetes asks nothing of who calls: the callee's policies decide");
  }
}

/** Nothing of a design goes without a verdict. */
function reportUnsaid(context: ExportContext): void {
  const judged = new Set(context.report.map(({ key }) => key));
  for (const object of context.index.document.objects) {
    if (judged.has(objectKey(object)) || object.kind === "Mesh") continue;
    const isLine = object.kind === "Dependency";
    const reason = isLine
      ? "Kubernetes asks nothing of who calls what is outside"
      : `Kubernetes has no ${object.kind}, or none that an export writes`;
    context.lose(object, ["spec"], "lost", reason, isLine ? {} : loud);
  }
}
