// Downstream HTTP/1.1 codec on one raw socket: bytes -> request events, response calls -> bytes.
// Rule: requests are strictly sequential. Pipelined bytes wait, paused, until the response before them is complete;
// any framing doubt ends the connection after one error reply, so that no byte is ever read as a second request.

import type { Socket } from "node:net";
import { report } from "../../errors";
import type { DownstreamStream, RequestSink } from "../exchange";
import { preface } from "../h2/protocol";
import { readInto } from "../socket-reader";
import { latin1 } from "./bytes";
import { ChunkedDecoder, lastChunk } from "./chunked";
import { type HeaderList, NAME } from "./header-list";
import { Outbox } from "./outbox";
import {
  maxHeadBytes as defaultHeadBytes,
  type HeadRefusal,
  incomplete,
  lengthUnknown,
  parseRequestHead,
  RequestHead,
} from "./request-head";
import { reasonPhrase } from "./status";

/** `tunnel`: after 101 everything belongs to the other protocol, until the connection ends. */
const State = { head: 0, fixedBody: 1, chunkedBody: 2, complete: 3, closing: 4, tunnel: 5 } as const;

/** After an error reply the peer may still be sending: read and drop for this long so that it sees the reply, not a reset. */
const lingerMs = 1000;
const firstLook = 8 * 1024;

export interface ServerConnectionHooks {
  /** A request that never became one: local reply for telemetry. */
  onRefused(refused: HeadRefusal): void;
  onClosed(): void;
}

/** RFC 9113 3.4; "PRI" is no method of HTTP/1.1, so that much is enough when no more has come. */
function isPreface(input: Buffer): boolean {
  const size = Math.min(input.length, preface.length);
  return size >= 3 && input[0] === 80 && input.compare(preface, 0, size, 0, size) === 0;
}

export class H1ServerConnection implements DownstreamStream {
  readonly request = new RequestHead();
  private state: number = State.head;
  private readonly decoder = new ChunkedDecoder(true);
  private readonly out: Outbox;
  private held: Buffer | null = null;
  private heldParsed = 0;
  private remaining = 0;
  private isResponding = false;
  private isChunkedOut = false;
  private mustClose = false;
  private isReading = false;
  private bodyPaused = false;
  private isDead = false;
  private responseEnded = false;
  requests = 0;
  /** Monotonic time of the last change between idle and busy, for the idle and header timeouts. */
  since = performance.now();
  maxRequests = Number.POSITIVE_INFINITY;
  maxHeadBytes = defaultHeadBytes;
  /** Scheme of every request here. */
  scheme: "http" | "https" = "http";
  /** The connection begins with HTTP/2's preface: somebody else goes on with these bytes. Null: HTTP/1.1 only. */
  onHttp2: ((first: Buffer) => void) | null = null;

  constructor(
    readonly socket: Socket,
    private readonly sink: RequestSink,
    private readonly hooks: ServerConnectionHooks,
  ) {
    this.out = new Outbox(socket);
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
  }

