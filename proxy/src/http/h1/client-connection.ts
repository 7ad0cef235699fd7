// Upstream HTTP/1.1 codec on one raw socket: request calls -> bytes, bytes -> response events.
// Rule: one request at a time, and a byte that arrives while none is in flight condemns the connection
// (response-queue poisoning: it must never be read as the answer to the next request).

import type { Socket } from "node:net";
import { report } from "../../errors";
import { turnNow } from "../../turn-clock";
import type { ResetReason, ResponseSink, UpstreamStream } from "../exchange";
import { localAddressOf, readInto } from "../socket-reader";
import { latin1 } from "./bytes";
import { ChunkedDecoder } from "./chunked";
import { type HeaderList, NAME } from "./header-list";
import { MessageWriter } from "./message-writer";
import type { HeadRefusal } from "./refusal";
import { incomplete, lengthUnknown, type RequestHead } from "./request-head";
import { maxResponseHeadBytes, parseResponseHead, ResponseHead, untilClose } from "./response-head";

const State = { idle: 0, head: 1, fixedBody: 2, chunkedBody: 3, closeBody: 4, dead: 5 } as const;
const maxInterim = 8;
const firstLook = 16 * 1024;
const lookBehind = 128;

/** The pool, told when the connection is free again or gone. */
export interface ConnectionOwner {
  onConnectionIdle(connection: H1ClientConnection): void;
  onConnectionClosed(connection: H1ClientConnection): void;
}

export class H1ClientConnection implements UpstreamStream {
  private readonly response = new ResponseHead();
  private readonly decoder = new ChunkedDecoder(false);
  private readonly out: MessageWriter;
  private sink: ResponseSink | null = null;
  private state: number = State.idle;
  private held: Buffer | null = null;
  private remaining = 0;
  private method = "";
  /** The request asks for another protocol; until 101 nothing but its head may be sent. */
  private isUpgrade = false;
  private requestEnded = true;
  private responseEnded = true;
  private mustClose = false;
  private hadBytes = false;
  /** How much of a response is looked at as a head first. */
  private look = firstLook;
  /** Bytes written before this request. */
  private bytesBefore = 0;
  private interim = 0;
  /** Requests taken so far. */
  requests = 0;
  /** Monotonic time since when it is idle. */
  idleSince = 0;
  /** From the peer's Keep-Alive header, or the default of the pool. */
  idleLimitMs: number;
  readonly openedAt = performance.now();
  readonly localAddress: string;

  constructor(
    readonly socket: Socket,
    private readonly owner: ConnectionOwner,
    private readonly maxRequests: number,
    idleLimitMs: number,
    maxHeaders: number,
    /** enable_trailers: carried both ways, else dropped. */
    hasTrailers: boolean,
  ) {
    this.response.headers.maxFields = maxHeaders;
    this.decoder.maxTrailers = maxHeaders;
    this.decoder.keepsTrailers = hasTrailers;
    this.idleLimitMs = idleLimitMs;
    this.localAddress = localAddressOf(socket);
    this.out = new MessageWriter(socket);
    this.out.hasTrailers = hasTrailers;
    socket.setNoDelay(true);
    readInto(socket, this.onData);
    socket.on("end", this.onEnd);
    socket.on("error", this.onError);
    socket.on("close", this.onClose);
    socket.on("drain", this.onDrain);
  }

  get isUsable(): boolean {
    return this.state === State.idle && !this.socket.destroyed && !this.socket.readableEnded && this.socket.writable;
  }

  get isBusy(): boolean {
    return this.state !== State.idle && this.state !== State.dead;
  }

  attach(sink: ResponseSink): void {
    this.sink = sink;
    this.bytesBefore = this.out.bytes;
    this.requests++;
    this.state = State.head;
    this.hadBytes = false;
    this.interim = 0;
    this.requestEnded = false;
    this.responseEnded = false;
    this.mustClose = this.requests >= this.maxRequests;
  }

