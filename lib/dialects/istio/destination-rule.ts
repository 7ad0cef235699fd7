// DestinationRule -> TrafficPolicy and Subsets of one service.
// The rule: `consecutiveErrors` stays what it is, a number without effect; which counter was meant is the author's decision (finding MW1002).
import {
  type ConnectionPool,
  isHashing,
  type ObjectKey,
  type OutlierDetection,
  objectKey,
  type Service,
  type SpecOf,
  serviceRefKey,
} from "@/lib/mesh";
import { balancingText } from "@/lib/mesh/diff/balancing-text";
import { preferenceText } from "@/lib/mesh/diff/locality-words";
import { durationText } from "@/lib/mesh/diff/words";
import { type ImportContext, type Resource, refFrom, sourceText, type Understood } from "../shared/context";
import { defined, type Fields, type Sink } from "../shared/fields";
import { externalOfHost, importExternalRule } from "./external-tls";
import { serviceOfHost } from "./hosts";
import { importLoadBalancer } from "./load-balancer";
import { localityOf, withoutSetting } from "./locality";

type PolicyBlocks = Omit<SpecOf<"TrafficPolicy">, "service" | "subset">;

export function importDestinationRule(
  context: ImportContext,
  resource: Resource,
  spec: Fields,
  sink: Sink,
): Understood {
  const understood: Understood = {
    source: sourceText(resource),
    line: resource.line,
    ...(resource.file === undefined ? {} : { file: resource.file }),
    objects: [],
    sentences: [],
  };
  const host = spec.text("host");
  const service = host === undefined ? undefined : serviceOfHost(context, resource, host, ["spec", "host"]);
  const external = service || host === undefined ? undefined : externalOfHost(context, host);
  if (external && host !== undefined)
    return importExternalRule(context, resource, spec, { external, host }, understood);
  if (!service) {
    if (host === undefined) spec.problem("host", "is missing", "Name the service.");
    else {
      const message = `is left out: host ${host} is not a service of the mesh`;
      context.warn(resource, ["spec", "host"], message, "Add the policy by hand.");
    }
    return understood;
  }
  const own = importPolicy(spec.object("trafficPolicy"));
  const subsets = spec.list("subsets").flatMap((fields) => {
    const name = fields.text("name");
    if (name === undefined) fields.problem("name", "is missing", "Name the subset.");
    const labels = fields.textMap("labels") ?? {};
    const policy = importPolicy(fields.object("trafficPolicy"), own);
    fields.keepRest();
    return name === undefined ? [] : [{ name, labels, policy }];
  });
  spec.keepRest();
  for (const kept of sink.kept) {
    const message = "has no counterpart in the model: it is kept and written back on export, and has no effect here";
    context.warn(resource, kept.path, message, "Remove it, or keep Istio for what it does.", { verdict: "lost" });
  }
  // the first object carries what was kept of the resource
  let carrier: Sink | undefined = sink;
  const keep = (key: ObjectKey) => {
    understood.objects.push(key);
    carrier = undefined;
  };
  const origin = () => ({ resource, ...(carrier ? { sink: carrier } : {}) });
  if (own || subsets.length === 0) {
    keep(putPolicy(context, resource, service, undefined, own ?? {}, origin()));
    understood.sentences.push(...policySentences(service.metadata.name, own ?? {}));
  }
  for (const { name, labels, policy } of subsets) {
    keep(putSubset(context, resource, service, name, labels, origin()));
    const text = Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(", ");
    understood.sentences.push(`subset ${name} is what has the labels ${text || "(none)"}.`);
    if (policy) {
      keep(putPolicy(context, resource, service, name, policy, origin()));
      understood.sentences.push(...policySentences(`subset ${name}`, policy));
    }
  }
  return understood;
}

function putSubset(
  context: ImportContext,
  resource: Resource,
  service: Service,
  name: string,
  labels: Record<string, string>,
  origin: { resource: Resource; sink?: Sink },
): ObjectKey {
  const key = objectKey(service);
  const existing = context
    .all("Subset")
    .find((each) => serviceRefKey(each.spec.service, each) === key && each.spec.name === name);
  const ref = existing ? existing.spec.service : refFrom(service, resource.namespace);
  return context.put("Subset", `${service.metadata.name}-${name}`, { service: ref, name, labels }, origin, existing);
}

