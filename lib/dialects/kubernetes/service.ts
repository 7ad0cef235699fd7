// Service -> Service, or Subset of the service whose version it is, or ExternalService.
// The rule: a service that selects some of another one's pods is a version of it; calls by its own name have no place in the model.
import { type ExternalService, keyOf, type Protocol, type Service, type ServicePort, serviceRefKey } from "@/lib/mesh";
import { type ImportContext, type Resource, refFrom, type Understood, understood } from "../shared/context";
import { type Fields, isRecord, type Kept, type Sink } from "../shared/fields";
import { apexOf, type Labels, labelsAt, SUBSET, SUBSET_LABELS, SUBSET_OF, selectorsIn } from "./selectors";

const APP_PROTOCOLS: Record<string, Protocol> = {
  http: "http",
  "kubernetes.io/ws": "http",
  "kubernetes.io/h2c": "http2",
  http2: "http2",
  grpc: "grpc",
  tcp: "tcp",
  tls: "tcp",
  https: "tcp",
  "kubernetes.io/wss": "tcp",
  mysql: "tcp",
  redis: "tcp",
  mongo: "tcp",
};
/** By the first part of the port's name, as Istio reads it, and names that databases and brokers use. */
const NAME_PROTOCOLS: Record<string, Protocol> = {
  ...APP_PROTOCOLS,
  web: "http",
  postgres: "tcp",
  postgresql: "tcp",
  kafka: "tcp",
  amqp: "tcp",
  mongodb: "tcp",
};
const TCP_PORTS = new Set([22, 25, 443, 465, 587, 1433, 1521, 3306, 5432, 5672, 6379, 9042, 9092, 11211, 27017]);

export function importService(context: ImportContext, resource: Resource, spec: Fields, sink: Sink): Understood {
  const result = understood(resource);
  const type = spec.peek("type");
  const selector = labelsAt(spec.peek("selector")) ?? {};
  const externalName = spec.peek("externalName");
  const places: number[] = [];
  const ports = spec.list("ports").flatMap((fields, i) => {
    const port = importPort(context, resource, fields);
    if (port) places.push(i);
    return port ?? [];
  });
  const version = versionOf(context, resource, selector);
  context.assumeNamespace(resource.namespace);
  if (type === "ExternalName") {
    if (typeof externalName !== "string") spec.problem("externalName", "is missing", "Name the host.");
    else importExternal(context, resource, externalName, ports, result, sink);
    return result;
  }
  spec.keepRest();
  const kept = sink.kept.splice(0);
  sink.kept.push(...kept.flatMap((each) => ofTakenPort(each, places)));
  if (version) return importVersion(context, resource, version, ports, sink, result);
  if (ports.length === 0) {
    const message = "has no TCP port and is left out: a mesh has nothing to do for it";
    context.warn(resource, ["spec", "ports"], message, "Give it a port, or leave it to Kubernetes.", {
      verdict: "lost",
    });
    return result;
  }
  const existing = context.get(keyOf("Service", resource.namespace, resource.name));
  const current = existing?.kind === "Service" ? existing : undefined;
  result.objects.push(context.put("Service", resource.name, { ...current?.spec, ports }, { resource, sink }, current));
  result.sentences.push(`service with ${ports.map(({ port, protocol }) => `port ${port} (${protocol})`).join(", ")}.`);
  return result;
}

/** What is kept of a port has the place of the port in the design; of one that was left out there is nothing to keep it for. */
function ofTakenPort(kept: Kept, places: readonly number[]): Kept[] {
  const [, list, index] = kept.path;
  if (list !== "ports" || typeof index !== "number") return [kept];
  const place = places.indexOf(index);
  return place < 0 ? [] : [{ ...kept, path: ["spec", "ports", place, ...kept.path.slice(3)] }];
}