  sendHead(head: RequestHead, path: string): void {
    this.method = head.method;
    this.isUpgrade = head.upgrade !== "";
    this.out.addRequest(head, path);
  }

  sendData(chunk: Buffer, start: number, end: number): void {
    if (this.state !== State.dead) this.out.addData(chunk, start, end);
  }

  endRequest(trailers: HeaderList | null): void {
    this.out.addEnd(trailers);
    this.requestEnded = true;
    this.out.flush();
    if (this.responseEnded) this.release();
    else if (this.isUpgrade && this.state === State.closeBody) {
      this.out.writeOut();
      this.socket.end();
    }
  }

  flush(): boolean {
    return this.out.flush();
  }

  cancel(): void {
    this.sink = null;
    this.destroy();
  }

  /** Nobody wants the rest of this response: a short one is read and dropped, so that the connection lives on. */
  discard(): void {
    const isShort = this.state === State.fixedBody && this.remaining <= 64 * 1024 && this.requestEnded;
    this.sink = null;
    if (!isShort) this.destroy();
  }

  pauseResponse(): void {
    this.socket.pause();
  }

  resumeResponse(): void {
    this.socket.resume();
  }

  destroy(): void {
    this.state = State.dead;
    this.held = null;
    this.out.writeFlushed();
    this.out.drop();
    this.socket.destroy();
  }

  /** Retire: close now when idle, else after the response. */
  drain(): void {
    if (this.state === State.idle) this.destroy();
    else this.mustClose = true;
  }

  private readonly onData = (chunk: Buffer): void => {
    if (this.state === State.dead) return;
    if (this.state === State.idle) {
      this.destroy();
      return;
    }
    let input = chunk;
    if (this.held !== null) {
      input = Buffer.concat([this.held, chunk]);
      this.held = null;
    }
    this.hadBytes = true;
    try {
      this.consume(input);
    } catch (error) {
      // A defect must cost one exchange, not leave it waiting for its timeout.
      report(`defect while reading a response: ${String(error instanceof Error ? error.stack : error)}`);
      this.fail("protocol-error", "internal_error");
    }
  };

  private consume(input: Buffer): void {
    let at = 0;
    while (at < input.length) {
      switch (this.state) {
        case State.head: {
          const next = this.readHead(input, at);
          if (next < 0) return;
          at = next;
          break;
        }
        case State.fixedBody: {
          const end = Math.min(input.length, at + this.remaining);
          this.remaining -= end - at;
          this.sink?.onResponseData(input, at, end);
          at = end;
          if (this.remaining === 0) this.finish(at === input.length, null);
          break;
        }
        case State.chunkedBody: {
          const next = this.decoder.decode(input, at, this.onChunkData);
          if (typeof next !== "number") {
            this.fail("protocol-error", next.detail);
            return;
          }
          at = next;
          if (this.decoder.isDone) this.finish(at === input.length, this.decoder.trailers);
          break;
        }
        case State.closeBody:
          this.sink?.onResponseData(input, at, input.length);
          at = input.length;
          break;
        default:
          return; // bytes after the response: finish() has condemned the connection
      }
    }
    if (this.state > State.head && this.state < State.dead) this.sink?.onResponseFlush();
  }

  private readonly onChunkData = (chunk: Buffer, start: number, end: number): void => {
    this.sink?.onResponseData(chunk, start, end);
  };

