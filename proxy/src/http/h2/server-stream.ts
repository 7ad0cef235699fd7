// One downstream HTTP/2 stream: the codec of its exchange. Rule: the stream may carry another request only when its
// exchange has finished and END_STREAM is out; both are kept for that.

import type { DownstreamStream, RequestSink } from "../exchange";
import type { HeaderList } from "../h1/header-list";
import { lengthUnknown, RequestHead } from "../h1/request-head";
import { CODE } from "./protocol";
import { H2Stream, type StreamOwner } from "./stream";

/** What the listener gives a stream: the router's side of it. */
export interface ServerExchange extends RequestSink {
  readonly isBusy: boolean;
  readonly idleLimitMs: number | null;
  readonly touchedAt: number;
  onIdleTimeout(): void;
}

/** The connection, as its streams see it. */
export interface StreamServer extends StreamOwner {
  sendHeaders(id: number, status: number, headers: HeaderList, isLast: boolean): void;
  sendContinue(id: number): void;
  drain(): void;
}

export class H2ServerStream extends H2Stream implements DownstreamStream {
  readonly request = new RequestHead();
  private hasHead = false;

  constructor(
    protected override readonly owner: StreamServer,
    readonly exchange: ServerExchange,
  ) {
    super(owner);
    this.request.protocol = "HTTP/2";
  }

  begin(id: number, sendWindow: number, isLast: boolean): void {
    this.open(id, sendWindow);
    this.hasHead = false;
    this.isRemoteEnded = isLast;
    const { request, exchange } = this;
    this.toReceive = request.bodyLength === lengthUnknown || request.upgrade !== "" ? -1 : request.bodyLength;
    if (request.expectsContinue && !isLast) this.owner.sendContinue(id);
    exchange.onRequest(this);
    if (isLast && this.isOpen) exchange.onRequestEnd(null);
  }

  protected onBody(chunk: Buffer, start: number, end: number): void {
    this.exchange.onRequestData(chunk, start, end);
  }

  protected onBodyEnd(trailers: HeaderList | null): void {
    this.exchange.onRequestEnd(trailers);
  }

  onReadEnd(): void {
    if (!this.isRemoteEnded) this.exchange.onRequestFlush();
  }

  /** The response is out and the rest of the request is not wanted (RFC 9113 8.1). */
  protected onLocalEnd(): void {
    this.stopPeer();
  }

  protected onWritable(): void {
    this.exchange.onDownstreamWritable();
  }

  onReset(code: number, detail: string): void {
    const isPeerGone = code < 0 || detail === "remote_reset";
    this.exchange.onDownstreamReset(isPeerGone ? 0 : 400, detail);
  }

  // --- DownstreamStream ---

  sendHead(status: number, _reason: string, headers: HeaderList, bodyLength: number, mayHaveTrailers: boolean): void {
    if (!this.isOpen || this.hasHead) return;
    this.hasHead = true;
    const isBodyless = this.request.method === "HEAD" || status === 204 || status === 304;
    const isLast = isBodyless || (bodyLength === 0 && !mayHaveTrailers);
    this.toSend = bodyLength < 0 || mayHaveTrailers ? -1 : bodyLength;
    // RFC 8441 5: what HTTP/1.1 switches to by 101 is a stream that was opened by 200.
    this.owner.sendHeaders(this.id, status === 101 ? 200 : status, headers, isLast);
    this.isEndSent = isLast;
  }

  endResponse(trailers: HeaderList | null): void {
    this.endSending(trailers);
  }

  reset(): void {
    // Not the peer's doing: it must not count against it.
    if (!this.isOpen) return;
    this.owner.out.resetStream(this.id, CODE.internalError);
    this.owner.release(this);
  }

  pauseRequest(): void {
    this.pauseReading();
  }

  resumeRequest(): void {
    this.resumeReading();
  }

  closeAfterResponse(): void {}

  drainConnection(): void {
    this.owner.drain();
  }
}