function putPolicy(
  context: ImportContext,
  resource: Resource,
  service: Service,
  subset: string | undefined,
  blocks: PolicyBlocks,
  origin: { resource: Resource; sink?: Sink },
): ObjectKey {
  const key = objectKey(service);
  const existing = context
    .all("TrafficPolicy")
    .find((each) => serviceRefKey(each.spec.service, each) === key && each.spec.subset === subset);
  const ref = existing ? existing.spec.service : refFrom(service, resource.namespace);
  const spec = { service: ref, ...(subset === undefined ? {} : { subset }), ...blocks };
  const name = subset === undefined ? resource.name : `${resource.name}-${subset}`;
  return context.put("TrafficPolicy", name, spec, origin, existing);
}

/** `service`: what a subset's policy has where it says nothing itself. */
function importPolicy(fields: Fields | undefined, service?: PolicyBlocks): PolicyBlocks | undefined {
  if (!fields) return undefined;
  const connectionPool = importPool(fields.object("connectionPool"));
  const outlierDetection = importOutlierDetection(fields.object("outlierDetection"));
  const balancer = fields.object("loadBalancer");
  const hasDetection = (outlierDetection ?? service?.outlierDetection) !== undefined;
  const written = localityOf(balancer, hasDetection);
  // A loadBalancer of a subset is there instead of the service's, with all that it says.
  const locality = written ?? (balancer && service?.locality ? withoutSetting(hasDetection) : undefined);
  const isSaid = balancer?.has("simple") || balancer?.has("consistentHash");
  const isBare = balancer !== undefined && !isSaid && service?.loadBalancing !== undefined;
  const loadBalancing = importLoadBalancer(balancer) ?? (isBare ? { policy: "least-request" as const } : undefined);
  const budget = fields.object("retryBudget");
  const percent = budget?.number("percent");
  const minConcurrency = budget?.number("minRetryConcurrency");
  budget?.keepRest();
  fields.keepRest();
  return {
    ...(connectionPool ? { connectionPool } : {}),
    ...(outlierDetection ? { outlierDetection } : {}),
    ...(loadBalancing ? { loadBalancing } : {}),
    ...(locality ? { locality } : {}),
    // Istio's default share of retries
    ...(budget
      ? { retryBudget: { percent: percent ?? 20, ...(minConcurrency === undefined ? {} : { minConcurrency }) } }
      : {}),
  };
}

function importPool(fields: Fields | undefined): ConnectionPool | undefined {
  if (!fields) return undefined;
  const tcp = fields.object("tcp");
  const http = fields.object("http");
  const pool = defined<ConnectionPool>({
    maxConnections: tcp?.number("maxConnections"),
    connectTimeoutMs: tcp?.duration("connectTimeout"),
    maxPendingRequests: http?.number("http1MaxPendingRequests"),
    maxRequests: http?.number("http2MaxRequests"),
    maxRequestsPerConnection: http?.number("maxRequestsPerConnection"),
    maxRetries: http?.number("maxRetries"),
    idleTimeoutMs: http?.duration("idleTimeout"),
    maxConnectionDurationMs: tcp?.duration("maxConnectionDuration"),
    tcpIdleTimeoutMs: tcp && idleTimeOf(tcp),
    tcpKeepalive: tcp && keepaliveOf(tcp),
    maxConcurrentStreams: http?.within("maxConcurrentStreams", 1, 2_147_483_647),
    h2UpgradePolicy: http && upgradeOf(http),
  });
  tcp?.keepRest();
  http?.keepRest();
  fields.keepRest();
  return pool;
}

/** The model's bound: a day. */
const MOST_MS = 86_400_000;

/** 0s is no limit in Istio, which the model has no word for. */
function idleTimeOf(tcp: Fields): number | undefined {
  const written = tcp.peek("idleTimeout");
  const idleMs = tcp.duration("idleTimeout");
  if (idleMs === undefined || (idleMs >= 1 && idleMs <= MOST_MS)) return idleMs;
  tcp.keep("idleTimeout", written);
  return undefined;
}

