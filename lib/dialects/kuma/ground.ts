// What a mesh of Kuma stands on: Mesh, MeshIdentity, MeshTLS, MeshService, MeshExternalService and the Dataplanes of the universal form.
// The rule: with mutual TLS Kuma refuses what no policy allows, without it nobody is refused; the design says the same.
import { keyOf, type MutualTlsMode, type Protocol, type ServicePort, valueAt } from "@/lib/mesh";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import { type Fields, isRecord, type Sink } from "../shared/fields";
import { keepWhole } from "../shared/verbatim";
import { isSystem, isUniversal, parseServiceTag, SERVICE_TAG } from "./documents";
import { leaveOut } from "./merge";
import type { KumaState } from "./state";
import { readRef, selectionOf } from "./target-ref";

export function importMesh(state: KumaState) {
  return (context: ImportContext, resource: Resource, spec: Fields, sink: Sink): Understood => {
    const result = understood(resource);
    const mesh = context.all("Mesh")[0];
    if (!mesh || (state.mesh !== undefined && state.mesh !== resource.name)) {
      leaveOut(context, { resource, result }, `a design is one mesh, and it is ${state.mesh}`);
      return result;
    }
    state.mesh = resource.name;
    const mtls = spec.object("mtls");
    const enabled = mtls?.text("enabledBackend");
    const backends = mtls?.peek("backends");
    const backend = (Array.isArray(backends) ? backends : []).find(
      (each: unknown) => isRecord(each) && each["name"] === enabled,
    ) as unknown;
    if (enabled !== undefined && !backend)
      mtls?.problem("enabledBackend", `names no backend: ${enabled}`, "Name one of the backends.");
    const isStrict = valueAt(backend, ["mode"]) !== "PERMISSIVE";
    const isGiven = enabled !== undefined && backend !== undefined;
    if (mtls) {
      const written = mtls.everything();
      for (const name of mtls.names()) mtls.take(name);
      // the certificates' source is the product's own; which mode they are used in is the design's
      sink.kept.push({
        path: ["spec", "mtls"],
        value: enabled === undefined ? written : { ...written, enabledBackend: enabled },
      });
    }
    spec.keepRest();
    const isIdentified = context.resources.some(
      ({ kind, apiVersion }) => kind === "MeshIdentity" && apiVersion.startsWith("kuma.io/"),
    );
    const defaults = {
      mutualTls: (isGiven
        ? isStrict
          ? "strict"
          : "permissive"
        : isIdentified
          ? "strict"
          : "disable") as MutualTlsMode,
      authorization: isGiven || isIdentified ? ("deny" as const) : ("allow" as const),
    };
    result.objects.push(context.put("Mesh", mesh.metadata.name, { ...mesh.spec, defaults }, { resource, sink }, mesh));
    result.sentences.push(
      isGiven || isIdentified
        ? `mutual TLS is ${defaults.mutualTls}, and what no policy allows is refused.`
        : "without mutual TLS Kuma refuses nobody.",
    );
    return result;
  };
}

export function importIdentity(state: KumaState) {
  return (context: ImportContext, resource: Resource, spec: Fields): Understood => {
    const result = understood(resource);
    const said = valueAt(spec.peek("spiffeID"), ["trustDomain"]);
    if (typeof said === "string" && !said.includes("{{")) state.trustDomain ??= said;
    const holder = keepWhole(context, resource);
    if (holder !== undefined) result.objects.push(holder);
    result.sentences.push("gives the workloads their identities; it is kept word for word and written back on export.");
    return result;
  };
}

