// Extension providers of Istio's mesh configuration <-> authorizers of the mesh. Rule: what is read is who may be asked; the rest of the mesh
// configuration is how Istio itself runs. On the way out it is no resource, so the report says what belongs there.
import { type Authorizer, keyOf, type MeshRoot, type Path } from "@/lib/mesh";
import { readYaml } from "@/lib/mesh/yaml/read";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import type { Foreign } from "../shared/dialect";
import type { ExportContext } from "../shared/export-context";
import { defined, type Fields, isRecord } from "../shared/fields";
import { putAuthorizers } from "./assume-authorizer";
import { fullHost, resolveHost } from "./hosts";
import { ROOT_NAMESPACE } from "./security";
import { readTrustDomain } from "./trust-domain";

const KIND = "MeshConfig";

/** Where mesh configuration stands: the ConfigMap that istiod reads, an IstioOperator, values of the Helm chart, or by itself. */
export function unwrapMeshConfig(value: unknown): Foreign | undefined {
  if (!isRecord(value)) return undefined;
  const { kind, apiVersion, metadata } = value;
  const name = isRecord(metadata) && typeof metadata["name"] === "string" ? metadata["name"] : "istio";
  const found = (path: Path, spec: unknown, place?: Foreign["place"]): Foreign => ({
    apiVersion: typeof apiVersion === "string" ? apiVersion : "v1",
    kind: KIND,
    name,
    path,
    isBare: true,
    spec,
    ...(place ? { place } : {}),
  });
  if (kind === "ConfigMap") {
    const text = /^istio(-|$)/.test(name) && isRecord(value["data"]) ? value["data"]["mesh"] : undefined;
    if (typeof text !== "string") return undefined;
    const { documents, violations } = readYaml(text);
    // a text that is no YAML is told as one that is no object
    return found(["data", "mesh"], violations.length > 0 ? text : documents[0]?.value, () => []);
  }
  if (kind === "IstioOperator") {
    const { spec } = value;
    return found(["spec", "meshConfig"], isRecord(spec) ? spec["meshConfig"] : undefined);
  }
  if (kind !== undefined) return undefined;
  if (isRecord(value["meshConfig"])) return found(["meshConfig"], value["meshConfig"]);
  return Array.isArray(value["extensionProviders"]) ? found([], value) : undefined;
}

const PROTOCOLS = { envoyExtAuthzHttp: "http", envoyExtAuthzGrpc: "grpc" } as const;

export function importMeshConfig(context: ImportContext, resource: Resource, spec: Fields): Understood {
  const result = understood(resource);
  readTrustDomain(context, resource, result, spec.text("trustDomain"));
  const [mesh] = context.all("Mesh");
  const providers = spec.list("extensionProviders").flatMap((provider) => {
    const name = provider.text("name") ?? "";
    return (Object.keys(PROTOCOLS) as (keyof typeof PROTOCOLS)[]).flatMap((field) => {
      const fields = provider.object(field);
      return fields ? [importProvider(context, resource, name, PROTOCOLS[field], fields)] : [];
    });
  });
  const others = spec.names();
  if (others.length > 0) {
    const message = `${others.slice(0, 8).join(", ")}${others.length > 8 ? " and more" : ""} of the mesh configuration: not part of the design`;
    context.warn(resource, ["spec"], message, "Keep them in Istio.", { verdict: "ignored" });
  }
  if (!mesh || providers.length === 0) {
    result.sentences.push("names nobody whom policies could ask.");
    return result;
  }
  const names = new Set(providers.map(({ name }) => name));
  const kept = (mesh.spec.authorizers ?? []).filter(({ name }) => !names.has(name));
  result.objects.push(putAuthorizers(context, mesh, [...kept, ...providers]));
  result.sentences.push(`policies may ask ${[...names].join(", ")}.`);
  return result;
}

function importProvider(
  context: ImportContext,
  resource: Resource,
  name: string,
  protocol: "http" | "grpc",
  fields: Fields,
): Authorizer {
  const headers = (field: string) => {
    const list = fields.texts(field);
    return list && list.length > 0 ? list : undefined;
  };
  const address = addressOf(context, resource, protocol, fields);
  // the older name of the same
  const older = headers("includeHeadersInCheck");
  const added = Object.entries(fields.textMap("includeAdditionalHeadersInCheck") ?? {});
  const body = fields.object("includeRequestBodyInCheck");
  const maxBytes = body?.number("maxRequestBytes");
  const failsOpen = fields.flag("failOpen");
  const status = fields.text("statusOnError");
  const read = defined<Authorizer>({
    name,
    address,
    timeoutMs: fields.duration("timeout") || undefined,
    whenAway: failsOpen ? "allow" : undefined,
    statusOnError: status === undefined ? undefined : Number(status),
    requestHeaders: headers("includeRequestHeadersInCheck") ?? older,
    addedHeaders: added.length > 0 ? added.map(([key, value]) => ({ name: key, value })) : undefined,
    upstreamHeaders: headers("headersToUpstreamOnAllow"),
    allowedResponseHeaders: headers("headersToDownstreamOnAllow"),
    deniedResponseHeaders: headers("headersToDownstreamOnDeny"),
    body:
      maxBytes === undefined
        ? undefined
        : defined<NonNullable<Authorizer["body"]>>({
            maxBytes,
            allowPartial: body?.flag("allowPartialMessage") || undefined,
            asBytes: body?.flag("packAsBytes") || undefined,
          }),
    clearsRouteCache: fields.flag("clearRouteCache") || undefined,
  });
  const left = fields.names();
  if (left.length > 0) {
    const message = `provider ${name}: ${left.join(", ")} is not in the model`;
    context.warn(resource, [...fields.path, left[0] ?? ""], message, "Keep it in Istio.", { verdict: "lost" });
  }
  return read;
}

