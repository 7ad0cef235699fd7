// A TcpRoute of a gateway -> the tls and tcp rules of a VirtualService.
// The rule: Istio picks the closest of all sniHosts, a TcpRoute the first rule: each name is written where it is decided.
import {
  type Destination,
  decidingRules,
  type Gateway,
  isConnectionListener,
  serviceRefKey,
  type TcpRoute,
  tcpTargetKey,
} from "@/lib/mesh";
import { type ExportContext, metadataOf, originOfKind } from "../shared/export-context";
import { widest } from "./export-route";
import { type HostOf, weighted } from "./tcp";

type Entry = Record<string, unknown>;

export function exportConnections(context: ExportContext, route: TcpRoute, hostIn: (from: string) => HostOf): void {
  const gateway = context.index.find("Gateway", tcpTargetKey(route));
  if (!gateway) return;
  const origin = originOfKind(route, "VirtualService");
  const namespace = origin?.namespace ?? route.metadata.namespace;
  const hostOf = hostIn(namespace);
  const entriesOf = (matches: (rule: number) => Entry[]): Entry[] =>
    route.spec.rules.flatMap(({ destinations }, rule) => {
      const match = matches(rule);
      if (match.length === 0) return [];
      return [{ match, route: destinations.map((each) => weighted(withPort(context, route, each), route, hostOf)) }];
    });
  const ofTls = entriesOf((rule) => tlsMatches(gateway, route, rule));
  const ofTcp = entriesOf((rule) => tcpMatches(gateway, route, rule));
  const named = ofTls.flatMap(({ match }) => (match as { sniHosts: string[] }[]).flatMap(({ sniHosts }) => sniHosts));
  const { metadata } = gateway;
  const spec = {
    hosts: named.length > 0 ? widest([...new Set(named)]) : ["*"],
    gateways: [metadata.namespace === namespace ? metadata.name : `${metadata.namespace}/${metadata.name}`],
    ...(ofTls.length > 0 ? { tls: ofTls } : {}),
    ...(ofTcp.length > 0 ? { tcp: ofTcp } : {}),
  };
  report(context, route, gateway);
  if (ofTls.length + ofTcp.length === 0) return;
  const name = freeName(context, origin?.name ?? route.metadata.name, namespace);
  const manifest = {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: metadataOf(route, name, namespace),
    spec,
  };
  context.add(manifest, route);
}

/** A Route may have the same name: its VirtualService is another one, so that its hosts stay its own. */
function freeName({ resources }: ExportContext, wanted: string, namespace: string): string {
  const isTaken = (name: string) =>
    resources.some(
      ({ kind, metadata }) => kind === "VirtualService" && metadata.name === name && metadata.namespace === namespace,
    );
  if (!isTaken(wanted)) return wanted;
  for (let n = 1; ; n++) {
    const name = `${wanted}-connections${n === 1 ? "" : `-${n}`}`;
    if (!isTaken(name)) return name;
  }
}

function tlsMatches({ spec }: Gateway, route: TcpRoute, rule: number): Entry[] {
  const listeners = spec.listeners.filter(({ protocol }) => protocol === "tls");
  const asksForPort = route.spec.rules[rule]?.matches.some(({ port }) => port !== undefined);
  return listeners.flatMap((listener) => {
    const decided = decidingRules([route], listener).filter((each) => each.rule === rule);
    const port = listeners.length > 1 || asksForPort ? { port: listener.port } : {};
    return decided.map(({ names }) => ({ ...port, sniHosts: names }));
  });
}

function tcpMatches({ spec }: Gateway, route: TcpRoute, rule: number): Entry[] {
  const listeners = spec.listeners.filter(({ protocol }) => protocol === "tcp");
  return listeners.flatMap((listener) =>
    decidingRules([route], listener).some((each) => each.rule === rule) ? [{ port: listener.port }] : [],
  );
}

/** At a gateway nobody called a port of the service: where it has several, Istio wants the one that is meant. */
function withPort({ index }: ExportContext, route: TcpRoute, to: Destination): Destination {
  const ports = index.find("Service", serviceRefKey(to.service, route))?.spec.ports ?? [];
  const tcp = ports.find(({ protocol }) => protocol === "tcp");
  return to.port !== undefined || ports.length < 2 || !tcp ? to : { ...to, port: tcp.port };
}

function report(context: ExportContext, route: TcpRoute, { spec }: Gateway): void {
  const listeners = spec.listeners.filter(isConnectionListener);
  const deciding = new Set(listeners.flatMap((each) => decidingRules([route], each).map(({ rule }) => rule)));
  route.spec.rules.forEach(({ name }, i) => {
    const path = ["spec", "rules", i];
    if (!deciding.has(i))
      context.tell(route, path, "moved", "rules before it take its connections, so it is not written");
    else if (name !== undefined)
      context.lose(route, [...path, "name"], "lost", "rules for TCP and TLS have no names in Istio");
  });
}
