// Golden signals of a scope: traffic, errors, latency and the share of mutual TLS, each request counted once.
// The rule: null means "not known", never zero; zero means "measured, and there was none".
import type { ObjectKey } from "@/lib/mesh";
import { callsIn, type Flow, hasTraffic, isCounted } from "./flow";
import { addBuckets, emptyBuckets, type Quantile, quantile } from "./histogram";

export type Scope =
  | { kind: "mesh" }
  | { kind: "service"; key: ObjectKey; version?: string }
  | { kind: "dependency"; source: ObjectKey; destination: ObjectKey };

/** Golden signals of TCP connections: traffic in connections and bytes, and errors. They have no latency. */
export type TcpSignals = {
  connections: number;
  /** Refused, or the callee was not reached. */
  failedConnections: number;
  connectionsPerSecond: number;
  /** 0..1 of the connections; null without any. */
  failedRatio: number | null;
  /** What callers said. */
  receivedBytesPerSecond: number;
  /** What they were told. */
  sentBytesPerSecond: number;
};

export type GoldenSignals = {
  requests: number;
  errors: number;
  requestsPerSecond: number;
  /** Null without requests. */
  errorRatio: number | null;
  p50: Quantile | null;
  p95: Quantile | null;
  p99: Quantile | null;
  meanMs: number | null;
  /** Share of requests and connections over mutual TLS among those of known security; null when none is known. */
  mtlsRatio: number | null;
  codes: Record<string, number>;
  /** Null: no connection was seen. */
  tcp: TcpSignals | null;
};

export function flowsOf(scope: Scope, flows: readonly Flow[]): Flow[] {
  return flows.filter((flow) => isCounted(flow) && isInScope(scope, flow));
}

function isInScope(scope: Scope, flow: Flow): boolean {
  switch (scope.kind) {
    case "mesh":
      return true;
    case "service":
      return (
        flow.destination === scope.key && (scope.version === undefined || flow.destinationVersion === scope.version)
      );
    case "dependency":
      return flow.source === scope.source && flow.destination === scope.destination;
  }
}

/** Signals of `scope` from flows that cover `seconds`. */
// The callee saw the certificate. A caller knows only what it sent, which settles it on the way to an external service: drawn
// on that dependency, kept out of the share of mesh and service, which is about traffic between sidecars.
const isSecurityKnown = (scope: Scope, flow: Flow): boolean =>
  flow.reporter === "destination" || (flow.reporter === "source" && scope.kind === "dependency");

export function goldenSignals(scope: Scope, flows: readonly Flow[], seconds: number): GoldenSignals {
  const buckets = emptyBuckets();
  const codes: Record<string, number> = {};
  const sum = { requests: 0, errors: 0, ms: 0, secured: 0, known: 0 };
  const tcp = { connections: 0, failedConnections: 0, receivedBytes: 0, sentBytes: 0 };
  for (const flow of flowsOf(scope, flows)) {
    sum.requests += flow.requests;
    sum.errors += flow.errors;
    sum.ms += flow.sumMs;
    if (isSecurityKnown(scope, flow)) {
      if (flow.security !== "unknown") sum.known += callsIn(flow);
      if (flow.security === "mutual_tls") sum.secured += callsIn(flow);
    }
    tcp.connections += flow.connections;
    tcp.failedConnections += flow.failedConnections;
    tcp.receivedBytes += flow.receivedBytes;
    tcp.sentBytes += flow.sentBytes;
    addBuckets(buckets, flow.bucketCounts);
    for (const [code, count] of Object.entries(flow.codes)) codes[code] = (codes[code] ?? 0) + count;
  }
  const observed = buckets.reduce((total, count) => total + count, 0);
  return {
    requests: sum.requests,
    errors: sum.errors,
    requestsPerSecond: seconds > 0 ? sum.requests / seconds : 0,
    errorRatio: sum.requests > 0 ? sum.errors / sum.requests : null,
    p50: quantile(buckets, 0.5),
    p95: quantile(buckets, 0.95),
    p99: quantile(buckets, 0.99),
    meanMs: observed > 0 ? sum.ms / observed : null,
    mtlsRatio: sum.known > 0 ? sum.secured / sum.known : null,
    codes,
    tcp: tcpSignals(tcp, seconds),
  };
}

type TcpSum = Pick<Flow, "connections" | "failedConnections" | "receivedBytes" | "sentBytes">;

function tcpSignals(
  { connections, failedConnections, receivedBytes, sentBytes }: TcpSum,
  seconds: number,
): TcpSignals | null {
  if (connections + failedConnections + receivedBytes + sentBytes === 0) return null;
  const perSecond = (value: number) => (seconds > 0 ? value / seconds : 0);
  // One that fails may have been opened in the time before.
  const judged = Math.max(connections, failedConnections);
  return {
    connections,
    failedConnections,
    connectionsPerSecond: perSecond(connections),
    failedRatio: judged > 0 ? failedConnections / judged : null,
    receivedBytesPerSecond: perSecond(receivedBytes),
    sentBytesPerSecond: perSecond(sentBytes),
  };
}

/** Every pair that had a flow that counts: what the layer "seen" draws. */
export function dependenciesSeen(flows: readonly Flow[]): { source: ObjectKey; destination: ObjectKey }[] {
  const seen = new Map<string, { source: ObjectKey; destination: ObjectKey }>();
  for (const flow of flows) {
    const { source, destination } = flow;
    if (hasTraffic(flow) && isCounted(flow)) seen.set(`${source}|${destination}`, { source, destination });
  }
  return [...seen.values()];
}

/** Share of requests and connections per version of a service: what a canary really gets. */
export function versionShares(service: ObjectKey, flows: readonly Flow[]): Record<string, number> {
  const counts: Record<string, number> = {};
  let total = 0;
  for (const flow of flowsOf({ kind: "service", key: service }, flows)) {
    if (flow.reporter === "undelivered") continue;
    counts[flow.destinationVersion] = (counts[flow.destinationVersion] ?? 0) + callsIn(flow);
    total += callsIn(flow);
  }
  return Object.fromEntries(Object.entries(counts).map(([version, count]) => [version, total > 0 ? count / total : 0]));
}
