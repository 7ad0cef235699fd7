// A gateway: one listener in plain HTTP for people outside, those in TLS and for connections, and its own identity towards the services behind.
// The rule: it reaches only services that a dependency was drawn to, by the routes that target it.
import {
  coversServerName,
  type Gateway,
  isPlainListener,
  type Listener,
  objectKey,
  plainHost,
  type Route,
} from "@/lib/mesh";
import { gatewayAuthorizerFilters } from "./authorizers";
import { clusterName } from "./destinations";
import { type JsonObject, socketAddress } from "./envoy-json";
import { httpPorts } from "./facts";
import { connectionPorts } from "./gateway-connections";
import { limited, lowestLimit, proxyProtocolFilter, warnOfGuards } from "./gateway-guards";
import { httpsHosts, misdirectedHost, plainHosts, type ServedHosts, withHttps } from "./gateway-https";
import { redirectingHosts, warnOfRedirects } from "./gateway-redirect";
import { hashKeysFor } from "./hash-keys";
import { httpConnectionManager } from "./http-connection";
import { filtersFor } from "./http-filters";
import { dependenciesOf, drawnServices } from "./outbound";
import { type CompileContext, listenAddress, type ProxyContext } from "./parts";
import { defaultRoute } from "./route-rule";
import { compileRules } from "./service-hosts";
import { telemetryOf } from "./telemetry";
import { TLS_INSPECTOR } from "./transport";

export function compileGateway(context: ProxyContext, gateway: Gateway): void {
  const { namespace, name: gatewayName } = gateway.metadata;
  const name = `gateway-${gatewayName}`;
  const bound = context.places.gateway(namespace, gatewayName);
  const publicPort = bound?.publicPort ?? context.own.inboundPort;
  warnOfListeners(context, gateway);
  warnOfRedirects(context, gateway);
  const hasPlain = gateway.spec.listeners.some(isPlainListener);
  const portOf = (listener: Listener) =>
    isPlainListener(listener) ? publicPort : (bound?.listenerPorts?.[listener.name] ?? publicPort);
  const plain = gateway.spec.listeners.filter(isPlainListener);
  warnOfGuards(context, gateway, plain, portOf);
  const before = (port: number) => proxyProtocolFilter(gateway.spec.listeners.filter((each) => portOf(each) === port));
  const ofConnections = connectionPorts(context, gateway, portOf);
  const routes = context.facts.routesOf.get(objectKey(gateway)) ?? [];
  const ports = withHttps(context, gateway, bound, ofConnections, portOf, (listener) =>
    limited(
      `${name}-${listener.name}`,
      listener,
      httpFilters(context, gateway, `${name}-${listener.name}`, httpsHosts(gateway, routes, listener)),
    ),
  );
  for (const { port, chains, isTls } of ports) {
    if (port === publicPort && hasPlain) continue;
    const own = port === publicPort ? name : `${name}-${port}`;
    context.listeners.set(own, listenerOf(context, own, port, chains, [...before(port), ...inspector(isTls)]));
  }
  if (!hasPlain) return;
  const beside = ports.find(({ port }) => port === publicPort)?.chains ?? [];
  const http = {
    name: "http",
    ...(beside.length > 0 ? { filter_chain_match: { transport_protocol: "raw_buffer" } } : {}),
    filters: limited(
      name,
      lowestLimit(plain),
      httpFilters(context, gateway, name, { hosts: plainHosts(gateway, routes), others: [] }, portOf),
    ),
  };
  const filters = [...before(publicPort), ...inspector(beside.length > 0)];
  context.listeners.set(name, listenerOf(context, name, publicPort, [...beside, http], filters));
}

/** Where chains are told apart by the first bytes. */
const inspector = (isTls: boolean): JsonObject[] => (isTls ? [TLS_INSPECTOR] : []);

/**
 * @param routeConfig also the name of what it serves
 * @param redirectedBy of what comes without TLS: where listeners are served
 */
