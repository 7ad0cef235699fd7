// Spans on their way to a collector: they wait together and leave in batches, through a cluster of the configuration. Rule: a request never
// waits for a span; what has no room or is not taken is dropped and counted.

import { fromBinary } from "@bufbuild/protobuf";
import type { UpstreamCluster } from "../../cluster/cluster";
import { ExportTraceServiceResponseSchema } from "../../contract/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb";
import { report } from "../../errors";
import { MAX_EXPORT_ANSWER_BYTES } from "../../plan/tracing";
import type { OpenTelemetryPlan } from "../../plan/types";
import { type CallResult, callCluster } from "../cluster-call";
import { callGrpc } from "../grpc-call";
import { HeaderList } from "../h1/header-list";
import { applyOps } from "../request-headers";
import { encodeExport } from "./span-encoding";

const EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const FLUSH_MS = 200;
const MAX_BATCH = 512;
const MAX_QUEUED_BYTES = 8 * 1024 * 1024;

export interface SpanCounts {
  sent: number;
  dropped: number;
  timerFlushed: number;
}

/** How many of a batch were not taken, or why none. */
type Outcome = { readonly rejected: number } | { readonly failure: string };

export class SpanExporter {
  private queue: Uint8Array[] = [];
  private queuedBytes = 0;
  private timer: NodeJS.Timeout | null = null;
  private isBusy = false;
  private isFailing = false;
  private whenIdle: (() => void)[] = [];

  constructor(
    private readonly plan: OpenTelemetryPlan,
    private readonly clusterNamed: (name: string) => UpstreamCluster | undefined,
    private readonly counts: SpanCounts,
  ) {}

  add(span: Uint8Array): void {
    const { queue, plan } = this;
    if (queue.length >= plan.maxSpans || this.queuedBytes + span.length > MAX_QUEUED_BYTES) {
      this.counts.dropped++;
      return;
    }
    queue.push(span);
    this.queuedBytes += span.length;
    if (queue.length >= MAX_BATCH) this.send();
    else this.timer ??= setTimeout(this.onTimer, FLUSH_MS).unref();
  }

  /** Everything that waits; called when it has gone, or was lost. */
  flush(): Promise<void> {
    return new Promise((done) => {
      this.whenIdle.push(done);
      this.send();
    });
  }

  private readonly onTimer = (): void => {
    this.timer = null;
    this.counts.timerFlushed++;
    this.send();
  };

  /** One batch at a time: while a collector is slow, spans wait and then leave together. */
  private send(): void {
    if (this.isBusy) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const batch = this.queue.splice(0, MAX_BATCH);
    if (batch.length === 0) {
      for (const done of this.whenIdle.splice(0)) done();
      return;
    }
    for (const span of batch) this.queuedBytes -= span.length;
    this.isBusy = true;
    this.call(encodeExport(this.plan.serviceName, batch), (outcome) => {
      this.isBusy = false;
      const lost = "failure" in outcome ? batch.length : Math.min(outcome.rejected, batch.length);
      this.counts.dropped += lost;
      this.counts.sent += batch.length - lost;
      this.tell("failure" in outcome ? outcome.failure : null);
      if (this.queue.length >= MAX_BATCH || this.whenIdle.length > 0) this.send();
      else if (this.queue.length > 0) this.timer ??= setTimeout(this.onTimer, FLUSH_MS).unref();
    });
  }

  private call(message: Uint8Array, onDone: (outcome: Outcome) => void): void {
    const { collector } = this.plan;
    if (collector.kind === "grpc") {
      callGrpc(this.clusterNamed(collector.grpc.cluster), collector.grpc, EXPORT, message, (result) =>
        onDone(
          result.kind === "message"
            ? { rejected: rejectedOf(result.bytes) }
            : { failure: `gRPC status ${result.status} ${result.detail}` },
        ),
      );
      return;
    }
    const cluster = this.clusterNamed(collector.cluster);
    const headers = new HeaderList();
    headers.push("content-type", "application/x-protobuf");
    applyOps(headers, collector.headers);
    const request = {
      method: "POST",
      scheme: cluster?.plan.tls ? "https" : "http",
      authority: collector.authority,
      path: collector.path,
      headers: Array.from({ length: headers.length }, (_, at) => [headers.nameAt(at), headers.valueAt(at)] as const),
      body: message,
      timeoutMs: collector.timeoutMs,
      maxAnswerBytes: MAX_EXPORT_ANSWER_BYTES,
    } as const;
    callCluster(cluster, request, (result) => onDone(outcomeOf(result)));
  }

  /** Once when it begins, once when it is over. */
  private tell(failure: string | null): void {
    if ((failure !== null) === this.isFailing) return;
    this.isFailing = failure !== null;
    const { collector } = this.plan;
    const cluster = collector.kind === "grpc" ? collector.grpc.cluster : collector.cluster;
    if (failure === null) report(`spans reach cluster "${cluster}" again.`);
    else report(`spans do not reach cluster "${cluster}" (${failure.trim()}) and are dropped: requests go on without.`);
  }
}

function outcomeOf(result: CallResult): Outcome {
  if (result.kind !== "answer") return { failure: result.kind };
  const { status, headers, body } = result;
  if (status < 200 || status > 299) return { failure: `status ${status}` };
  return { rejected: headers.get("content-type") === "application/x-protobuf" ? rejectedOf(body) : 0 };
}

function rejectedOf(answer: Uint8Array): number {
  try {
    return Number(fromBinary(ExportTraceServiceResponseSchema, answer).partialSuccess?.rejectedSpans ?? 0n);
  } catch {
    return 0; // it was taken; what was said about it cannot be read
  }
}
