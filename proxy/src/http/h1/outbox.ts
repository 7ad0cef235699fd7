// Collects what goes out on one connection and writes it once, at the end of the turn: head and small body leave in one
// segment and one TLS record. Measured (bench): one latin1 string write costs less than head string plus body Buffer corked.
// Rule: whoever ends the connection writes out first what it flushed.

import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { atEndOfTurn, type TurnWriter } from "../end-of-turn";
import { latin1, writeLatin1 } from "./bytes";

/** Up to this size a slice joins the text; above, it is written as it is. libuv tries strings up to 16 KiB at once. */
const joinLimit = 8 * 1024;
const textLimit = 15 * 1024;
/** TLS in Node copies a text twice on the heap, bytes not at all: up to this size a connection keeps the bytes of its last message. */
const keptLimit = 4 * 1024;
const keptStep = 512;

const none = Buffer.alloc(0);

export class Outbox implements TurnWriter {
  private text = "";
  private isDue = false;
  private isBelowMark = true;
  private kept: Buffer = none;
  /** What was written of `kept`: messages of one connection often have one length. */
  private written: Buffer = none;
  private readonly isTls: boolean;
  bytes = 0;

  constructor(private readonly socket: Socket) {
    this.isTls = socket instanceof TLSSocket;
  }

  addText(text: string): void {
    this.text += text;
  }

  addSlice(chunk: Buffer, start: number, end: number): void {
    const size = end - start;
    if (size <= joinLimit && this.text.length + size <= textLimit) {
      this.text += latin1(chunk, start, end);
      return;
    }
    this.writeText();
    this.bytes += size;
    // A copy: the chunk is only ours during this call, and the socket may need it longer.
    this.isBelowMark = this.socket.write(Buffer.from(chunk.subarray(start, end)));
  }

  /** What is held leaves with this turn. False: the socket holds more than its high water mark; wait for drain. */
  flush(): boolean {
    if (!this.isDue && this.text.length > 0) {
      this.isDue = true;
      atEndOfTurn(this);
    }
    return this.isBelowMark;
  }

  writeOut(): void {
    this.isDue = false;
    this.writeText();
  }

  /** The connection ends now: what was flushed in this turn still belongs to it. */
  writeFlushed(): void {
    if (this.isDue && !this.socket.destroyed) this.writeText();
  }

  onDrain(): void {
    this.isBelowMark = true;
  }

  drop(): void {
    this.text = "";
  }

  private writeText(): void {
    const text = this.text;
    if (text.length === 0) return;
    this.text = "";
    this.bytes += text.length;
    const { socket } = this;
    const isKept = this.isTls && text.length <= keptLimit && socket.writableLength === 0;
    this.isBelowMark = isKept ? socket.write(this.keep(text)) : socket.write(text, "latin1");
  }

  /** Bytes that the socket has let go of are used again. */
  private keep(text: string): Buffer {
    const size = text.length;
    if (size > this.kept.length) {
      this.kept = Buffer.allocUnsafeSlow(keptStep * Math.ceil(size / keptStep));
      this.written = this.kept;
    }
    writeLatin1(this.kept, text, 0);
    if (this.written.length !== size) this.written = this.kept.subarray(0, size);
    return this.written;
  }
}