function httpFilters(
  context: ProxyContext,
  gateway: Gateway,
  routeConfig: string,
  served: ServedHosts,
  redirectedBy?: (listener: Listener) => number,
): JsonObject[] {
  const sentOn = redirectedBy ? redirectingHosts(gateway, served.hosts, redirectedBy) : [];
  const own = virtualHosts(context, gateway, served.hosts).filter(
    ({ name }) => !sentOn.some((each) => each["name"] === name),
  );
  const hosts = [...own, ...sentOn, ...misdirectedHost(served.others)];
  const filters = [...gatewayAuthorizerFilters(context, gateway), ...filtersFor(hosts)];
  context.routes.set(routeConfig, {
    name: routeConfig,
    // A gateway is reached through many ports (forwarding, proxies): only the name of the Host counts.
    ignore_port_in_host_matching: true,
    virtual_hosts: hosts,
  });
  const told = telemetryOf(context, "gateway", gateway.metadata);
  return [httpConnectionManager("gateway", routeConfig, filters, told)];
}

function listenerOf(
  context: ProxyContext,
  name: string,
  port: number,
  filter_chains: JsonObject[],
  listener_filters: JsonObject[],
): JsonObject {
  return {
    name,
    address: socketAddress(listenAddress(context), port),
    traffic_direction: "OUTBOUND",
    ...(listener_filters.length > 0 ? { listener_filters } : {}),
    filter_chains,
  };
}

function virtualHosts(context: CompileContext, gateway: Gateway, hosts: readonly string[]): JsonObject[] {
  const routes = context.facts.routesOf.get(objectKey(gateway)) ?? [];
  const drawn = drawnServices(context, dependenciesOf(context, [objectKey(gateway)]));
  const keys = new Set(drawn.keys());
  if (routes.length === 0) return defaultHosts(context, gateway, [...keys], hosts);
  return hosts.flatMap((host) => {
    const serving = routesFor(routes, host, hosts);
    const compiled = serving.flatMap((route) => compileRules(context, route, null, keys, null));
    return compiled.length === 0 ? [] : [virtualHost(host, compiled)];
  });
}

/** Without a route, a gateway with one line to one service can only mean that one. */
function defaultHosts(
  context: CompileContext,
  gateway: Gateway,
  services: readonly string[],
  hosts: readonly string[],
): JsonObject[] {
  const [only, ...more] = services;
  const service = only === undefined ? undefined : context.facts.services.get(only);
  const port = service && httpPorts(service.spec.ports)[0]?.port;
  if (only === undefined || !service || port === undefined || more.length > 0) {
    context.problems.warn(
      gateway,
      "spec",
      more.length > 0
        ? "it has no route and more than one service behind it: every call gets 404"
        : "there is no service behind it: every call gets 404",
      more.length > 0 ? "Add a Route with the gateway as its target." : "Draw a line from it to a service.",
    );
    return [];
  }
  const cluster = clusterName(service, port, undefined);
  context.targets.set(cluster, { service: only, port, subset: undefined });
  const route = defaultRoute(`${gateway.metadata.name}/default`, cluster, hashKeysFor(context.facts, [cluster]));
  return hosts.map((host) => virtualHost(host, [route]));
}

function virtualHost(host: string, routes: JsonObject[]): JsonObject {
  return { name: host, domains: [host], include_request_attempt_count: true, routes };
}

/** Those that name the host or none; else of the wildcards for it the closest, where that has no virtual host of its own. */
function routesFor(routes: readonly Route[], host: string, hosts: readonly string[]): Route[] {
  const own = routes.filter((route) => servesHost(route, host));
  if (own.length > 0 || hosts.some((each) => each !== host && coversServerName(each, host))) return own;
  const wide = routes.flatMap((route) => (route.spec.hosts ?? []).map(plainHost));
  const [closest] = wide.filter((each) => coversServerName(each, host)).sort((a, b) => b.length - a.length);
  return closest === undefined ? [] : routes.filter((route) => servesHost(route, closest));
}

function servesHost(route: Route, host: string): boolean {
  const { hosts } = route.spec;
  return !hosts || hosts.length === 0 || hosts.map(plainHost).includes(host);
}

function warnOfListeners({ problems }: CompileContext, gateway: Gateway): void {
  const { listeners } = gateway.spec;
  const [, ...more] = listeners.filter(isPlainListener);
  for (const listener of more) {
    problems.warn(
      gateway,
      `spec.listeners[${listeners.indexOf(listener)}]`,
      "all listeners for plain HTTP of a gateway are served on its one public port in this release",
      "Use one gateway per port.",
    );
  }
}
