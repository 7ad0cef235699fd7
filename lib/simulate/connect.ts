// A connection from outside at a gateway's listener of protocol tcp or tls: which rule takes it, and what the callee makes of it.
// The rule: the gateway's own filter chains decide. Of TLS it sees the server name alone, and that is the host of the question.
import type { FilterChainPlan, ListenerPlan, TcpProxyPlan } from "@meshwright/proxy/plan";
import { pickFilterChain } from "@meshwright/proxy/semantics";
import { isIpAddress } from "@/lib/compile/envoy-json";
import {
  coversServerName,
  type Gateway,
  isConnectionListener,
  type Listener,
  type ObjectKey,
  objectKey,
  plainHost,
  type TcpMatch,
} from "@/lib/mesh";
import { tcpMatchText } from "@/lib/mesh/diff/words";
import { dead } from "./bare";
import { hashOf } from "./hashing";
import { withLine } from "./lines";
import type { Message } from "./message";
import { nameOf } from "./names";
import { dependencyBetween, type Origin, serviceOfCluster } from "./origins";
import type { PlannedProxy, Scene } from "./scene";
import type { Answer, Considered, Hop, Question } from "./types";
import { drawnCluster, merged, sentenceOf, toCluster } from "./ways";
import { addressesOf } from "./whereabouts";

type Planned = Extract<PlannedProxy, { ok: true }>;
type Arriving = Parameters<typeof pickFilterChain>[2];
/** One that carries connections, of the gateway that is asked. */
export type ConnectionListener = { gateway: Gateway; listener: Listener };

/** The rule behind a filter chain; without a route, no key. */
type Decided = { route: ObjectKey; rule: number };

/** Undefined where the question is about a request: it names another port, or a gateway has only HTTP. */
export function connectionAt(
  { index }: Scene,
  caller: ObjectKey,
  { to: { port } }: Pick<Question, "to">,
): ConnectionListener | undefined {
  const gateway = index.find("Gateway", caller);
  if (!gateway) return undefined;
  const { listeners } = gateway.spec;
  const asked = port === undefined ? listeners : listeners.filter((each) => each.port === port);
  const [listener] = asked.some((each) => !isConnectionListener(each)) ? [] : asked;
  return listener && { gateway, listener };
}

export function connectionAnswer(
  scene: Scene,
  caller: ObjectKey,
  { gateway, listener }: ConnectionListener,
  message: Message,
  draw: number | undefined,
  isExplained: boolean,
): Answer {
  const proxy = scene.proxyOf(caller);
  if (!proxy.ok) return { ...dead("unreachable", proxy.reason), status: null };
  const serverName = listener.protocol === "tls" ? serverNameOf(message) : null;
  const found = chainOf(proxy, listener, serverName, message);
  const name = nameOf(caller);
  const base = {
    proxy: proxy.proxyId,
    direction: "gateway" as const,
    listener: found?.at.name ?? `gateway-${name}`,
    mtls: "none" as const,
    isConnection: true as const,
  };
  const chain = found?.chain;
  if (chain?.network.kind !== "tcp") {
    const considered = isExplained ? rulesOf(scene, gateway, listener, serverName, null) : [];
    const sentence = `${name} closes the connection: ${nobodyTakes(listener, serverName)}.`;
    return { ...dead("no-route", sentence), hops: [{ ...base, considered, sentence }] };
  }
  const { network } = chain;
  const [, rule = "", route = ""] = chain.name.split("|");
  const decided: Decided = { route, rule: Number(rule) };
  const origin = originOf(scene, proxy, gateway, decided, network);
  const hop: Hop = {
    ...base,
    ...(origin ? { rule: isExplained ? withLine(scene, origin) : origin } : {}),
    considered: isExplained ? rulesOf(scene, gateway, listener, serverName, decided) : [],
    sentence: "",
  };
  return forwarded(scene, proxy, hop, network, message, draw, isExplained);
}

/** RFC 6066 section 3: a name, never an address. */
export function serverNameOf({ authority }: Message): string {
  const host = plainHost(authority);
  return isIpAddress(host) || host.startsWith("[") ? "" : host;
}

/** What the port of this listener makes of the first bytes; `serverName` null: they are no TLS. */
function chainOf(
  { plan }: Planned,
  { name }: Listener,
  serverName: string | null,
  message: Message,
): { at: ListenerPlan; chain: FilterChainPlan | null } | undefined {
  const at = plan.listeners.find(({ filterChains }) => filterChains.some((each) => each.name.startsWith(`${name}|`)));
  if (!at) return undefined;
  const chain = pickFilterChain(at.filterChains, (each) => each, arriving(at, serverName, message));
  return { at, chain };
}

