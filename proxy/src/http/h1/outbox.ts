// Collects what goes out on one connection and writes it once, at the end of the turn: head and small body leave in one
// segment and one TLS record. A body joins its head as bytes that the connection keeps. Measured (docs/decisions/processor-time.md): joined
// as text it was made, flattened and copied, 0.87x of a write with 1 KB, and a third of what the caller's proxy allocated.
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
/** Shorter ones join the text. */
const bytesFrom = 256;

const none = Buffer.alloc(0);

export class Outbox implements TurnWriter {
  private text = "";
  private isDue = false;
  private isBelowMark = true;
  private kept: Buffer = none;
  /** Of `kept`, what is still to be written; `text` stands behind it. */
  private at = 0;
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
    if (size >= bytesFrom && this.joinBytes(chunk, start, end)) return;
    if (size <= joinLimit && this.at + this.text.length + size <= textLimit) {
      if (this.at > 0 && this.at + this.text.length + size > keptLimit) this.joinAsText();
      this.text += latin1(chunk, start, end);
      return;
    }
    this.writeText();
    this.bytes += size;
    // A copy: the chunk is only ours during this call, and the socket may need it longer.
    this.isBelowMark = this.socket.write(Buffer.from(chunk.subarray(start, end)));
  }

  /** False: there is no room, or the socket has not let go of what is kept. */
  private joinBytes(chunk: Buffer, start: number, end: number): boolean {
    const { text } = this;
    const needed = this.at + text.length + end - start;
    if (needed > keptLimit || (this.at === 0 && this.socket.writableLength > 0)) return false;
    if (needed > this.kept.length) this.grow(needed);
    if (text.length > 0) {
      this.text = "";
      this.at += writeLatin1(this.kept, text, this.at);
    }
    this.at += chunk.copy(this.kept, this.at, start, end);
    return true;
  }

  /** What has become too long to keep goes on as text, so that it is still one piece. */
  private joinAsText(): void {
    this.text = latin1(this.kept, 0, this.at) + this.text;
    this.at = 0;
  }

  private grow(size: number): void {
    const larger = Buffer.allocUnsafeSlow(keptStep * Math.ceil(size / keptStep));
    if (this.at > 0) this.kept.copy(larger, 0, 0, this.at);
    this.kept = larger;
    this.written = larger;
  }

  /** What is held leaves with this turn. False: the socket holds more than its high water mark; wait for drain. */
  flush(): boolean {
    if (!this.isDue && (this.text.length > 0 || this.at > 0)) {
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
    this.at = 0;
  }

  private writeText(): void {
    const { socket } = this;
    if (this.at > 0 && this.at + this.text.length > keptLimit) this.joinAsText();
    const { text } = this;
    const size = this.at + text.length;
    if (size === 0) return;
    this.text = "";
    if (this.at === 0 && !(this.isTls && size <= keptLimit && socket.writableLength === 0)) {
      this.bytes += size;
      this.isBelowMark = socket.write(text, "latin1");
      return;
    }
    if (size > this.kept.length) this.grow(size);
    if (text.length > 0) writeLatin1(this.kept, text, this.at);
    this.at = size;
    this.writeKept();
  }

  /** Bytes that the socket has let go of are used again. */
  private writeKept(): void {
    const size = this.at;
    this.at = 0;
    this.bytes += size;
    if (this.written.length !== size) this.written = this.kept.subarray(0, size);
    this.isBelowMark = this.socket.write(this.written);
  }
}
