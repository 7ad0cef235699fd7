// A flow: what one side reported about one dependency in one window of time. Rollups store flows, golden signals are made of them.
// The rule of counting each request once is here: `isCounted`.
import type { ObjectKey } from "@/lib/mesh";
import { calleeKey, callerKey, type Directory } from "./directory";
import type { SeriesCache } from "./exposition";
import { addBuckets, BUCKETS, type BucketCounts, bucketOfLabel, emptyBuckets } from "./histogram";
import { countersBetween, type Scrape } from "./scrape";

/**
 * destination: the callee's sidecar. source: the caller's. undelivered: those of source that no callee can have seen,
 * because the caller found no endpoint, no connection or no room; they are in source as well.
 */
export type Reporter = "destination" | "source" | "undelivered";
export type Security = "mutual_tls" | "none" | "unknown";

export type Flow = {
  reporter: Reporter;
  source: ObjectKey;
  sourceVersion: string;
  destination: ObjectKey;
  destinationVersion: string;
  security: Security;
  requests: number;
  /** 5xx, or no response at all (code 0); of gRPC calls the statuses that mean the same. */
  errors: number;
  /** Of TCP: opened, or refused before that. They are no requests. */
  connections: number;
  /** Of TCP: refused, or nobody behind them was reached. */
  failedConnections: number;
  /** Of TCP: what the caller said, and what it was told. */
  receivedBytes: number;
  sentBytes: number;
  /** By response code; gRPC calls by "grpc " and their status. */
  codes: Record<string, number>;
  /** Per bucket, not cumulative. */
  bucketCounts: BucketCounts;
  sumMs: number;
  requestBytes: number;
  responseBytes: number;
};

/** Version of a caller that was no workload but a probe with its name: measured, and no traffic of the mesh. */
export const PROBE_MARK = "meshwright-probe";

export const isProbe = (flow: Pick<Flow, "sourceVersion">): boolean => flow.sourceVersion === PROBE_MARK;

type FlowIdentity = Pick<
  Flow,
  "reporter" | "source" | "sourceVersion" | "destination" | "destinationVersion" | "security"
>;

export function flowKey(flow: FlowIdentity): string {
  return [
    flow.reporter,
    flow.source,
    flow.sourceVersion,
    flow.destination,
    flow.destinationVersion,
    flow.security,
  ].join("|");
}

function emptyFlow(identity: FlowIdentity): Flow {
  return {
    reporter: identity.reporter,
    source: identity.source,
    sourceVersion: identity.sourceVersion,
    destination: identity.destination,
    destinationVersion: identity.destinationVersion,
    security: identity.security,
    requests: 0,
    errors: 0,
    connections: 0,
    failedConnections: 0,
    receivedBytes: 0,
    sentBytes: 0,
    codes: {},
    bucketCounts: emptyBuckets(),
    sumMs: 0,
    requestBytes: 0,
    responseBytes: 0,
  };
}

/** Adds flows of one identity together: proxies of a service into a service, windows into a minute, minutes into a step. */
export function mergeFlows(flows: Iterable<Flow>): Flow[] {
  const merged = new Map<string, Flow>();
  for (const flow of flows) {
    const key = flowKey(flow);
    let sum = merged.get(key);
    if (!sum) {
      sum = emptyFlow(flow);
      merged.set(key, sum);
    }
    sum.requests += flow.requests;
    sum.errors += flow.errors;
    sum.connections += flow.connections;
    sum.failedConnections += flow.failedConnections;
    sum.receivedBytes += flow.receivedBytes;
    sum.sentBytes += flow.sentBytes;
    for (const [code, count] of Object.entries(flow.codes)) sum.codes[code] = (sum.codes[code] ?? 0) + count;
    addBuckets(sum.bucketCounts, flow.bucketCounts);
    sum.sumMs += flow.sumMs;
    sum.requestBytes += flow.requestBytes;
    sum.responseBytes += flow.responseBytes;
  }
  return [...merged.values()];
}

/**
 * True for the flows that together hold each request once: the callee's word for services, the caller's for the outside and for what
 * never arrived. Probes are left out: they are questions of ours.
 */
export function isCounted(flow: Pick<Flow, "reporter" | "destination" | "sourceVersion">): boolean {
  if (isProbe(flow)) return false;
  const isExternal = flow.destination.startsWith("ExternalService/");
  return isExternal ? flow.reporter === "source" : flow.reporter !== "source";
}

/** What shares are made of: a request or a connection is one call. */
export const callsIn = (flow: Pick<Flow, "requests" | "connections">): number => flow.requests + flow.connections;

/** Calls; on connections that were opened before, bytes. */
export const hasTraffic = (flow: Flow): boolean => callsIn(flow) > 0 || flow.receivedBytes + flow.sentBytes > 0;

const REQUESTS = "istio_requests_total{";
const DURATION = "istio_request_duration_milliseconds_";
const REQUEST_BYTES = "istio_request_bytes_sum{";
const RESPONSE_BYTES = "istio_response_bytes_sum{";
/** Of connections: on TCP ports the callee's sidecar has them, of tunnels the caller's. */
const TCP_OPENED = "istio_tcp_connections_opened_total{";
const TCP_REFUSED = "meshwright_tcp_connections_refused_total{";
const TCP_CLOSED = "istio_tcp_connections_closed_total{";
const TCP_SENT = "istio_tcp_sent_bytes_total{";
const TCP_RECEIVED = "istio_tcp_received_bytes_total{";
// No healthy upstream, connection failure, overflow, no cluster, aborted on purpose: no callee has seen the request.
const UNDELIVERED = new Set(["UH", "UF", "UO", "NC", "FI"]);

