// Istio's request metrics as counters that are bound before the request: one RequestSeries per pair of parties.
// Rule: observing a request touches numbers in one object and allocates nothing; label sets are closed and bounded.

/** Istio's histogram bounds in milliseconds (team contract; +Inf is implied). */
export const durationBoundsMs: readonly number[] = [
  0.5, 1, 2, 5, 10, 25, 50, 75, 100, 150, 200, 250, 300, 400, 500, 750, 1000, 2500, 5000, 10000, 30000, 60000,
];

export interface PartyLabels {
  readonly reporter: "source" | "destination";
  readonly source_workload: string;
  readonly source_workload_namespace: string;
  readonly source_principal: string;
  readonly source_version: string;
  readonly destination_workload: string;
  readonly destination_workload_namespace: string;
  readonly destination_principal: string;
  readonly destination_service: string;
  readonly destination_service_name: string;
  readonly destination_service_namespace: string;
  readonly destination_version: string;
  readonly request_protocol: string;
  readonly connection_security_policy: string;
}

/** A counted (method, path pattern, code) of one series, see observed-shapes.ts. */
export interface ShapeCounter {
  readonly method: string;
  readonly pathPattern: string;
  readonly code: number;
  count: number;
  /** Read cursor at the last change. */
  seq: number;
}

interface CodeCounter {
  readonly code: number;
  readonly flags: string;
  /** null: not gRPC. */
  readonly grpcStatus: number | null;
  count: number;
}

export class RequestSeries {
  /** The same parties, request_protocol grpc. */
  grpc: RequestSeries | null = null;
  readonly buckets = new Float64Array(durationBoundsMs.length + 1);
  durationSum = 0;
  count = 0;
  requestBytes = 0;
  responseBytes = 0;
  readonly codes: CodeCounter[] = [];
  /** `METHOD code path` -> counter; a bounded cache in front of the shapes. */
  readonly shapeCache = new Map<string, ShapeCounter>();
  readonly shapes = new Map<string, ShapeCounter>();
  private last: CodeCounter | null = null;

  constructor(readonly labels: PartyLabels) {}

  observe(
    code: number,
    flags: string,
    durationMs: number,
    requestBytes: number,
    responseBytes: number,
    grpcStatus: number | null = null,
  ): void {
    let bucket = 0;
    while (bucket < durationBoundsMs.length && durationMs > (durationBoundsMs[bucket] as number)) bucket++;
    this.buckets[bucket] = (this.buckets[bucket] as number) + 1;
    this.durationSum += durationMs;
    this.count++;
    this.requestBytes += requestBytes;
    this.responseBytes += responseBytes;
    let counter = this.last;
    if (counter === null || counter.code !== code || counter.flags !== flags || counter.grpcStatus !== grpcStatus) {
      counter = this.counterFor(code, flags, grpcStatus);
      this.last = counter;
    }
    counter.count++;
  }

  private counterFor(code: number, flags: string, grpcStatus: number | null): CodeCounter {
    for (const counter of this.codes) {
      if (counter.code === code && counter.flags === flags && counter.grpcStatus === grpcStatus) return counter;
    }
    const counter = { code, flags, grpcStatus, count: 0 };
    this.codes.push(counter);
    return counter;
  }
}

/** Principals come from certificates and hosts from configuration, so this is a backstop, not a policy. */
const maxSeries = 2000;

export class RequestMetrics {
  readonly all = new Map<string, RequestSeries>();

  /** The series of these parties; called when a connection, cluster or host is set up, never per request. */
  series(labels: PartyLabels): RequestSeries {
    const key = Object.values(labels).join("\n");
    let found = this.all.get(key);
    if (found === undefined) {
      found = new RequestSeries(labels);
      if (this.all.size < maxSeries) this.all.set(key, found);
    }
    return found;
  }
}

export function escapeLabel(value: string): string {
  return value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
}

export function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(",");
}

/** Prometheus text of all request metrics. */
export function renderRequestMetrics(metrics: RequestMetrics): string {
  const total: string[] = ["# TYPE istio_requests_total counter"];
  const duration: string[] = ["# TYPE istio_request_duration_milliseconds histogram"];
  const requestBytes: string[] = ["# TYPE istio_request_bytes summary"];
  const responseBytes: string[] = ["# TYPE istio_response_bytes summary"];
  for (const series of metrics.all.values()) {
    if (series.count === 0) continue;
    const labels = labelText({ ...series.labels });
    for (const counter of series.codes) {
      const grpc = counter.grpcStatus === null ? "" : `,grpc_response_status="${counter.grpcStatus}"`;
      total.push(
        `istio_requests_total{${labels},response_code="${counter.code}",response_flags="${counter.flags}"${grpc}} ${counter.count}`,
      );
    }
    let cumulative = 0;
    series.buckets.forEach((count, index) => {
      cumulative += count;
      const bound = durationBoundsMs[index];
      duration.push(`istio_request_duration_milliseconds_bucket{${labels},le="${bound ?? "+Inf"}"} ${cumulative}`);
    });
    duration.push(`istio_request_duration_milliseconds_sum{${labels}} ${series.durationSum.toFixed(3)}`);
    duration.push(`istio_request_duration_milliseconds_count{${labels}} ${series.count}`);
    requestBytes.push(
      `istio_request_bytes_sum{${labels}} ${series.requestBytes}`,
      `istio_request_bytes_count{${labels}} ${series.count}`,
    );
    responseBytes.push(
      `istio_response_bytes_sum{${labels}} ${series.responseBytes}`,
      `istio_response_bytes_count{${labels}} ${series.count}`,
    );
  }
  return [...total, ...duration, ...requestBytes, ...responseBytes].join("\n");
}
