// What makes a TCP route impossible: a service without TCP ports, destinations that speak HTTP, weights without a sum.
import type { MeshIndex } from "../index-document";
import { routeEndsOf } from "../references";
import { serviceRefKey } from "../refs";
import type { MeshObject, ObjectKey, Path, TcpRoute } from "../types";
import type { Complaint } from "./complaint";

export function violationsOfTcpRoute(object: MeshObject, index: MeshIndex): Complaint[] {
  if (object.kind !== "TcpRoute") return [];
  const target = serviceRefKey(object.spec.service, object);
  const own = tcpPortsOf(index, target);
  if (own?.length === 0) {
    const message = `names Service ${object.spec.service.name}, which has no port of protocol tcp`;
    const fix = "Give the service such a port, or write a Route for its HTTP ports.";
    return [{ path: ["spec", "service"], message, fix }];
  }
  return [
    ...object.spec.rules.flatMap((rule, r) => [
      ...rule.matches.flatMap(({ port }, m) => notTcp(index, target, port, ["spec", "rules", r, "matches", m, "port"])),
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

/** Without a port a destination gets the port that the connection came for, or its only one. */
function violationsOfOpenPort(
  index: MeshIndex,
  route: TcpRoute,
  r: number,
  service: ObjectKey,
  path: Path,
): Complaint[] {
  const ports = tcpPortsOf(index, service);
  const called = calledPorts(index, route, r);
  if (!ports || ports.length === 1 || called.every((port) => ports.includes(port))) return [];
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
  const all = tcpPortsOf(index, serviceRefKey(route.spec.service, route)) ?? [];
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
