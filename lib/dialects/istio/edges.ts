// ServiceEntry -> ExternalService, Gateway -> Gateway.
import {
  type ClientCertificates,
  certificateHashes,
  certificateName,
  clientNames,
  HTTPS_PORT,
  keyHashes,
  keyOf,
  type Protocol,
  redirectTarget,
  type ServicePort,
  type SpecOf,
} from "@/lib/mesh";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import { type Fields, isRecord, type Sink } from "../shared/fields";

type Listener = SpecOf<"Gateway">["listeners"][number];

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
  // of several endpoints for a port Istio refuses it
  const isOneByOne = spec.peek("resolution") === "DNS_ROUND_ROBIN" && endpoints.length <= ports.length;
  if (isOneByOne) spec.take("resolution");
  spec.keepRest();
  context.assumeNamespace(resource.namespace);
  const existing =
    context.all("ExternalService").find((each) => each.spec.hosts.some((host) => hosts.includes(host))) ??
    context
      .all("ExternalService")
      .find((each) => each.metadata.name === resource.name && each.metadata.namespace === resource.namespace);
  const { owner, description, tls, proxyProtocol } = existing?.spec ?? {};
  const external = {
    hosts,
    ports,
    ...(owner === undefined ? {} : { owner }),
    ...(description === undefined ? {} : { description }),
    ...(endpoints.length > 0 ? { endpoints } : {}),
    ...(isOneByOne ? { resolution: "dns-round-robin" as const } : {}),
    // a DestinationRule says them
    ...(tls === undefined ? {} : { tls }),
    ...(proxyProtocol === undefined ? {} : { proxyProtocol }),
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
  const listeners = spec.list("servers").flatMap((fields): Listener[] => {
    const portFields = fields.object("port");
    const isPassed = portFields !== undefined && isPassthrough(fields, portFields);
    const tls = portFields && certificateOf(context, resource, fields, portFields);
    const isSentOn = portFields !== undefined && isHttpsRedirect(fields, portFields);
    const port = portFields ? readPort(context, resource, portFields) : undefined;
    // `ns/host` limits whose routes may attach; the host itself is what is served
    const hosts = (fields.texts("hosts") ?? []).map((host) => host.split("/").at(-1) ?? host);
    tellTls(context, resource, fields);
    fields.keepRest();
    if (!port) return [];
    if (tls) return [{ ...port, protocol: "https" as const, hosts, tls }];
    const sentOn = isSentOn ? { httpsRedirect: true } : {};
    return [{ ...port, ...(isPassed ? { protocol: "tls" as const } : {}), hosts, ...sentOn }];
  });
  tellRedirects(context, resource, listeners);
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

/** HTTPS that ends here, with a certificate by its name, and whether clients show one too. What is beside them is kept, and told. */
function certificateOf(
  context: ImportContext,
  resource: Resource,
  server: Fields,
  port: Fields,
): Listener["tls"] | undefined {
  const written = server.peek("tls");
  const protocol = port.peek("protocol");
  if (typeof protocol !== "string" || protocol.toUpperCase() !== "HTTPS" || !isRecord(written)) return undefined;
  const { mode, credentialName, subjectAltNames, verifyCertificateSpki, verifyCertificateHash } = written;
  const asked = MODES.get(mode);
  if (asked === undefined || !certificateName.safeParse(credentialName).success) return undefined;
  const names = asked === null ? undefined : listOf(clientNames, subjectAltNames);
  const pinnedKeys = asked === null ? undefined : listOf(keyHashes, verifyCertificateSpki);
  const pinnedCertificates = asked === null ? undefined : listOf(certificateHashes, verifyCertificateHash);
  if (names === "unread" || pinnedKeys === "unread" || pinnedCertificates === "unread") return undefined;
  const tls = server.object("tls");
  tls?.take("mode");
  const certificate = tls?.text("credentialName");
  if (asked !== null)
    for (const list of ["subjectAltNames", "verifyCertificateSpki", "verifyCertificateHash"]) tls?.take(list);
  port.take("protocol");
  const has = {
    ...(names ? { names } : {}),
    ...(pinnedKeys ? { pinnedKeys } : {}),
    ...(pinnedCertificates ? { pinnedCertificates } : {}),
  };
  const isNeeded = Object.keys(has).length > 0;
  if (asked === "optional" && isNeeded && tls) {
    tls.keep("mode", mode);
    const message =
      "asks for names or pins, which only a certificate has: a client without one is refused, in Istio too";
    const fix = "It is taken over as a certificate that is required; the mode is kept.";
    context.warn(resource, [...tls.path, "mode"], message, fix, { verdict: "exact" });
  }
  const others = tls?.names().filter((name) => !isToldElsewhere(name, tls.peek(name))) ?? [];
  if (others.length > 0) {
    const message = `has ${others.join(", ")}, which the model has no word for`;
    const fix = "They are kept and written back on export.";
    context.warn(resource, [...server.path, "tls"], message, fix, { verdict: "lost", changesMeaning: true });
  }
  tls?.keepRest();
  if (certificate === undefined) return undefined;
  if (asked === null) return { certificate };
  return { certificate, clients: { mode: isNeeded ? ("required" as const) : asked, ...has } };
}

/** null: clients are not asked. */
const MODES: ReadonlyMap<unknown, ClientCertificates["mode"] | null> = new Map([
  ["SIMPLE", null],
  ["MUTUAL", "required"],
  ["OPTIONAL_MUTUAL", "optional"],
]);

function listOf(schema: typeof clientNames, written: unknown): string[] | undefined | "unread" {
  if (written === undefined || (Array.isArray(written) && written.length === 0)) return undefined;
  const list = schema.safeParse(written);
  return list.success ? list.data : "unread";
}

/**
 * A redirect of what comes in TLS already, and where authorities are, which the environment says, change nothing. Nor does caCrl beside a
 * credentialName: Istio takes lists of its Secret alone (ca.crl).
 */
const isToldElsewhere = (name: string, value: unknown) =>
  name === "httpsRedirect" || name === "caCertCredentialName" || name === "caCrl" || isFloor(name, value);

/** What gateways speak in any case: TLS 1.2 and newer. */
const isFloor = (name: string, value: unknown) =>
  name === "minProtocolVersion" && (value === "TLSV1_2" || value === "TLS_AUTO");

/** Plain HTTP that is sent on to HTTPS. */
function isHttpsRedirect(server: Fields, port: Fields): boolean {
  const tls = server.peek("tls");
  const protocol = String(port.peek("protocol")).toUpperCase();
  if (!isRecord(tls) || Object.keys(tls).length !== 1 || !["HTTP", "HTTP2", "GRPC"].includes(protocol)) return false;
  if (tls["httpsRedirect"] !== true) return false;
  server.take("tls");
  return true;
}

/** Istio keeps the port of the request, which is none where it is 80; here it is that of the listener in TLS. */
function tellRedirects(context: ImportContext, resource: Resource, listeners: readonly Listener[]): void {
  listeners.forEach(({ httpsRedirect, hosts }, i) => {
    const port = httpsRedirect ? hosts.map((host) => redirectTarget(listeners, host)?.port).find(isOwnPort) : undefined;
    if (port === undefined) return;
    const message = `sends plain HTTP to the port that was asked for; here it is sent to ${port}, where HTTPS is`;
    const path = ["spec", "servers", i, "tls", "httpsRedirect"];
    context.warn(resource, path, message, "Check the port in the design.", { changesMeaning: true });
  });
}

const isOwnPort = (port: number | undefined) => port !== undefined && port !== HTTPS_PORT;

/** What is left of it. */
function tellTls(context: ImportContext, resource: Resource, server: Fields): void {
  const tls = server.peek("tls");
  if (tls === undefined || (isRecord(tls) && tls["httpsRedirect"] === false && Object.keys(tls).length === 1)) return;
  const message = "has no counterpart in the model: the listener is taken over without TLS";
  const fix =
    "Taken over are SIMPLE, MUTUAL and OPTIONAL_MUTUAL of HTTPS with a credentialName. This is kept and written back on export.";
  context.warn(resource, [...server.path, "tls"], message, fix, { changesMeaning: true });
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
