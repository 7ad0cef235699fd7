// What both ends of an HTTP/2 connection share: settings, windows, the table of streams, and how a connection ends.
// Rule: a mistake of one stream resets that stream, a mistake in the shared state (framing, HPACK, windows) ends the
// connection with GOAWAY; nothing a peer does makes us hold more than the windows and tables of protocol.ts.

import type { Socket } from "node:net";
import { report } from "../../errors";
import type { Http2Plan } from "../../plan/types";
import type { HeaderList } from "../h1/header-list";
import { readInto } from "../socket-reader";
import type { FieldSink } from "./fields";
import { FloodGuard } from "./flood-guard";
import { type FrameHandler, FrameReader } from "./frame-reader";
import { FrameWriter } from "./frame-writer";
import { HpackDecoder } from "./hpack-decoder";
import { HpackEncoder } from "./hpack-encoder";
import { CODE, defaultWindow, FLAG, FRAME, frameHeadBytes, maxFrameBytes, maxWindow, SETTING } from "./protocol";
import { settingProblem } from "./settings";
import type { H2Stream, StreamOwner } from "./stream";

export interface HeaderLimits {
  readonly maxHeaderBytes: number;
  readonly maxHeaders: number;
}

export abstract class H2Connection<Stream extends H2Stream> implements FrameHandler, StreamOwner {
  readonly out: FrameWriter;
  readonly streams = new Map<number, Stream>();
  readonly streamWindowBytes: number;
  sendWindow = defaultWindow;
  protected readonly encoder = new HpackEncoder();
  protected readonly decoder: HpackDecoder;
  protected readonly reader: FrameReader;
  protected readonly guard = new FloodGuard();
  protected peerWindow = defaultWindow;
  protected peerMaxStreams: number;
  protected isClosed = false;
  /** Highest stream id of the peer's that we looked at. */
  protected lastPeerStream = 0;
  private receiveWindow: number;
  private credited = 0;
  private data: Stream | null = null;
  private dataIsLast = false;
  private blocked: Stream[] = [];
  private touched: Stream[] = [];
  private isPumping = false;

  constructor(
    readonly socket: Socket,
    protected readonly limits: Http2Plan,
    headers: HeaderLimits,
    peerMaxStreams: number,
  ) {
    this.out = new FrameWriter(socket);
    this.peerMaxStreams = peerMaxStreams;
    this.streamWindowBytes = limits.streamWindowBytes;
    this.receiveWindow = Math.max(limits.connectionWindowBytes, defaultWindow);
    this.decoder = new HpackDecoder(limits.headerTableBytes, headers.maxHeaderBytes, headers.maxHeaders);
    this.reader = new FrameReader(this, headers.maxHeaderBytes + maxFrameBytes);
    socket.setNoDelay(true);
    readInto(socket, this.onData);
    socket.on("end", this.onEnd);
    socket.on("error", this.onError);
    socket.on("close", this.onClose);
    socket.on("drain", this.onDrain);
  }

  protected sendSettings(pairs: (readonly [number, number])[], headers: HeaderLimits): void {
    const { limits, out } = this;
    if (limits.headerTableBytes !== 4096) pairs.push([SETTING.headerTableSize, limits.headerTableBytes]);
    pairs.push(
      [SETTING.initialWindowSize, limits.streamWindowBytes],
      [SETTING.maxHeaderListSize, headers.maxHeaderBytes],
    );
    out.settings(pairs);
    if (this.receiveWindow > defaultWindow) out.windowUpdate(0, this.receiveWindow - defaultWindow);
  }

  // --- bytes in ---

  protected readonly onData = (chunk: Buffer): void => {
    if (this.isClosed) return;
    try {
      this.consume(chunk);
    } catch (error) {
      // A defect must cost one connection, not leave its streams waiting for their timeouts.
      report(`defect while reading HTTP/2: ${String(error instanceof Error ? error.stack : error)}`);
      this.onBroken(CODE.internalError, "internal_error");
    }
  };

