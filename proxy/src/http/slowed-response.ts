// An answer that is made slow on purpose: a token bucket between one upstream stream and its exchange (Envoy response_rate_limit).
// Rule: to the exchange it is the upstream, to the upstream the exchange; what waits here is bounded, and then the upstream is paused. An
// exchange whose answer is not slowed has none of it.

import { Deadline, startDeadline } from "../deadline";
import type { ResetFacts, ResetReason, ResponseSink, UpstreamStream } from "./exchange";
import type { HeaderList } from "./h1/header-list";
import type { RequestHead } from "./h1/request-head";
import { ResponseHead } from "./h1/response-head";

/** Envoy's StreamRateLimiter::DefaultFillInterval: so often it looks what may go on. */
const fillMs = 50;
/** Envoy's default of per_connection_buffer_limit_bytes: more than that waits at the upstream. It reads on from half of it. */
const maxHeldBytes = 1024 * 1024;

/** The exchange, as its slowed answer sees it. */
export interface SlowedSink extends ResponseSink {
  /** The upstream has said everything, and some of it waits: its time is over, the caller's is not. */
  onUpstreamDone(): void;
}

export class SlowedResponse implements UpstreamStream, ResponseSink {
  private sink: SlowedSink | null = null;
  private pieces: Buffer[] = [];
  private heldBytes = 0;
  private isUpstreamPaused = false;
  /** The caller takes no more for now. */
  private isBlocked = false;
  private isEnded = false;
  private trailers: HeaderList | null = null;
  private tokens: number;
  private filledAt = performance.now();
  private readonly tick = new Deadline(() => this.drain());
  readonly localAddress: string;

  /** @param upstream null: the proxy answers itself, by the sink's calls on this object */
  constructor(
    private upstream: UpstreamStream | null,
    /** Also the most that is saved up: one second. */
    private readonly bytesPerSecond: number,
  ) {
    this.localAddress = upstream?.localAddress ?? "";
    this.tokens = (bytesPerSecond * fillMs) / 1000;
  }

  attach(sink: SlowedSink): void {
    this.sink = sink;
    this.upstream?.attach(this);
  }

  // --- the request passes ---

  sendHead(head: RequestHead, path: string): void {
    this.upstream?.sendHead(head, path);
  }

  sendData(chunk: Buffer, start: number, end: number): void {
    this.upstream?.sendData(chunk, start, end);
  }

  endRequest(trailers: HeaderList | null): void {
    this.upstream?.endRequest(trailers);
  }

  flush(): boolean {
    return this.upstream?.flush() ?? true;
  }

  onUpstreamWritable(): void {
    this.sink?.onUpstreamWritable();
  }

  cancel(): void {
    const { upstream } = this;
    this.drop();
    upstream?.cancel();
  }

  discard(): void {
    const { upstream } = this;
    this.drop();
    upstream?.discard();
  }

  pauseResponse(): void {
    this.isBlocked = true;
  }

  resumeResponse(): void {
    this.isBlocked = false;
    if (this.tick.queue === null) this.drain();
  }

  // --- the answer waits ---

  /** A copy: the connection may carry another answer before this one is over. */
  onResponse(head: ResponseHead): void {
    this.sink?.onResponse(Object.assign(new ResponseHead(), head, { headers: head.headers.copy() }));
  }

  onResponseData(chunk: Buffer, start: number, end: number): void {
    this.pieces.push(Buffer.from(chunk.subarray(start, end)));
    this.heldBytes += end - start;
  }

  onResponseFlush(): void {
    if (this.tick.queue === null) this.drain();
    if (this.heldBytes <= maxHeldBytes || this.isUpstreamPaused || this.upstream === null) return;
    this.isUpstreamPaused = true;
    this.upstream.pauseResponse();
  }

  onResponseEnd(trailers: HeaderList | null): void {
    this.upstream = null;
    this.isEnded = true;
    this.trailers = trailers?.copy() ?? null;
    if (this.tick.queue === null) this.drain();
    if (this.sink !== null) this.sink.onUpstreamDone();
  }

  /** As Envoy: what waits is not sent any more. */
  onUpstreamReset(reason: ResetReason, detail: string, how: ResetFacts): void {
    const { sink } = this;
    this.drop();
    sink?.onUpstreamReset(reason, detail, how);
  }

  private drain(): void {
    const { sink } = this;
    if (sink === null || this.isBlocked) return;
    if (this.heldBytes > 0) {
      const now = performance.now();
      this.tokens = Math.min(this.bytesPerSecond, this.tokens + ((now - this.filledAt) * this.bytesPerSecond) / 1000);
      this.filledAt = now;
      this.send(sink, Math.min(this.heldBytes, Math.floor(this.tokens)));
      if (this.sink === null) return;
    }
    if (this.heldBytes > 0) {
      if (!this.isBlocked) startDeadline(this.tick, fillMs, this.filledAt);
    } else if (this.isEnded) {
      const { trailers } = this;
      this.drop();
      sink.onResponseEnd(trailers);
      return;
    }
    if (!this.isUpstreamPaused || this.heldBytes > maxHeldBytes / 2 || this.upstream === null) return;
    this.isUpstreamPaused = false;
    this.upstream.resumeResponse();
  }

  private send(sink: SlowedSink, bytes: number): void {
    if (bytes === 0) return;
    this.tokens -= bytes;
    this.heldBytes -= bytes;
    let left = bytes;
    let sent = 0;
    while (left > 0) {
      const piece = this.pieces[sent] as Buffer;
      const end = Math.min(piece.length, left);
      sink.onResponseData(piece, 0, end);
      left -= end;
      if (end < piece.length) this.pieces[sent] = piece.subarray(end);
      else sent++;
    }
    this.pieces.splice(0, sent);
    sink.onResponseFlush();
  }

  private drop(): void {
    this.sink = null;
    this.upstream = null;
    this.tick.cancel();
    this.pieces = [];
    this.heldBytes = 0;
  }
}
