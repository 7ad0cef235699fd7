// The outbound side of a sidecar: one HTTP listener that routes by Host, to the drawn dependencies and nowhere else.
// The rule: a Host that was not drawn has no virtual host, so it is answered 404; egress is closed until Dependency and Egress open it.
import { RouteConfigurationSchema } from "@meshwright/proxy/contract";
import {
  type Dependency,
  type ExternalService,
  type ExternalTls,
  type ObjectKey,
  objectKey,
  refKey,
  type ServicePort,
  type Workload,
} from "@/lib/mesh";
import { APP_IDLE_TIMEOUT_MS, behaviourOf, inlineEndpoints } from "./clusters";
import { compact, type JsonObject, meshwrightMetadata, socketAddress } from "./envoy-json";
import { httpPorts, serviceOfRef, speaksHttp2, tcpPorts } from "./facts";
import { APP_UPGRADES, httpConnectionManager } from "./http-connection";
import { filtersFor, namesOf } from "./http-filters";
import { type CompileContext, localAddress, type ProxyContext } from "./parts";
import { defaultRoute } from "./route-rule";
import { namesOf as namesOfService, serviceHost } from "./service-hosts";
import { finished, shared } from "./shared";
import { tcpHost, tunnel } from "./tcp-hosts";
import { telemetryOf } from "./telemetry";
import { behindProxyProtocol, externalTls } from "./transport";
import type { ExternalTlsFiles } from "./types";

const NAME = "outbound";

/** `service`: what the workload runs, or itself. */
export function compileOutbound(context: ProxyContext, workload: Workload, service: ObjectKey): void {
  const { own } = context;
  const name = `hosts for ${objectKey(workload)}`;
  const { routes, filters, upgrades } = shared(context, name, [workload], (of) => routesFor(of, workload, service));
  context.routes.set(NAME, routes);
  // Spans and log records say whose they are.
  const { tracing, accessLog } = context.facts.root?.spec ?? {};
  const told = tracing || accessLog ? ` told for ${service}` : "";
  const chains = shared(context, `outbound ${namesOf(filters)} ${upgrades}${told}`, [], (of) => {
    const owner =
      told === "" ? undefined : (of.facts.services.get(service) ?? of.facts.workloads.get(service))?.metadata;
    const telemetry = telemetryOf(of, "outbound", owner);
    return [{ name: "http", filters: [httpConnectionManager("outbound", NAME, filters, telemetry, upgrades)] }];
  });
  context.listeners.set(NAME, {
    name: NAME,
    address: socketAddress(localAddress(context), own.outboundPort),
    traffic_direction: "OUTBOUND",
    filter_chains: chains,
  });
}

/** The same for every instance of the workload. */
function routesFor(context: CompileContext, workload: Workload, service: ObjectKey) {
  const dependencies = dependenciesOf(context, [...new Set([service, objectKey(workload)])]);
  const hosts = [
    ...serviceHosts(context, dependencies, workload),
    ...externalHosts(context, dependencies, service, workload),
  ].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  refuseSharedDomains(context, hosts);
  const routes = finished(context, RouteConfigurationSchema, { name: NAME, virtual_hosts: hosts });
  return { routes, filters: filtersFor(hosts), upgrades: upgradesOf(hosts) };
}

/** CONNECT is taken where something is behind it, and nowhere else. */
function upgradesOf(hosts: readonly JsonObject[]): readonly string[] {
  const isTunnel = ({ match }: JsonObject) => (match as JsonObject)["connect_matcher"] !== undefined;
  const hasTunnel = hosts.some(({ routes }) => Array.isArray(routes) && (routes as JsonObject[]).some(isTunnel));
  return hasTunnel ? [...APP_UPGRADES, "CONNECT"] : APP_UPGRADES;
}

export function dependenciesOf({ facts }: CompileContext, callers: readonly ObjectKey[]): readonly Dependency[] {
  const lists = callers.map((caller) => facts.dependenciesFrom.get(caller) ?? []);
  const [only, ...more] = lists.filter((list) => list.length > 0);
  if (more.length === 0) return only ?? [];
  // in the order of their keys, whoever draws them
  return lists.flat().sort((a, b) => (objectKey(a) < objectKey(b) ? -1 : 1));
}

/** Services that these dependencies lead to, with the ports that are granted (null: all of them). */
export function drawnServices(
  context: CompileContext,
  dependencies: readonly Dependency[],
): Map<ObjectKey, Set<number> | null> {
  const drawn = new Map<ObjectKey, Set<number> | null>();
  for (const dependency of dependencies) {
    const { to, port } = dependency.spec;
    if (to.kind === "ExternalService") continue;
    const key = serviceOfRef(context.facts, to, dependency);
    if (key === undefined || !context.facts.services.has(key)) {
      refuseTarget(context, dependency);
      continue;
    }
    const ports = drawn.get(key);
    if (port === undefined || ports === null) drawn.set(key, null);
    else drawn.set(key, (ports ?? new Set()).add(port));
  }
  return drawn;
}

