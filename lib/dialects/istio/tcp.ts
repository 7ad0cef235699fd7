// The tcp rules of a VirtualService <-> a TcpRoute.
// The rule: they are tried in order, so all of them are taken over or none: what the model cannot say keeps the whole list aside, and is told.
import {
  type Destination,
  keyOf,
  type ObjectKey,
  objectKey,
  type Service,
  type TcpMatch,
  type TcpRoute,
  type TcpRule,
  tcpTargetKey,
  tcpTargetOf,
} from "@/lib/mesh";
import { type ImportContext, type Resource, refFrom } from "../shared/context";
import { type ExportContext, metadataOf, originOfKind } from "../shared/export-context";
import { Fields, type Sink } from "../shared/fields";
import { resolveHost, serviceOfHost } from "./hosts";
import { importCaller } from "./http-match";

/** Empty where they are left in `spec`, to be kept. `services`: whose callers they are for. */
export function importTcp(
  context: ImportContext,
  resource: Resource,
  spec: Fields,
  gateways: readonly string[],
  services: readonly Service[],
  sink: Sink,
): TcpRule[] {
  const written = spec.peek("tcp");
  if (written === undefined) return [];
  if (!Array.isArray(written)) {
    spec.problem("tcp", "must be a list", 'Begin each entry with "- ".');
    return [];
  }
  const left: Sink = { kept: [], problems: sink.problems };
  const reading = new TcpReading(context, resource);
  if (gateways.some((gateway) => gateway !== "mesh"))
    reading.refuse("it names gateways that are not in the design, or the mesh beside gateways");
  for (const service of services) reading.expectTcp(service);
  const rules = written.flatMap((each, i) => {
    const fields = Fields.of(each, ["spec", "tcp", i], left);
    return fields ? [reading.rule(fields, services)] : [];
  });
  if (left.kept.length > 0) {
    const names = left.kept.map(({ path }) => path.slice(2).join("."));
    reading.refuse(`${names.join(", ")} ${names.length === 1 ? "is" : "are"} not in the model`);
  }
  if (reading.why !== undefined) {
    const message = `is kept whole and has no effect here: ${reading.why}`;
    const fix = "It is written back on export. Write a TcpRoute by hand if it matters here.";
    context.warn(resource, ["spec", "tcp"], message, fix, { verdict: "lost", changesMeaning: true });
    return [];
  }
  spec.take("tcp");
  for (const { caller } of rules.flatMap(({ matches }) => matches))
    if (caller?.namespace !== undefined) context.assumeNamespace(caller.namespace);
  return rules;
}

export class TcpReading {
  /** The first thing that keeps the rules from being taken over. */
  why: string | undefined;

  constructor(
    private readonly context: ImportContext,
    private readonly resource: Resource,
  ) {}

  refuse(why: string): void {
    this.why ??= why;
  }

  expectTcp({ metadata, spec }: Service, port?: number): void {
    const isTcp = spec.ports.some((each) => each.protocol === "tcp" && (port === undefined || each.port === port));
    if (!isTcp) this.refuse(`service ${metadata.name} has no TCP port${port === undefined ? "" : ` ${port}`}`);
  }

  /** @param services whose callers it is for; none: it is for gateways */
  rule(fields: Fields, services: readonly Service[]): TcpRule {
    const matches = fields.list("match").map((each): TcpMatch => {
      const serverNames = each.texts("sniHosts");
      const port = each.number("port");
      if (port !== undefined) for (const service of services) this.expectTcp(service, port);
      if (each.has("destinationSubnets"))
        this.refuse("destinationSubnets go by address, and a caller here names a host and a port");
      const caller = importCaller(each);
      each.keepRest();
      return {
        ...(port === undefined ? {} : { port }),
        ...(serverNames ? { serverNames } : {}),
        ...(caller ? { caller } : {}),
      };
    });
    const routes = fields.list("route");
    if (routes.length === 0) this.refuse("a rule has no route");
    const destinations = routes.flatMap((each) => this.destination(each, routes.length === 1) ?? []);
    fields.keepRest();
    // a match without a condition takes every connection
    const isOpen = matches.some((match) => Object.keys(match).length === 0);
    return { matches: isOpen ? [] : matches, destinations };
  }

