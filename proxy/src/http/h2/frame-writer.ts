// Collects the frames of all streams of one connection and writes them once per turn of the event loop, so that a
// syscall and a TLS record are shared by everything that happened in the turn (the largest lever: platform notes).
// Rule: bytes that were handed to the socket are never overwritten before the socket has let go of them.
//
// Over TLS it lets go in the next turn, so two slabs take turns, and more while a peer reads slowly: each comes back once it has
// been read, for one that is thrown away lies about until V8 next marks the whole heap (docs/decisions/memory.md). A slab that was
// too small for a turn is followed by a larger one: a write in the middle of a turn has to wait for the next. Measured:
// docs/decisions/http2-hop.md.

import type { Socket } from "node:net";
import { atEndOfTurn, type TurnWriter } from "../end-of-turn";
import { CODE, FLAG, FRAME, frameHeadBytes } from "./protocol";

const firstSlabBytes = 16 * 1024;
const maxSlabBytes = 128 * 1024;
/** Above this much unsent, streams keep their data (and stop their sources) instead of giving it to us. */
const fullAtBytes = 256 * 1024;

const none = Buffer.alloc(0);
/** Writers with a slab. One that wrote nothing for a second gives it back: an idle connection holds none. */
const holding = new Set<FrameWriter>();
let sweeper: NodeJS.Timeout | null = null;

function hold(writer: FrameWriter): void {
  holding.add(writer);
  sweeper ??= setInterval(sweep, 1000).unref();
}

function sweep(): void {
  for (const writer of holding) if (writer.isResting()) holding.delete(writer);
  if (holding.size > 0 || sweeper === null) return;
  clearInterval(sweeper);
  sweeper = null;
}

/** A slab whose bytes were given to the socket; it is free again when the socket has let go of all until `end` (a count of `sent`). */
interface UsedSlab {
  readonly bytes: Buffer;
  readonly end: number;
}

export class FrameWriter implements TurnWriter {
  bytes: Buffer = none;
  at = 0;
  private start = 0;
  /** The slabs before this one, in the order of their use; their number is bounded by what streams may leave unsent. */
  private used: UsedSlab[] = [];
  private slabBytes = firstSlabBytes;
  private isDue = false;
  private isClosed = false;
  private seen = 0;
  /** Bytes given to the socket. */
  sent = 0;
  /** Answers to the peer's PING, SETTINGS and mistakes that wait behind a peer that does not read. */
  queuedControl = 0;

  constructor(private readonly socket: Socket) {}

  /** Bytes of all frames so far, sent or waiting for the end of the turn. */
  get written(): number {
    return this.sent + this.at - this.start;
  }

  get isFull(): boolean {
    return this.at - this.start + this.socket.writableLength > fullAtBytes;
  }

  /** Makes room for `size` bytes in one piece at `at`, and sees to it that they are written this turn. */
  reserve(size: number): void {
    if (!this.isDue) {
      this.isDue = true;
      atEndOfTurn(this);
      if (this.at === this.start) this.changeSlab();
    }
    if (this.at + size > this.bytes.length) this.makeRoom(size);
  }

  /** Begins again in a slab that the socket has let go of: this one, or the one used longest ago; else goes on where this one ends. */
  private changeSlab(): void {
    const waiting = this.socket.writableLength;
    if (waiting === 0) {
      this.queuedControl = 0;
      this.begin(this.bytes);
      return;
    }
    const [oldest] = this.used;
    if (oldest === undefined) {
      if (2 * this.at > this.bytes.length) this.leaveFor(Buffer.allocUnsafeSlow(this.slabBytes));
    } else if (oldest.end <= this.sent - waiting) {
      this.used.shift();
      this.leaveFor(oldest.bytes);
    }
  }

  private makeRoom(size: number): void {
    if (this.at > this.start) {
      this.push();
      this.slabBytes = Math.min(maxSlabBytes, 2 * this.slabBytes);
    }
    this.changeSlab();
    if (this.at + size <= this.bytes.length && this.bytes.length >= this.slabBytes) return;
    if (this.bytes === none) hold(this);
    this.leaveFor(Buffer.allocUnsafeSlow(Math.max(this.slabBytes, size)));
  }