function serviceHosts(context: CompileContext, dependencies: readonly Dependency[], caller: Workload): JsonObject[] {
  const drawn = drawnServices(context, dependencies);
  const keys = new Set(drawn.keys());
  return [...drawn].flatMap(([key, granted]) => {
    const service = context.facts.services.get(key);
    if (!service) return [];
    const isGranted = ({ port }: ServicePort) => granted === null || granted.has(port);
    const ports = httpPorts(service.spec.ports)
      .filter(isGranted)
      .map((port) => port.port);
    const defaultPort = ports.includes(80) ? 80 : ports[0];
    return [
      ...ports.map((port) =>
        serviceHost(context, { service, port, caller, isDefaultPort: port === defaultPort, drawn: keys }),
      ),
      ...tcpPorts(service.spec.ports)
        .filter(isGranted)
        .map(({ port }) =>
          tcpHost(context, { service, port, caller, drawn: keys, names: namesOfService(service, caller) }),
        ),
    ];
  });
}

function externalHosts(
  context: CompileContext,
  dependencies: readonly Dependency[],
  service: ObjectKey,
  workload: Workload,
): JsonObject[] {
  const { facts, problems } = context;
  const hosts: JsonObject[] = [];
  for (const dependency of dependencies) {
    if (dependency.spec.to.kind !== "ExternalService") continue;
    const external = facts.externals.get(refKey(dependency.spec.to, dependency));
    if (!external) {
      refuseTarget(context, dependency);
    } else if (!hasEgress(context, external, [service, objectKey(workload)], workload.metadata.namespace)) {
      problems.warn(
        dependency,
        "spec.to",
        `no Egress grants it: calls to ${external.spec.hosts.join(", ")} get 404`,
        "Add an Egress to it, with an owner and a reason.",
      );
    } else hosts.push(...hostsOfExternal(context, external, dependency.spec.port));
  }
  return hosts;
}

function hasEgress(
  { facts }: CompileContext,
  external: ExternalService,
  callers: readonly ObjectKey[],
  namespace: string,
): boolean {
  const key = objectKey(external);
  return (facts.egressesTo.get(key) ?? []).some((egress) => {
    const from = egress.spec.from;
    return from ? from.some((ref) => callers.includes(refKey(ref, egress))) : egress.metadata.namespace === namespace;
  });
}

function hostsOfExternal(
  context: CompileContext,
  external: ExternalService,
  granted: number | undefined,
): JsonObject[] {
  const ports = httpPorts(external.spec.ports)
    .map((port) => port.port)
    .filter((port) => granted === undefined || granted === port);
  return [...tunnelsTo(context, external, granted), ...webHostsOf(context, external, ports)];
}

/** Ports that speak TCP: the app asks for the connection by CONNECT, and what it says then (TLS, a database's own words) passes as it is. */
function tunnelsTo(context: CompileContext, external: ExternalService, granted: number | undefined): JsonObject[] {
  const ports = external.spec.ports.filter(
    ({ port, protocol }) => protocol === "tcp" && (granted === undefined || granted === port),
  );
  return ports.flatMap(({ port }) =>
    external.spec.hosts.flatMap((host) => {
      if (host === "*") {
        const message = `"*" on port ${port} would let apps connect to anything: it is not served`;
        context.problems.warn(external, "spec.hosts", message, "Name the hosts.");
        return [];
      }
      const cluster = externalCluster(context, external, host, port);
      if (!cluster) return [];
      const route = tunnel(`${external.metadata.name}/tunnel`, { cluster });
      return [{ name: `${host}:${port}`, domains: [`${host}:${port}`], routes: [route] }];
    }),
  );
}

function webHostsOf(context: CompileContext, external: ExternalService, ports: readonly number[]): JsonObject[] {
  return ports.flatMap((port) =>
    external.spec.hosts.flatMap((host) => {
      const cluster = externalCluster(context, external, host, port);
      if (!cluster) return [];
      const isDefaultPort = port === 80 || ports.length === 1;
      return [
        {
          name: `${host}:${port}`,
          domains: host === "*" ? ["*"] : isDefaultPort ? [host, `${host}:${port}`] : [`${host}:${port}`],
          include_request_attempt_count: false,
          routes: [defaultRoute(`${external.metadata.name}/default`, cluster)],
        },
      ];
    }),
  );
}

