// Spans and log records on their way to a collector: they wait together and leave in batches, through a cluster of the configuration.
// Rule: a request never waits for them; what has no room or is not taken is dropped and counted.

import type { UpstreamCluster } from "../../cluster/cluster";
import { report } from "../../errors";
import { MAX_EXPORT_ANSWER_BYTES } from "../../plan/collector";
import type { CollectorPlan } from "../../plan/types";
import type { ExportCounts } from "../../telemetry/telemetry";
import { type CallResult, callCluster } from "../cluster-call";
import { callGrpc } from "../grpc-call";
import { HeaderList } from "../h1/header-list";
import { applyOps } from "../request-headers";

const MAX_BATCH = 512;
/** Where nothing else is said, a gRPC server takes 4 MiB. */
const MAX_BATCH_BYTES = 2 * 1024 * 1024;
const MAX_QUEUED_BYTES = 8 * 1024 * 1024;

/** What is exported, and how. */
export interface Signal {
  /** For people: "spans". */
  readonly words: string;
  /** Of the call by gRPC. */
  readonly method: string;
  readonly collector: CollectorPlan;
  /** That may wait. */
  readonly maxItems: number;
  /** After the first of a batch. */
  readonly flushMs: number;
  /** That wait: then they leave. */
  readonly flushBytes: number;
  readonly encode: (items: readonly Uint8Array[]) => Uint8Array;
  /** @throws where the answer cannot be read */
  readonly rejectedOf: (answer: Uint8Array) => bigint;
}

/** How many of a batch were not taken, or why none. */
type Outcome = { readonly rejected: number } | { readonly failure: string };

export class OtlpExporter {
  private queue: Uint8Array[] = [];
  private queuedBytes = 0;
  private timer: NodeJS.Timeout | null = null;
  private isBusy = false;
  private isFailing = false;
  private whenIdle: (() => void)[] = [];

  constructor(
    private readonly signal: Signal,
    private readonly clusterNamed: (name: string) => UpstreamCluster | undefined,
    private readonly counts: ExportCounts,
  ) {}

  add(item: Uint8Array): void {
    const { queue, signal } = this;
    if (queue.length >= signal.maxItems || this.queuedBytes + item.length > MAX_QUEUED_BYTES) {
      this.counts.dropped++;
      return;
    }
    queue.push(item);
    this.queuedBytes += item.length;
    this.sendOrWait();
  }

  /** Everything that waits; called when it has gone, or was lost. */
  flush(): Promise<void> {
    return new Promise((done) => {
      this.whenIdle.push(done);
      this.send();
    });
  }

  private sendOrWait(): void {
    if (this.queue.length >= MAX_BATCH || this.queuedBytes >= this.signal.flushBytes) this.send();
    else this.timer ??= setTimeout(this.onTimer, this.signal.flushMs).unref();
  }

  private readonly onTimer = (): void => {
    this.timer = null;
    this.counts.timerFlushed++;
    this.send();
  };

  /** One batch at a time: while a collector is slow, items wait and then leave together. */
  private send(): void {
    if (this.isBusy) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const batch = this.takeBatch();
    if (batch.length === 0) {
      for (const done of this.whenIdle.splice(0)) done();
      return;
    }
    this.isBusy = true;
    this.call(this.signal.encode(batch), (outcome) => {
      this.isBusy = false;
      const lost = "failure" in outcome ? batch.length : Math.min(outcome.rejected, batch.length);
      this.counts.dropped += lost;
      this.counts.sent += batch.length - lost;
      this.tell("failure" in outcome ? outcome.failure : null);
      if (this.whenIdle.length > 0) this.send();
      else if (this.queue.length > 0) this.sendOrWait();
    });
  }

  private takeBatch(): Uint8Array[] {
    const { queue } = this;
    let count = 0;
    let bytes = 0;
    while (count < Math.min(queue.length, MAX_BATCH)) {
      const { length } = queue[count] as Uint8Array;
      if (count > 0 && bytes + length > MAX_BATCH_BYTES) break;
      bytes += length;
      count++;
    }
    this.queuedBytes -= bytes;
    return queue.splice(0, count);
  }

  private call(message: Uint8Array, onDone: (outcome: Outcome) => void): void {
    const { collector, method } = this.signal;
    if (collector.kind === "grpc") {
      callGrpc(this.clusterNamed(collector.grpc.cluster), collector.grpc, method, message, (result) =>
        onDone(
          result.kind === "message"
            ? { rejected: this.rejectedOf(result.bytes) }
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
    callCluster(cluster, request, (result) => onDone(this.outcomeOf(result)));
  }

  private outcomeOf(result: CallResult): Outcome {
    if (result.kind !== "answer") return { failure: result.kind };
    const { status, headers, body } = result;
    if (status < 200 || status > 299) return { failure: `status ${status}` };
    return { rejected: headers.get("content-type") === "application/x-protobuf" ? this.rejectedOf(body) : 0 };
  }

  private rejectedOf(answer: Uint8Array): number {
    try {
      return Number(this.signal.rejectedOf(answer));
    } catch {
      return 0; // it was taken; what was said about it cannot be read
    }
  }

  /** Once when it begins, once when it is over. */
  private tell(failure: string | null): void {
    if ((failure !== null) === this.isFailing) return;
    this.isFailing = failure !== null;
    const { collector, words } = this.signal;
    const cluster = collector.kind === "grpc" ? collector.grpc.cluster : collector.cluster;
    if (failure === null) report(`${words} reach cluster "${cluster}" again.`);
    else
      report(`${words} do not reach cluster "${cluster}" (${failure.trim()}) and are dropped: requests go on without.`);
  }
}
