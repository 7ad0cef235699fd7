// Design -> Istio YAML (networking.istio.io/v1 and security.istio.io/v1), with a report of what Istio cannot say.
// The rule: nothing is left out without a line in the report. Services, workloads and namespaces are Kubernetes objects and not part of it.
import {
  type AuthorizationPolicy,
  buildIndex,
  type ExternalService,
  type MeshDocument,
  type MeshObject,
  type ObjectKey,
  objectKey,
  type ServicePort,
} from "@/lib/mesh";
import { valuesToYaml } from "@/lib/mesh/yaml/values-to-yaml";
import { type DialectExport, lossesOf, type Manifest, type ReportEntry } from "../shared/dialect";
import { ExportContext, metadataOf, originOfKind } from "../shared/export-context";
import { loseBoundaries, tellKubernetes } from "../shared/tell-rest";
import { policyUnits } from "../shared/units";
import { exportAuthorizers } from "./authorizers";
import { exportConnections } from "./export-connections";
import { exportDefaults, isCountedDenial } from "./export-defaults";
import { exportGateway } from "./export-gateway";
import { exportMutualTls } from "./export-mutual-tls";
import { exportDestinationRule } from "./export-policy";
import { exportRoute, hostNames, hostOf } from "./export-route";
import { exportAuthorizationPolicy } from "./export-security";
import { exportTelemetry, joinTelemetry } from "./export-telemetry";
import { exportExternalRules } from "./external-tls";
import { exportRequestAuthentication } from "./request-authentication";
import { exportTcpRoute } from "./tcp";
import { exportWorkloadEntries } from "./workload-entry";

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
    exportExternalRules(context, external);
  });
  index.all("Service").forEach((service) => {
    exportDestinationRule(context, service);
  });
  index.all("Route").forEach((route) => {
    exportRoute(context, route);
  });
  index.all("TcpRoute").forEach((route) => {
    const write = route.spec.gateway ? exportConnections : exportTcpRoute;
    write(context, route, (from) => (namespace, name) => hostOf(namespace, name, from));
  });
  exportMutualTls(context, index.mesh);
  index.all("RequestAuthentication").forEach((each) => {
    exportRequestAuthentication(context, each);
  });
  index.all("AuthorizationPolicy").forEach((policy) => {
    exportAuthorizationPolicy(context, policy);
  });
  exportWorkloadEntries(context);
  if (index.mesh) exportDefaults(context, index.mesh);
  if (index.mesh) exportTelemetry(context, index.mesh);
  if (index.mesh) exportAuthorizers(context, index.mesh);
  reportLosses(context);
  context.bringBackKept();
  joinTelemetry(context);
  context.fillExact(document.objects.flatMap(unitsOf), "means the same in Istio");
  return { text: valuesToYaml(context.resources), resources: context.resources, report: context.report };
}

/** What a verdict is given to: each rule of a route, each field of a traffic policy, any other object as a whole. */
function unitsOf(object: MeshObject): { key: ObjectKey; path: string }[] {
  const key = objectKey(object);
  if (object.kind === "Route" || object.kind === "TcpRoute")
    return object.spec.rules.map((_, i) => ({ key, path: `spec.rules[${i}]` }));
  if (object.kind === "TrafficPolicy") return policyUnits(object);
  const isCarried = CARRIED.has(object.kind);
  return isCarried ? [{ key, path: "spec" }] : [];
}

const CARRIED = new Set([
  "Gateway",
  "ExternalService",
  "Subset",
  "MutualTls",
  "RequestAuthentication",
  "AuthorizationPolicy",
]);

function exportServiceEntry(context: ExportContext, external: ExternalService): void {
  const { hosts, ports } = external.spec;
  const name = originOfKind(external, "ServiceEntry")?.name ?? external.metadata.name;
  const endpoints = endpointsOf(context, external);
  const spec = {
    hosts: hostNames(hosts),
    ports: ports.map((port) => ({ number: port.port, name: port.name, protocol: protocolOf(port) })),
    location: "MESH_EXTERNAL",
    resolution: resolutionOf(context, external),
    ...(endpoints.length > 0 ? { endpoints } : {}),
  };
  const metadata = metadataOf(external, name, external.metadata.namespace);
  context.add(
    { apiVersion: "networking.istio.io/v1", kind: "ServiceEntry", metadata, spec },
    withOwnResolution(external),
  );
}

/** What the design says stands instead of what an import kept. */
function withOwnResolution(external: ExternalService): ExternalService {
  const { origin } = external.metadata;
  if (!external.spec.resolution || !origin?.kept) return external;
  const kept = origin.kept.filter(({ path }) => path !== "spec.resolution");
  return { ...external, metadata: { ...external.metadata, origin: { ...origin, kept } } };
}

