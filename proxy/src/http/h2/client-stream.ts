// One upstream HTTP/2 stream: the codec of one attempt. Rule: its end tells whether the peer may have seen the request
// (reset), surely has not (refused), or never got a byte of it.

import type { ResetReason, ResponseSink, UpstreamStream } from "../exchange";
import type { HeaderList } from "../h1/header-list";
import { lengthUnknown, type RequestHead } from "../h1/request-head";
import { ResponseHead } from "../h1/response-head";
import { CODE } from "./protocol";
import { H2Stream, type StreamOwner } from "./stream";

/** The connection, as its streams see it. */
export interface StreamClient extends StreamOwner {
  readonly initialSendWindow: number;
  readonly localAddress: string;
  nextId(): number;
  start(stream: H2ClientStream): void;
  sendHeaders(id: number, head: RequestHead, path: string, isLast: boolean): void;
}

export class H2ClientStream extends H2Stream implements UpstreamStream {
  readonly response = new ResponseHead();
  private sink: ResponseSink | null = null;
  isHeadRequest = false;
  private isUpgrade = false;
  hasResponse = false;
  interim = 0;
  /** Bytes of the connection before this stream's head. */
  private headAt = 0;

  constructor(protected override readonly owner: StreamClient) {
    super(owner);
  }

  get localAddress(): string {
    return this.owner.localAddress;
  }

  attach(sink: ResponseSink): void {
    this.sink = sink;
    this.hasResponse = false;
    this.interim = 0;
  }

  sendHead(head: RequestHead, path: string): void {
    const { owner } = this;
    const { bodyLength, mayHaveTrailers } = head;
    this.isUpgrade = head.upgrade !== "";
    const isLast = bodyLength === 0 && !mayHaveTrailers && !this.isUpgrade;
    this.isHeadRequest = head.method === "HEAD";
    this.open(owner.nextId(), owner.initialSendWindow);
    this.toSend = bodyLength === lengthUnknown || mayHaveTrailers || this.isUpgrade ? -1 : bodyLength;
    owner.start(this);
    this.headAt = owner.out.written;
    owner.sendHeaders(this.id, head, path, isLast);
    this.isEndSent = isLast;
  }

  endRequest(trailers: HeaderList | null): void {
    this.endSending(trailers);
  }

  cancel(): void {
    this.sink = null;
    this.resetWith(CODE.cancel);
  }

  discard(): void {
    this.cancel();
  }

  pauseResponse(): void {
    this.pauseReading();
  }

  resumeResponse(): void {
    this.resumeReading();
  }

  /** The final head. */
  onHead(isLast: boolean): void {
    const { response } = this;
    if (this.isUpgrade && response.status === 200 && !isLast) {
      response.status = 101;
      response.bodyLength = lengthUnknown;
    }
    this.hasResponse = true;
    this.toReceive = response.bodyLength === lengthUnknown ? -1 : response.bodyLength;
    this.sink?.onResponse(response);
    if (isLast && this.isOpen) this.endData(null);
  }

  protected onBody(chunk: Buffer, start: number, end: number): void {
    this.sink?.onResponseData(chunk, start, end);
  }

  protected onBodyEnd(trailers: HeaderList | null): void {
    const { sink } = this;
    this.sink = null;
    sink?.onResponseEnd(trailers);
    // The answer is complete although the request is not: nobody wants the rest.
    if (this.isOpen && !this.isLocalEnded) this.resetWith(CODE.cancel);
  }

  onReadEnd(): void {
    this.sink?.onResponseFlush();
  }

  protected onLocalEnd(): void {}

  protected onWritable(): void {
    this.sink?.onUpstreamWritable();
  }

  onReset(code: number, detail: string): void {
    const { sink } = this;
    this.sink = null;
    const hasStarted = this.owner.out.sent > this.headAt;
    sink?.onUpstreamReset(reasonOf(code, detail), detail, { hadBytes: this.hasResponse, isReused: true, hasStarted });
  }
}

function reasonOf(code: number, detail: string): ResetReason {
  if (code < 0) return "remote-reset";
  if (detail === "refused") return "refused-stream";
  if (detail === "remote_reset") return code === CODE.refusedStream ? "refused-stream" : "stream-reset";
  return "protocol-error";
}