  protected consume(chunk: Buffer): void {
    this.reader.read(chunk);
    const { touched } = this;
    if (touched.length === 0) return;
    this.touched = [];
    for (const stream of touched) {
      stream.isTouched = false;
      if (stream.isOpen) stream.onReadEnd();
    }
  }

  onDataFrame(id: number, length: number, dataBytes: number, isLast: boolean): boolean {
    if (length === 0 && !isLast) {
      if (this.guard.onEmptyFrame()) return this.refuse("empty_frames");
    } else this.guard.onUsefulFrame();
    this.receiveWindow -= length;
    if (this.receiveWindow < 0) {
      this.onBroken(CODE.flowControlError, "connection_window_overrun");
      return false;
    }
    const stream = this.streams.get(id);
    if (stream === undefined || stream.isRemoteEnded) {
      this.credit(length);
      if (stream !== undefined) this.failStream(stream, CODE.streamClosed, "data_after_end");
      else this.onClosedStreamFrame(id, "data_on_closed_stream");
      return false;
    }
    stream.receiveWindow -= length;
    if (stream.receiveWindow < 0) {
      this.credit(length);
      this.failStream(stream, CODE.flowControlError, "stream_window_overrun");
      return false;
    }
    if (!this.mayCarryData(stream)) {
      this.credit(length);
      this.failStream(stream, CODE.protocolError, "data_before_headers");
      return false;
    }
    this.data = stream;
    this.dataIsLast = isLast;
    // Padding is nobody's to take.
    if (length > dataBytes) this.credit(length - dataBytes);
    return true;
  }

  onDataBytes(chunk: Buffer, start: number, end: number): void {
    const stream = this.data;
    if (stream === null || !stream.isOpen) {
      this.credit(end - start);
      return;
    }
    if (!stream.isTouched) {
      stream.isTouched = true;
      this.touched.push(stream);
    }
    const isGood = stream.takeData(chunk, start, end);
    stream.count(end - start);
    if (!isGood && stream.isOpen) this.failStream(stream, CODE.protocolError, "more_data_than_content_length");
  }

  onDataFrameEnd(): void {
    const stream = this.data;
    this.data = null;
    if (stream === null || !stream.isOpen || !this.dataIsLast) return;
    if (!stream.endData()) this.failStream(stream, CODE.protocolError, "less_data_than_content_length");
  }

  /** Decodes a block; false: the connection is broken. */
  protected decode(block: Buffer, start: number, end: number, sink: FieldSink): boolean {
    if (!this.decoder.decode(block, start, end, sink)) {
      this.onBroken(CODE.compressionError, "broken_header_block");
      return false;
    }
    return !this.decoder.isBomb || this.refuse("header_list_bomb");
  }

  abstract onHeaderBlock(id: number, isLast: boolean, block: Buffer, start: number, end: number): void;

  onPriority(_id: number): void {
    if (this.guard.onPriority()) this.refuse("priority_flood");
  }

  onResetStream(id: number, code: number): void {
    const stream = this.streams.get(id);
    if (stream === undefined) {
      if (this.isIdle(id)) this.onBroken(CODE.protocolError, "reset_of_idle_stream");
      else if (this.guard.onControl(0)) this.refuse("reset_flood");
      return;
    }
    stream.isReset = true;
    stream.onReset(code, "remote_reset");
    if (stream.isOpen) this.release(stream);
  }

  onSettings(payload: Buffer, start: number, end: number): void {
    if (this.guard.onControl(this.out.queuedControl)) {
      this.refuse("settings_flood");
      return;
    }
    for (let at = start; at < end; at += 6) {
      if (!this.applySetting(payload.readUInt16BE(at), payload.readUInt32BE(at + 2))) return;
    }
    this.out.settingsAck();
    this.onPeerSettings();
    this.pump();
  }

  private applySetting(id: number, value: number): boolean {
    const bad = settingProblem(id, value);
    if (bad !== null) {
      this.onBroken(bad.code, bad.detail);
      return false;
    }
    if (id === SETTING.headerTableSize) this.encoder.setPeerLimit(value);
    else if (id === SETTING.maxConcurrentStreams) this.peerMaxStreams = value;
    else if (id === SETTING.initialWindowSize) {
      if (!this.shiftWindows(value - this.peerWindow)) return false;
      this.peerWindow = value;
    }
    return true;
  }