/** `[namespace/]host`: a service of the mesh, or one that a ServiceEntry names. */
function addressOf(
  context: ImportContext,
  resource: Resource,
  protocol: "http" | "grpc",
  fields: Fields,
): Authorizer["address"] {
  const said = fields.text("service") ?? "";
  const port = fields.number("port") ?? 0;
  const pathPrefix = fields.text("pathPrefix") || undefined;
  const [host = "", within = ROOT_NAMESPACE] = said.split("/").reverse();
  const at = [...fields.path, "service"];
  const external = context.all("ExternalService").find(({ spec }) => spec.hosts.includes(host));
  const found = resolveHost(host, within);
  const target = external
    ? { kind: "ExternalService" as const, namespace: external.metadata.namespace, name: external.metadata.name }
    : found.kind === "service"
      ? { kind: "Service" as const, namespace: found.namespace, name: found.name }
      : undefined;
  if (!target) {
    const message = `${said} is neither a service nor the host of a ServiceEntry: what it would decide is refused here`;
    const fix = "Import the ServiceEntry as well, or give the authorizer of the Mesh its address.";
    context.warn(resource, at, message, fix, { changesMeaning: true });
    return undefined;
  }
  if (!external) speaks(context, resource, target, port, protocol, at);
  return { target, port, protocol, ...(pathPrefix ? { pathPrefix } : {}) };
}

/** Istio asks by HTTP/2 whatever the port is called; here the port has to say so. */
function speaks(
  context: ImportContext,
  resource: Resource,
  { namespace, name }: { namespace: string; name: string },
  port: number,
  protocol: "http" | "grpc",
  at: Path,
): void {
  const service = context.serviceNamed(resource, namespace, name, at, port);
  const wanted = protocol === "grpc" ? ["grpc", "http2"] : ["http", "http2", "grpc"];
  const own = service.spec.ports.find((each) => each.port === port);
  if (own && wanted.includes(own.protocol)) return;
  const ports = [
    ...service.spec.ports.filter((each) => each.port !== port),
    { name: own?.name ?? `${protocol}-${port}`, port, protocol },
  ];
  context.objects.set(keyOf("Service", namespace, name), { ...service, spec: { ...service.spec, ports } });
}

/** Who is asked, as it belongs into the mesh configuration. */
export function exportAuthorizers(context: ExportContext, mesh: MeshRoot): void {
  (mesh.spec.authorizers ?? []).forEach((authorizer, i) => {
    const path = ["spec", "authorizers", i];
    if (!authorizer.address) {
      const reason = `where ${authorizer.name} is, the design does not know: Istio refuses what it would decide, unless MeshConfig has a provider of this name`;
      context.lose(mesh, path, "approximate", reason);
      return;
    }
    const text = JSON.stringify(providerOf(context, authorizer, authorizer.address));
    const reason = `a provider is no resource: add to extensionProviders of MeshConfig ${text}`;
    context.lose(mesh, path, "approximate", reason);
  });
}

function providerOf(
  context: ExportContext,
  authorizer: Authorizer,
  address: NonNullable<Authorizer["address"]>,
): object {
  const { target, port, protocol, pathPrefix } = address;
  const key = keyOf(target.kind, target.namespace, target.name);
  const external = context.index.find("ExternalService", key);
  const { body, timeoutMs, addedHeaders, statusOnError } = authorizer;
  const provider = defined({
    service: external?.spec.hosts[0] ?? fullHost(target.namespace, target.name),
    port,
    timeout: timeoutMs === undefined ? undefined : `${timeoutMs / 1000}s`,
    pathPrefix,
    failOpen: authorizer.whenAway === "allow" ? true : undefined,
    statusOnError: statusOnError === undefined ? undefined : String(statusOnError),
    clearRouteCache: authorizer.clearsRouteCache,
    includeRequestHeadersInCheck: authorizer.requestHeaders,
    includeAdditionalHeadersInCheck:
      addedHeaders && Object.fromEntries(addedHeaders.map(({ name, value }) => [name, value])),
    headersToUpstreamOnAllow: authorizer.upstreamHeaders,
    headersToDownstreamOnAllow: authorizer.allowedResponseHeaders,
    headersToDownstreamOnDeny: authorizer.deniedResponseHeaders,
    includeRequestBodyInCheck:
      body &&
      defined({ maxRequestBytes: body.maxBytes, allowPartialMessage: body.allowPartial, packAsBytes: body.asBytes }),
  });
  return { name: authorizer.name, [protocol === "grpc" ? "envoyExtAuthzGrpc" : "envoyExtAuthzHttp"]: provider };
}
