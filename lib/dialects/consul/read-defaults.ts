// ServiceDefaults, ProxyDefaults and Mesh -> what they say of a service, of all services, and of the mesh.
// The rule: the caller's limits are read here and given to the called service when everything is known.
import type { ConnectionPool, OutlierDetection, Protocol } from "@/lib/mesh";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import { defined, type Fields, type Sink } from "../shared/fields";
import type { ConsulState, Defaults, Part, UpstreamConf } from "./state";
import { count, time } from "./values";

const PROTOCOLS: Record<string, Protocol> = { http: "http", http2: "http2", grpc: "grpc", tcp: "tcp" };

export type Reader = (context: ImportContext, resource: Resource, spec: Fields, sink: Sink) => Understood;

export function partOf(state: ConsulState, resource: Resource, sink: Sink): Part {
  const part = { resource, result: understood(resource), kept: sink.kept };
  state.parts.push(part);
  state.first ??= part;
  return part;
}

export function importDefaults(state: ConsulState): Reader {
  return (_context, resource, spec, sink) => {
    const part = partOf(state, resource, sink);
    const protocol = protocolOf(spec);
    const limits = limitsOf(spec.object("rateLimits"));
    const mode = spec.text("mutualTLSMode");
    const upstream = spec.object("upstreamConfig");
    const all = upstream?.object("defaults");
    const conf = all && confOf(all);
    all?.keepRest();
    const overrides = (upstream?.list("overrides") ?? []).flatMap((fields, index) => {
      const name = fields.text("name");
      const read = confOf(fields);
      fields.keepRest();
      if (name === undefined) fields.problem("name", "is missing", "Name the service that is called.");
      return name === undefined ? [] : [{ name, conf: read, index }];
    });
    upstream?.keepRest();
    readExtensions(state, part, spec);
    const destination = spec.object("destination");
    const addresses = destination?.texts("addresses") ?? [];
    const port = destination?.number("port");
    destination?.keepRest();
    spec.keepRest();
    const read: Defaults = {
      ...part,
      ...(protocol === undefined ? {} : { protocol }),
      isPermissive: mode === "permissive",
      limits,
      ...(conf ? { all: conf } : {}),
      overrides,
      ...(destination ? { external: { addresses, port: port ?? 443 } } : {}),
    };
    state.defaults.set(resource.name, read);
    part.result.sentences.push(`${resource.name} speaks ${protocol ?? "what ProxyDefaults say, or tcp"}.`);
    return part.result;
  };
}

/** They are understood when the services that they ask are known. */
function readExtensions(state: ConsulState, part: Part, spec: Fields): void {
  const values = spec.take("envoyExtensions");
  if (Array.isArray(values)) state.extensions.push({ part, values });
  else if (values !== undefined) spec.problem("envoyExtensions", "must be a list", 'Begin each entry with "- ".');
}

function protocolOf(fields: Fields): Protocol | undefined {
  const word = fields.text("protocol");
  if (word === undefined || word === "") return undefined;
  const found = PROTOCOLS[word.toLowerCase()];
  if (found === undefined) fields.problem("protocol", `is unknown: ${word}`, "Use tcp, http, http2 or grpc.");
  return found;
}

function confOf(fields: Fields): UpstreamConf {
  const limits = fields.object("limits");
  const pool = defined<ConnectionPool>({
    maxConnections: limits && count(limits, "maxConnections"),
    maxPendingRequests: limits && count(limits, "maxPendingRequests"),
    maxRequests: limits && count(limits, "maxConcurrentRequests"),
    connectTimeoutMs: count(fields, "connectTimeoutMs"),
  });
  limits?.keepRest();
  const check = fields.object("passiveHealthCheck");
  const outlier = check && outlierOf(check);
  check?.keepRest();
  return { pool, ...(outlier ? { outlier } : {}) };
}

function outlierOf(check: Fields): OutlierDetection {
  const enforced = check.number("enforcingConsecutive5xx") ?? check.number("enforcing_consecutive_5xx");
  // a share between is not in the model: it stays as it is written, and every failure counts
  if (enforced !== undefined && enforced !== 0 && enforced !== 100) check.keep("enforcingConsecutive5xx", enforced);
  const failures = count(check, "maxFailures");
  return defined<OutlierDetection>({
    consecutive5xxErrors: enforced === 0 ? 0 : failures,
    intervalMs: time(check, "interval"),
    baseEjectionTimeMs: time(check, "baseEjectionTime"),
    maxEjectionPercent: check.number("maxEjectionPercent"),
  });
}

/** A limit of paths first, then what holds for the rest. */
function limitsOf(rates: Fields | undefined): Defaults["limits"] {
  const level = rates?.object("instanceLevel");
  if (!level) {
    rates?.keepRest();
    return [];
  }
  const bucket = (fields: Fields) => {
    const requests = count(fields, "requestsPerSecond");
    const burst = count(fields, "requestsMaxBurst");
    return requests === undefined
      ? undefined
      : { requests, perMs: 1000, ...(burst === undefined || burst === requests ? {} : { burst }) };
  };
  const whole = bucket(level);
  const routes = level.list("routes").flatMap((fields): Defaults["limits"] => {
    const own = bucket(fields);
    const path = pathOf(fields);
    fields.keepRest();
    return own === undefined || path === undefined ? [] : [{ match: { path }, ...own }];
  });
  level.keepRest();
  rates?.keepRest();
  return [...routes, ...(whole ? [whole] : [])];
}

export function pathOf(fields: Fields) {
  const exact = fields.text("pathExact");
  const prefix = fields.text("pathPrefix");
  const regex = fields.text("pathRegex");
  if ([exact, prefix, regex].filter((each) => each !== undefined && each !== "").length > 1) {
    fields.problem(undefined, "has several kinds of paths", "Keep one of pathExact, pathPrefix and pathRegex.");
  }
  if (exact) return { type: "exact" as const, value: exact };
  if (prefix) return { type: "prefix" as const, value: prefix };
  return regex ? { type: "regex" as const, value: regex } : undefined;
}

export function importProxyDefaults(state: ConsulState): Reader {
  return (context, resource, spec, sink) => {
    const part = partOf(state, resource, sink);
    if (resource.name !== "global") {
      spec.problem(undefined, "is not named global", "Name it global: Consul takes no other.");
    }
    const config = spec.object("config");
    const protocol = config && protocolOf(config);
    config?.keepRest();
    if (protocol !== undefined) state.protocol = protocol;
    if (spec.text("mutualTLSMode") === "permissive") state.permissive = part;
    readExtensions(state, part, spec);
    spec.keepRest();
    part.result.sentences.push(`services speak ${protocol ?? "tcp"} where nothing else is said.`);
    const mesh = context.all("Mesh")[0];
    if (mesh) part.result.objects.push(`Mesh//${mesh.metadata.name}`);
    return part.result;
  };
}

export function importMesh(state: ConsulState): Reader {
  return (context, resource, spec, sink) => {
    const part = partOf(state, resource, sink);
    const transparent = spec.object("transparentProxy");
    const isClosed = transparent?.flag("meshDestinationsOnly") ?? false;
    transparent?.keepRest();
    spec.flag("allowEnablingPermissiveMutualTLS");
    spec.keepRest();
    if (!isClosed) {
      const message = "Consul lets calls to addresses that it does not know pass; here they have no way";
      const fix = "Add an external service for each host that is called.";
      context.warn(resource, ["spec", "transparentProxy"], message, fix, { changesMeaning: true });
    }
    part.result.sentences.push(
      isClosed ? "only services that the mesh knows are called." : "addresses outside may be called.",
    );
    return part.result;
  };
}
