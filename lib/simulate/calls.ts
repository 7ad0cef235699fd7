// The calls that comparisons ask: what was drawn, what routes and policies speak about, what was seen.
// The rule: the same design gives the same list in the same order, so that two lists can be joined.
import {
  buildIndex,
  type DecidingRule,
  type Dependency,
  decidingRules,
  type Gateway,
  httpsListenersOf,
  isConnectionListener,
  isHttpsListener,
  isPlainListener,
  keyOf,
  type Listener,
  type MeshDocument,
  type MeshIndex,
  type ObjectKey,
  objectKey,
  plainHost,
  plainListenerOf,
  type RouteMatch,
  refKey,
  serviceRefKey,
} from "@/lib/mesh";
import { carriedPorts, hostOf, ownerOf, tunnelPorts } from "./names";
import {
  exampleOfAuthority,
  type Probe,
  pathOfPattern,
  probesAtGateway,
  probesFor,
  probesOfRule,
  TUNNEL,
} from "./probes";
import type { Call, Caller, ObservedCall } from "./types";

/** Bounds the questions of one listener. */
const MAX_NAMES = 32;

export function callsOf(document: MeshDocument, observed: readonly ObservedCall[] = []): Call[] {
  return callsWithin(buildIndex(document), observed);
}

export function callsWithin(index: MeshIndex, observed: readonly ObservedCall[]): Call[] {
  const calls = index.all("Dependency").flatMap((dependency) => callsOfDependency(index, dependency));
  return [...calls, ...observed.flatMap((each) => observedCalls(index, each))];
}

/** Calls of both versions of a design, each once; only of pairs that `isWanted`. */
export function callsOfBoth(
  before: MeshIndex,
  after: MeshIndex,
  observed: readonly ObservedCall[],
  isWanted: (pair: Pair) => boolean,
): Call[] {
  const calls = new Map<string, Call>();
  for (const index of [before, after]) {
    const found = index.all("Dependency").flatMap((dependency) => {
      const pair = pairOf(index, dependency);
      return isWanted(pair) ? callsOfDependency(index, dependency) : [];
    });
    const seen = observed.filter(isWanted).flatMap((each) => observedCalls(index, each));
    for (const call of [...found, ...seen]) {
      const key = callKey(call);
      if (!calls.has(key) || call.origin === "observed") calls.set(key, call);
    }
  }
  return [...calls.values()];
}

export type Pair = Pick<Call, "caller" | "callee">;

const callKey = ({ caller, host, port, method, path, headers, certificate }: Call) =>
  `${caller} ${host}:${port} ${method} ${path} ${JSON.stringify([headers, certificate])}`;

function pairOf(index: MeshIndex, dependency: Dependency): Pair {
  const { from, to } = dependency.spec;
  return { caller: ownerOf(index, refKey(from, dependency)), callee: ownerOf(index, refKey(to, dependency)) };
}

function callsOfDependency(index: MeshIndex, dependency: Dependency): Call[] {
  const { from, to, port } = dependency.spec;
  const { caller, callee } = pairOf(index, dependency);
  if (from.kind === "ExternalService" || to.kind === "Gateway") return [];
  return from.kind === "Gateway" ? gatewayCalls(index, caller, callee) : callsBetween(index, caller, callee, port);
}

function callsBetween(index: MeshIndex, caller: ObjectKey, callee: ObjectKey, port: number | undefined): Call[] {
  const host = calledHost(index, callee);
  if (host === undefined) return [];
  const tunnels = tunnelPorts(index, callee);
  const ports = port === undefined ? [...carriedPorts(index, callee), ...tunnels] : [port];
  const probes = probesFor(index, callee, callee);
  const names = index.find("Service", callee) ? namesOf(callee) : [host];
  return ports.flatMap((each) =>
    (tunnels.includes(each) ? [TUNNEL] : probes).map((probe) =>
      callOf({ caller, callee, host, port: each }, probe, names),
    ),
  );
}

