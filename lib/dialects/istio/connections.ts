// The tls and tcp rules of a VirtualService for gateways -> a TcpRoute for each of the gateways.
// The rule: all of them are taken over or none: what the model cannot say keeps the lists aside, and is told.
import {
  type Gateway,
  isConnectionListener,
  keyOf,
  type ObjectKey,
  type Ref,
  refKey,
  serverNamesMeet,
  type TcpMatch,
  type TcpRule,
} from "@/lib/mesh";
import { type ImportContext, type Resource, refFrom } from "../shared/context";
import { Fields, type Sink } from "../shared/fields";
import { TcpReading } from "./tcp";

type AtGateway = { gateway: Gateway; rules: TcpRule[] };
type Scope = { gateways: readonly string[]; targets: readonly { ref: Ref }[] };
const LISTS = ["tls", "tcp"] as const;

/** Empty where they are left in `spec`, to be kept: there are none, they are for sidecars, or cannot be said. */
export function importConnections(
  context: ImportContext,
  resource: Resource,
  spec: Fields,
  { gateways, targets }: Scope,
  sink: Sink,
): AtGateway[] {
  const found = targets.flatMap(({ ref }) => {
    const key = refKey(ref, { metadata: { namespace: resource.namespace } });
    return context.find("Gateway", key) ?? [];
  });
  const written = LISTS.filter((list) => Array.isArray(spec.peek(list)));
  if (written.length === 0 || gateways.includes("mesh") || found.length === 0) return [];
  const left: Sink = { kept: [], problems: sink.problems };
  const reading = new TcpReading(context, resource);
  const read = Object.fromEntries(LISTS.map((list) => [list, rulesOf(spec, list, reading, left)]));
  const [other] = left.kept;
  if (other) reading.refuse(`${other.path.slice(3).join(".")} is not in the model`);
  const all = found.map((gateway) => ({
    gateway,
    rules: [
      ...(read["tls"] ?? []).map((rule) => tlsRuleAt(gateway, rule, reading)),
      ...(read["tcp"] ?? []).map((rule) => tcpRuleAt(gateway, rule, reading)),
    ],
  }));
  if (reading.why !== undefined) {
    const message = `is kept whole and has no effect here: ${reading.why}`;
    const fix = "It is written back on export. Write a TcpRoute by hand if it matters here.";
    for (const list of written) {
      context.warn(resource, ["spec", list], message, fix, { verdict: "lost", changesMeaning: true });
      // so that what reads sidecars' rules does not tell it again
      spec.keep(list, spec.take(list));
    }
    return [];
  }
  for (const list of written) spec.take(list);
  return all;
}

function rulesOf(spec: Fields, list: (typeof LISTS)[number], reading: TcpReading, left: Sink): TcpRule[] {
  const written = spec.peek(list);
  return (Array.isArray(written) ? written : []).flatMap((each, i) => {
    const fields = Fields.of(each, ["spec", list, i], left);
    return fields ? [reading.rule(fields, [])] : [];
  });
}

/** Of the names those that the gateway serves: the others have no effect there. */
function tlsRuleAt({ metadata, spec }: Gateway, rule: TcpRule, reading: TcpReading): TcpRule {
  const listeners = spec.listeners.filter(({ protocol }) => protocol === "tls");
  const matches = rule.matches.flatMap(({ port, serverNames = [], caller }): TcpMatch[] => {
    if (caller) reading.refuse("rules for some callers are not for gateways");
    const hosts = listeners.filter((each) => (port ?? each.port) === each.port).flatMap((each) => each.hosts);
    const served = serverNames.filter((name) => hosts.some((host) => serverNamesMeet(host, name)));
    return served.length > 0 ? [{ ...(port === undefined ? {} : { port }), serverNames: served }] : [];
  });
  if (matches.length === 0)
    reading.refuse(`gateway ${metadata.name} has no server of TLS with mode PASSTHROUGH for its sniHosts`);
  return { ...rule, matches };
}

/** For its ports of TCP: what passes TLS on takes the rules of tls alone. */
function tcpRuleAt({ metadata, spec }: Gateway, rule: TcpRule, reading: TcpReading): TcpRule {
  const all = spec.listeners.filter(isConnectionListener);
  const ports = all.flatMap(({ protocol, port }) => (protocol === "tcp" ? [port] : []));
  const asked = rule.matches.map(({ port }) => port);
  const meant = asked.length === 0 ? ports : ports.filter((port) => asked.includes(port) || asked.includes(undefined));
  if (rule.matches.some(({ caller, serverNames }) => caller ?? serverNames))
    reading.refuse("rules of tcp for some callers or names are not for gateways");
  if (meant.length === 0) reading.refuse(`gateway ${metadata.name} has no server of TCP at its port`);
  const isEvery = meant.length === all.length && asked.every((port) => port === undefined);
  return { ...rule, matches: isEvery ? [] : [...new Set(meant)].map((port) => ({ port })) };
}

export function putConnections(
  context: ImportContext,
  resource: Resource,
  { gateway, rules }: AtGateway,
  sink: Sink | undefined,
  several: boolean,
): ObjectKey {
  const name = several ? `${resource.name}-${gateway.metadata.name}` : resource.name;
  const existing = context.find("TcpRoute", keyOf("TcpRoute", resource.namespace, name));
  const spec = { gateway: refFrom(gateway, resource.namespace), rules };
  return context.put("TcpRoute", name, spec, { resource, ...(sink ? { sink } : {}) }, existing);
}