  private readHead(input: Buffer, at: number): number {
    let limit = Math.min(input.length, at + this.look);
    let result: number | HeadRefusal = parseResponseHead(latin1(input, at, limit), 0, this.method, this.response);
    if (result === incomplete && limit < input.length) {
      limit = Math.min(input.length, at + maxResponseHeadBytes + 1);
      result = parseResponseHead(latin1(input, at, limit), 0, this.method, this.response);
    }
    if (result === incomplete) {
      if (input.length - at > maxResponseHeadBytes) {
        this.fail("protocol-error", "headers_too_large");
        return -1;
      }
      this.held = Buffer.from(input.subarray(at));
      return -1;
    }
    if (typeof result !== "number") {
      this.fail("protocol-error", result.detail);
      return -1;
    }
    const next = at + result;
    // Heads of one app are alike: what is read as text stops a little behind where this one ended.
    this.look = Math.min(firstLook, result + lookBehind);
    const response = this.response;
    if (response.status === 101 && this.isUpgrade) {
      response.bodyLength = untilClose;
      response.wantsClose = true;
    } else if (response.status < 200) {
      // Interim responses are ours to swallow: Expect was answered here, and an upgrade was never asked for.
      const detail = this.badInterim(response);
      if (detail === null) return next;
      this.fail("protocol-error", detail);
      return -1;
    }
    if (response.wantsClose) this.mustClose = true;
    if ((response.headers.seen & NAME.keepAlive) !== 0) this.readKeepAlive(response.headers.get("keep-alive") ?? "");
    const length = response.bodyLength;
    if (length === lengthUnknown) {
      this.decoder.reset();
      this.state = State.chunkedBody;
    } else if (length === untilClose) this.state = State.closeBody;
    else {
      this.remaining = length;
      this.state = State.fixedBody;
    }
    const sink = this.sink;
    sink?.onResponse(response);
    if (length === 0 && this.state === State.fixedBody) this.finish(next === input.length, null);
    return next;
  }

  private badInterim({ status, wantsClose }: ResponseHead): string | null {
    if (status === 101) return "unexpected_upgrade";
    // What says that nothing follows cannot be followed by the answer (RFC 9112 9.6).
    if (wantsClose) return "close_in_interim_response";
    return ++this.interim > maxInterim ? "too_many_interim_responses" : null;
  }

  /** `timeout=N` minus a second: the peer must never close first (the keep-alive race). */
  private readKeepAlive(value: string): void {
    const match = /(?:^|[,\s])timeout=(\d{1,6})/i.exec(value);
    if (match !== null) this.idleLimitMs = Math.min(this.idleLimitMs, Math.max(0, Number(match[1]) * 1000 - 1000));
  }

  private finish(isClean: boolean, trailers: HeaderList | null): void {
    const sink = this.sink;
    this.sink = null;
    this.responseEnded = true;
    if (!isClean) this.mustClose = true;
    if (!this.requestEnded) this.mustClose = true;
    this.release();
    sink?.onResponseEnd(trailers);
  }

  private release(): void {
    if (this.state === State.dead) return;
    if (this.mustClose) {
      this.destroy();
      return;
    }
    this.state = State.idle;
    this.idleSince = turnNow();
    this.owner.onConnectionIdle(this);
  }

  private fail(reason: ResetReason, detail: string): void {
    const sink = this.sink;
    const isReused = this.requests > 1;
    const hasStarted = this.out.bytes > this.bytesBefore;
    // Not a byte more: what is said here of the request must stay true.
    this.out.drop();
    this.sink = null;
    this.destroy();
    sink?.onUpstreamReset(reason, detail, { hadBytes: this.hadBytes, isReused, hasStarted });
  }

  private readonly onEnd = (): void => {
    if (this.state === State.closeBody) {
      const sink = this.sink;
      this.sink = null;
      this.destroy();
      sink?.onResponseEnd(null);
      return;
    }
    this.onGone("upstream_closed");
  };

  private readonly onError = (error: Error): void => this.onGone(error.message);

  private readonly onClose = (): void => {
    this.onGone("upstream_closed");
    this.owner.onConnectionClosed(this);
  };

  private onGone(detail: string): void {
    if (this.state === State.dead) return;
    this.fail("remote-reset", detail);
  }

  private readonly onDrain = (): void => {
    this.out.onDrain();
    this.sink?.onUpstreamWritable();
  };
}