function importPort(context: ImportContext, resource: Resource, fields: Fields): ServicePort | undefined {
  const port = fields.number("port");
  const name = fields.text("name");
  const transport = fields.text("protocol") ?? "TCP";
  const appProtocol = fields.text("appProtocol");
  fields.keepRest();
  if (port === undefined) {
    fields.problem("port", "is missing", "Give the port.");
    return undefined;
  }
  if (transport !== "TCP") {
    const message = `port ${port} is left out: meshes carry TCP, not ${transport}`;
    context.warn(resource, fields.path, message, "Leave it to Kubernetes.", { verdict: "lost" });
    return undefined;
  }
  const protocol = protocolOf(appProtocol, name, port);
  if (protocol === undefined) {
    const message = `port ${port} does not say what it speaks; HTTP is assumed`;
    context.warn(resource, fields.path, message, "Write appProtocol, or begin its name with http-, grpc- or tcp-.");
  }
  return { name: name ?? `port-${port}`, port, protocol: protocol ?? "http" };
}

function protocolOf(appProtocol: string | undefined, name: string | undefined, port: number): Protocol | undefined {
  const said = appProtocol === undefined ? undefined : APP_PROTOCOLS[appProtocol.toLowerCase()];
  if (said) return said;
  const byName = NAME_PROTOCOLS[name?.toLowerCase().split("-")[0] ?? ""];
  return byName ?? (TCP_PORTS.has(port) ? "tcp" : undefined);
}

function importExternal(
  context: ImportContext,
  resource: Resource,
  host: string,
  ports: ServicePort[],
  result: Understood,
  sink: Sink,
): void {
  const existing = context.get(keyOf("ExternalService", resource.namespace, resource.name));
  const current: ExternalService | undefined = existing?.kind === "ExternalService" ? existing : undefined;
  const usable = ports.length > 0 ? ports : [{ name: "https", port: 443, protocol: "tcp" as const }];
  const spec = { ...current?.spec, hosts: [host], ports: usable };
  result.objects.push(context.put("ExternalService", resource.name, spec, { resource, sink }, current));
  result.sentences.push(`${host} is an external service.`);
}

type Version = { apex: string; name: string; labels: Labels };

/** Written by an export, or told by the selectors. */
function versionOf(context: ImportContext, resource: Resource, selector: Labels): Version | undefined {
  const said = resource.annotations?.[SUBSET_OF];
  const name = resource.annotations?.[SUBSET];
  const labels = parsedLabels(resource.annotations?.[SUBSET_LABELS]);
  if (said !== undefined && name !== undefined && labels) return { apex: said, name, labels };
  if (Object.keys(selector).length === 0) return undefined;
  const all = selectorsIn(context, resource.namespace);
  const apex = apexOf({ namespace: resource.namespace, name: resource.name, selector }, all);
  if (!apex) return undefined;
  const extra = Object.fromEntries(Object.entries(selector).filter(([key]) => apex.selector[key] === undefined));
  const [only, ...more] = Object.values(extra);
  const label = only?.toLowerCase().replaceAll(/[^-a-z0-9]/g, "-") ?? "";
  const isName = more.length === 0 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(label);
  return { apex: apex.name, name: isName ? label : resource.name, labels: extra };
}

function parsedLabels(text: string | undefined): Labels | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return isRecord(value) ? labelsAt(value) : undefined;
  } catch {
    return undefined;
  }
}

function importVersion(
  context: ImportContext,
  resource: Resource,
  { apex, name, labels }: Version,
  ports: ServicePort[],
  sink: Sink,
  result: Understood,
): Understood {
  const service: Service = context.serviceNamed(
    resource,
    resource.namespace,
    apex,
    ["metadata", "name"],
    ports[0]?.port,
  );
  const key = keyOf("Service", resource.namespace, apex);
  const existing = context
    .all("Subset")
    .find((each) => serviceRefKey(each.spec.service, each) === key && each.spec.name === name);
  const spec = { service: refFrom(service, resource.namespace), name, labels };
  result.objects.push(
    context.put("Subset", existing?.metadata.name ?? resource.name, spec, { resource, sink }, existing),
  );
  const text = Object.entries(labels)
    .map(([label, value]) => `${label}=${value}`)
    .join(", ");
  result.sentences.push(`it is subset ${name} of ${apex}: ${text}.`);
  const message = `is read as subset ${name} of service ${apex}; calls by its own name are not in the design`;
  context.warn(resource, ["spec", "selector"], message, `Call ${apex}, with a route to the subset.`, {
    verdict: "moved",
  });
  return result;
}
