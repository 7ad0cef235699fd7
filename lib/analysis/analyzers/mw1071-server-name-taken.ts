// MW1071: a server name or port of a gateway that a rule asks for and another rule takes. Where an earlier rule of its own route takes all, that is MW1006.
import {
  coversServerName,
  type DecidingRule,
  decidingRules,
  isConnectionListener,
  type Listener,
  type MeshIndex,
  objectKey,
  serverNamesMeet,
  type TcpRoute,
  tcpTargetKey,
} from "@/lib/mesh";
import type { FindingBody, ObjectAnalyzer } from "../finding";
import { coversTcpRule } from "../path-match";

/** A listener that a match is for, and who decides there. */
type At = { listener: Listener; deciding: DecidingRule[] };

export const mw1071ServerNameTaken: ObjectAnalyzer<"TcpRoute"> = {
  code: "MW1071",
  title: "Server name that another rule takes",
  area: "routing",
  scope: "object",
  kind: "TcpRoute",
  run(index, route) {
    const all = listenersOf(index, route);
    if (all.length === 0) return [];
    return route.spec.rules.flatMap(({ matches }, r) => {
      if (isBehindOwnRule(route, r)) return [];
      return matches.flatMap(({ port, serverNames = [null] }, m) => {
        const own = all.filter(({ listener }) => (port ?? listener.port) === listener.port);
        return serverNames.flatMap((name, n) => {
          const taker = takerOf(route, r, name, own);
          return taker ? [findingOf(route, r, m, serverNames.length > 1 ? n : undefined, name, taker)] : [];
        });
      });
    });
  },
};

function listenersOf(index: MeshIndex, route: TcpRoute): At[] {
  const gateway = route.spec.gateway && index.find("Gateway", tcpTargetKey(route));
  if (!gateway) return [];
  const routes = index.tcpRoutesOf(objectKey(gateway));
  return gateway.spec.listeners
    .filter(isConnectionListener)
    .map((listener) => ({ listener, deciding: decidingRules(routes, listener) }));
}

const isBehindOwnRule = ({ spec: { rules } }: TcpRoute, r: number): boolean =>
  rules.slice(0, r).some((earlier) => rules[r] !== undefined && coversTcpRule(earlier, rules[r]));

/** The rule that decides about the name wherever this one asks for it. Undefined: this one decides somewhere. */
function takerOf(route: TcpRoute, r: number, name: string | null, all: readonly At[]): DecidingRule | undefined {
  const key = objectKey(route);
  const takers = all.flatMap(({ listener, deciding }): (DecidingRule | undefined)[] => {
    const isOwn = (each: DecidingRule) => objectKey(each.route) === key && each.rule === r;
    // A listener of protocol tcp sees no names: a match that asks for one is not for it.
    if (listener.protocol === "tcp") {
      if (name !== null) return [];
      return [deciding.find((each) => !isOwn(each))];
    }
    const meant = name ?? "*";
    if (!listener.hosts.some((host) => serverNamesMeet(host, meant))) return [];
    const decides = (each: DecidingRule) => each.names?.some((known) => serverNamesMeet(known, meant)) ?? false;
    if (deciding.some((each) => isOwn(each) && decides(each))) return [undefined];
    const takes = (each: DecidingRule) =>
      each.names?.some((known) => coversServerName(known, meant) || coversServerName(meant, known)) ?? false;
    return [deciding.find((each) => !isOwn(each) && takes(each))];
  });
  return takers.includes(undefined) ? undefined : takers[0];
}

function findingOf(
  route: TcpRoute,
  r: number,
  m: number,
  n: number | undefined,
  name: string | null,
  taker: DecidingRule,
): FindingBody {
  const key = objectKey(route);
  const of = name === null ? "connections" : `connections for ${name}`;
  const path = ["rules", r, "matches", m, ...(n === undefined ? [] : ["serverNames", n])];
  const place = `spec.rules[${r}].matches[${m}]`;
  const isLast = n === undefined && (route.spec.rules[r]?.matches.length ?? 0) === 1;
  const canGo = !isLast || route.spec.rules.length > 1;
  return {
    code: "MW1071",
    severity: "warning",
    message: `Rule ${r + 1} of ${route.metadata.name} never gets ${of}: rule ${taker.rule + 1} of ${taker.route.metadata.name} takes them.`,
    cause:
      "Within a route the first rule decides, and of two routes of a gateway the first by its name; a rule without a port asks at every listener.",
    refs: [key, objectKey(taker.route)],
    path: n === undefined ? place : `${place}.serverNames[${n}]`,
    fixes: canGo
      ? [
          {
            title: n === undefined ? `Remove the match from rule ${r + 1}` : `Take ${name} out of rule ${r + 1}`,
            command: { type: "patchSpec", key, path: isLast ? ["rules", r] : path },
          },
        ]
      : [{ title: `Remove ${route.metadata.name}`, command: { type: "removeObject", key } }],
  };
}