  /** Keeps this slab for later, unless turns have outgrown it or it was made for one large frame. */
  private leaveFor(next: Buffer): void {
    const { length } = this.bytes;
    if (length >= this.slabBytes && length <= maxSlabBytes) this.used.push({ bytes: this.bytes, end: this.sent });
    this.begin(next);
  }

  private begin(slab: Buffer): void {
    this.bytes = slab;
    this.at = 0;
    this.start = 0;
  }

  frameHead(length: number, type: number, flags: number, streamId: number): void {
    const { bytes } = this;
    const at = this.at;
    bytes[at] = length >>> 16;
    bytes[at + 1] = length >>> 8;
    bytes[at + 2] = length;
    bytes[at + 3] = type;
    bytes[at + 4] = flags;
    bytes[at + 5] = streamId >>> 24;
    bytes[at + 6] = streamId >>> 16;
    bytes[at + 7] = streamId >>> 8;
    bytes[at + 8] = streamId;
    this.at = at + frameHeadBytes;
  }

  /** Writes the length into a frame head made before its payload was known. */
  patchLength(headAt: number, length: number): void {
    this.bytes[headAt] = length >>> 16;
    this.bytes[headAt + 1] = length >>> 8;
    this.bytes[headAt + 2] = length;
  }

  uint32(value: number): void {
    this.at = this.bytes.writeUInt32BE(value >>> 0, this.at);
  }

  data(streamId: number, chunk: Buffer, start: number, end: number, isLast: boolean): void {
    const size = end - start;
    this.reserve(frameHeadBytes + size);
    this.frameHead(size, FRAME.data, isLast ? FLAG.endStream : 0, streamId);
    chunk.copy(this.bytes, this.at, start, end);
    this.at += size;
  }

  endStream(streamId: number): void {
    this.reserve(frameHeadBytes);
    this.frameHead(0, FRAME.data, FLAG.endStream, streamId);
  }

  resetStream(streamId: number, code: number): void {
    this.queuedControl++;
    this.reserve(frameHeadBytes + 4);
    this.frameHead(4, FRAME.rstStream, 0, streamId);
    this.uint32(code);
  }

  windowUpdate(streamId: number, increment: number): void {
    this.reserve(frameHeadBytes + 4);
    this.frameHead(4, FRAME.windowUpdate, 0, streamId);
    this.uint32(increment);
  }

  settings(pairs: readonly (readonly [number, number])[]): void {
    this.reserve(frameHeadBytes + 6 * pairs.length);
    this.frameHead(6 * pairs.length, FRAME.settings, 0, 0);
    for (const [id, value] of pairs) {
      this.at = this.bytes.writeUInt16BE(id, this.at);
      this.uint32(value);
    }
  }

  settingsAck(): void {
    this.queuedControl++;
    this.reserve(frameHeadBytes);
    this.frameHead(0, FRAME.settings, FLAG.ack, 0);
  }

  ping(payload: Buffer, start: number, isAck: boolean): void {
    this.queuedControl++;
    this.reserve(frameHeadBytes + 8);
    this.frameHead(8, FRAME.ping, isAck ? FLAG.ack : 0, 0);
    this.at += payload.copy(this.bytes, this.at, start, start + 8);
  }

  goAway(lastStreamId: number, code: number = CODE.noError): void {
    this.reserve(frameHeadBytes + 8);
    this.frameHead(8, FRAME.goAway, 0, 0);
    this.uint32(lastStreamId);
    this.uint32(code);
  }

  raw(bytes: Buffer): void {
    this.reserve(bytes.length);
    this.at += bytes.copy(this.bytes, this.at);
  }

  writeOut(): void {
    this.isDue = false;
    this.push();
  }

  /** True: nothing was written since this was asked last, and the slab is given back. */
  isResting(): boolean {
    const isQuiet = this.sent === this.seen && this.at === this.start && this.socket.writableLength === 0;
    this.seen = this.sent;
    if (!isQuiet && !this.isClosed) return false;
    this.begin(none);
    this.used = [];
    this.slabBytes = firstSlabBytes;
    return true;
  }

  private push(): void {
    if (this.at === this.start || this.isClosed) return;
    const { start, at } = this;
    this.start = at;
    this.sent += at - start;
    this.socket.write(start === 0 && at === this.bytes.length ? this.bytes : this.bytes.subarray(start, at));
  }

  close(): void {
    this.isClosed = true;
  }
}
