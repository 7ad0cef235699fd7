// From what a route names (service, subset, port, weight) to clusters.
// The rule: a destination that cannot be found is refused with its path; one that exists but was not drawn is a warning, because the callee will refuse it.
import {
  type Destination,
  keyOf,
  type Mirror,
  type ObjectKey,
  objectKey,
  type Route,
  type RouteDestination,
  type Service,
  type TcpRoute,
} from "@/lib/mesh";
import { type Facts, httpPorts, serviceByRef, subsetKey, tcpPorts, workloadsIn } from "./facts";
import { headerOperations } from "./header-operations";
import type { Problems } from "./problems";
import type { MirrorCluster, WeightedCluster } from "./route-rule";
import type { RolloutState } from "./types";

/** A cluster of a service: all of it, or a subset. */
export type Target = { service: ObjectKey; port: number; subset: string | undefined };

export function clusterName(service: Service, port: number, subset: string | undefined): string {
  return `outbound|${port}|${subset ?? ""}|${service.metadata.name}.${service.metadata.namespace}`;
}

/** The way back from the name of a cluster that `clusterName` made; null for the app's and external ones. */
export function targetOfClusterName(name: string): Target | null {
  const [kind, port, subset, host = ""] = name.split("|");
  const dot = host.lastIndexOf(".");
  if (kind !== "outbound" || dot < 0) return null;
  const service = keyOf("Service", host.slice(dot + 1), host.slice(0, dot));
  return { service, port: Number(port), subset: subset === "" ? undefined : subset };
}

/** A place that a rule names, without its share. */
type Named = Pick<Destination, "service" | "subset" | "port">;

export type PlaceInput = {
  facts: Facts;
  route: Route | TcpRoute;
  ruleIndex: number;
  /** Port that the caller asked for; null at a gateway. */
  calledPort: number | null;
  /** Services that the caller has drawn dependencies on. */
  drawn: ReadonlySet<ObjectKey>;
  problems: Problems;
  /** Collects the clusters that are needed. */
  targets: Map<string, Target>;
};

export type DestinationInput = PlaceInput & {
  destinations: readonly RouteDestination[];
  rollout: RolloutState;
};

/** Empty when something was refused. */
export function resolveDestinations(input: DestinationInput): WeightedCluster[] {
  const { destinations, route, ruleIndex, problems } = input;
  const path = `spec.rules[${ruleIndex}]${route.kind === "Route" ? ".action" : ""}.destinations`;
  const weights = weightsOf(input);
  const isSingle = destinations.length === 1;
  if (!isSingle && weights.every((weight) => weight === 0)) {
    problems.refuse(
      route,
      path,
      `all weights are 0, so no ${route.kind === "Route" ? "request" : "connection"} could go anywhere`,
      "Give one destination a weight.",
    );
    return [];
  }
  return destinations.flatMap((destination, index) => {
    const weight = weights[index] ?? 0;
    if (weight === 0 && !isSingle) return [];
    const cluster = resolve(input, destination, `${path}[${index}]`);
    const changes = destination.headers && {
      headers: headerOperations(input, destination.headers, `${path}[${index}]`),
    };
    return cluster === null ? [] : [{ cluster, weight: isSingle ? 1 : weight, ...changes }];
  });
}

/** A mirror that cannot be found is refused; a share of 0 asks for no copy. */
export function resolveMirrors(input: PlaceInput, mirrors: readonly Mirror[]): MirrorCluster[] {
  return mirrors.flatMap((mirror, index) => {
    if (mirror.percent === 0) return [];
    const cluster = resolve(input, mirror, `spec.rules[${input.ruleIndex}].mirrors[${index}]`);
    return cluster === null ? [] : [{ cluster, percent: mirror.percent }];
  });
}

/** The rollout's weights replace the design's while it runs, if they fit the rule. */
function weightsOf({ destinations, rollout, route, ruleIndex }: DestinationInput): number[] {
  const split = rollout.splits.find((entry) => entry.route === objectKey(route) && entry.rule === ruleIndex);
  return split && split.weights.length === destinations.length ? split.weights : destinations.map((d) => d.weight);
}

function resolve(input: PlaceInput, destination: Named, path: string): string | null {
  const { facts, route, problems, drawn, targets } = input;
  const service = serviceByRef(facts, destination.service, route);
  if (!service) {
    const key = keyOf("Service", destination.service.namespace ?? route.metadata.namespace, destination.service.name);
    problems.refuse(route, `${path}.service`, `there is no ${key}`, "Add the service or choose another destination.");
    return null;
  }
  const key = objectKey(service);
  const { subset } = destination;
  if (subset !== undefined && !facts.subsets.has(subsetKey(key, subset))) {
    problems.refuse(route, `${path}.subset`, `${key} has no subset "${subset}"`, `Add a Subset "${subset}" of it.`);
    return null;
  }
  if (subset !== undefined && workloadsIn(facts, key, subset).length === 0) {
    problems.warn(
      route,
      `${path}.subset`,
      `no workload has the labels of subset "${subset}": its share of the calls gets 503`,
      "Add a workload with these labels, or take the subset out of the route.",
    );
  }
  const port = portOf(input, service, destination, path);
  if (port === null) return null;
  if (!drawn.has(key)) {
    problems.warn(
      route,
      `${path}.service`,
      `a caller of this route has no dependency on ${key}: what it sends there is refused with 403`,
      "Draw the dependency, or choose another destination.",
    );
  }
  const name = clusterName(service, port, subset);
  targets.set(name, { service: key, port, subset });
  return name;
}

function portOf(
  { route, problems, calledPort }: PlaceInput,
  service: Service,
  destination: Named,
  path: string,
): number | null {
  const [carried, what] = route.kind === "Route" ? [httpPorts, "HTTP"] : [tcpPorts, "TCP"];
  const ports = carried(service.spec.ports).map((port) => port.port);
  const key = objectKey(service);
  if (destination.port !== undefined) {
    if (ports.includes(destination.port)) return destination.port;
    problems.refuse(
      route,
      `${path}.port`,
      `${key} has no ${what} port ${destination.port}`,
      `Use one of ${ports.join(", ")}.`,
    );
    return null;
  }
  const [first] = ports;
  if (calledPort !== null && ports.includes(calledPort)) return calledPort;
  if (first !== undefined && (ports.length === 1 || calledPort === null)) return first;
  problems.refuse(
    route,
    `${path}.port`,
    first === undefined
      ? `${key} has no ${what} port`
      : `${key} has the ports ${ports.join(", ")} and not the port ${calledPort} that callers use`,
    first === undefined ? `Give the service a port for ${what}, or take it out of the route.` : "Name the port.",
  );
  return null;
}
