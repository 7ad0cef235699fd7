// MeshService, MeshExternalService and the Dataplanes of the universal form -> Services, ExternalServices and Workloads.
// The rule: what Kubernetes says of a service comes first; Kuma makes its own of that.
import { keyOf, type Protocol, type ServicePort } from "@/lib/mesh";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import type { Fields, Sink } from "../shared/fields";
import { isUniversal, parseServiceTag, SERVICE_TAG } from "./documents";
import { readTls, type SaidTls } from "./external-tls";
import type { KumaState } from "./state";

const PROTOCOLS: Record<string, Protocol> = { http: "http", http2: "http2", grpc: "grpc" };

export function importMeshService(context: ImportContext, resource: Resource, spec: Fields, sink: Sink): Understood {
  const result = understood(resource);
  const ports = spec.list("ports").flatMap((fields): ServicePort[] => {
    const port = fields.number("port");
    const protocol = PROTOCOLS[fields.text("appProtocol") ?? "tcp"] ?? "tcp";
    const name = fields.text("name");
    fields.keepRest();
    if (port === undefined) fields.problem("port", "is missing", "Write the port's number.");
    return port === undefined ? [] : [{ name: labelOf(name, `${protocol}-${port}`), port, protocol }];
  });
  spec.keepRest();
  const existing = context.get(keyOf("Service", resource.namespace, resource.name));
  const isVersion = context
    .all("Subset")
    .some(
      ({ metadata: { origin } }) =>
        origin?.kind === "Service" && origin.name === resource.name && origin.namespace === resource.namespace,
    );
  // Kuma makes them of the Services of Kubernetes, which say the same
  if (isVersion || (existing?.kind === "Service" && existing.metadata.origin?.dialect === "kubernetes")) {
    result.sentences.push("it is the Service of the same name.");
    return result;
  }
  if (ports.length === 0) {
    context.warn(resource, ["spec", "ports"], "has no port and is left out", "Give it a port.", { verdict: "lost" });
    return result;
  }
  context.assumeNamespace(resource.namespace);
  const current = existing?.kind === "Service" ? existing : undefined;
  result.objects.push(context.put("Service", resource.name, { ...current?.spec, ports }, { resource, sink }, current));
  result.sentences.push(`service on ${ports.map(({ port, protocol }) => `port ${port} (${protocol})`).join(", ")}.`);
  return result;
}

const labelOf = (name: string | undefined, otherwise: string) =>
  name !== undefined && /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name) ? name : otherwise;

/** Callers of an external service use the name that Kuma gives it. */
export const externalHost = (name: string) => `${name}.extsvc.mesh.local`;

export function importExternalService(
  context: ImportContext,
  resource: Resource,
  spec: Fields,
  sink: Sink,
): Understood {
  const result = understood(resource);
  const match = spec.object("match");
  const port = match?.number("port");
  const protocol = PROTOCOLS[match?.text("protocol") ?? "tcp"] ?? "tcp";
  if (match?.peek("type") === "HostnameGenerator") match.take("type");
  match?.keepRest();
  if (port === undefined)
    (match ?? spec).problem(match ? "port" : "match", "is missing", "Say the port that callers use.");
  const endpoints = spec.list("endpoints").flatMap((fields) => {
    const address = fields.text("address");
    const own = fields.number("port");
    fields.keepRest();
    return address === undefined || own === undefined ? [] : [{ address, port: own }];
  });
  const said = spec.peek("tls");
  const tls = spec.object("tls");
  spec.keepRest();
  if (port === undefined) return result;
  for (const { path } of sink.kept) {
    const message = "has no counterpart in the model: it is kept and written back on export, and has no effect here";
    context.warn(resource, path, message, "Remove it, or keep Kuma for what it does.", { verdict: "lost" });
  }
  const host = externalHost(resource.name);
  const addresses = endpoints.map(({ address }) => address);
  const read: SaidTls | undefined = tls && readTls(tls, { host, protocol, addresses });
  if (read?.isKept) sink.kept.push({ path: ["spec", "tls"], value: said });
  for (const { path, message, fix, isLost, changesMeaning = false } of read?.notes ?? [])
    context.warn(resource, path, message, fix, { verdict: isLost ? "lost" : "approximate", changesMeaning });
  context.assumeNamespace(resource.namespace);
  const existing = context.get(keyOf("ExternalService", resource.namespace, resource.name));
  const current = existing?.kind === "ExternalService" ? existing : undefined;
  const { tls: _before, ...others } = current?.spec ?? {};
  const external = {
    ...others,
    hosts: [host],
    ports: [{ name: protocol, port, protocol }],
    ...(endpoints.length > 0 ? { endpoints } : {}),
    ...(read?.tls ? { tls: read.tls } : {}),
  };
  result.objects.push(context.put("ExternalService", resource.name, external, { resource, sink }, current));
  result.sentences.push(`${host} is an external service${read?.tls ? ", and calls to it leave in TLS" : ""}.`);
  return result;
}

