// The sending half of an HTTP/2 connection: header blocks, the streams that wait for a window, and how it all ends.
// Rule: a mistake of one stream resets that stream, a mistake in the shared state ends the connection with GOAWAY; every
// stream hears of its end exactly once.

import type { Socket } from "node:net";
import type { Http2Plan } from "../../plan/types";
import type { HeaderList } from "../h1/header-list";
import { FloodGuard } from "./flood-guard";
import { FrameWriter } from "./frame-writer";
import { HpackEncoder } from "./hpack-encoder";
import { CODE, defaultWindow, FLAG, FRAME, frameHeadBytes, maxFrameBytes } from "./protocol";
import type { H2Stream, StreamOwner } from "./stream";
import { StreamTable } from "./stream-table";

export abstract class H2Link<Stream extends H2Stream> implements StreamOwner {
  readonly out: FrameWriter;
  readonly streams = new StreamTable<Stream>();
  readonly streamWindowBytes: number;
  sendWindow = defaultWindow;
  protected readonly encoder = new HpackEncoder();
  protected readonly guard = new FloodGuard();
  protected isClosed = false;
  /** Highest stream id of the peer's that we looked at. */
  protected lastPeerStream = 0;
  /** What the peer may still send on the connection. */
  protected receiveWindow: number;
  private credited = 0;
  private blocked: Stream[] = [];
  private isPumping = false;

  constructor(
    readonly socket: Socket,
    protected readonly limits: Http2Plan,
  ) {
    this.out = new FrameWriter(socket);
    this.streamWindowBytes = limits.streamWindowBytes;
    this.receiveWindow = Math.max(limits.connectionWindowBytes, defaultWindow);
    socket.setNoDelay(true);
    socket.on("end", this.onEnd);
    socket.on("error", this.onError);
    socket.on("close", this.onClose);
    socket.on("drain", this.onDrain);
  }

  /** No frame may be handed on any more. */
  protected abstract stopReading(): void;
  /** Forgets a stream that is over. */
  protected abstract onReleased(stream: Stream): void;
  /** All streams have heard that the connection is over. */
  protected abstract onEnded(code: number, detail: string): void;
  protected onRapidReset(): void {}
  protected onSocketClosed(): void {}

  /** Begins a HEADERS frame with room for a block; endHeaders() completes it. Returns where the frame began. */
  protected beginHeaders(id: number, headers: HeaderList, room: number, isLast: boolean): number {
    const { out, encoder } = this;
    out.reserve(frameHeadBytes + room + encoder.sizeOf(headers));
    const at = out.at;
    out.frameHead(0, FRAME.headers, FLAG.endHeaders | (isLast ? FLAG.endStream : 0), id);
    encoder.begin(out);
    return at;
  }

  protected endHeaders(headAt: number, id: number): void {
    const { out } = this;
    const length = out.at - headAt - frameHeadBytes;
    if (length <= maxFrameBytes) out.patchLength(headAt, length);
    else this.splitBlock(headAt, length, id);
  }

  /** A block longer than one frame goes on in CONTINUATION frames. */
  private splitBlock(headAt: number, length: number, id: number): void {
    const { out } = this;
    const block = Buffer.from(out.bytes.subarray(headAt + frameHeadBytes, out.at));
    const flags = out.bytes[headAt + 4] as number;
    out.at = headAt;
    for (let at = 0; at < length; at += maxFrameBytes) {
      const end = Math.min(length, at + maxFrameBytes);
      const ends = end === length ? FLAG.endHeaders : 0;
      out.reserve(frameHeadBytes + end - at);
      if (at === 0) out.frameHead(end, FRAME.headers, (flags & FLAG.endStream) | ends, id);
      else out.frameHead(end - at, FRAME.continuation, ends, id);
      out.at += block.copy(out.bytes, out.at, at, end);
    }
  }

  sendTrailers(id: number, trailers: HeaderList): void {
    const at = this.beginHeaders(id, trailers, 0, true);
    this.encoder.addList(this.out, trailers);
    this.endHeaders(at, id);
  }

  countData(): void {
    this.guard.dataFramesSent++;
  }

  credit(bytes: number): void {
    this.credited += bytes;
    if (this.isClosed || this.credited * 2 < this.limits.connectionWindowBytes) return;
    this.receiveWindow += this.credited;
    this.out.windowUpdate(0, this.credited);
    this.credited = 0;
  }

  block(stream: Stream): void {
    if (!this.blocked.includes(stream)) this.blocked.push(stream);
    this.pump();
  }

  /** Sends what waits, one frame per stream in turn, so that a large body does not hold up small ones. */
  protected pump(): void {
    if (this.isPumping || this.blocked.length === 0) return;
    this.isPumping = true;
    let hasMoved = true;
    while (hasMoved && this.sendWindow > 0 && !this.out.isFull) {
      hasMoved = false;
      for (const stream of this.blocked) {
        if (this.sendWindow > 0 && !this.out.isFull && stream.sendQueued()) hasMoved = true;
      }
      this.blocked = this.blocked.filter((stream) => stream.queuedBytes > 0);
    }
    this.isPumping = false;
  }

  // --- ends ---

  failStream(stream: Stream, code: number, detail: string): void {
    if (!stream.isOpen) return;
    stream.onReset(code, detail);
    if (stream.isOpen) stream.resetWith(code);
  }

  release(stream: Stream): void {
    if (!this.streams.delete(stream.id)) return;
    const { openedAt, isReset } = stream;
    stream.close();
    if (this.blocked.length > 0) this.blocked = this.blocked.filter((one) => one !== stream);
    const isFlood = this.guard.onClosed(openedAt, isReset);
    this.onReleased(stream);
    if (isFlood) this.onRapidReset();
  }

  /** ENHANCE_YOUR_CALM; always false. */
  protected refuse(detail: string): false {
    this.onBroken(CODE.enhanceYourCalm, detail);
    return false;
  }

  /** The connection is of no more use: tell the peer why, then close. */
  onBroken(code: number, detail: string): void {
    if (this.isClosed) return;
    this.out.goAway(this.lastPeerStream, code);
    this.end(code, detail);
  }

  protected end(code: number, detail: string): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.stopReading();
    this.out.writeOut();
    this.out.close();
    this.dropStreams(code, detail);
    this.socket.end();
    this.socket.resume();
    // A peer that does not close its side after our GOAWAY and FIN is not waited for.
    setTimeout(() => this.socket.destroy(), 1000).unref();
  }

  private dropStreams(code: number, detail: string): void {
    const open = this.streams.values();
    this.streams.clear();
    for (const stream of open) {
      stream.onReset(code, detail);
      stream.close();
    }
    this.onEnded(code, detail);
  }

  private readonly onDrain = (): void => this.pump();
  private readonly onEnd = (): void => this.gone("connection_closed");
  private readonly onError = (error: Error): void => this.gone(error.message);
  private readonly onClose = (): void => {
    this.gone("connection_closed");
    this.onSocketClosed();
  };

  private gone(detail: string): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.stopReading();
    this.out.close();
    this.dropStreams(-1, detail);
    this.socket.destroySoon();
  }

  destroy(): void {
    this.gone("connection_closed");
    this.socket.destroy();
  }
}