function resolutionOf(
  context: ExportContext,
  external: ExternalService,
): "STATIC" | "DNS" | "DNS_ROUND_ROBIN" | "NONE" {
  const { hosts, endpoints = [], resolution } = external.spec;
  const byName = resolution ? "DNS_ROUND_ROBIN" : "DNS";
  if (endpoints.length > 0 && (resolution || !endpoints.every(({ address }) => isAddress(address)))) return byName;
  if (endpoints.length > 0) return "STATIC";
  const pattern = hosts.find((host) => host.includes("*"));
  if (pattern === undefined) return byName;
  const reason = `${pattern} names no address: Istio sends the call where the caller's own lookup leads`;
  context.lose(external, ["spec", "hosts"], "approximate", reason);
  return "NONE";
}

const isAddress = (text: string) => /^[\d.]+$|:/.test(text);

/** An endpoint here is for one port, where there are several; in Istio for all of them. */
function endpointsOf(context: ExportContext, external: ExternalService): { address: string; ports?: object }[] {
  const { ports, endpoints = [] } = external.spec;
  const [only, ...more] = ports;
  if (only && more.length === 0)
    return endpoints.map(({ address, port }) => ({
      address,
      ...(port === only.port ? {} : { ports: { [only.name]: port } }),
    }));
  const addresses = [...new Set(endpoints.map(({ address }) => address))];
  const isFor = (address: string, port: number) =>
    endpoints.some((each) => each.address === address && each.port === port);
  const isWhole = addresses.every((address) => ports.every(({ port }) => isFor(address, port)));
  if (!isWhole || endpoints.some(({ port }) => !ports.some((each) => each.port === port))) {
    const reason =
      "an endpoint of Istio is for every port of its entry, and these are for some: write an entry for each port";
    context.lose(external, ["spec", "endpoints"], "approximate", reason, { changesMeaning: true });
  }
  return addresses.map((address) => ({ address }));
}

/** Encrypted ports are TCP in the design; Istio tells them apart by name, as its own convention has it. */
function protocolOf({ name, protocol }: ServicePort): string {
  const [, encrypted] = /^(https|tls)(?:-|$)/.exec(name) ?? [];
  return (protocol === "tcp" && encrypted ? encrypted : protocol).toUpperCase();
}

function reportLosses(context: ExportContext): void {
  const { index } = context;
  for (const egress of index.all("Egress")) {
    const reason =
      "Istio cannot grant an external host to single callers: set outboundTrafficPolicy REGISTRY_ONLY, then every workload may call it";
    context.lose(egress, ["spec"], "approximate", reason, { changesMeaning: true });
  }
  for (const policy of index.all("TrafficPolicy")) {
    if (policy.spec.outlierDetection?.legacyConsecutiveErrors === undefined) continue;
    const reason = "Istio takes the field and ignores it: hosts are ejected after 5 errors of the kind 5xx";
    context.lose(policy, ["spec", "outlierDetection", "legacyConsecutiveErrors"], "ignored", reason);
  }
  for (const limit of index.all("RateLimit")) {
    const what =
      limit.spec.scope === "global"
        ? "the rate limit filter, and run a rate limit service with these numbers"
        : "the local rate limit filter";
    const reason = `Istio has no resource for it: write an EnvoyFilter with ${what}`;
    context.lose(limit, ["spec"], "lost", reason, { changesMeaning: limit.spec.shadow !== true });
  }
  loseBoundaries(context, "Istio");
  for (const dependency of index.all("Dependency")) {
    if (index.mesh?.spec.defaults.authorization !== "drawn") continue;
    context.tell(dependency, ["spec"], "moved", "it is a grant in the AuthorizationPolicy drawn-callers-of its callee");
  }
  tellKubernetes(context);
  tellAdoption(context);
}

/** A step of adoption is said by its mode of mutual TLS and by what is only counted. */
function tellAdoption(context: ExportContext): void {
  const { index } = context;
  for (const service of index.all("Service")) {
    const { mode, optOut } = service.spec;
    const key = objectKey(service);
    if (optOut) {
      const reason = `its pods need the label sidecar.istio.io/inject: "false"`;
      context.lose(service, ["spec", "optOut"], "lost", reason, { changesMeaning: true });
    }
    if (mode === undefined) continue;
    const [refusing] = mode === "observe" ? index.authorizationsOn(key).filter((each) => refuses(context, each)) : [];
    if (refusing) {
      const reason = `${refusing.metadata.name} is for more than this service, or asks a provider: Istio refuses by it`;
      context.lose(service, ["spec", "mode"], "approximate", reason, { changesMeaning: true });
      continue;
    }
    const reason = "it is what the PeerAuthentication of the service says, and which of its policies are only counted";
    context.tell(service, ["spec", "mode"], "moved", reason);
  }
}

/** Also where the service is at the first step. */
const refuses = (context: ExportContext, policy: AuthorizationPolicy) =>
  policy.spec.shadow !== true &&
  (policy.spec.action === "deny" || policy.spec.action === "custom") &&
  !isCountedDenial(context, policy);
