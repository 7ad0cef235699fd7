// Downstream HTTP/1.1 codec on one raw socket: bytes -> request events; the way back is server-response.ts.
// Rule: requests are strictly sequential. Pipelined bytes wait, paused, until the response before them is complete;
// any framing doubt ends the connection after one error reply, so that no byte is ever read as a second request.

import type { Socket } from "node:net";
import { report } from "../../errors";
import type { RequestSink } from "../exchange";
import { isPreface } from "../h2/preface";
import { readInto } from "../socket-reader";
import { latin1 } from "./bytes";
import { ChunkedDecoder } from "./chunked";
import { NAME } from "./header-list";
import type { HeadRefusal } from "./refusal";
import { maxHeadBytes as defaultHeadBytes, incomplete, lengthUnknown, parseRequestHead } from "./request-head";
import { H1ServerResponse, State } from "./server-response";

const firstLook = 8 * 1024;
/** HTTP/1.1 has no GOAWAY: a caller that is told nothing and finds its connection closed cannot know what became of its request. */
const drainWaitMs = 1000;

export interface ServerConnectionHooks {
  /** A request that never became one: local reply for telemetry. */
  onRefused(refused: HeadRefusal): void;
  /** A head that never ended. */
  onUnfinished(): void;
  onClosed(): void;
}

export class H1ServerConnection extends H1ServerResponse {
  private readonly decoder = new ChunkedDecoder(true);
  private heldParsed = 0;
  private remaining = 0;
  private drainTimer: NodeJS.Timeout | null = null;
  requests = 0;
  maxRequests = Number.POSITIVE_INFINITY;
  maxHeadBytes = defaultHeadBytes;
  /** Scheme of every request here. */
  scheme: "http" | "https" = "http";
  /** The connection begins with HTTP/2's preface: somebody else goes on with these bytes. Null: HTTP/1.1 only. */
  onHttp2: ((first: Buffer) => void) | null = null;

  constructor(
    socket: Socket,
    private readonly sink: RequestSink,
    private readonly hooks: ServerConnectionHooks,
  ) {
    super(socket);
    socket.setNoDelay(true);
    readInto(socket, this.onData);
    socket.on("end", this.onEnd);
    socket.on("error", this.onError);
    socket.on("close", this.onClose);
    socket.on("drain", this.onDrain);
  }

  private detach(): void {
    const { socket } = this;
    this.state = State.closing;
    this.isDead = true;
    if (this.drainTimer !== null) clearTimeout(this.drainTimer);
    socket.off("data", this.onData);
    socket.off("end", this.onEnd);
    socket.off("error", this.onError);
    socket.off("close", this.onClose);
    socket.off("drain", this.onDrain);
  }

  get isIdle(): boolean {
    return this.state === State.head && this.held === null;
  }

  /** Waiting for the rest of a head. */
  get isReadingHead(): boolean {
    return this.state === State.head && this.held !== null;
  }

  /** enable_trailers: carried both ways, else dropped. */
  set hasTrailers(carries: boolean) {
    this.decoder.keepsTrailers = carries;
    this.out.hasTrailers = carries;
  }

  set maxHeaders(count: number) {
    this.request.headers.maxFields = count;
    this.decoder.maxTrailers = count;
  }

  get bytesSent(): number {
    return this.out.bytes;
  }

  private readonly onData = (chunk: Buffer): void => {
    if (this.state === State.closing) return;
    let input = chunk;
    if (this.held !== null) {
      input = Buffer.concat([this.held, chunk]);
      this.held = null;
    }
    if (this.onHttp2 !== null && this.requests === 0 && isPreface(input)) {
      this.detach();
      this.onHttp2(input);
      return;
    }
    try {
      this.consume(input);
    } catch (error) {
      // A defect must cost one connection, not leave it waiting for a timeout.
      report(`defect while reading a request: ${String(error instanceof Error ? error.stack : error)}`);
      this.sink.onDownstreamReset(500, "internal_error");
      this.reset();
    }
  };

  protected consume(input: Buffer): void {
    this.isReading = true;
    let at = 0;
    while (at < input.length && !this.isDead) {
      if (this.state === State.head) {
        const next = this.readHead(input, at);
        if (next < 0) break;
        at = next;
      } else if (this.state === State.fixedBody) {
        const end = Math.min(input.length, at + this.remaining);
        this.remaining -= end - at;
        this.sink.onRequestData(input, at, end);
        at = end;
        if (this.remaining === 0) this.finishRequest();
      } else if (this.state === State.chunkedBody) {
        const next = this.decoder.decode(input, at, this.onChunkData);
        if (typeof next !== "number") {
          this.refuseBody(next);
          break;
        }
        at = next;
        if (this.decoder.isDone) this.finishRequest();
      } else if (this.state === State.tunnel) {
        this.sink.onRequestData(input, at, input.length);
        at = input.length;
      } else {
        if (this.state === State.complete) this.hold(input, at);
        break;
      }
    }
    this.isReading = false;
    if (this.hasBody) this.sink.onRequestFlush();
  }

  private readonly onChunkData = (chunk: Buffer, start: number, end: number): void => {
    this.sink.onRequestData(chunk, start, end);
  };

