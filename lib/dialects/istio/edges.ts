// ServiceEntry -> ExternalService, Gateway -> Gateway.
import { certificateName, keyOf, type Protocol, type ServicePort, type SpecOf } from "@/lib/mesh";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import { type Fields, isRecord, type Sink } from "../shared/fields";

const PROTOCOLS: Record<string, Protocol> = {
  HTTP: "http",
  HTTP2: "http2",
  GRPC: "grpc",
  TCP: "tcp",
  HTTPS: "tcp",
  TLS: "tcp",
};

export function importServiceEntry(context: ImportContext, resource: Resource, spec: Fields, sink: Sink): Understood {
  const result = understood(resource);
  const hosts = spec.texts("hosts") ?? [];
  if (spec.text("location") === "MESH_INTERNAL") {
    context.warn(resource, ["spec", "location"], "is left out: it is inside the mesh", "Add it as a Service.");
    return result;
  }
  const ports = spec.list("ports").flatMap((fields) => readPort(context, resource, fields) ?? []);
  const endpoints = spec.list("endpoints").flatMap((fields) => readEndpoint(context, resource, fields, ports));
  spec.keepRest();
  context.assumeNamespace(resource.namespace);
  const existing =
    context.all("ExternalService").find((each) => each.spec.hosts.some((host) => hosts.includes(host))) ??
    context
      .all("ExternalService")
      .find((each) => each.metadata.name === resource.name && each.metadata.namespace === resource.namespace);
  const { owner, description } = existing?.spec ?? {};
  const external = {
    hosts,
    ports,
    ...(owner === undefined ? {} : { owner }),
    ...(description === undefined ? {} : { description }),
    ...(endpoints.length > 0 ? { endpoints } : {}),
  };
  result.objects.push(context.put("ExternalService", resource.name, external, { resource, sink }, existing));
  result.sentences.push(`${hosts.join(", ")} is an external service.`);
  return result;
}

/** One for each port; it may listen elsewhere than the entry says, by port name, which the model says of an only port. */
function readEndpoint(
  context: ImportContext,
  resource: Resource,
  fields: Fields,
  ports: readonly ServicePort[],
): { address: string; port: number }[] {
  const address = fields.text("address");
  const own = fields.take("ports");
  const [only, ...more] = ports;
  const said = (port: ServicePort) => {
    const number = isRecord(own) ? own[port.name] : undefined;
    return typeof number === "number" ? number : port.port;
  };
  const isRead = more.length === 0 && isRecord(own) && Object.keys(own).every((name) => name === only?.name);
  if (own !== undefined && !isRead) {
    fields.keep("ports", own);
    if (ports.some((port) => said(port) !== port.port)) {
      const message = "sends ports of the entry to others of the endpoint, which the model says where there is one";
      const fix = "Write an entry for each port.";
      context.warn(resource, [...fields.path, "ports"], message, fix, { verdict: "lost", changesMeaning: true });
    }
  }
  fields.keepRest();
  if (address === undefined) return [];
  return ports.map((port) => ({ address, port: more.length === 0 ? said(port) : port.port }));
}

export function importGateway(context: ImportContext, resource: Resource, spec: Fields, sink: Sink): Understood {
  const result = understood(resource);
  const selector = spec.textMap("selector") ?? {};
  const listeners = spec.list("servers").flatMap((fields): SpecOf<"Gateway">["listeners"] => {
    const portFields = fields.object("port");
    const isPassed = portFields !== undefined && isPassthrough(fields, portFields);
    const tls = portFields && certificateOf(context, resource, fields, portFields);
    const port = portFields ? readPort(context, resource, portFields) : undefined;
    // `ns/host` limits whose routes may attach; the host itself is what is served
    const hosts = (fields.texts("hosts") ?? []).map((host) => host.split("/").at(-1) ?? host);
    tellTls(context, resource, fields);
    fields.keepRest();
    if (!port) return [];
    if (tls) return [{ ...port, protocol: "https" as const, hosts, tls }];
    return [{ ...port, ...(isPassed ? { protocol: "tls" as const } : {}), hosts }];
  });
  const type = Object.values(selector).includes("egressgateway") ? ("egress" as const) : ("ingress" as const);
  sink.kept.push({ path: ["spec", "selector"], value: selector });
  spec.keepRest();
  context.assumeNamespace(resource.namespace);
  const existing = context.get(keyOf("Gateway", resource.namespace, resource.name));
  const gateway = { type, listeners };
  result.objects.push(
    context.put(
      "Gateway",
      resource.name,
      gateway,
      { resource, sink },
      existing?.kind === "Gateway" ? existing : undefined,
    ),
  );
  result.sentences.push(`gateway with ${listeners.length} ${listeners.length === 1 ? "listener" : "listeners"}.`);
  return result;
}