/** A connection from outside, as a gateway's inspector reads it; `serverName` null: it is no TLS. */
export function arriving({ address }: ListenerPlan, serverName: string | null, message: Message): Arriving {
  return {
    destinationAddress: address.address,
    destinationPort: address.port,
    serverName: serverName ?? "",
    transportProtocol: serverName === null ? "raw_buffer" : "tls",
    applicationProtocols: [],
    sourceAddress: addressesOf(message, { address: message.address, isBehindGateway: false, isAtGateway: true })
      .directRemoteAddress,
    sourcePort: 0,
  };
}

function nobodyTakes({ name, port }: Listener, serverName: string | null): string {
  const at = `at listener ${name} (port ${port})`;
  if (serverName === null) return `no rule takes what comes ${at}`;
  return serverName === "" ? `TLS without a server name is nobody's ${at}` : `nothing is called "${serverName}" ${at}`;
}

/** The rule of a route; without one, the drawn dependency. */
function originOf(
  scene: Scene,
  proxy: Planned,
  gateway: Gateway,
  { route, rule }: Decided,
  { clusters: [cluster] }: TcpProxyPlan,
): Origin | null {
  const written = scene.index.find("TcpRoute", route)?.spec.rules[rule];
  if (written) {
    const origin = { object: route, path: `spec.rules[${rule}]` };
    return written.name === undefined ? origin : { ...origin, name: written.name };
  }
  const metadata = cluster && proxy.plan.clusters.get(cluster.name)?.metadata;
  const callee = metadata && serviceOfCluster(metadata, cluster.name);
  const drawn = callee ? dependencyBetween(scene, objectKey(gateway), callee) : null;
  return drawn && { object: objectKey(drawn), path: "spec" };
}

/** Rules up to the one that decided, of its route; where none did, all of the gateway's. */
function rulesOf(
  scene: Scene,
  gateway: Gateway,
  listener: Listener,
  serverName: string | null,
  decided: Decided | null,
): Considered[] {
  const routes = scene.index.tcpRoutesOf(objectKey(gateway));
  const asked = decided ? routes.filter((each) => objectKey(each) === decided.route) : routes;
  return asked.flatMap((route) =>
    route.spec.rules.slice(0, decided ? decided.rule + 1 : undefined).map(({ name, matches }, r): Considered => {
      const origin = { object: objectKey(route), path: `spec.rules[${r}]` };
      const matched = r === decided?.rule;
      const others = matches.filter((match) => !isMeant(match, listener, serverName)).map(tcpMatchText);
      const it = others.length > 0 ? `it is for ${others.join(", or ")}` : "the listener does not serve this name";
      const why = matched ? "takes the connection" : it;
      return { ...withLine(scene, origin), ...(name === undefined ? {} : { name }), matched, why };
    }),
  );
}

function isMeant({ port, serverNames }: TcpMatch, listener: Listener, serverName: string | null): boolean {
  const isNamed = serverNames?.some((each) => coversServerName(each, serverName ?? "")) ?? true;
  return isNamed && (port ?? listener.port) === listener.port;
}

function forwarded(
  scene: Scene,
  proxy: Planned,
  hop: Hop,
  network: TcpProxyPlan,
  message: Message,
  draw: number | undefined,
  isExplained: boolean,
): Answer {
  const { clusters, totalWeight, hashesSourceIp } = network;
  const policies = hashesSourceIp ? [{ kind: "source-ip" as const, isTerminal: false }] : null;
  const from = { address: message.address, isBehindGateway: false, isAtGateway: true };
  const { remoteAddress } = addressesOf(message, from);
  const ways = clusters.map((choice) => {
    const hash = hashOf(proxy, choice.name, policies, message, remoteAddress);
    const first = { ...hop, cluster: choice.name, ...(hash ? { hash } : {}) };
    return toCluster(scene, proxy.owner, proxy, first, choice, choice.weight / totalWeight, message, isExplained);
  });
  const [likeliest] = [...ways].sort((a, b) => b.choice.weight - a.choice.weight);
  const drawn = draw === undefined || clusters.length === 0 ? undefined : drawnCluster(network, draw);
  const taken = ways.find(({ choice }) => choice === drawn) ?? likeliest;
  if (!taken) return { ...dead("unreachable", "The route has no destination."), status: null };
  const destinations = merged(ways.map(({ destination }) => ({ ...destination, status: null })));
  return {
    outcome: taken.arrival.outcome,
    status: null,
    sentence: sentenceOf(nameOf(proxy.owner), taken, destinations),
    hops: taken.hops,
    destinations,
  };
}
