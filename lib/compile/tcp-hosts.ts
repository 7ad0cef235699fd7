// The virtual host of one TCP port of a service, as its callers see it: an app asks for the connection by CONNECT, as for external services.
// The rule: port and caller are known when this is made, so of a TCP route the one rule that decides is left; what none takes goes to the service.
import {
  isMeantCaller,
  type ObjectKey,
  objectKey,
  routeEndsOf,
  type Service,
  serviceRefKey,
  type TcpRoute,
  type TcpRule,
  type Workload,
} from "@/lib/mesh";
import { clusterName, resolveDestinations } from "./destinations";
import { type JsonObject, meshwrightMetadata } from "./envoy-json";
import { hashKeysFor } from "./hash-keys";
import { tunnelHashPolicies } from "./hashing";
import type { CompileContext } from "./parts";
import { destinationOf } from "./route-rule";
import { shared } from "./shared";
import { patienceWith, tunnelPatience } from "./tcp-patience";

export type TcpHostInput = {
  service: Service;
  port: number;
  caller: Workload;
  /** Services that the caller has drawn dependencies on. */
  drawn: ReadonlySet<ObjectKey>;
  /** Names of the service for this caller. */
  names: readonly string[];
};

/** The same for all callers of a namespace, unless its route leads to other services or asks who calls. */
export function tcpHost(context: CompileContext, input: TcpHostInput): JsonObject {
  const key = objectKey(input.service);
  const route = context.facts.tcpRoutesOf.get(key)?.[0];
  if (route && (leadsElsewhere(route, key) || asksForCallers(route))) return hostOf(context, input, route);
  const name = `tcp host ${key} ${input.port} ${input.names.length} ${input.drawn.has(key)}`;
  return shared(context, name, [input.service, route], (of) => hostOf(of, input, route));
}

function leadsElsewhere(route: TcpRoute, service: ObjectKey): boolean {
  return routeEndsOf(route).some((end) => serviceRefKey(end.service, route) !== service);
}

function asksForCallers({ spec }: TcpRoute): boolean {
  return spec.rules.some(({ matches }) => matches.some(({ caller }) => caller !== undefined));
}

function hostOf(context: CompileContext, input: TcpHostInput, route: TcpRoute | undefined): JsonObject {
  const { service, port, names } = input;
  const { namespace, name } = service.metadata;
  return {
    name: `${name}.${namespace}:${port}`,
    domains: names.map((host) => `${host}:${port}`),
    routes: [tunnelTo(context, input, route)],
  };
}

function tunnelTo(context: CompileContext, input: TcpHostInput, route: TcpRoute | undefined): JsonObject {
  const { service, port, caller } = input;
  const index = route?.spec.rules.findIndex((each) => isMeant(each, port, caller)) ?? -1;
  const rule = route?.spec.rules[index];
  if (!route || !rule) {
    const key = objectKey(service);
    const cluster = clusterName(service, port, undefined);
    context.targets.set(cluster, { service: key, port, subset: undefined });
    return tunnel(`${service.metadata.name}/tcp`, { cluster }, behaviourWith(context, [cluster]));
  }
  const { facts, problems, targets } = context;
  const clusters = resolveDestinations({
    ...{ facts, route, ruleIndex: index, calledPort: port, drawn: input.drawn, problems, targets },
    destinations: rule.destinations,
    rollout: context.input.rollout,
  });
  const metadata = meshwrightMetadata({ route: objectKey(route), rule: String(index) });
  const names = clusters.map(({ cluster }) => cluster);
  const name = `${route.metadata.name}/${rule.name ?? index}`;
  return { ...tunnel(name, destinationOf(clusters), behaviourWith(context, names)), metadata };
}

/** What the policies of the clusters say of a connection to one of them. */
const behaviourWith = ({ facts }: CompileContext, clusters: readonly string[]): JsonObject => ({
  ...tunnelPatience(patienceWith(facts, clusters)),
  ...tunnelHashPolicies(hashKeysFor(facts, clusters)),
});

/** Would a connection of this caller to this port be for the rule? */
function isMeant({ matches }: TcpRule, port: number, caller: Workload): boolean {
  return (
    matches.length === 0 ||
    matches.some(
      (match) =>
        (match.port === undefined || match.port === port) && (!match.caller || isMeantCaller(match.caller, caller)),
    )
  );
}

/** The app asks for a connection, and what is said on it then passes as it is. */
export function tunnel(name: string, destination: JsonObject, behaviour: JsonObject = {}): JsonObject {
  const upgrade_configs = [{ upgrade_type: "CONNECT", connect_config: {} }];
  const route = { ...destination, timeout: "0s", ...behaviour, upgrade_configs };
  return { name, match: { connect_matcher: {} }, route };
}
