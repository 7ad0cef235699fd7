// Services by the names that Consul knows them by: one name is one service, whatever namespace of Kubernetes it is in.
// The rule: Kubernetes says where a service is; a service that only Consul's entries name is assumed where its entry is.
import { type Gateway, keyOf, type Path, type Protocol, type Ref, type Service } from "@/lib/mesh";
import type { ImportContext, Resource } from "../shared/context";
import { slug } from "../shared/names";
import { ANY } from "./documents";
import { readExtension } from "./ext-authz";
import type { ConsulState } from "./state";

export class Places {
  private readonly known = new Map<string, Service>();
  private readonly assumed = new Set<string>();
  /** They are put while entries are read, before anything is asked for. */
  private gateways: Map<string, Gateway> | undefined;

  constructor(
    private readonly context: ImportContext,
    private readonly state: ConsulState,
  ) {}

  /** Undefined: it is outside the mesh, or a gateway. */
  service(name: string, resource: Resource, path: Path): Service | undefined {
    const known = this.known.get(name);
    if (known) return this.context.find("Service", keyOf("Service", known.metadata.namespace, known.metadata.name));
    if (name === ANY || this.state.defaults.get(name)?.external || this.gateway(name)) return undefined;
    const wanted = slug(name);
    const own = this.context.find("Service", keyOf("Service", resource.namespace, wanted));
    const service = own ?? this.context.all("Service").find(({ metadata }) => metadata.name === wanted);
    if (!service) this.assumed.add(name);
    const found = service ?? this.context.serviceNamed(resource, resource.namespace, wanted, path);
    this.known.set(name, found);
    return found;
  }

  gateway(name: string) {
    this.gateways ??= new Map(this.context.all("Gateway").map((each) => [each.metadata.name, each]));
    return this.gateways.get(slug(name));
  }

  external(name: string) {
    return this.context.all("ExternalService").find(({ metadata }) => metadata.name === slug(name));
  }

  /** A caller or callee as the model names it from within a namespace. */
  ref(name: string, resource: Resource, path: Path, namespace: string): Ref | undefined {
    const gateway = this.gateway(name);
    const object = gateway ?? this.service(name, resource, path);
    if (!object) return undefined;
    const { metadata } = object;
    return {
      kind: gateway ? "Gateway" : "Service",
      ...(metadata.namespace === namespace ? {} : { namespace: metadata.namespace }),
      name: metadata.name,
    };
  }

  /** Every name that an entry or a Service of the text has. */
  names(): string[] {
    return [...this.known.keys()];
  }

  /** Everything that the entries name is in the design from here on, and Services of the same text are Consul's. */
  settle(): void {
    const { state, context } = this;
    for (const { resource } of state.parts) {
      if (!["IngressGateway", "ProxyDefaults", "Mesh", "ServiceIntentions"].includes(resource.kind)) {
        this.service(resource.name, resource, ["metadata", "name"]);
      }
    }
    for (const { resource, targets } of this.named()) {
      for (const name of targets) if (name !== "") this.service(name, resource, ["spec"]);
    }
    for (const resource of context.resources) {
      if (resource.kind === "Service" && resource.apiVersion === "v1") this.service(resource.name, resource, []);
    }
    for (const [name, service] of this.known) this.speak(name, service);
  }

  private *named(): Generator<{ resource: Resource; targets: string[] }> {
    const { state } = this;
    for (const { resource, overrides } of state.defaults.values()) {
      yield { resource, targets: overrides.map(({ name }) => name) };
    }
    for (const { resource, routes } of state.routers.values()) {
      yield { resource, targets: routes.map(({ target }) => target?.service ?? "") };
    }
    for (const { resource, splits } of state.splitters.values()) {
      yield { resource, targets: splits.map(({ target }) => target.service) };
    }
    for (const { resource, redirect } of state.resolvers.values()) {
      yield { resource, targets: [redirect?.service ?? ""] };
    }
    for (const { resource, listeners } of state.ingresses) {
      yield { resource, targets: listeners.flatMap(({ services }) => services.map(({ name }) => name)) };
    }
    for (const { part, values } of state.extensions) {
      yield { resource: part.resource, targets: values.flatMap((each) => readExtension(each)?.service ?? []) };
    }
    for (const { resource, destination, sources } of state.intentions) {
      yield { resource, targets: [destination, ...sources.map(({ name }) => name)] };
    }
  }

  /** In Consul a service has one protocol, and it is tcp where nothing else is said. */
  private speak(name: string, { metadata }: Service): void {
    const { context, state } = this;
    const service = context.find("Service", keyOf("Service", metadata.namespace, metadata.name));
    if (!service) return;
    const protocol: Protocol = state.protocolOf(name);
    const others = service.spec.ports.filter((port) => port.protocol !== protocol);
    if (others.length === 0) return;
    const isAssumed = this.assumed.has(name);
    const ports = service.spec.ports.map((port) => ({
      ...port,
      ...(isAssumed ? { name: port.name.replace("http", protocol) } : {}),
      protocol,
    }));
    context.put("Service", metadata.name, { ...service.spec, ports }, undefined, service);
    const part = state.defaults.get(name) ?? state.first;
    if (!part || isAssumed) return;
    const words = others.map((port) => `${port.port} (${port.protocol})`).join(", ");
    const message = `${name} speaks ${protocol} on every port in Consul, also on ${words}`;
    const fix = "Say its protocol in ServiceDefaults, or give each port a service of its own.";
    context.warn(part.resource, ["spec", "protocol"], message, fix);
  }
}
