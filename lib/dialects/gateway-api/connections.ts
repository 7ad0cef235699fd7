// TCPRoute and TLSRoute of gateways -> a TcpRoute for each route and gateway.
// The rule: a route is for the listeners that it may attach to. Between routes the closest name decides, there as here, so each stays by itself.
import { type Gateway, keyOf, type ObjectKey, serverNamesMeet, type TcpMatch } from "@/lib/mesh";
import { tcpRuleText } from "@/lib/mesh/diff/words";
import { type ImportContext, refFrom } from "../shared/context";
import { byAge, openListener } from "./attach";
import type { GatewayState, ListenerInfo, TcpSource } from "./state";

/** When all gateways and routes are known. */
export function attachConnections(context: ImportContext, state: GatewayState): void {
  const taken = new Set<string>();
  for (const source of [...state.tcp].sort(byAge)) {
    const parents = source.parents.filter(({ kind }) => kind === "Gateway");
    const keys = [...new Set(parents.map(({ namespace, name }) => keyOf("Gateway", namespace, name)))];
    for (const key of keys) {
      const gateway = context.find("Gateway", key);
      if (gateway) attach(context, state, source, { gateway, key, several: keys.length > 1, taken });
    }
  }
}

type To = { gateway: Gateway; key: ObjectKey; several: boolean; taken: Set<string> };

function attach(context: ImportContext, state: GatewayState, source: TcpSource, to: To): void {
  const { gateway, key, several, taken } = to;
  const { resource, hostnames, parents, rule, result } = source;
  const all = state.listeners.get(key) ?? gateway.spec.listeners.map(openListener);
  const own = parents.filter((each) => each.kind === "Gateway" && keyOf("Gateway", each.namespace, each.name) === key);
  const protocol = hostnames ? "tls" : "tcp";
  const listeners = all.filter(
    (each) =>
      each.protocol === protocol &&
      each.allows(resource.namespace) &&
      own.some(({ sectionName = each.name, port = each.port }) => sectionName === each.name && port === each.port),
  );
  const matches = hostnames ? namesAt(hostnames, listeners, all) : listeners.map(({ port }): TcpMatch => ({ port }));
  if (matches.length === 0) {
    const message = `is not attached to gateway ${gateway.metadata.name}: none of its listeners of ${protocol.toUpperCase()} takes it`;
    const fix = "Name a listener that allows routes of its namespace and serves one of its hostnames.";
    context.warn(resource, ["spec", "parentRefs"], message, fix, { verdict: "ignored" });
    return;
  }
  const wanted = several ? `${resource.name}-${gateway.metadata.name}` : resource.name;
  // a TLSRoute and a TCPRoute may have one name
  const name = taken.has(`${resource.namespace}/${wanted}`) ? `${wanted}-${protocol}` : wanted;
  taken.add(`${resource.namespace}/${name}`);
  const existing = context.find("TcpRoute", keyOf("TcpRoute", resource.namespace, name));
  const spec = { gateway: refFrom(gateway, resource.namespace), rules: [{ ...rule, matches: once(matches) }] };
  result.objects.push(context.put("TcpRoute", name, spec, { resource }, existing));
  result.sentences.push(...spec.rules.map((each) => `${tcpRuleText(each, gateway.metadata.name)}.`));
}

/** Of the hostnames those that listeners serve; their ports where the gateway has other listeners that would serve them, too. */
function namesAt(
  hostnames: readonly string[],
  listeners: readonly ListenerInfo[],
  all: readonly ListenerInfo[],
): TcpMatch[] {
  const isOne = all.filter(({ protocol }) => protocol === "tls").every((each) => listeners.includes(each));
  const servedBy = (of: readonly ListenerInfo[]) =>
    hostnames.filter((name) => of.some(({ hosts }) => hosts.some((host) => serverNamesMeet(host, name))));
  if (isOne) return servedBy(listeners).length > 0 ? [{ serverNames: servedBy(listeners) }] : [];
  const ports = [...new Set(listeners.map(({ port }) => port))];
  return ports.flatMap((port) => {
    const serverNames = servedBy(listeners.filter((each) => each.port === port));
    return serverNames.length > 0 ? [{ port, serverNames }] : [];
  });
}

const once = (matches: readonly TcpMatch[]): TcpMatch[] => [
  ...new Map(matches.map((match) => [JSON.stringify(match), match])).values(),
];
