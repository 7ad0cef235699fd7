// The receiving half of an HTTP/2 connection, common to both ends: settings, windows, and which stream a frame is for.
// Rule: nothing a peer does makes us hold more than the windows and tables of protocol.ts, and whatever costs the peer
// nothing is counted (flood-guard.ts).

import type { Socket } from "node:net";
import { report } from "../../errors";
import type { Http2Plan } from "../../plan/types";
import { readInto } from "../socket-reader";
import type { FieldSink } from "./fields";
import { type FrameHandler, FrameReader } from "./frame-reader";
import { HpackDecoder } from "./hpack-decoder";
import { H2Link } from "./link";
import { CODE, defaultWindow, maxFrameBytes, maxWindow, SETTING } from "./protocol";
import { settingProblem } from "./settings";
import type { H2Stream } from "./stream";

export interface HeaderLimits {
  readonly maxHeaderBytes: number;
  readonly maxHeaders: number;
}

export abstract class H2Connection<Stream extends H2Stream> extends H2Link<Stream> implements FrameHandler {
  protected readonly decoder: HpackDecoder;
  protected readonly reader: FrameReader;
  protected peerWindow = defaultWindow;
  protected peerMaxStreams: number;
  private data: Stream | null = null;
  private dataIsLast = false;
  private touched: Stream[] = [];

  constructor(socket: Socket, limits: Http2Plan, headers: HeaderLimits, peerMaxStreams: number) {
    super(socket, limits);
    this.peerMaxStreams = peerMaxStreams;
    this.decoder = new HpackDecoder(limits.headerTableBytes, headers.maxHeaderBytes, headers.maxHeaders);
    this.reader = new FrameReader(this, headers.maxHeaderBytes + maxFrameBytes);
    readInto(socket, this.onData);
  }

  protected stopReading(): void {
    this.reader.stop();
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
    if (!stream.endData(null)) this.failStream(stream, CODE.protocolError, "less_data_than_content_length");
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
}
