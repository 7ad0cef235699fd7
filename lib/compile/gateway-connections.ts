// Connections at a gateway: TCP as it comes, and TLS that is passed on as it is, told apart by the server name in its first bytes.
// The rule: what no rule takes has no filter chain, so it is closed; nothing is decrypted here, and what is sent on is in mutual TLS.
import {
  API_VERSION,
  decidingRules,
  type Gateway,
  isConnectionListener,
  isSameJson,
  type Listener,
  objectKey,
  type Service,
  type TcpRoute,
} from "@/lib/mesh";
import { gatewayTcpLog } from "./access-log";
import { clusterName, resolveDestinations } from "./destinations";
import { any, type JsonObject } from "./envoy-json";
import { tcpPorts } from "./facts";
import { limited } from "./gateway-guards";
import { hashKeysFor } from "./hash-keys";
import { tcpHashPolicies } from "./hashing";
import { dependenciesOf, drawnServices } from "./outbound";
import type { CompileContext } from "./parts";
import type { WeightedCluster } from "./route-rule";
import { patienceWith, tcpProxyPatience } from "./tcp-patience";

const TCP_PROXY = "extensions.filters.network.tcp_proxy.v3.TcpProxy";

/** Filter chains of one port of the machine; `isTls`: they are chosen by the first bytes. */
export type ConnectionPort = { port: number; chains: JsonObject[]; isTls: boolean };
/** Where connections go, by the rule that decides. */
type Ways = { routes: readonly TcpRoute[]; clustersOf(route: TcpRoute, rule: number): WeightedCluster[] };

/** @param portOf of the machine, where a listener is served */
export function connectionPorts(
  context: CompileContext,
  gateway: Gateway,
  portOf: (listener: Listener) => number,
): ConnectionPort[] {
  const listeners = gateway.spec.listeners.filter(isConnectionListener);
  if (listeners.length === 0) return [];
  warnOfPolicies(context, gateway);
  const ways = waysOf(context, gateway);
  const ports = new Map<number, ConnectionPort>();
  for (const listener of listeners) {
    const port = portOf(listener);
    const there = gateway.spec.listeners.filter((each) => portOf(each) === port && each !== listener);
    if (listener.protocol === "tcp" && there.length > 0) {
      warnOfSharedPort(context, gateway, listener, there);
      continue;
    }
    const chains = chainsOf(context, ways, listener);
    const known = ports.get(port);
    const free = chains.filter((chain) => !known?.chains.some((each) => isSameMatch(each, chain)));
    if (free.length < chains.length) warnOfSharedNames(context, gateway, listener);
    if (chains.length === 0) warnOfNobody(context, gateway, listener, ways.routes);
    const isTls = listener.protocol === "tls";
    ports.set(port, { port, chains: [...(known?.chains ?? []), ...free], isTls: isTls || (known?.isTls ?? false) });
  }
  return [...ports.values()].filter(({ chains }) => chains.length > 0).sort((a, b) => a.port - b.port);
}

const isSameMatch = (a: JsonObject, b: JsonObject) =>
  isSameJson(a["filter_chain_match"] ?? {}, b["filter_chain_match"] ?? {});

/** By the routes; without one, a gateway with one line to one TCP port can only mean that one. */
function waysOf(context: CompileContext, gateway: Gateway): Ways {
  const { facts, problems, targets } = context;
  const drawn = drawnServices(context, dependenciesOf(context, [objectKey(gateway)]));
  const routes = facts.tcpRoutesOf.get(objectKey(gateway));
  if (!routes) {
    const only = onlyCluster(context, drawn);
    return { routes: only ? [EVERYTHING] : [], clustersOf: () => (only ? [{ cluster: only, weight: 1 }] : []) };
  }
  const keys = new Set(drawn.keys());
  const known = new Map<string, WeightedCluster[]>();
  const clustersOf = (route: TcpRoute, rule: number): WeightedCluster[] => {
    const id = `${objectKey(route)} ${rule}`;
    const found =
      known.get(id) ??
      resolveDestinations({
        ...{ facts, route, ruleIndex: rule, calledPort: null, drawn: keys, problems, targets },
        destinations: route.spec.rules[rule]?.destinations ?? [],
        rollout: context.input.rollout,
      });
    known.set(id, found);
    return found;
  };
  return { routes, clustersOf };
}

/** Stands for the route of a gateway that has none. */
const EVERYTHING: TcpRoute = {
  apiVersion: API_VERSION,
  kind: "TcpRoute",
  metadata: { namespace: "", name: "" },
  spec: { rules: [{ matches: [], destinations: [] }] },
};