/** What sockets take; elsewhere, and without a time, it stays as it was written. */
const MOST_KEEPALIVE_MS = 32_767_000;

/** interval and probes have no place: the proxy cannot choose them. */
function keepaliveOf(tcp: Fields): ConnectionPool["tcpKeepalive"] {
  const keepalive = tcp.object("tcpKeepalive");
  const written = keepalive?.peek("time");
  const timeMs = keepalive?.duration("time");
  const isTaken = timeMs !== undefined && timeMs % 1000 === 0 && timeMs >= 1000 && timeMs <= MOST_KEEPALIVE_MS;
  if (!isTaken && written !== undefined) keepalive?.keep("time", written);
  keepalive?.keepRest();
  return isTaken ? { timeMs } : undefined;
}

const UPGRADES: Record<string, ConnectionPool["h2UpgradePolicy"]> = {
  UPGRADE: "upgrade",
  DO_NOT_UPGRADE: "do-not-upgrade",
};

function upgradeOf(http: Fields): ConnectionPool["h2UpgradePolicy"] {
  const word = http.text("h2UpgradePolicy");
  const policy = word === undefined ? undefined : UPGRADES[word];
  if (word !== undefined && !policy && word !== "DEFAULT") http.keep("h2UpgradePolicy", word);
  return policy;
}

/** Of a status that is there twice once; none is as if nothing was said. What the model does not take is kept. */
function errorStatusesOf(fields: Fields): OutlierDetection["errorStatuses"] {
  const value = fields.peek(ERROR_CODES);
  if (!Array.isArray(value) || !value.every(isStatus)) return undefined;
  fields.take(ERROR_CODES);
  return value.length === 0 ? undefined : [...new Set(value)];
}

const ERROR_CODES = "outlierDetectionHttpErrorCodes";
const isStatus = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) >= 100 && Number(value) <= 599;

function importOutlierDetection(fields: Fields | undefined): OutlierDetection | undefined {
  if (!fields) return undefined;
  const detection = defined<OutlierDetection>({
    legacyConsecutiveErrors: fields.number("consecutiveErrors"),
    consecutive5xxErrors: fields.number("consecutive5xxErrors"),
    consecutiveGatewayErrors: fields.number("consecutiveGatewayErrors"),
    errorStatuses: errorStatusesOf(fields),
    splitExternalLocalOriginErrors: fields.flag("splitExternalLocalOriginErrors"),
    consecutiveLocalOriginFailures: fields.number("consecutiveLocalOriginFailures"),
    intervalMs: fields.duration("interval"),
    baseEjectionTimeMs: fields.duration("baseEjectionTime"),
    maxEjectionPercent: fields.number("maxEjectionPercent"),
    minHealthPercent: fields.number("minHealthPercent"),
  });
  fields.keepRest();
  return detection;
}

function policySentences(name: string, blocks: PolicyBlocks): string[] {
  const sentences: string[] = [];
  const pool = blocks.connectionPool;
  if (pool) {
    const parts = [
      pool.maxConnections === undefined ? "" : `${pool.maxConnections} connections`,
      pool.maxPendingRequests === undefined ? "" : `${pool.maxPendingRequests} pending requests`,
      pool.maxRequests === undefined ? "" : `${pool.maxRequests} requests at once`,
      pool.maxRequestsPerConnection === undefined ? "" : `${pool.maxRequestsPerConnection} requests per connection`,
    ].filter(Boolean);
    if (parts.length > 0) sentences.push(`each caller's proxy opens to ${name} at most ${parts.join(", ")}.`);
  }
  const outlier = blocks.outlierDetection;
  if (outlier) {
    const every = durationText(outlier.intervalMs ?? 10_000);
    const least = durationText(outlier.baseEjectionTimeMs ?? 30_000);
    sentences.push(`endpoints of ${name} that fail are taken out for at least ${least}, checked every ${every}.`);
  }
  const balancing = blocks.loadBalancing;
  if (balancing && isHashing(balancing.policy)) {
    sentences.push(`endpoints of ${name} are chosen by ${balancingText(balancing)}.`);
  }
  if (blocks.locality) sentences.push(`of calls to ${name}: ${preferenceText(blocks.locality)}.`);
  return sentences;
}
