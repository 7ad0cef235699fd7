// What makes a TCP route impossible: a service without TCP ports, a gateway without such listeners, server names that no listener takes,
// destinations that speak HTTP, weights without a sum.
import type { MeshIndex } from "../index-document";
import { routeEndsOf } from "../references";
import { serviceRefKey, tcpTargetKey, tcpTargetOf } from "../refs";
import { isConnectionListener, serverNamesMeet } from "../server-names";
import type { Gateway, MeshObject, ObjectKey, Path, TcpMatch, TcpRoute } from "../types";
import type { Complaint } from "./complaint";

export function violationsOfTcpRoute(object: MeshObject, index: MeshIndex): Complaint[] {
  if (object.kind !== "TcpRoute") return [];
  const target = tcpTargetKey(object);
  const gateway = index.find("Gateway", target);
  if (gateway && !gateway.spec.listeners.some(isConnectionListener)) {
    const message = `names Gateway ${gateway.metadata.name}, which has no listener of protocol tcp or tls`;
    const fix = "Give the gateway such a listener, or write a Route for its HTTP listeners.";
    return [{ path: ["spec", "gateway"], message, fix }];
  }
  const own = tcpPortsOf(index, target);
  if (own?.length === 0) {
    const message = `names Service ${tcpTargetOf(object).name}, which has no port of protocol tcp`;
    const fix = "Give the service such a port, or write a Route for its HTTP ports.";
    return [{ path: ["spec", "service"], message, fix }];
  }
  const ofMatch = (match: TcpMatch, path: Path) =>
    gateway
      ? atGateway(gateway, match, path)
      : [...notTcp(index, target, match.port, [...path, "port"]), ...namesAtService(match, path)];
  return [
    ...object.spec.rules.flatMap((rule, r) => [
      ...rule.matches.flatMap((match, m) => ofMatch(match, ["spec", "rules", r, "matches", m])),
      ...violationsOfWeights(object, r),
    ]),
    ...routeEndsOf(object).flatMap(({ service, port, rule, path }) => {
      const key = serviceRefKey(service, object);
      if (port !== undefined) return notTcp(index, key, port, [...path, "port"]);
      return violationsOfOpenPort(index, object, rule, key, path);
    }),
  ];
}

/** Undefined: there is no such service, which is told elsewhere. */
function tcpPortsOf(index: MeshIndex, key: ObjectKey): number[] | undefined {
  const ports = index.find("Service", key)?.spec.ports;
  return ports?.filter(({ protocol }) => protocol === "tcp").map(({ port }) => port);
}

/** Apps ask their sidecar for a connection by CONNECT, and speak TLS within it. */
function namesAtService({ serverNames }: TcpMatch, path: Path): Complaint[] {
  if (!serverNames) return [];
  const message = "asks for server names, which sidecars do not see: what an app says is inside its tunnel";
  const fix = "Route by port or caller, or at a gateway, whose listeners of protocol tls see server names.";
  return [{ path: [...path, "serverNames"], message, fix }];
}

/** What a match asks for has to be seen at a listener of the gateway: a port, a server name that it serves, and no caller. */
function atGateway({ metadata: { name }, spec }: Gateway, match: TcpMatch, path: Path): Complaint[] {
  const { port, serverNames, caller } = match;
  const listeners = spec.listeners.filter((each) => isConnectionListener(each) && (port ?? each.port) === each.port);
  const complaints: Complaint[] = [];
  if (caller) {
    const fix = "Take it away: who calls a gateway is outside the mesh.";
    complaints.push({ path: [...path, "caller"], message: "asks for callers at a gateway", fix });
  }
  if (listeners.length === 0) {
    const ports = spec.listeners.filter(isConnectionListener).map((each) => each.port);
    const message = `names port ${port}, where Gateway ${name} has no listener of protocol tcp or tls`;
    complaints.push({ path: [...path, "port"], message, fix: `Use ${[...new Set(ports)].join(" or ")}.` });
    return complaints;
  }
  const hosts = listeners.filter(({ protocol }) => protocol === "tls").flatMap((each) => each.hosts);
  if (!serverNames) return complaints;
  if (hosts.length === 0) {
    const message = `asks for server names, which Gateway ${name} sees at listeners of protocol tls only`;
    complaints.push({ path: [...path, "serverNames"], message, fix: "Give the listener protocol tls." });
    return complaints;
  }
  for (const [i, asked] of serverNames.entries()) {
    const isServed = hosts.some((host) => serverNamesMeet(host, asked));
    if (isServed) continue;
    const message = `asks for server name ${asked}, which no listener of Gateway ${name} serves`;
    const fix = `Use ${hosts.join(" or ")}, or add it to a listener's hosts.`;
    complaints.push({ path: [...path, "serverNames", i], message, fix });
  }
  return complaints;
}

function notTcp(index: MeshIndex, key: ObjectKey, port: number | undefined, path: Path): Complaint[] {
  const ports = tcpPortsOf(index, key);
  if (port === undefined || !ports || ports.includes(port)) return [];
  const service = index.find("Service", key);
  const isOther = service?.spec.ports.some((each) => each.port === port) ?? false;
  const name = service?.metadata.name ?? key;
  const message = isOther
    ? `names port ${port} of Service ${name}, which does not have protocol tcp`
    : `names port ${port}, which Service ${name} does not have`;
  const fix =
    ports.length > 0 ? `Use ${ports.join(" or ")}, or add the port there.` : "Give it a port of protocol tcp.";
  return [{ path, message, fix }];
}

/** Without a port a destination gets the port that the connection came for, or its only one; ports of a gateway are others. */
function violationsOfOpenPort(
  index: MeshIndex,
  route: TcpRoute,
  r: number,
  service: ObjectKey,
  path: Path,
): Complaint[] {
  const ports = tcpPortsOf(index, service);
  const called = calledPorts(index, route, r);
  const isSame = route.spec.gateway === undefined && called.every((port) => ports?.includes(port));
  if (!ports || ports.length === 1 || isSame) return [];
  const name = index.find("Service", service)?.metadata.name ?? service;
  if (ports.length === 0) {
    const message = `names Service ${name}, which has no port of protocol tcp`;
    return [{ path: [...path, "service"], message, fix: "Give it such a port, or choose another destination." }];
  }
  const message = `does not say which port: Service ${name} has the TCP ports ${ports.join(", ")}`;
  return [{ path: [...path, "port"], message, fix: "Name one of them." }];
}

/** Ports of the route's service that connections of a rule come for. */
function calledPorts(index: MeshIndex, route: TcpRoute, r: number): number[] {
  const all = tcpPortsOf(index, tcpTargetKey(route)) ?? [];
  const matches = route.spec.rules[r]?.matches ?? [];
  if (matches.length === 0 || matches.some(({ port }) => port === undefined)) return all;
  return all.filter((port) => matches.some((match) => match.port === port));
}

function violationsOfWeights(route: TcpRoute, r: number): Complaint[] {
  const destinations = route.spec.rules[r]?.destinations ?? [];
  if (destinations.length <= 1 || destinations.some(({ weight }) => weight !== 0)) return [];
  const path: Path = ["spec", "rules", r, "destinations"];
  return [{ path, message: "has only weights of 0", fix: "Give at least one destination a weight above 0." }];
}