type Drawn = ReturnType<typeof drawnServices>;

function onlyCluster({ facts, targets }: CompileContext, drawn: Drawn): string | undefined {
  const places = [...drawn].flatMap(([key, granted]) => {
    const service = facts.services.get(key);
    const ports = tcpPorts(service?.spec.ports ?? []).filter(({ port }) => granted?.has(port) ?? true);
    return service ? ports.map(({ port }): [Service, number] => [service, port]) : [];
  });
  const [only, ...more] = places;
  if (!only || more.length > 0) return undefined;
  const [service, port] = only;
  const cluster = clusterName(service, port, undefined);
  targets.set(cluster, { service: objectKey(service), port, subset: undefined });
  return cluster;
}

/** One for each rule that decides about connections of this listener. */
function chainsOf(context: CompileContext, { routes, clustersOf }: Ways, listener: Listener): JsonObject[] {
  return decidingRules(routes, listener).flatMap(({ route, rule, names }) => {
    const match: JsonObject | null = names && {
      transport_protocol: "tls",
      ...(names.includes("*") ? {} : { server_names: names }),
    };
    const owner = route === EVERYTHING ? "" : objectKey(route);
    return chainOf(context, `${listener.name}|${rule}|${owner}`, listener, clustersOf(route, rule), match);
  });
}

/** Its name says the listener of the design, the rule and the route: by it the simulator finds them. */
function chainOf(
  { input, facts }: CompileContext,
  name: string,
  listener: Listener,
  clusters: readonly WeightedCluster[],
  match: JsonObject | null,
): JsonObject[] {
  const [only, ...more] = clusters;
  if (!only) return [];
  const names = clusters.map(({ cluster }) => cluster);
  const destination: JsonObject =
    more.length === 0
      ? { cluster: only.cluster }
      : { weighted_clusters: { clusters: clusters.map(({ cluster, weight }) => ({ name: cluster, weight })) } };
  const typed_config = any(TCP_PROXY, {
    stat_prefix: "gateway_tcp",
    ...destination,
    ...tcpProxyPatience(patienceWith(facts, names)),
    ...tcpHashPolicies(hashKeysFor(facts, names)),
    access_log: [gatewayTcpLog(input.overrides.accessLogPath ?? "access.log")],
  });
  const filters = limited(name, listener, [{ name: "envoy.filters.network.tcp_proxy", typed_config }]);
  return [{ name, ...(match ? { filter_chain_match: match } : {}), filters }];
}

const pathOf = (gateway: Gateway, listener: Listener) => `spec.listeners[${gateway.spec.listeners.indexOf(listener)}]`;

function warnOfSharedPort(
  { problems }: CompileContext,
  gateway: Gateway,
  listener: Listener,
  others: Listener[],
): void {
  problems.warn(
    gateway,
    pathOf(gateway, listener),
    `nothing tells its connections from those of listener ${others.map(({ name }) => name).join(", ")} at the same port: it is not served`,
    "Give it a port of its own in the environment's binding (listenerPorts).",
  );
}

function warnOfSharedNames({ problems }: CompileContext, gateway: Gateway, listener: Listener): void {
  problems.warn(
    gateway,
    `${pathOf(gateway, listener)}.hosts`,
    "a listener at the same port takes some of its server names",
    "Give it a port of its own in the environment's binding (listenerPorts), or other names.",
  );
}

function warnOfNobody(
  { problems }: CompileContext,
  gateway: Gateway,
  listener: Listener,
  [route, ...more]: readonly TcpRoute[],
): void {
  problems.warn(
    gateway,
    pathOf(gateway, listener),
    route
      ? `no rule of ${more.length > 0 ? "its TcpRoutes" : objectKey(route)} takes its connections: they are closed`
      : "there is no TcpRoute for the gateway, nor one TCP port alone behind it: its connections are closed",
    "Add a TcpRoute with the gateway as its gateway, with a rule for this listener.",
  );
}

/** Authorizers are asked about requests, and here are none. */
function warnOfPolicies({ facts, problems }: CompileContext, gateway: Gateway): void {
  for (const policy of facts.authorizationsOn.get(objectKey(gateway)) ?? []) {
    problems.warn(
      policy,
      "spec.target.gateway",
      "nobody asks about connections of the gateway's listeners of protocol tcp and tls",
      "Let the callee's own policies decide about the gateway.",
    );
  }
}