/** The universal form's instances: what they listen on is a service, what they are is a workload of it. */
export function importDataplane(state: KumaState) {
  return (context: ImportContext, resource: Resource, spec: Fields): Understood => {
    const result = understood(resource);
    if (!isUniversal(resource)) {
      result.sentences.push("it is what Kuma knows of a pod: the pod's Deployment is the workload.");
      return result;
    }
    const networking = spec.object("networking");
    const inbounds =
      networking?.list("inbound").flatMap((fields) => {
        const port = fields.number("port");
        const tags = fields.textMap("tags") ?? {};
        if (port === undefined) fields.problem("port", "is missing", "Write the port's number.");
        return port === undefined ? [] : [{ port, tags }];
      }) ?? [];
    const outbounds = networking?.list("outbound").map((fields) => fields.textMap("tags")?.[SERVICE_TAG]) ?? [];
    state.dataplanes.push({ resource, tags: inbounds.map(({ tags }) => tags), labels: resource.labels ?? {} });
    const [first] = inbounds;
    const name = parseServiceTag(first?.tags[SERVICE_TAG] ?? "").name;
    if (!first || name === "") {
      context.warn(
        resource,
        ["spec", "networking"],
        "is left out: it has no inbound, and a workload belongs to a service here",
        "Give it an inbound with the tag kuma.io/service.",
        { verdict: "lost" },
      );
      return result;
    }
    const { namespace } = resource;
    context.assumeNamespace(namespace);
    for (const { port, tags } of inbounds) putPort(context, resource, result, port, tags);
    const version = tags(first.tags);
    const existing = context.get(keyOf("Workload", namespace, resource.name));
    const workload = {
      service: name,
      version: version.version ?? "v1",
      ...(version.rest ? { labels: version.rest } : {}),
    };
    result.objects.push(
      context.put(
        "Workload",
        resource.name,
        workload,
        { resource },
        existing?.kind === "Workload" ? existing : undefined,
      ),
    );
    result.sentences.push(`workload of ${name}, version ${workload.version}.`);
    for (const to of outbounds)
      if (to !== undefined) state.outbounds.push({ resource, result, from: name, to: parseServiceTag(to).name });
    return result;
  };
}

function tags(all: Record<string, string>): { version?: string; rest?: Record<string, string> } {
  const rest = Object.fromEntries(
    Object.entries(all).filter(([key]) => !key.startsWith("kuma.io/") && key !== "version"),
  );
  return {
    ...(all["version"] === undefined ? {} : { version: all["version"] }),
    ...(Object.keys(rest).length > 0 ? { rest } : {}),
  };
}

function putPort(
  context: ImportContext,
  resource: Resource,
  result: Understood,
  port: number,
  all: Record<string, string>,
): void {
  const name = parseServiceTag(all[SERVICE_TAG] ?? "").name;
  if (name === "") return;
  const protocol = PROTOCOLS[all["kuma.io/protocol"] ?? "tcp"] ?? "tcp";
  const existing = context.get(keyOf("Service", resource.namespace, name));
  const current = existing?.kind === "Service" ? existing : undefined;
  if (current?.spec.ports.some((each) => each.port === port)) return;
  const own = { name: `${protocol}-${port}`, port, protocol };
  const { labels: _labels, ...unlabelled } = resource;
  // a service that this import made of another instance's inbound
  const isMine = current?.metadata.origin?.kind === "Dataplane" || current === undefined;
  if (!isMine) return;
  result.objects.push(
    context.put(
      "Service",
      name,
      { ...current?.spec, ports: [...(current?.spec.ports ?? []), own] },
      { resource: unlabelled },
      current,
    ),
  );
}