/** TLS that is passed on as it is, by the server name; HTTPS is the same word for it then. */
function isPassthrough(server: Fields, port: Fields): boolean {
  const tls = server.peek("tls");
  const protocol = port.peek("protocol");
  const isTls = typeof protocol === "string" && ["TLS", "HTTPS"].includes(protocol.toUpperCase());
  if (!isTls || !isRecord(tls) || tls["mode"] !== "PASSTHROUGH") return false;
  if (Object.keys(tls).length === 1) server.take("tls");
  port.take("protocol");
  if (protocol.toUpperCase() !== "TLS") port.keep("protocol", protocol);
  return true;
}

/** HTTPS that ends here, with a certificate by its name: SIMPLE and a credentialName. What is beside them is kept, and told. */
function certificateOf(
  context: ImportContext,
  resource: Resource,
  server: Fields,
  port: Fields,
): { certificate: string } | undefined {
  const written = server.peek("tls");
  const protocol = port.peek("protocol");
  if (typeof protocol !== "string" || protocol.toUpperCase() !== "HTTPS" || !isRecord(written)) return undefined;
  const { mode, credentialName } = written;
  if (mode !== "SIMPLE" || !certificateName.safeParse(credentialName).success) return undefined;
  const tls = server.object("tls");
  tls?.take("mode");
  const certificate = tls?.text("credentialName");
  port.take("protocol");
  const others = tls?.names().filter((name) => name !== "httpsRedirect" && !isFloor(name, tls.peek(name))) ?? [];
  if (others.length > 0) {
    const message = `has ${others.join(", ")}, which the model has no word for`;
    const fix = "They are kept and written back on export.";
    context.warn(resource, [...server.path, "tls"], message, fix, { verdict: "lost", changesMeaning: true });
  }
  tls?.keepRest();
  return certificate === undefined ? undefined : { certificate };
}

/** What gateways speak in any case: TLS 1.2 and newer. */
const isFloor = (name: string, value: unknown) =>
  name === "minProtocolVersion" && (value === "TLSV1_2" || value === "TLS_AUTO");

/** What is left of it. */
function tellTls(context: ImportContext, resource: Resource, server: Fields): void {
  const tls = server.peek("tls");
  if (tls === undefined) return;
  const path = [...server.path, "tls"];
  if (isRecord(tls) && tls["httpsRedirect"] === true && Object.keys(tls).length === 1) {
    const message = "sends plain HTTP to HTTPS there: here the listener serves it";
    const fix = "Give the hosts listeners of protocol https alone; it is kept and written back on export.";
    context.warn(resource, path, message, fix, { verdict: "lost", changesMeaning: true });
    return;
  }
  const message = "has no counterpart in the model: the listener is taken over without TLS";
  const fix = "Taken over is mode SIMPLE of HTTPS, with a credentialName. This is kept and written back on export.";
  context.warn(resource, path, message, fix, { changesMeaning: true });
}

function readPort(context: ImportContext, resource: Resource, fields: Fields): ServicePort | undefined {
  const port = fields.number("number");
  const name = fields.text("name");
  const written = fields.text("protocol") ?? "TCP";
  const protocol = PROTOCOLS[written.toUpperCase()];
  fields.keepRest();
  if (port === undefined) {
    fields.problem("number", "is missing", "Give the port.");
    return undefined;
  }
  if (!protocol || written === "HTTPS" || written === "TLS") {
    const message = `protocol ${written} is taken over as TCP`;
    context.warn(resource, [...fields.path, "protocol"], message, "Check the port in the design.");
  }
  return { name: name ?? `port-${port}`, port, protocol: protocol ?? "tcp" };
}
