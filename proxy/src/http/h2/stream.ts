// One stream's flow: what it may still send, what waits for the window, and what its reader has not taken yet.
// Rule: data that may not be sent stays here and stops its source; data that arrived is credited back to the peer only
// when somebody took it, so that memory per connection is the window and no more.

import { turnNow } from "../../turn-clock";
import { HeaderList } from "../h1/header-list";
import type { FrameWriter } from "./frame-writer";
import { CODE, fullDataBytes } from "./protocol";

/** A source is stopped above this much waiting data, and started again below half of it. */
const pauseAtBytes = 64 * 1024;

export interface StreamOwner {
  readonly out: FrameWriter;
  sendWindow: number;
  readonly streamWindowBytes: number;
  countData(): void;
  /** HEADERS with END_STREAM. */
  sendTrailers(id: number, trailers: HeaderList): void;
  /** The stream has data that waits for a window or for the socket. */
  block(stream: H2Stream): void;
  /** Both directions are done, or the stream was reset: forget it. */
  release(stream: H2Stream): void;
  /** Window of the connection that may be given to the peer again. */
  credit(bytes: number): void;
}

export abstract class H2Stream {
  id = 0;
  isOpen = false;
  sendWindow = 0;
  receiveWindow = 0;
  isLocalEnded = false;
  isRemoteEnded = false;
  openedAt = 0;
  /** Received data in this read: flush when the read is over. */
  isTouched = false;
  isReset = false;
  /** Bytes of body that content-length still promises, or -1. */
  protected toSend = -1;
  protected toReceive = -1;
  private queue: Buffer[] = [];
  /** END_STREAM waits behind queued data, with these trailers if there are any. */
  private isEndQueued = false;
  private queuedTrailers: HeaderList | null = null;
  private received: HeaderList | null = null;
  /** END_STREAM is on its way. */
  protected isEndSent = false;
  /** Our side has said that it is done; only then may the stream be used again. */
  private isFinished = false;
  private wantsWritable = false;
  private isPaused = false;
  private unread = 0;
  private taken = 0;
  queuedBytes = 0;

  constructor(protected readonly owner: StreamOwner) {}

  protected open(id: number, sendWindow: number): void {
    this.id = id;
    this.isOpen = true;
    this.sendWindow = sendWindow;
    this.receiveWindow = this.owner.streamWindowBytes;
    this.isLocalEnded = false;
    this.isRemoteEnded = false;
    this.isTouched = false;
    this.isReset = false;
    this.toSend = -1;
    this.toReceive = -1;
    this.isEndQueued = false;
    this.queuedTrailers = null;
    this.isEndSent = false;
    this.isFinished = false;
    this.wantsWritable = false;
    this.isPaused = false;
    this.unread = 0;
    this.taken = 0;
    this.dropQueue();
    this.openedAt = turnNow();
  }

  // --- sending ---

  sendData(chunk: Buffer, start: number, end: number): void {
    const size = end - start;
    if (size === 0 || !this.isOpen || this.isEndSent || this.isEndQueued) return;
    let isLast = false;
    if (this.toSend >= 0) {
      this.toSend -= size;
      isLast = this.toSend === 0;
    }
    const { owner } = this;
    const fits = size <= this.sendWindow && size <= owner.sendWindow && size <= fullDataBytes;
    if (fits && this.queuedBytes === 0 && !owner.out.isFull) {
      this.emit(chunk, start, end, isLast);
      return;
    }
    this.queue.push(Buffer.from(chunk.subarray(start, end)));
    this.queuedBytes += size;
    this.isEndQueued = isLast;
    owner.block(this);
  }

  private emit(chunk: Buffer, start: number, end: number, isLast: boolean): void {
    const { owner } = this;
    this.sendWindow -= end - start;
    owner.sendWindow -= end - start;
    owner.countData();
    const trailers = isLast ? this.queuedTrailers : null;
    owner.out.data(this.id, chunk, start, end, isLast && trailers === null);
    if (!isLast) return;
    if (trailers !== null) owner.sendTrailers(this.id, trailers);
    this.isEndSent = true;
    this.settle();
  }

