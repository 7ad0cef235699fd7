// Gateways with their routes, external services and ways out -> IngressGateway, TerminatingGateway, ServiceDefaults and ServiceIntentions.
// The rule: a gateway leads to a service whose own chain decides; rules of a gateway's own are the router of a service that nothing runs.
import {
  type ExternalService,
  type Gateway,
  isSameJson,
  objectKey,
  plainHost,
  type Route,
  refKey,
  type Service,
  serviceRefKey,
} from "@/lib/mesh";
import { tellGuards } from "../shared/tell-connections";
import { isServedPlain, withoutHttps } from "../shared/tell-https";
import { ANY } from "./documents";
import { type ConsulExport, portOf, SYSTEM_NAMESPACE } from "./export-out";
import { routesOf } from "./export-route";
import type { Splits } from "./export-splits";

type Spec = Record<string, unknown>;
const LOUD = { changesMeaning: true };

export function exportGateway(out: ConsulExport, gateway: Gateway, splits: Splits): void {
  const { context, index } = out;
  const routes = index.routesOf(objectKey(gateway));
  if (gateway.spec.type !== "ingress" || !out.isOwner(gateway)) {
    const why = out.isOwner(gateway)
      ? `an ${gateway.spec.type} gateway of Consul leads by itself, without routes: set it up with its Helm chart`
      : "a service has its name";
    for (const each of [gateway, ...routes]) context.lose(each, ["spec"], "lost", why, LOUD);
    return;
  }
  const led = routes.map((route) => ({ route, name: serviceFor(out, gateway, route, splits) }));
  const only = routes.length === 0 ? onlyBehind(out, gateway) : undefined;
  const taken = new Set<string>();
  withoutHttps(context, gateway, "Consul");
  tellGuards(context, gateway, "Consul");
  const listeners = gateway.spec.listeners.map((listener, i) => {
    const hosts = [...new Set(listener.hosts.map(plainHost))];
    const protocol = listener.protocol;
    if (protocol === "https" || listener.httpsRedirect) return undefined;
    if (protocol === "tcp" || protocol === "tls") {
      context.lose(gateway, ["spec", "listeners", i], "lost", "it has no service to lead connections to", LOUD);
      return undefined;
    }
    const services = led.flatMap(({ route, name }): Spec[] => {
      // as in the design: a host of the route that no listener names is served too
      const own = (route.spec.hosts?.length ? route.spec.hosts : hosts)
        .map(plainHost)
        .filter((host) => isServedPlain(gateway, host));
      const served = own.filter((host) => !taken.has(`${listener.port} ${host}`));
      const missed = own.filter((host) => !served.includes(host));
      if (missed.length > 0) {
        const reason = `a host leads to one service in Consul, and ${missed.join(", ")} is another route's`;
        context.lose(route, ["spec", "hosts"], "lost", reason, LOUD);
      }
      const behind = out.serviceCalled(name) ?? firstBehind(out, route);
      if (behind && portOf(behind).protocol !== protocol) {
        const reason = `the listener ${listener.name} speaks ${protocol} and ${behind.metadata.name} does not: Consul refuses it`;
        context.lose(route, ["spec", "hosts"], "lost", reason, LOUD);
        return [];
      }
      for (const host of served) taken.add(`${listener.port} ${host}`);
      return served.length > 0 ? [{ name, hosts: served }] : [];
    });
    if (only) services.push({ name: only, hosts });
    return services.length > 0 ? { port: listener.port, protocol, services } : undefined;
  });
  const written = listeners.filter((each) => each !== undefined);
  const { name, namespace } = gateway.metadata;
  if (written.length > 0) out.add("IngressGateway", { name, namespace }, { listeners: written }, gateway);
  else context.lose(gateway, ["spec", "listeners"], "lost", "no route leads on from it: every call gets 404");
  const reason = "IngressGateway, which Consul keeps beside its newer API gateway; the Helm chart runs it";
  context.fillExact([{ key: objectKey(gateway), path: "spec" }], reason);
}

