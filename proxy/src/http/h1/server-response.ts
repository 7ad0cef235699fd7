// The answering half of a downstream HTTP/1.1 connection: response calls -> bytes, and when the next request may be read.
// Rule: a response that leaves a part of its request unread is the last one of its connection.

import type { Socket } from "node:net";
import { turnNow } from "../../turn-clock";
import type { DownstreamStream } from "../exchange";
import type { HeaderList } from "./header-list";
import { MessageWriter } from "./message-writer";
import { RequestHead } from "./request-head";

/** `tunnel`: after 101 everything belongs to the other protocol, until the connection ends. */
export const State = { head: 0, fixedBody: 1, chunkedBody: 2, complete: 3, closing: 4, tunnel: 5 } as const;

/** After an error reply the peer may still be sending: read and drop for this long so that it sees the reply, not a reset. */
const lingerMs = 1000;
export abstract class H1ServerResponse implements DownstreamStream {
  readonly request = new RequestHead();
  protected state: number = State.head;
  protected readonly out: MessageWriter;
  /** Bytes that nobody may read yet. */
  protected held: Buffer | null = null;
  protected isResponding = false;
  protected responseEnded = false;
  protected mustClose = false;
  /** Inside consume(), which goes on by itself. */
  protected isReading = false;
  protected isDead = false;
  protected bodyPaused = false;
  /** Monotonic time of the last change between idle and busy, for the idle and header timeouts. */
  since = performance.now();

  constructor(readonly socket: Socket) {
    this.out = new MessageWriter(socket);
  }

  protected abstract consume(input: Buffer): void;

  protected get hasBody(): boolean {
    return this.state === State.fixedBody || this.state === State.chunkedBody || this.state === State.tunnel;
  }

  sendHead(status: number, reason: string, headers: HeaderList, bodyLength: number): void {
    this.isResponding = true;
    if (status === 101 || (status === 200 && this.request.upgrade === "connect")) {
      this.startTunnel(status, reason, headers);
      return;
    }
    // Early response: the rest of the body is not read. Refused upgrade: bytes behind it are no request.
    if (this.state !== State.complete || this.request.upgrade !== "") this.mustClose = true;
    this.out.addResponse(status, reason, headers, bodyLength, this.request, this.mustClose);
  }

  private startTunnel(status: number, reason: string, headers: HeaderList): void {
    this.mustClose = true;
    this.state = State.tunnel;
    this.out.addSwitch(status, reason, headers, this.request.upgrade);
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
    this.out.addData(chunk, start, end);
  }

  endResponse(trailers: HeaderList | null): void {
    this.out.addEnd(trailers);
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
  protected next(): void {
    this.state = State.head;
    this.isResponding = false;
    this.since = turnNow();
    if (this.isReading) return;
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
    this.out.writeFlushed();
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

  drainConnection(): void {
    this.mustClose = true;
  }

  /** Sends what is held and FIN, then drops input until the peer closes or the linger time is over. */
  protected closeGently(): void {
    this.state = State.closing;
    this.held = null;
    this.out.writeOut();
    this.socket.end();
    this.socket.resume();
    setTimeout(() => this.socket.destroy(), lingerMs).unref();
  }
}
