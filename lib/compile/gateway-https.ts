// Requests in TLS at a gateway: which listener of protocol https shows which certificate, and for which hosts it answers.
// The rule: the server name picks the listener; a request for a host of another one gets 421 (RFC 9110 section 15.5.20), never its answer.
import {
  coversServerName,
  type Gateway,
  httpsListenersOf,
  isHttpsListener,
  isPlainListener,
  type Listener,
  plainHost,
  type Route,
} from "@/lib/mesh";
import type { JsonObject } from "./envoy-json";
import type { ConnectionPort } from "./gateway-connections";
import type { CompileContext } from "./parts";
import { publicServerTls, storedCertificateSecret } from "./transport";
import type { GatewayBinding } from "./types";

/** What one listener answers: `hosts` by the routes, `others` with 421. */
export type ServedHosts = { hosts: string[]; others: string[] };

/**
 * Hosts that are asked for without TLS: those of the listeners, and of the routes what no listener of protocol https serves alone.
 */
export function plainHosts({ spec: { listeners } }: Gateway, routes: readonly Route[]): string[] {
  const own = hostsOf(listeners.filter(isPlainListener));
  const isOpen = (host: string) =>
    own.some((each) => coversServerName(each, host)) || httpsListenersOf(listeners, host).length === 0;
  return [...new Set([...own, ...routeHosts(routes).filter(isOpen)])].sort();
}

/** Of a listener of protocol https. */
export function httpsHosts(
  { spec: { listeners } }: Gateway,
  routes: readonly Route[],
  listener: Listener,
): ServedHosts {
  const isOwn = (host: string) => httpsListenersOf(listeners, host).includes(listener);
  const hosts = [...new Set([...hostsOf([listener]), ...routeHosts(routes)])].filter(isOwn).sort();
  const beside = listeners.filter((each) => isHttpsListener(each) && each.port === listener.port && each !== listener);
  const others = [...new Set(hostsOf(beside))].filter((host) => !hosts.includes(host)).sort();
  return { hosts, others };
}

/** For hosts of another listener: a client of HTTP/2 asks for each name that the certificate has (RFC 9113 section 9.1.1). */
export function misdirectedHost(domains: readonly string[]): JsonObject[] {
  if (domains.length === 0) return [];
  const routes = [{ match: { prefix: "/" }, direct_response: { status: 421 } }];
  return [{ name: "misdirected", domains: [...domains], routes }];
}

/**
 * Adds a chain for each listener of protocol https that can be served; they are told apart by server names, as those that are there.
 *
 * @param filtersOf the network filters of a listener
 */
export function withHttps(
  context: CompileContext,
  gateway: Gateway,
  bound: GatewayBinding | undefined,
  ports: readonly ConnectionPort[],
  portOf: (listener: Listener) => number,
  filtersOf: (listener: Listener) => JsonObject[],
): ConnectionPort[] {
  const all = new Map(ports.map((each) => [each.port, each]));
  for (const listener of gateway.spec.listeners.filter(isHttpsListener)) {
    const name = listener.tls?.certificate ?? "";
    const certificate = Object.hasOwn(bound?.certificates ?? {}, name) ? bound?.certificates?.[name] : undefined;
    if (!certificate) {
      warnOfCertificate(context, gateway, listener, name);
      continue;
    }
    const clients = listener.tls?.clients;
    if (clients && certificate.ca === undefined) {
      warnOfAuthority(context, gateway, listener, name);
      continue;
    }
    if (clients?.checkRevocation && certificate.crl === undefined) {
      warnOfRevocation(context, gateway, listener, name);
      continue;
    }
    const port = portOf(listener);
    const before = all.get(port)?.chains ?? [];
    const taken = before.flatMap(serverNamesOf);
    const hosts = hostsOf([listener]);
    // any name: the others are within it
    const names = (hosts.includes("*") ? ["*"] : hosts).filter((host) => !taken.includes(host));
    if (names.length < (hosts.includes("*") ? 1 : hosts.length)) warnOfTaken(context, gateway, listener);
    if (names.length === 0) continue;
    const chain: JsonObject = {
      name: httpsChainName(listener.name),
      filter_chain_match: { transport_protocol: "tls", ...(names.includes("*") ? {} : { server_names: names }) },
      transport_socket: publicServerTls(certificate, storedCertificateSecret(gateway.metadata, name), clients),
      filters: filtersOf(listener),
    };
    all.set(port, { port, chains: [...before, chain], isTls: true });
  }
  return [...all.values()].sort((a, b) => a.port - b.port);
}

/** By it the simulator finds the listener of the design. */
export const httpsChainName = (listener: string): string => `${listener}|https`;

function serverNamesOf(chain: JsonObject): string[] {
  const match = chain["filter_chain_match"] as { transport_protocol?: string; server_names?: string[] } | undefined;
  return match?.transport_protocol === "tls" ? (match.server_names ?? ["*"]) : [];
}

const hostsOf = (listeners: readonly Listener[]): string[] => [
  ...new Set(listeners.flatMap(({ hosts }) => hosts.map(plainHost))),
];

const routeHosts = (routes: readonly Route[]): string[] =>
  routes.flatMap((route) => (route.spec.hosts ?? []).map(plainHost));

const pathOf = (gateway: Gateway, listener: Listener) => `spec.listeners[${gateway.spec.listeners.indexOf(listener)}]`;

function warnOfCertificate({ problems }: CompileContext, gateway: Gateway, listener: Listener, name: string): void {
  problems.warn(
    gateway,
    `${pathOf(gateway, listener)}.tls.certificate`,
    `the environment has no certificate ${name}: the listener is not served`,
    `Give it to the gateway in the topology, or say in the environment's binding certificates: { "${name}": { chain, key } }, PEM files on its machine.`,
  );
}

/** Without it everybody's certificate would do, or nobody's. */
function warnOfAuthority({ problems }: CompileContext, gateway: Gateway, listener: Listener, name: string): void {
  problems.warn(
    gateway,
    `${pathOf(gateway, listener)}.tls.clients`,
    `the environment does not say who signs the certificates of its clients: the listener is not served`,
    `Give them to the gateway in the topology, or say in the environment's binding certificates: { "${name}": { chain, key, ca } }, PEM files on its machine.`,
  );
}

/** Without it whoever was revoked would come in. */
function warnOfRevocation({ problems }: CompileContext, gateway: Gateway, listener: Listener, name: string): void {
  problems.warn(
    gateway,
    `${pathOf(gateway, listener)}.tls.clients.checkRevocation`,
    "the environment has no revocation list of the authorities of its clients: the listener is not served",
    `Give lists (PEM, X509 CRL) with the authorities in the topology, or say in the environment's binding certificates: { "${name}": { chain, key, ca, crl } }, PEM files on its machine.`,
  );
}

function warnOfTaken({ problems }: CompileContext, gateway: Gateway, listener: Listener): void {
  problems.warn(
    gateway,
    `${pathOf(gateway, listener)}.hosts`,
    "a listener at the same port takes some of its server names",
    "Give it a port of its own in the environment's binding (listenerPorts), or other names.",
  );
}