/** How a caller may write a service, without and with the port. */
const namesOf = (service: ObjectKey): string[] => {
  const host = hostOf(service);
  return [host.split(".")[0] ?? host, host, `${host}.svc.cluster.local`];
};

type At = Pick<Call, "caller" | "callee" | "host" | "port" | "certificate">;

/** The call writes a host of its own where the probe asks for one. @param names of whom is called */
function callOf(at: At, { authority, scheme: _, headers, ...probe }: Probe, names: readonly string[]): Call {
  if (!authority) return { ...at, headers, ...probe };
  const host = exampleOfAuthority(authority, [...names, ...names.map((name) => `${name}:${at.port}`)]);
  return { ...at, headers: { ...headers, host }, ...probe };
}

function calledHost(index: MeshIndex, callee: ObjectKey): string | undefined {
  const external = index.find("ExternalService", callee);
  return external ? external.spec.hosts.map(concrete)[0] : hostOf(callee);
}

/** A name that a wildcard stands for. */
const concrete = (host: string): string =>
  host === "*" ? "any.example" : host.replace(/:\d+$/, "").replace(/^\*\./, "www.");

/** Through a gateway: the matches of its routes that lead to `callee`, and the plain call. */
function gatewayCalls(index: MeshIndex, caller: ObjectKey, callee: ObjectKey): Call[] {
  const gateway = index.find("Gateway", caller);
  if (!gateway) return [];
  return [...gatewayRequests(index, gateway, callee), ...gatewayConnections(index, gateway, callee)];
}

/** One for each listener and server name that leads to `callee`. */
function gatewayConnections(index: MeshIndex, gateway: Gateway, callee: ObjectKey): Call[] {
  const caller = objectKey(gateway);
  const routes = index.tcpRoutesOf(caller);
  const leads = ({ route, rule }: DecidingRule) =>
    route.spec.rules[rule]?.destinations.some(({ service }) => serviceRefKey(service, route) === callee);
  const isDefault = routes.length === 0 && tunnelPorts(index, callee).length > 0;
  return gateway.spec.listeners.filter(isConnectionListener).flatMap(({ hosts, ...listener }) => {
    const decided = decidingRules(routes, { ...listener, hosts }).filter(leads);
    const names = isDefault ? hosts.slice(0, 1) : decided.flatMap(({ names }) => names ?? ["*"]);
    const host = listener.protocol === "tcp" ? () => "any.example" : concrete;
    return names
      .slice(0, MAX_NAMES)
      .map((name): Call => ({ caller, callee, host: host(name), port: listener.port, ...TUNNEL }));
  });
}

function gatewayRequests(index: MeshIndex, gateway: Gateway, callee: ObjectKey): Call[] {
  const caller = objectKey(gateway);
  const listener = gateway.spec.listeners.find(isPlainListener) ?? gateway.spec.listeners.find(isHttpsListener);
  if (!listener) return [];
  const plain: Probe = { method: "GET", path: "/", headers: {}, origin: "drawn" };
  const routes = index.routesOf(caller);
  // where the host is served, which may be in TLS alone
  const portOf = (host: string) => requestListenerFor(gateway, host)?.port ?? listener.port;
  const shownAt = (host: string) => shown(requestListenerFor(gateway, host));
  const [host = "any.example"] = hostsOf(gateway);
  const port = portOf(host);
  // what a policy of the gateway asks about goes where everything goes
  const asked = probesAtGateway(index, caller);
  const ofDefault = [plain, ...asked].map(
    (probe): Call => callOf({ caller, callee, host, port, ...shownAt(host) }, probe, [host]),
  );
  const calls: Call[] = routes.length === 0 ? ofDefault : [];
  for (const route of routes) {
    const owns = hostsByListener(gateway, (route.spec.hosts ?? [host]).map(concrete));
    for (const rule of route.spec.rules) {
      const leads =
        rule.action.type === "forward" &&
        rule.action.destinations.some(
          ({ service }) => keyOf("Service", service.namespace ?? route.metadata.namespace, service.name) === callee,
        );
      if (!leads) continue;
      const isDefault = rule.matches.length === 0;
      const probes = [
        ...(isDefault ? [plain] : []),
        ...(isDefault || rule.matches.some(takesEverything) ? asked : []),
        ...probesOfRule(rule),
      ];
      for (const own of owns) calls.push(...probes.map((probe) => requestAt(gateway, callee, own, listener, probe)));
    }
  }
  return calls;
}

