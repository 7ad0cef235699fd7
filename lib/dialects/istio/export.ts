// Design -> Istio YAML (networking.istio.io/v1 and security.istio.io/v1), with a report of what Istio cannot say.
// The rule: nothing is left out without a line in the report. Services, workloads and namespaces are Kubernetes objects and not part of it.
import {
  buildIndex,
  type ExternalService,
  type Gateway,
  type MeshDocument,
  type MeshObject,
  type ObjectKey,
  objectKey,
} from "@/lib/mesh";
import { valuesToYaml } from "@/lib/mesh/yaml/values-to-yaml";
import { type DialectExport, lossesOf, type Manifest, type ReportEntry } from "../shared/dialect";
import { ExportContext, metadataOf, originOfKind } from "../shared/export-context";
import { exportDestinationRule } from "./export-policy";
import { exportRoute } from "./export-route";
import { exportAuthorizationPolicy, exportDefaults, exportMutualTls } from "./export-security";

export type IstioExport = { text: string; resources: Manifest[]; losses: ReportEntry[] };

export function exportIstio(document: MeshDocument): IstioExport {
  const { text, resources, report } = exportDocument(document);
  return { text, resources, losses: lossesOf(report) };
}

export function exportDocument(document: MeshDocument): DialectExport {
  const context = new ExportContext(buildIndex(document), "istio", ["spec", "http"]);
  const { index } = context;
  index.all("Gateway").forEach((gateway) => {
    exportGateway(context, gateway);
  });
  index.all("ExternalService").forEach((external) => {
    exportServiceEntry(context, external);
  });
  index.all("Service").forEach((service) => {
    exportDestinationRule(context, service);
  });
  index.all("Route").forEach((route) => {
    exportRoute(context, route);
  });
  index.all("MutualTls").forEach((mutualTls) => {
    exportMutualTls(context, mutualTls);
  });
  index.all("AuthorizationPolicy").forEach((policy) => {
    exportAuthorizationPolicy(context, policy);
  });
  if (index.mesh) exportDefaults(context, index.mesh);
  reportLosses(context);
  context.bringBackKept();
  context.fillExact(document.objects.flatMap(unitsOf), "means the same in Istio");
  return { text: valuesToYaml(context.resources), resources: context.resources, report: context.report };
}

/** What a verdict is given to: each rule of a route, any other object as a whole. */
function unitsOf(object: MeshObject): { key: ObjectKey; path: string }[] {
  const key = objectKey(object);
  if (object.kind === "Route") return object.spec.rules.map((_, i) => ({ key, path: `spec.rules[${i}]` }));
  const isCarried = CARRIED.has(object.kind);
  return isCarried ? [{ key, path: "spec" }] : [];
}

const CARRIED = new Set(["Gateway", "ExternalService", "Subset", "TrafficPolicy", "MutualTls", "AuthorizationPolicy"]);

function exportGateway(context: ExportContext, gateway: Gateway): void {
  const { type, listeners } = gateway.spec;
  const selector = {
    istio: type === "egress" ? "egressgateway" : type === "east-west" ? "eastwestgateway" : "ingressgateway",
  };
  const spec = {
    selector,
    servers: listeners.map(({ name, port, protocol, hosts }) => ({
      port: { number: port, name, protocol: protocol.toUpperCase() },
      hosts,
    })),
  };
  const metadata = metadataOf(gateway, gateway.metadata.name, gateway.metadata.namespace);
  context.add({ apiVersion: "networking.istio.io/v1", kind: "Gateway", metadata, spec }, gateway);
}

function exportServiceEntry(context: ExportContext, external: ExternalService): void {
  const { hosts, ports, endpoints } = external.spec;
  const name = originOfKind(external, "ServiceEntry")?.name ?? external.metadata.name;
  const spec = {
    hosts,
    ports: ports.map((port) => ({ number: port.port, name: port.name, protocol: port.protocol.toUpperCase() })),
    location: "MESH_EXTERNAL",
    resolution: endpoints?.every((each) => /^[\d.]+$|:/.test(each.address)) ? "STATIC" : "DNS",
    ...(endpoints ? { endpoints: endpoints.map((each) => ({ address: each.address })) } : {}),
  };
  const hasOwnPorts = external.metadata.origin?.kept?.some((kept) => /^spec\.endpoints\[\d+\]\.ports$/.test(kept.path));
  const moved = hasOwnPorts ? undefined : endpoints?.find((each) => !ports.some((port) => port.port === each.port));
  if (moved) {
    context.lose(
      external,
      ["spec", "endpoints"],
      "approximate",
      `endpoint port ${moved.port} is not a port of the entry and is left out`,
    );
  }
  const metadata = metadataOf(external, name, external.metadata.namespace);
  context.add({ apiVersion: "networking.istio.io/v1", kind: "ServiceEntry", metadata, spec }, external);
}

function reportLosses(context: ExportContext): void {
  const { index } = context;
  for (const egress of index.all("Egress")) {
    const reason =
      "Istio cannot grant an external host to single callers: set outboundTrafficPolicy REGISTRY_ONLY, then every workload may call it";
    context.lose(egress, ["spec"], "approximate", reason, { changesMeaning: true });
  }
  for (const limit of index.all("RateLimit")) {
    const reason = "Istio has no resource for it: write an EnvoyFilter with the local rate limit filter";
    context.lose(limit, ["spec"], "lost", reason, { changesMeaning: limit.spec.shadow !== true });
  }
  for (const boundary of index.all("TrustBoundary")) {
    context.lose(boundary, ["spec"], "lost", "Istio has no trust boundaries");
  }
  for (const dependency of index.all("Dependency")) {
    if (index.mesh?.spec.defaults.authorization !== "drawn") continue;
    context.tell(dependency, ["spec"], "moved", "it is a grant in the AuthorizationPolicy drawn-callers-of its callee");
  }
  for (const kind of ["Namespace", "Service", "Workload"] as const) {
    for (const object of index.all(kind)) {
      context.tell(object, ["metadata"], "moved", "it is a resource of Kubernetes, which is applied on its own");
    }
  }
  for (const service of index.all("Service")) {
    if (service.spec.mode === undefined && service.spec.optOut === undefined) continue;
    const field = service.spec.optOut ? "optOut" : "mode";
    context.lose(
      service,
      ["spec", field],
      "lost",
      `write it as PeerAuthentication or sidecar injection for ${objectKey(service)}`,
    );
  }
}