  get hasTrailers(): boolean {
    return this.decoder.keepsTrailers;
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

  private consume(input: Buffer): void {
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

  private get hasBody(): boolean {
    return this.state === State.fixedBody || this.state === State.chunkedBody || this.state === State.tunnel;
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
    const upgrade = status === 426 ? "upgrade: HTTP/1.1\r\n" : "";
    const connection = status === 426 ? "close, upgrade" : "close";
    this.out.addText(
      `HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n${upgrade}connection: ${connection}\r\ncontent-length: 0\r\n\r\n`,
    );
    this.closeGently();
  }

  /** Sends what is held and FIN, then drops input until the peer closes or the linger time is over. */
  private closeGently(): void {
    this.state = State.closing;
    this.held = null;
    this.out.flush();
    this.socket.end();
    this.socket.resume();
    setTimeout(() => this.socket.destroy(), lingerMs).unref();
  }

  // --- DownstreamStream ---

  sendHead(status: number, reason: string, headers: HeaderList, bodyLength: number): void {
    this.isResponding = true;
    if (status === 101) {
      this.startTunnel(reason, headers);
      return;
    }
    // Early response: the rest of the body is not read. Refused upgrade: bytes behind it are no request.
    if (this.state !== State.complete || this.request.upgrade !== "") this.mustClose = true;
    let text = headers.appendTo(`HTTP/1.1 ${status} ${reason === "" ? reasonPhrase(status) : reason}\r\n`);
    const isBodyless = this.request.method === "HEAD" || status === 204 || status === 304;
    this.isChunkedOut = bodyLength === lengthUnknown && !isBodyless;
    if (this.isChunkedOut) text += "transfer-encoding: chunked\r\n";
    else if (!isBodyless && (headers.seen & NAME.contentLength) === 0) text += `content-length: ${bodyLength}\r\n`;
    text += this.mustClose ? "connection: close\r\n\r\n" : "\r\n";
    this.out.addText(text);
  }

  private startTunnel(reason: string, headers: HeaderList): void {
    this.isChunkedOut = false;
    this.mustClose = true;
    this.state = State.tunnel;
    const start = `HTTP/1.1 101 ${reason === "" ? reasonPhrase(101) : reason}\r\n`;
    this.out.addText(`${headers.appendTo(start)}connection: Upgrade\r\nupgrade: ${this.request.upgrade}\r\n\r\n`);
    this.out.flush();
    const held = this.held;
    this.held = null;
    // A fresh turn: the router is not to be called from inside its call.
    setImmediate(() => {
      if (this.isDead || this.state !== State.tunnel) return;
      if (held !== null) this.consume(held);
      if (!this.bodyPaused) this.socket.resume();
    });
  }

  sendData(chunk: Buffer, start: number, end: number): void {
    if (start === end) return;
    if (!this.isChunkedOut) {
      this.out.addSlice(chunk, start, end);
      return;
    }
    this.out.addText(`${(end - start).toString(16)}\r\n`);
    this.out.addSlice(chunk, start, end);
    this.out.addText("\r\n");
  }

  endResponse(trailers: HeaderList | null): void {
    if (this.isChunkedOut) this.out.addText(lastChunk(this.hasTrailers ? trailers : null));
    this.isChunkedOut = false;
    this.responseEnded = true;
    if (this.state === State.closing) {
      this.out.flush();
      return;
    }
    if (this.mustClose) {
      this.closeGently();
      return;
    }
    this.out.flush();
    if (this.state === State.complete) this.next();
  }

  /** Ready for the next request, pipelined or not. */
  private next(): void {
    this.state = State.head;
    this.isResponding = false;
    this.since = performance.now();
    if (this.isReading) return; // consume() goes on by itself
    const held = this.held;
    if (held === null) {
      if (this.socket.isPaused()) this.socket.resume();
      return;
    }
    this.held = null;
    // A fresh turn: a pipelining peer must not deepen the stack.
    setImmediate(() => {
      if (this.isDead || this.state === State.closing) return;
      this.consume(held);
      if (this.state !== State.complete || this.held === null) this.socket.resume();
    });
  }

  flush(): boolean {
    return this.out.flush();
  }

  reset(): void {
    this.state = State.closing;
    this.out.drop();
    this.socket.destroy();
  }

  pauseRequest(): void {
    if (!this.hasBody) return;
    this.bodyPaused = true;
    this.socket.pause();
  }

  resumeRequest(): void {
    if (!this.bodyPaused) return;
    this.bodyPaused = false;
    this.socket.resume();
  }

  closeAfterResponse(): void {
    this.mustClose = true;
  }

  /** The head did not arrive in time (request_headers_timeout). */
  timeOutHead(): void {
    this.refuse({ status: 408, detail: "request_headers_timeout" });
  }

  /** Drain: close now when idle, else with the response. */
  drain(): void {
    if (this.isIdle && !this.isReading) {
      this.closeGently();
    } else this.mustClose = true;
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
    const wasBusy = this.state !== State.head && this.state !== State.closing;
    this.state = State.closing;
    this.held = null;
    if (wasBusy && !this.responseEnded) this.sink.onDownstreamReset(0, detail);
    this.socket.destroySoon();
  }
}