/** `own`: a host of the route; another one where the probe asks for that. */
function requestAt(gateway: Gateway, callee: ObjectKey, own: string, otherwise: Listener, probe: Probe): Call {
  const wanted = probe.authority && plainHost(exampleOfAuthority(probe.authority, [own]));
  const host = wanted ?? own;
  const listener = requestListenerFor(gateway, host, probe.scheme);
  const at = { caller: objectKey(gateway), callee, host, port: listener?.port ?? otherwise.port, ...shown(listener) };
  return callOf(at, probe, [own]);
}

/** Without TLS where such a listener serves the host, or none in TLS does; one that only sends on to HTTPS serves nothing. */
function requestListenerFor(
  { spec: { listeners } }: Gateway,
  host: string,
  scheme?: Probe["scheme"],
): Listener | undefined {
  const inTls = scheme === "https" && httpsListenersOf(listeners, host)[0];
  if (inTls) return inTls;
  const plain = plainListenerOf(listeners, host);
  const open = plain?.httpsRedirect ? undefined : plain;
  return open ?? httpsListenersOf(listeners, host)[0] ?? plain ?? listeners.find(isPlainListener);
}

/** The first one of each listener that serves any of them: what is asked of clients is up to the listener. */
function hostsByListener(gateway: Gateway, hosts: readonly string[]): string[] {
  const first = new Map<Listener | undefined, string>();
  for (const host of hosts) {
    const listener = requestListenerFor(gateway, host);
    if (!first.has(listener)) first.set(listener, host);
  }
  return [...first.values()].slice(0, MAX_NAMES);
}

/** What a client has to show where certificates are asked for: so it is asked what becomes of those who have one. */
function shown(listener: Listener | undefined): Pick<Call, "certificate"> {
  const { mode, names = [] } = listener?.tls?.clients ?? {};
  return mode === "required" ? { certificate: { names: names.slice(0, 1) } } : {};
}

const takesEverything = ({ path, ...rest }: RouteMatch): boolean =>
  Object.keys(rest).length === 0 && path?.value === "/" && (path.type === "prefix" || path.type === "pathPrefix");

const hostsOf = (gateway: Gateway): string[] =>
  gateway.spec.listeners.flatMap((each) => (isConnectionListener(each) ? [] : each.hosts)).map(concrete);

export function observedCalls(index: MeshIndex, { caller, callee, method, path, count }: ObservedCall): Call[] {
  const seen = { method, path: pathOfPattern(path), headers: {}, origin: "observed" as const, count };
  const gateway = index.find("Gateway", caller);
  if (gateway) {
    const host = hostsOf(gateway)[0] ?? "any.example";
    const listener = requestListenerFor(gateway, host);
    return [{ caller, callee, host, port: listener?.port ?? 80, ...shown(listener), ...seen }];
  }
  const host = calledHost(index, callee);
  const [port] = (method === "CONNECT" ? tunnelPorts : carriedPorts)(index, callee);
  return host === undefined ? [] : [{ caller, callee, host, port: port ?? 80, ...seen }];
}

/** Who asks for a call of a service: the workload that the line was drawn from, else its first one. */
export function callerOf(index: MeshIndex, { caller, callee }: Pair): Caller {
  if (index.find("Gateway", caller)) return { kind: "gateway", gateway: caller };
  const workloads = index.workloadsOf(caller).map(objectKey).sort();
  const drawn = workloads.find((workload) =>
    index
      .dependenciesFrom(workload)
      .some((dependency) => ownerOf(index, refKey(dependency.spec.to, dependency)) === callee),
  );
  return { kind: "workload", workload: drawn ?? workloads[0] ?? caller };
}