/** The service whose chain has these very rules, else one that is made for them. */
function serviceFor(out: ConsulExport, gateway: Gateway, route: Route, splits: Splits): string {
  const { index, context } = out;
  const same = index
    .all("Service")
    .find(
      (service) =>
        out.isOwner(service) &&
        index
          .routesOf(objectKey(service))
          .some(
            (own) =>
              own.metadata.namespace === route.metadata.namespace && isSameJson(own.spec.rules, route.spec.rules),
          ),
    );
  if (same) {
    const reason = `the router of ${same.metadata.name} has the same rules`;
    context.tell(route, ["spec"], "exact", reason, { target: `IngressGateway ${gateway.metadata.name}` });
    return same.metadata.name;
  }
  const name = out.claim(`${gateway.metadata.name}-${route.metadata.name}`, route);
  const home = { name, namespace: route.metadata.namespace };
  const behind = firstBehind(out, route);
  out.say(home, { protocol: behind ? portOf(behind).protocol : "http" });
  out.add("ServiceRouter", home, { routes: routesOf(out, route, splits, name) }, route);
  return name;
}

function firstBehind({ index }: ConsulExport, route: Route): Service | undefined {
  const first = route.spec.rules.flatMap(({ action }) => (action.type === "forward" ? action.destinations : []))[0];
  return first && index.find("Service", serviceRefKey(first.service, route));
}

/** Without a route a gateway leads to the one service that a line goes to. */
function onlyBehind(out: ConsulExport, gateway: Gateway): string | undefined {
  const keys = out.index.dependenciesFrom(objectKey(gateway)).map((each) => refKey(each.spec.to, each));
  const services = [...new Set(keys)].flatMap((key) => out.index.find("Service", key) ?? []);
  const [only, ...more] = services;
  if (!only || more.length > 0) return undefined;
  const { name, namespace } = only.metadata;
  if (out.index.routesOf(objectKey(only)).length === 0) return name;
  // in the design the gateway goes past the service's own routes
  const home = { name: out.claim(`${gateway.metadata.name}-${name}`, gateway), namespace };
  out.say(home, { protocol: portOf(only).protocol });
  out.add("ServiceRouter", home, { routes: [{ destination: { service: name, requestTimeout: "-1s" } }] });
  return home.name;
}

export function exportExternal(out: ConsulExport, external: ExternalService): void {
  const { context } = out;
  const { name, namespace } = external.metadata;
  if (!out.isOwner(external)) {
    context.lose(external, ["spec"], "lost", "a service of the mesh has its name", LOUD);
    return;
  }
  const { hosts, ports, endpoints = [] } = external.spec;
  const [first, ...others] = ports;
  const named = hosts.filter((host) => !host.startsWith("*"));
  const addresses = [...named.map(plainHost), ...endpoints.map(({ address }) => address)];
  if (!first || addresses.length === 0) {
    context.lose(external, ["spec", "hosts"], "lost", "Consul has no wildcards for hosts outside", LOUD);
    return;
  }
  const protocol = first.protocol === "tcp" ? "tcp" : first.protocol;
  out.say({ name, namespace }, { protocol, destination: { addresses, port: first.port } }, external);
  if (others.length > 0 || named.length < hosts.length) {
    const reason = "a destination of Consul has one port and no wildcards: the others are not reached";
    context.lose(external, ["spec", "ports"], "approximate", reason, LOUD);
  }
  const reason = "destination of ServiceDefaults; calls need a TerminatingGateway, which runs by the Helm chart";
  context.fillExact([{ key: objectKey(external), path: "spec" }], reason);
}

/** Who may call what is outside, and the gateway that calls leave by. */
export function exportEgress(out: ConsulExport): void {
  const { index, context } = out;
  const led = index.all("ExternalService").filter((external) => out.isOwner(external));
  for (const external of led) {
    const names = index.egressesTo(objectKey(external)).flatMap((egress) => {
      const { from } = egress.spec;
      const keys = from
        ? from.map((ref) => refKey(ref, egress))
        : index
            .dependenciesTo(objectKey(external))
            .map((each) => refKey(each.spec.from, each))
            .filter((key) => index.get(key)?.metadata.namespace === egress.metadata.namespace);
      return keys.flatMap((key) => {
        const caller = index.get(key);
        return caller?.kind === "Workload" ? caller.spec.service : (caller?.metadata.name ?? []);
      });
    });
    const { name, namespace } = external.metadata;
    const sources = [
      ...[...new Set(names)].sort().map((each) => ({ name: each, action: "allow" })),
      { name: ANY, action: "deny" },
    ];
    out.add("ServiceIntentions", { name, namespace }, { destination: { name }, sources });
  }
  if (led.length > 0) {
    const services = led.map(({ metadata }) => ({ name: metadata.name }));
    out.add("TerminatingGateway", { name: "terminating-gateway", namespace: SYSTEM_NAMESPACE }, { services });
  }
  for (const egress of index.all("Egress")) {
    context.tell(egress, ["spec"], "moved", "ServiceIntentions of the external service; owner and reason are not said");
  }
}