  /** RFC 9113 6.9.2: a changed initial window moves the windows of all streams, below zero if need be. */
  private shiftWindows(by: number): boolean {
    if (by === 0) return true;
    for (const stream of this.streams.values()) {
      stream.sendWindow += by;
      if (stream.sendWindow <= maxWindow) continue;
      this.onBroken(CODE.flowControlError, "stream_window_too_large");
      return false;
    }
    return true;
  }

  protected onPeerSettings(): void {}
  onSettingsAck(): void {}

  onPing(payload: Buffer, start: number, isAck: boolean): void {
    if (isAck) {
      this.onPong();
      return;
    }
    if (this.guard.onControl(this.out.queuedControl)) this.refuse("ping_flood");
    else this.out.ping(payload, start, true);
  }

  protected onPong(): void {}
  abstract onGoAway(lastStreamId: number, code: number): void;

  onWindowUpdate(id: number, increment: number): void {
    if (this.guard.onWindowUpdate()) {
      this.refuse("window_update_flood");
      return;
    }
    if (id === 0) {
      this.sendWindow += increment;
      if (increment === 0) this.onBroken(CODE.protocolError, "window_update_of_0");
      else if (this.sendWindow > maxWindow) this.onBroken(CODE.flowControlError, "connection_window_too_large");
    } else {
      const stream = this.streams.get(id);
      if (stream === undefined) {
        if (this.isIdle(id)) this.onBroken(CODE.protocolError, "window_update_of_idle_stream");
        return;
      }
      stream.sendWindow += increment;
      if (increment === 0) this.failStream(stream, CODE.protocolError, "window_update_of_0");
      else if (stream.sendWindow > maxWindow) this.failStream(stream, CODE.flowControlError, "stream_window_too_large");
    }
    if (!this.isClosed) this.pump();
  }

  onUnknownFrame(): void {
    if (this.guard.onControl(0)) this.refuse("unknown_frame_flood");
  }

  onStreamBroken(id: number, code: number, detail: string): void {
    const stream = this.streams.get(id);
    if (stream !== undefined) this.failStream(stream, code, detail);
    else if (this.guard.onControl(this.out.queuedControl)) this.refuse("stream_error_flood");
    else this.out.resetStream(id, code);
  }

  /** A frame on a stream that is over. Those we reset a moment ago may still get some; a flood of them ends it. */
  protected onClosedStreamFrame(id: number, detail: string): void {
    if (this.isIdle(id)) this.onBroken(CODE.protocolError, "frame_on_idle_stream");
    else if (this.guard.onControl(this.out.queuedControl)) this.refuse(detail);
  }

  protected abstract isIdle(id: number): boolean;
  protected abstract mayCarryData(stream: Stream): boolean;

  // --- bytes out ---

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
  private pump(): void {
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

  protected abstract onReleased(stream: Stream): void;
  protected onRapidReset(): void {}

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
    this.reader.stop();
    this.out.flush();
    this.out.close();
    this.dropStreams(code, detail);
    this.socket.end();
    this.socket.resume();
    // A peer that does not close its side after our GOAWAY and FIN is not waited for.
    setTimeout(() => this.socket.destroy(), 1000).unref();
  }

  private dropStreams(code: number, detail: string): void {
    const open = [...this.streams.values()];
    this.streams.clear();
    for (const stream of open) {
      stream.onReset(code, detail);
      stream.close();
    }
    this.onEnded(code, detail);
  }

  protected abstract onEnded(code: number, detail: string): void;

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
    this.reader.stop();
    this.out.close();
    this.dropStreams(-1, detail);
    this.socket.destroySoon();
  }

  destroy(): void {
    this.gone("connection_closed");
    this.socket.destroy();
  }

  protected onSocketClosed(): void {}
}