  /** Sends one frame of what waits. False: the stream's window is closed. */
  sendQueued(): boolean {
    const first = this.queue[0];
    if (first === undefined) return false;
    const size = Math.min(first.length, this.sendWindow, this.owner.sendWindow, fullDataBytes);
    if (size <= 0) return false;
    this.queuedBytes -= size;
    if (size === first.length) this.queue.shift();
    else this.queue[0] = first.subarray(size);
    this.emit(first, 0, size, this.isEndQueued && this.queuedBytes === 0);
    if (this.wantsWritable && this.queuedBytes <= pauseAtBytes / 2) {
      this.wantsWritable = false;
      this.onWritable();
    }
    return true;
  }

  protected endSending(trailers: HeaderList | null): void {
    if (!this.isOpen) return;
    this.isFinished = true;
    if (this.queuedBytes > 0) {
      this.isEndQueued = true;
      // Whose they are may begin another message before it is their turn.
      this.queuedTrailers = trailers?.copy() ?? null;
      return;
    }
    if (!this.isEndSent) {
      if (trailers === null) this.owner.out.endStream(this.id);
      else this.owner.sendTrailers(this.id, trailers);
    }
    this.isEndSent = true;
    this.settle();
  }

  /** Where this stream's trailers are put; made by the first that has some. */
  receivedTrailers(): HeaderList {
    this.received ??= new HeaderList();
    return this.received;
  }

  private settle(): void {
    if (!this.isFinished || this.isLocalEnded) return;
    this.isLocalEnded = true;
    if (this.isRemoteEnded) this.owner.release(this);
    else this.onLocalEnd();
  }

  /** False: stop sending until onWritable. */
  flush(): boolean {
    if (this.queuedBytes <= pauseAtBytes) return true;
    this.wantsWritable = true;
    return false;
  }

  resetWith(code: number): void {
    if (!this.isOpen) return;
    this.owner.out.resetStream(this.id, code);
    this.isReset = true;
    this.owner.release(this);
  }

  // --- receiving ---

  /** Data as it came; false: more than content-length promised (RFC 9113 8.1.1: malformed). */
  takeData(chunk: Buffer, start: number, end: number): boolean {
    const size = end - start;
    if (this.toReceive >= 0) {
      this.toReceive -= size;
      if (this.toReceive < 0) return false;
    }
    this.onBody(chunk, start, end);
    return true;
  }

  /** False: less than content-length promised. */
  endData(trailers: HeaderList | null): boolean {
    if (this.toReceive > 0) return false;
    this.isRemoteEnded = true;
    this.onBodyEnd(trailers !== null && trailers.length > 0 ? trailers : null);
    if (this.isOpen && this.isLocalEnded) this.owner.release(this);
    return true;
  }

  /** Flow-controlled bytes of this stream arrived (and were handed on, unless its reader is paused). */
  count(bytes: number): void {
    if (this.isPaused) {
      this.unread += bytes;
      return;
    }
    this.owner.credit(bytes);
    this.creditStream(bytes);
  }

  private creditStream(bytes: number): void {
    this.taken += bytes;
    if (this.isRemoteEnded || !this.isOpen || this.taken * 2 < this.owner.streamWindowBytes) return;
    this.receiveWindow += this.taken;
    this.owner.out.windowUpdate(this.id, this.taken);
    this.taken = 0;
  }

  protected pauseReading(): void {
    this.isPaused = true;
  }

  protected resumeReading(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    const bytes = this.unread;
    this.unread = 0;
    if (bytes === 0) return;
    this.owner.credit(bytes);
    this.creditStream(bytes);
  }

  /** The stream is over: gives back what nobody will read. */
  close(): void {
    this.isOpen = false;
    this.isLocalEnded = true;
    this.isRemoteEnded = true;
    this.dropQueue();
    if (this.unread > 0) this.owner.credit(this.unread);
    this.unread = 0;
  }

  private dropQueue(): void {
    if (this.queue.length > 0) this.queue = [];
    this.queuedBytes = 0;
  }

  /** A whole message arrived and the peer is still sending: HTTP/2's "do not bother" (RFC 9113 8.1). */
  protected stopPeer(): void {
    this.owner.out.resetStream(this.id, CODE.noError);
    this.owner.release(this);
  }

  protected abstract onBody(chunk: Buffer, start: number, end: number): void;
  protected abstract onBodyEnd(trailers: HeaderList | null): void;
  /** We are done, the peer is not. */
  protected abstract onLocalEnd(): void;
  protected abstract onWritable(): void;
  /** End of a read in which data came. */
  abstract onReadEnd(): void;
  /** The stream ended before its time. */
  abstract onReset(code: number, detail: string): void;
}