  private destination(fields: Fields, only: boolean): TcpRule["destinations"][number] | undefined {
    const destination = fields.object("destination");
    const host = destination?.text("host");
    if (!destination || host === undefined) {
      fields.problem("destination", "has no host", "Name the service.");
      return undefined;
    }
    const subset = destination.text("subset");
    const portFields = destination.object("port");
    const port = portFields?.number("number");
    const weight = fields.number("weight");
    for (const each of [portFields, destination, fields]) each?.keepRest();
    const service = this.serviceAt(destination, host);
    if (!service) {
      this.refuse(`${host} is no service of the design`);
      return undefined;
    }
    this.expectTcp(service, port);
    return {
      service: refFrom(service, this.resource.namespace),
      ...(subset === undefined ? {} : { subset }),
      ...(port === undefined ? {} : { port }),
      weight: weight ?? (only ? 100 : 0),
    };
  }

  /** One that is there: of one that would have to be assumed nobody knows that it speaks TCP. */
  private serviceAt(destination: Fields, host: string): Service | undefined {
    const { context, resource } = this;
    const meaning = resolveHost(host, resource.namespace);
    if (meaning.kind !== "service" || !context.find("Service", keyOf("Service", meaning.namespace, meaning.name)))
      return undefined;
    return serviceOfHost(context, resource, host, [...destination.path, "host"]);
  }
}

export function putTcpRoute(
  context: ImportContext,
  resource: Resource,
  service: Service,
  rules: TcpRule[],
  sink: Sink | undefined,
  several: boolean,
): ObjectKey {
  const key = objectKey(service);
  const existing = context.all("TcpRoute").find((route) => tcpTargetKey(route) === key);
  const namespace = existing?.metadata.namespace ?? resource.namespace;
  const name = several ? `${resource.name}-${service.metadata.name}` : resource.name;
  const spec: TcpRoute["spec"] = { service: refFrom(service, namespace), rules };
  return context.put(
    "TcpRoute",
    existing?.metadata.name ?? name,
    spec,
    { resource, ...(sink ? { sink } : {}) },
    existing,
  );
}

export type HostOf = (namespace: string, name: string) => string;

/** As `tcp` of a VirtualService in which hosts are written by `hostOf`. */
export function tcpRules(context: ExportContext, route: TcpRoute, hostOf: HostOf): Record<string, unknown>[] {
  return route.spec.rules.map(({ name, matches, destinations }, i) => {
    if (name !== undefined)
      context.lose(route, ["spec", "rules", i, "name"], "lost", "rules for TCP have no names in Istio");
    const match = matches.map(({ port, caller }) => ({
      ...(port === undefined ? {} : { port }),
      ...(caller?.labels ? { sourceLabels: caller.labels } : {}),
      ...(caller?.namespace === undefined ? {} : { sourceNamespace: caller.namespace }),
    }));
    return {
      ...(match.length > 0 ? { match } : {}),
      route: destinations.map((each) => weighted(each, route, hostOf)),
    };
  });
}

export function weighted(
  { service, subset, port, weight }: Destination,
  route: TcpRoute,
  hostOf: HostOf,
): Record<string, unknown> {
  const destination = {
    host: hostOf(service.namespace ?? route.metadata.namespace, service.name),
    ...(subset === undefined ? {} : { subset }),
    ...(port === undefined ? {} : { port: { number: port } }),
  };
  return { destination, weight };
}

/** One whose service has a Route is part of that one's VirtualService: Istio takes one for each host. */
export function exportTcpRoute(context: ExportContext, route: TcpRoute, hostIn: (from: string) => HostOf): void {
  const key = tcpTargetKey(route);
  if (context.index.routesOf(key).length > 0) return;
  const origin = originOfKind(route, "VirtualService");
  const twins = context.index.all("TcpRoute").filter((each) => {
    const other = originOfKind(each, "VirtualService");
    return other && origin && other.name === origin.name && other.namespace === origin.namespace;
  });
  const name = origin && twins.length === 1 ? origin.name : route.metadata.name;
  const namespace = origin?.namespace ?? route.metadata.namespace;
  const hostOf = hostIn(namespace);
  const own = tcpTargetOf(route);
  const spec = {
    hosts: [hostOf(own.namespace ?? route.metadata.namespace, own.name)],
    tcp: tcpRules(context, route, hostOf),
  };
  const metadata = metadataOf(route, name, namespace);
  context.add({ apiVersion: "networking.istio.io/v1", kind: "VirtualService", metadata, spec }, route);
}