  /** Index after the head, or -1 when more is needed or the head was refused. */
  private readHead(input: Buffer, from: number): number {
    let at = from;
    // RFC 9112 2.2: one empty line before a request is forgiven.
    if (this.heldParsed === 0 && input[at] === 13 && (at + 1 === input.length || input[at + 1] === 10)) {
      if (input.length - at < 2) return this.wait(input, at);
      at += 2;
      if (at === input.length) return at;
    }
    // Re-parsing only when a line ended keeps a byte-by-byte sender linear: at most 100 lines.
    if (this.heldParsed > 0 && input.indexOf(10, at + this.heldParsed) < 0 && input.length - at <= this.maxHeadBytes) {
      return this.wait(input, at);
    }
    let limit = Math.min(input.length, at + firstLook);
    let result = parseRequestHead(latin1(input, at, limit), 0, this.request);
    if (result === incomplete && limit < input.length) {
      limit = Math.min(input.length, at + this.maxHeadBytes + 1);
      result = parseRequestHead(latin1(input, at, limit), 0, this.request);
    }
    if (result === incomplete) {
      if (input.length - at <= this.maxHeadBytes) return this.wait(input, at);
      this.refuse({ status: 431, detail: "headers_too_large" });
      return -1;
    }
    if (typeof result !== "number") {
      this.refuse(result);
      return -1;
    }
    if (result > this.maxHeadBytes) {
      this.refuse({ status: 431, detail: "headers_too_large" });
      return -1;
    }
    this.heldParsed = 0;
    this.begin();
    return at + result;
  }

  private wait(input: Buffer, at: number): number {
    if (this.heldParsed === 0) this.since = performance.now();
    this.heldParsed = input.length - at;
    this.held = Buffer.from(input.subarray(at));
    return -1;
  }

  private begin(): void {
    const head = this.request;
    head.scheme = this.scheme;
    this.requests++;
    this.mustClose = head.wantsClose || this.requests >= this.maxRequests;
    this.responseEnded = false;
    this.isResponding = false;
    this.bodyPaused = false;
    if (head.bodyLength === 0) this.state = State.complete;
    else if (head.bodyLength === lengthUnknown) {
      this.decoder.reset();
      this.state = State.chunkedBody;
    } else {
      this.remaining = head.bodyLength;
      this.state = State.fixedBody;
    }
    if (head.expectsContinue && this.state !== State.complete) {
      this.out.addText("HTTP/1.1 100 Continue\r\n\r\n");
      this.out.flush();
    }
    head.headers.removeFlagged(NAME.expect);
    this.sink.onRequest(this);
    // What asks for an upgrade has not ended: what comes next belongs to the other protocol, or to nobody.
    if (this.state === State.complete && !this.responseEnded && head.upgrade === "") this.sink.onRequestEnd(null);
  }

  private finishRequest(): void {
    const trailers = this.state === State.chunkedBody ? this.decoder.trailers : null;
    this.state = State.complete;
    if (this.responseEnded) this.next();
    else this.sink.onRequestEnd(trailers);
  }

  private hold(input: Buffer, at: number): void {
    this.held = Buffer.from(input.subarray(at));
    this.heldParsed = 0;
    this.socket.pause();
  }

  private refuse(refused: HeadRefusal): void {
    this.heldParsed = 0;
    this.requests++;
    this.hooks.onRefused(refused);
    this.isResponding = false;
    this.writeErrorAndClose(refused.status);
  }

  private refuseBody(refused: HeadRefusal): void {
    const canReply = !this.isResponding;
    this.state = State.closing;
    this.sink.onDownstreamReset(refused.status, refused.detail);
    if (canReply) this.writeErrorAndClose(refused.status);
    else this.reset();
  }

  private writeErrorAndClose(status: number): void {
    this.out.addError(status);
    this.closeGently();
  }

  /** The head did not arrive in time (request_headers_timeout). */
  timeOutHead(): void {
    this.refuse({ status: 408, detail: "request_headers_timeout" });
  }

  /** No further request: closes now when idle, else with the response. */
  close(): void {
    if (this.isIdle && !this.isReading) {
      this.closeGently();
    } else this.mustClose = true;
  }

  /** The next response is the last (its exchange knows). A request may be on its way already: idle, it is waited for a little. */
  drain(): void {
    if (!this.isIdle || this.isReading) this.mustClose = true;
    else this.drainTimer ??= setTimeout(() => this.close(), drainWaitMs).unref();
  }

  // --- socket events ---

  private readonly onDrain = (): void => {
    this.out.onDrain();
    if (this.state !== State.closing) this.sink.onDownstreamWritable();
  };

  // As Envoy: a FIN of the peer ends its request.
  private readonly onEnd = (): void => {
    // The end of a tunnel is the end of what was said in it, which must arrive; what comes back may still be written.
    if (this.state === State.tunnel && !this.responseEnded) this.sink.onRequestEnd(null);
    else this.die("downstream_remote_disconnect");
  };
  private readonly onError = (): void => this.die("downstream_connection_error");
  private readonly onClose = (): void => {
    this.die("downstream_remote_disconnect");
    this.hooks.onClosed();
  };

  private die(detail: string): void {
    if (this.isDead) return;
    this.isDead = true;
    if (this.isReadingHead) this.hooks.onUnfinished();
    const wasBusy = this.state !== State.head && this.state !== State.closing;
    this.state = State.closing;
    this.held = null;
    if (wasBusy && !this.responseEnded) this.sink.onDownstreamReset(0, detail);
    this.out.writeFlushed();
    this.out.drop();
    this.socket.destroySoon();
  }
}