/**
 * gRPC statuses that are the callee's fault: those that stand for a 5xx (Envoy), the same that OpenTelemetry calls errors of a
 * server: UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS. The response code of a call is 200 mostly.
 */
const GRPC_ERRORS: ReadonlySet<number> = new Set([2, 4, 12, 13, 14, 15]);

const isFlowCounter = (key: string) =>
  key.startsWith(REQUESTS) ||
  key.startsWith(DURATION) ||
  key.startsWith(REQUEST_BYTES) ||
  key.startsWith(RESPONSE_BYTES) ||
  key.startsWith(TCP_OPENED) ||
  key.startsWith(TCP_REFUSED) ||
  key.startsWith(TCP_CLOSED) ||
  key.startsWith(TCP_SENT) ||
  key.startsWith(TCP_RECEIVED);

/** What one proxy saw between two scrapes. `previous` as in `countersBetween`. */
export function flowsBetween(
  previous: Scrape | undefined,
  current: Scrape,
  cache: SeriesCache,
  directory: Directory,
): Flow[] {
  const flows = new Map<string, Flow>();
  const cumulative = new Map<Flow, BucketCounts>();
  const flowOf = (identity: FlowIdentity): Flow => {
    const key = flowKey(identity);
    const known = flows.get(key);
    if (known) return known;
    const flow = emptyFlow(identity);
    flows.set(key, flow);
    return flow;
  };

  for (const [key, delta] of countersBetween(previous, current, isFlowCounter)) {
    const { name, labels } = cache.of(key);
    const identity = identityOf(labels, directory);
    const flow = flowOf(identity);
    if (name === "istio_requests_total") {
      countRequests(flow, labels, delta);
      if (identity.reporter === "source" && wasUndelivered(labels)) {
        countRequests(flowOf({ ...identity, reporter: "undelivered" }), labels, delta);
      }
    } else if (name === `${DURATION}bucket`) {
      const bucket = bucketOfLabel(labels["le"] ?? "");
      if (bucket === undefined) continue;
      let counts = cumulative.get(flow);
      if (!counts) {
        counts = emptyBuckets();
        cumulative.set(flow, counts);
      }
      counts[bucket] = (counts[bucket] ?? 0) + delta;
    } else if (name === `${DURATION}sum`) flow.sumMs += delta;
    else if (name === "istio_request_bytes_sum") flow.requestBytes += delta;
    else if (name === "istio_response_bytes_sum") flow.responseBytes += delta;
    else if (name === "istio_tcp_connections_opened_total") flow.connections += delta;
    else if (name === "istio_tcp_connections_closed_total") {
      if (!wasUndelivered(labels)) continue;
      flow.failedConnections += delta;
      if (identity.reporter === "source") countFailed(flowOf({ ...identity, reporter: "undelivered" }), delta);
    } else if (name === "meshwright_tcp_connections_refused_total") countFailed(flow, delta);
    else if (name === "istio_tcp_received_bytes_total") flow.receivedBytes += delta;
    else if (name === "istio_tcp_sent_bytes_total") flow.sentBytes += delta;
  }
  for (const [flow, counts] of cumulative) flow.bucketCounts = fromCumulative(counts);
  return [...flows.values()];
}

/** Differences of neighbours; a bucket without growth is absent from the deltas, so the running maximum stands in for it. */
function fromCumulative(cumulative: readonly number[]): BucketCounts {
  const counts = emptyBuckets();
  let below = 0;
  for (let i = 0; i < BUCKETS; i++) {
    const upTo = Math.max(cumulative[i] ?? 0, below);
    counts[i] = upTo - below;
    below = upTo;
  }
  return counts;
}

function countRequests(flow: Flow, labels: Readonly<Record<string, string>>, delta: number): void {
  const grpc = labels["grpc_response_status"] ?? "";
  const status = labels["response_code"] ?? "0";
  flow.requests += delta;
  const isError =
    grpc === "" ? status === "0" || status === "" || status.startsWith("5") : GRPC_ERRORS.has(Number(grpc));
  if (isError) flow.errors += delta;
  const code = grpc === "" ? status : `grpc ${grpc}`;
  flow.codes[code] = (flow.codes[code] ?? 0) + delta;
}

/** Connections that were not told as opened. */
function countFailed(flow: Flow, delta: number): void {
  flow.connections += delta;
  flow.failedConnections += delta;
}

function wasUndelivered(labels: Readonly<Record<string, string>>): boolean {
  return (labels["response_flags"] ?? "").split(",").some((flag) => UNDELIVERED.has(flag));
}

function identityOf(labels: Readonly<Record<string, string>>, directory: Directory): FlowIdentity {
  const label = (name: string) => labels[name] ?? "";
  const security = label("connection_security_policy");
  return {
    reporter: label("reporter") === "destination" ? "destination" : "source",
    source: callerKey(
      directory,
      label("source_principal"),
      label("source_workload_namespace"),
      label("source_workload"),
    ),
    sourceVersion: label("source_version") || "unknown",
    destination: calleeKey(directory, label("destination_service_namespace"), label("destination_service_name")),
    destinationVersion: label("destination_version") || "unknown",
    security: security === "mutual_tls" || security === "none" ? security : "unknown",
  };
}
