// A request of the proxy's own on its way through a cluster: its hosts, its TLS, its connections, its breakers, its outlier
// detection. What it carries and what becomes of the answer is its children's.
// Rule: a call ends in exactly one result, and one that is given up gives back what it held.

import type { UpstreamCluster } from "../cluster/cluster";
import type { UpstreamHost } from "../cluster/host";
import type { PoolWaiter } from "../cluster/pool";
import { Deadline, startDeadline } from "../deadline";
import type { ResetFacts, ResetReason, ResponseSink, UpstreamStream } from "./exchange";
import type { HeaderList } from "./h1/header-list";
import type { RequestHead } from "./h1/request-head";
import type { ResponseHead } from "./h1/response-head";
import { isIdempotent } from "./retries";

/** Why there is no answer. */
export type CallFailure = "no-cluster" | "no-host" | "overflow" | "connect-failure" | "reset" | "too-large" | "timeout";

/** As an exchange repeats what nobody can have acted on (retries.ts). */
const MAX_REPEATS = 2;

export abstract class OwnCall implements PoolWaiter, ResponseSink {
  protected status = 0;
  protected isDone = false;
  protected stream: UpstreamStream | null = null;
  private readonly deadline = new Deadline(() => this.onTimeout());
  private cluster: UpstreamCluster | null = null;
  private host: UpstreamHost | null = null;
  private later: NodeJS.Immediate | null = null;
  private isWaiting = false;
  private repeats = 0;

  protected constructor(
    protected readonly head: RequestHead,
    private readonly timeoutMs: number | null,
  ) {}

  /** What follows the head, on a connection that is there. */
  protected abstract write(stream: UpstreamStream): void;
  /** Nothing that cannot be written again has been written. */
  protected abstract readonly isRepeatable: boolean;
  /** `null`: the answer has come. The cluster is let go of after it. */
  protected abstract onEnd(failure: CallFailure | null): void;
  /** Whether its answer counts among those of the cluster. */
  protected isCounted(_failure: CallFailure | null): boolean {
    return true;
  }

  start(cluster: UpstreamCluster | undefined): void {
    if (cluster === undefined) {
      this.failLater("no-cluster");
      return;
    }
    if (cluster.activeRequests >= cluster.plan.circuitBreakers.maxRequests) {
      cluster.requestOverflow++;
      this.failLater("overflow");
      return;
    }
    this.cluster = cluster;
    cluster.activeRequests++;
    if (this.timeoutMs !== null) startDeadline(this.deadline, this.timeoutMs, performance.now());
    this.attempt();
  }

  private attempt(): void {
    const cluster = this.cluster as UpstreamCluster;
    const host = cluster.pick();
    if (host === null) {
      this.failLater("no-host");
      return;
    }
    this.host = host;
    host.activeRequests++;
    const result = host.pool.take(this);
    if (result === "queued") this.isWaiting = true;
    else if (result === "overflow") {
      cluster.pendingOverflow++;
      this.failLater("overflow");
    } else this.onConnection(result);
  }

  onConnection(stream: UpstreamStream): void {
    this.isWaiting = false;
    this.stream = stream;
    stream.attach(this);
    this.countRequest();
    stream.sendHead(this.head, this.head.path);
    this.write(stream);
  }

  private countRequest(): void {
    const { host, cluster } = this;
    if (host === null || cluster === null) return;
    host.totalRequests++;
    cluster.totalRequests++;
    cluster.detector?.onConnected(host);
  }

  onConnectFailure(): void {
    this.isWaiting = false;
    this.blameHost();
    this.end("connect-failure");
  }

  onResponse({ status }: ResponseHead): void {
    this.status = status;
  }

  abstract onResponseData(chunk: Buffer, start: number, end: number): void;

  onResponseEnd(_trailers: HeaderList | null): void {
    this.stream = null;
    if (this.host !== null) this.cluster?.detector?.onStatus(this.host, this.status, performance.now());
    this.end(null);
  }

  onResponseFlush(): void {}
  onUpstreamWritable(): void {}

  onUpstreamReset(reason: ResetReason, _detail: string, how: ResetFacts): void {
    this.stream = null;
    const isRace = how.isReused && !how.hadBytes && reason === "remote-reset";
    const isUnseen = reason === "refused-stream" || (isRace && !how.hasStarted);
    const mayRepeat = this.isRepeatable && this.repeats < MAX_REPEATS;
    if (mayRepeat && (isUnseen || (isRace && isIdempotent(this.head)))) {
      this.repeats++;
      this.leaveHost();
      this.attempt();
      return;
    }
    this.blameHost();
    this.end("reset");
  }

  /** Nobody is told any more. */
  cancel(): void {
    if (!this.isDone) this.release();
  }

  private onTimeout(): void {
    if (this.cluster !== null) this.cluster.timeouts++;
    this.blameHost();
    this.end("timeout");
  }

  private blameHost(): void {
    if (this.host !== null) this.cluster?.detector?.onLocalFailure(this.host, performance.now());
  }

  private failLater(failure: CallFailure): void {
    this.later = setImmediate(() => this.end(failure));
  }

  protected end(failure: CallFailure | null): void {
    if (this.isDone) return;
    // Envoy counts its own calls as it counts requests.
    if (this.isCounted(failure)) this.cluster?.codes.count(this.status || (failure === "timeout" ? 504 : 503));
    this.release();
    this.onEnd(failure);
  }

  private leaveHost(): void {
    const { host } = this;
    if (host === null) return;
    if (this.isWaiting) host.pool.cancel(this);
    this.isWaiting = false;
    host.activeRequests--;
    this.host = null;
  }

  private release(): void {
    this.isDone = true;
    this.deadline.cancel();
    if (this.later !== null) clearImmediate(this.later);
    const { stream } = this;
    this.stream = null;
    stream?.cancel();
    this.leaveHost();
    if (this.cluster !== null) this.cluster.activeRequests--;
    this.cluster = null;
  }
}
