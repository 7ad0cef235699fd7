// IngressGateway and ServiceDefaults with a destination -> Gateways with their routes, and ExternalServices.
// The rule: behind an ingress gateway a service's own chain decides, so the gateway's route has the same rules.
import { keyOf, type Protocol, type SpecOf } from "@/lib/mesh";
import type { ImportContext } from "../shared/context";
import { drawLine } from "../shared/draw-line";
import type { Fields } from "../shared/fields";
import { slug } from "../shared/names";
import { ANY } from "./documents";
import { joined, rulesOf, type World } from "./put-routes";
import { headersOf } from "./read-chain";
import { partOf, type Reader } from "./read-defaults";
import type { ConsulState, Defaults, Ingress, IngressService } from "./state";

const PROTOCOLS: Record<string, Protocol> = { http: "http", http2: "http2", grpc: "grpc", tcp: "tcp" };

export function importIngress(state: ConsulState): Reader {
  return (context, resource, spec, sink) => {
    const part = partOf(state, resource, sink);
    const listeners = spec.list("listeners").flatMap((fields, index): Ingress["listeners"] => {
      const port = fields.number("port");
      const word = fields.text("protocol") || "tcp";
      const protocol = PROTOCOLS[word];
      const services = fields.list("services").flatMap((each) => serviceOf(each) ?? []);
      fields.keepRest();
      if (port === undefined) fields.problem("port", "is missing", "Write the listener's port.");
      if (!protocol) fields.problem("protocol", `is unknown: ${word}`, "Use tcp, http, http2 or grpc.");
      return port === undefined || !protocol ? [] : [{ port, protocol, services, index }];
    });
    spec.keepRest();
    const ingress: Ingress = { ...part, listeners };
    state.ingresses.push(ingress);
    putGateway(context, ingress);
    return part.result;
  };
}

function serviceOf(fields: Fields): IngressService | undefined {
  const name = fields.text("name");
  fields.take("namespace");
  const hosts = fields.texts("hosts") ?? [];
  const headers = headersOf(fields);
  fields.keepRest();
  if (name === undefined) fields.problem("name", "is missing", "Name the service, or * for all.");
  return name === undefined ? undefined : { name, hosts, ...(headers ? { headers } : {}) };
}

/** Without hosts of its own a service is asked for as `<service>.ingress.<domain>`. */
const hostsOf = ({ name, hosts }: IngressService): string[] => {
  const known = hosts.length > 0 ? hosts : [`${slug(name)}.ingress.consul`];
  return known.map((host) => host.replace(/:\d+$/, ""));
};

function putGateway(context: ImportContext, { resource, result, listeners }: Ingress): void {
  const usable = listeners.filter(({ services }) => services.length > 0);
  if (usable.length === 0) return;
  const name = slug(resource.name);
  context.assumeNamespace(resource.namespace);
  const spec: SpecOf<"Gateway"> = {
    type: "ingress",
    listeners: usable.map(({ port, protocol, services }) => ({
      name: `${protocol}-${port}`,
      port,
      protocol,
      hosts: services.some((each) => each.name === ANY || protocol === "tcp")
        ? [ANY]
        : [...new Set(services.flatMap(hostsOf))],
    })),
  };
  const existing = context.find("Gateway", keyOf("Gateway", resource.namespace, name));
  result.objects.push(context.put("Gateway", name, spec, { resource }, existing));
  result.sentences.push(`gateway with ${usable.length} listeners.`);
}

export function putGatewayRoutes(world: World): void {
  for (const ingress of world.state.ingresses) {
    for (const { services, protocol, index } of ingress.listeners) {
      services.forEach((service, i) => {
        if (protocol === "tcp")
          tell(
            world,
            ingress,
            ["spec", "listeners", index],
            "leads connections to a service, which routes of a gateway here do not",
          );
        else if (service.name === ANY)
          tell(
            world,
            ingress,
            ["spec", "listeners", index, "services", i],
            "leads to every service by its name, which a route here does not",
          );
        else putRoute(world, ingress, service, ["spec", "listeners", index, "services", i]);
      });
    }
  }
}

function tell({ context }: World, { resource, kept }: Ingress, path: (string | number)[], message: string): void {
  context.warn(resource, path, message, "Add a route for each service by hand.", {
    verdict: "lost",
    changesMeaning: true,
  });
  const value = path
    .slice(1)
    .reduce<unknown>((at, step) => (at as Record<string | number, unknown>)?.[step], resource.spec);
  kept.push({ path, value });
}

function putRoute(world: World, ingress: Ingress, service: IngressService, path: (string | number)[]): void {
  const { context, places } = world;
  const { resource, result } = ingress;
  const target = places.service(service.name, resource, path);
  if (!target) return;
  if (world.state.protocolOf(service.name) === "tcp") {
    tell(world, ingress, path, `leads HTTP calls to ${service.name}, which speaks tcp: Consul refuses it`);
    return;
  }
  const gateway = slug(resource.name);
  const { rules } = rulesOf(world, service.name, resource.namespace);
  const name = `${gateway}-${slug(service.name)}`.slice(0, 253);
  const spec: SpecOf<"Route"> = {
    target: { kind: "Gateway", name: gateway },
    hosts: hostsOf(service),
    rules: rules.map((rule) => ({ ...rule, ...joined(service.headers, rule.headers) })),
  };
  const existing = context.find("Route", keyOf("Route", resource.namespace, name));
  result.objects.push(context.put("Route", name, spec, { resource }, existing));
  result.sentences.push(`${hostsOf(service).join(", ")} lead to ${service.name}.`);
  const from = { kind: "Gateway" as const, namespace: resource.namespace, name: gateway };
  result.objects.push(...drawLine(context, resource, from, { kind: "Service", ...target.metadata }));
}

const ADDRESS = /^(\d{1,3}\.){3}\d{1,3}$|:/;

export function putExternal(context: ImportContext, { resource, result, external, protocol }: Defaults): void {
  if (!external) return;
  const { namespace } = resource;
  const name = slug(resource.name);
  const hosts = external.addresses.filter((each) => !ADDRESS.test(each)).map((each) => each.toLowerCase());
  const fixed = external.addresses.filter((each) => ADDRESS.test(each));
  context.assumeNamespace(namespace);
  const said = protocol ?? "tcp";
  const existing = context.find("ExternalService", keyOf("ExternalService", namespace, name));
  const spec: SpecOf<"ExternalService"> = {
    ...existing?.spec,
    hosts: hosts.length > 0 ? hosts : [`${name}.virtual.consul`],
    ports: [{ name: said, port: external.port, protocol: said }],
    ...(fixed.length > 0 ? { endpoints: fixed.map((address) => ({ address, port: external.port })) } : {}),
  };
  result.objects.push(context.put("ExternalService", name, spec, { resource }, existing));
  result.sentences.push(`outside the mesh at ${external.addresses.join(", ")}.`);
}