/** Addresses of the environment, else those of the design, else the name itself. Null when there is nothing to connect to. */
export function externalCluster(
  context: CompileContext,
  external: ExternalService,
  host: string,
  port: number,
): string | null {
  const { namespace, name } = external.metadata;
  const cluster = `external|${port}||${host}`;
  const bound = context.places.external(namespace, name)?.endpoints;
  const designed = external.spec.endpoints?.map((endpoint) => ({ host: endpoint.address, port: endpoint.port }));
  const all = bound && bound.length > 0 ? bound : (designed ?? []);
  const endpoints = external.spec.ports.length === 1 ? all : all.filter((endpoint) => endpoint.port === port);
  if (endpoints.length === 0 && host.includes("*")) {
    context.problems.warn(
      external,
      "spec.hosts",
      `"${host}" names no address, so calls to it get 404`,
      "Give it endpoints, in the design or in the environment, or name the hosts.",
    );
    return null;
  }
  const isHttp2 = speaksHttp2(external.spec.ports, port);
  const { tls } = external.spec;
  const isMade =
    tls !== undefined && !external.spec.ports.some((each) => each.port === port && each.protocol === "tcp");
  const files = context.places.external(namespace, name)?.tls ?? {};
  if (isMade && !hasFiles(context, external, tls, files)) return null;
  const metadata = meshwrightMetadata({ kind: "external", namespace, service: name });
  const places = endpoints.length > 0 ? endpoints : [{ host, port }];
  const isOneByOne = external.spec.resolution !== undefined;
  if (isOneByOne && places.length > 1) {
    const message = `port ${port} has ${places.length} endpoints in the environment: they share the calls`;
    const fix = "Leave one of them in the binding of the external service, or take resolution away.";
    context.problems.warn(external, "spec.resolution", message, fix);
  }
  const socket = isMade ? externalTls(tls, host, files, isHttp2 ? "h2" : "http/1.1") : undefined;
  const { proxyProtocol } = external.spec;
  context.clusters.set(
    cluster,
    compact({
      name: cluster,
      ...inlineEndpoints(cluster, places, isOneByOne && places.length === 1 ? "LOGICAL_DNS" : "STRICT_DNS"),
      ...behaviourOf({}, APP_IDLE_TIMEOUT_MS, isHttp2 ? "http2" : "http1"),
      transport_socket: proxyProtocol ? behindProxyProtocol(proxyProtocol, socket) : socket,
      metadata,
    }),
  );
  return cluster;
}

/** Without them anybody's server would do, or the server would refuse: nothing is sent then. */
function hasFiles(
  { problems }: CompileContext,
  external: ExternalService,
  { mode, authorities }: ExternalTls,
  { ca, chain, key }: ExternalTlsFiles,
): boolean {
  const isSigned = authorities !== "environment" || ca !== undefined;
  const isShown = mode !== "mutual" || (chain !== undefined && key !== undefined);
  if (!isSigned) {
    const message = "the environment does not say who signs its certificate, so calls to it get 404";
    const fix = 'Say in the environment\'s binding of the external service tls: { "ca": file }, PEM on the machines.';
    problems.warn(external, "spec.tls.authorities", message, fix);
  }
  if (!isShown) {
    const message = "the environment has no certificate for its callers to show, so calls to it get 404";
    const fix = 'Say in the environment\'s binding of the external service tls: { "chain": file, "key": file }.';
    problems.warn(external, "spec.tls.mode", message, fix);
  }
  return isSigned && isShown;
}

function refuseTarget({ problems }: CompileContext, dependency: Dependency): void {
  const { to } = dependency.spec;
  if (to.kind === "Gateway") {
    problems.warn(
      dependency,
      "spec.to",
      "calls to a gateway are not compiled in this release",
      "Draw the line to a service.",
    );
    return;
  }
  problems.refuse(dependency, "spec.to", `there is no ${refKey(to, dependency)}`, "Add it, or remove the dependency.");
}

/** Envoy refuses a route configuration in which two virtual hosts share a domain; say whose they are instead. */
function refuseSharedDomains({ problems }: CompileContext, hosts: readonly JsonObject[]): void {
  const owners = new Map<string, string>();
  for (const host of hosts) {
    for (const domain of Array.isArray(host["domains"]) ? host["domains"] : []) {
      const owner = owners.get(String(domain));
      if (owner !== undefined && owner !== nameOf(host)) {
        problems.refuseAt(
          `outbound.virtual_hosts["${nameOf(host)}"]`,
          `the host "${domain}" already means "${owner}" for this caller`,
          "Rename one of the two, or call them by different hosts.",
        );
      }
      owners.set(String(domain), nameOf(host));
    }
  }
}

const nameOf = (host: JsonObject) => String(host["name"]);