/** SPIFFE IDs of policies mean something only in the trust domain that they are of. */
export function putTrustDomain(context: ImportContext, state: KumaState): void {
  const said = state.permissions.flatMap(({ lists }) =>
    [...lists.allow, ...lists.shadow, ...lists.deny].flatMap(
      ({ value }) => /^spiffe:\/\/([^/]+)\//.exec(value)?.[1] ?? [],
    ),
  );
  const all = new Set(state.trustDomain === undefined ? said : [state.trustDomain]);
  const [only, ...more] = all;
  const mesh = context.all("Mesh")[0];
  const first = state.permissions[0]?.resource;
  if (only === undefined || !mesh || mesh.spec.trustDomain === only) return;
  if (more.length > 0) {
    if (first)
      context.warn(
        first,
        ["spec", "rules"],
        `the policies name several trust domains: ${[...all].join(", ")}`,
        "Set the mesh's trust domain by hand.",
        { changesMeaning: true },
      );
    return;
  }
  context.objects.set(keyOf("Mesh", undefined, mesh.metadata.name), {
    ...mesh,
    spec: { ...mesh.spec, trustDomain: only },
  });
}

const MODES: Record<string, MutualTlsMode> = { Strict: "strict", Permissive: "permissive" };

export function importTls(state: KumaState) {
  return (context: ImportContext, resource: Resource, spec: Fields, sink: Sink): Understood => {
    const result = understood(resource);
    const top = readRef(spec.object("targetRef"));
    const entries = [...spec.list("from"), ...spec.list("rules")];
    const modes = entries.flatMap((fields) => {
      fields.take("targetRef");
      const body = fields.object("default");
      const mode = body?.text("mode");
      if (mode !== undefined && !MODES[mode]) body?.problem("mode", `is unknown: ${mode}`, "Use Strict or Permissive.");
      body?.keepRest();
      fields.keepRest();
      return MODES[mode ?? ""] ?? [];
    });
    spec.keepRest();
    const selection = selectionOf(context, state, resource, top);
    const mode = modes.at(-1);
    if (selection.type === "unknown" || top?.sectionName !== undefined || mode === undefined) {
      const why =
        selection.type === "unknown"
          ? selection.why
          : mode === undefined
            ? "it says no mode"
            : `it is for port ${top?.sectionName} only`;
      leaveOut(context, { resource, result }, why);
      return result;
    }
    const namespace = resource.namespace;
    const targets =
      selection.type === "services"
        ? selection.services.map(({ metadata }) => ({
            ...(metadata.namespace === namespace ? {} : { namespace: metadata.namespace }),
            service: metadata.name,
          }))
        : [
            selection.type === "namespace"
              ? { namespace: selection.namespace }
              : isSystem(resource)
                ? undefined
                : { namespace },
          ];
    context.assumeNamespace(namespace);
    targets.forEach((target, i) => {
      const name = targets.length > 1 ? `${resource.name}-${i}` : resource.name;
      const existing = context.get(keyOf("MutualTls", namespace, name));
      const object = { ...(target ? { target } : {}), mode };
      result.objects.push(
        context.put(
          "MutualTls",
          name,
          object,
          { resource, sink: i === 0 ? sink : { kept: [], problems: [] } },
          existing?.kind === "MutualTls" ? existing : undefined,
        ),
      );
    });
    result.sentences.push(`mutual TLS is ${mode}.`);
    return result;
  };
}

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
  spec.keepRest();
  if (port === undefined) return result;
  for (const { path } of sink.kept) {
    const message = "has no counterpart in the model: it is kept and written back on export, and has no effect here";
    context.warn(resource, path, message, "Remove it, or keep Kuma for what it does.", { verdict: "lost" });
  }
  context.assumeNamespace(resource.namespace);
  const existing = context.get(keyOf("ExternalService", resource.namespace, resource.name));
  const current = existing?.kind === "ExternalService" ? existing : undefined;
  const external = {
    ...current?.spec,
    hosts: [externalHost(resource.name)],
    ports: [{ name: protocol, port, protocol }],
    ...(endpoints.length > 0 ? { endpoints } : {}),
  };
  result.objects.push(context.put("ExternalService", resource.name, external, { resource, sink }, current));
  result.sentences.push(`${externalHost(resource.name)} is an external service.`);
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
