// Bytes of one connection -> frames, with everything that RFC 9113 section 4 and 6 say about their form.
// Rule: DATA passes in the pieces it arrives in; other frames are handed over whole; a malformed frame ends the connection.

import { CODE, FLAG, FRAME, frameHeadBytes, maxContinuations, maxFrameBytes } from "./protocol";

export interface FrameHandler {
  /** A DATA frame begins; `length` is what flow control counts. False: the payload is dropped. */
  onDataFrame(streamId: number, length: number, dataBytes: number, isLast: boolean): boolean;
  /** A piece of the payload. */
  onDataBytes(chunk: Buffer, start: number, end: number): void;
  onDataFrameEnd(): void;
  onHeaderBlock(streamId: number, isLast: boolean, block: Buffer, start: number, end: number): void;
  onPriority(streamId: number): void;
  onResetStream(streamId: number, code: number): void;
  onSettings(payload: Buffer, start: number, end: number): void;
  onSettingsAck(): void;
  onPing(payload: Buffer, start: number, isAck: boolean): void;
  onGoAway(lastStreamId: number, code: number): void;
  onWindowUpdate(streamId: number, increment: number): void;
  onUnknownFrame(): void;
  onBroken(code: number, detail: string): void;
  /** A stream's frame has the wrong size but the connection can go on (RFC 9113 4.2). */
  onStreamBroken(streamId: number, code: number, detail: string): void;
}

export class FrameReader {
  private held: Buffer | null = null;
  private dataLeft = 0;
  private paddingLeft = 0;
  private isDropping = false;
  private isStopped = false;
  /** Header block in pieces: its stream, and what came so far. */
  private blockStream = 0;
  private blockIsLast = false;
  private pieces: Buffer[] = [];
  private pieceBytes = 0;
  /** Monotonic time since when a header block or frame is incomplete; 0: none is. */
  waitingSince = 0;
  private mustBeSettings = true;

  constructor(
    private readonly handler: FrameHandler,
    private readonly maxBlockBytes: number,
  ) {}

  stop(): void {
    this.isStopped = true;
    this.held = null;
    this.pieces = [];
  }

  read(chunk: Buffer): void {
    const input = this.held === null ? chunk : Buffer.concat([this.held, chunk]);
    this.held = null;
    let at = 0;
    while (!this.isStopped) {
      if (this.dataLeft > 0 || this.paddingLeft > 0) {
        at = this.readPayload(input, at);
        if (at === input.length) break;
        continue;
      }
      const next = this.readFrame(input, at);
      if (next < 0) break;
      at = next;
    }
    if (this.isStopped) return;
    const isIncomplete = at < input.length || this.blockStream !== 0;
    if (!isIncomplete) this.waitingSince = 0;
    else if (this.waitingSince === 0) this.waitingSince = performance.now();
    if (at < input.length) this.held = Buffer.from(input.subarray(at));
  }

  private readPayload(input: Buffer, from: number): number {
    let at = from;
    if (this.dataLeft > 0) {
      const end = Math.min(input.length, at + this.dataLeft);
      this.dataLeft -= end - at;
      if (!this.isDropping) this.handler.onDataBytes(input, at, end);
      at = end;
    }
    const skipped = this.dataLeft > 0 ? 0 : Math.min(this.paddingLeft, input.length - at);
    this.paddingLeft -= skipped;
    if (this.dataLeft === 0 && this.paddingLeft === 0 && !this.isDropping) this.handler.onDataFrameEnd();
    return at + skipped;
  }

  /** Index after the frame (of DATA: after its head), or -1 when more bytes are needed. */
  private readFrame(input: Buffer, at: number): number {
    if (input.length - at < frameHeadBytes) return -1;
    const length = ((input[at] as number) << 16) | ((input[at + 1] as number) << 8) | (input[at + 2] as number);
    const type = input[at + 3] as number;
    const flags = input[at + 4] as number;
    const id = input.readUInt32BE(at + 5) & 0x7fffffff;
    if (length > maxFrameBytes) return this.broken(CODE.frameSizeError, "frame_too_large");
    if (this.mustBeSettings && (type !== FRAME.settings || (flags & FLAG.ack) !== 0)) {
      return this.broken(CODE.protocolError, "first_frame_is_not_settings");
    }
    this.mustBeSettings = false;
    if (this.blockStream !== 0 && (type !== FRAME.continuation || id !== this.blockStream)) {
      return this.broken(CODE.protocolError, "header_block_interrupted");
    }
    const start = at + frameHeadBytes;
    if (type === FRAME.data) return this.beginData(input, start, length, flags, id);
    const end = start + length;
    if (input.length < end) return -1;
    this.dispatch(type, flags, id, input, start, end);
    return end;
  }

  private beginData(input: Buffer, from: number, length: number, flags: number, id: number): number {
    if (id === 0) return this.broken(CODE.protocolError, "data_on_stream_0");
    let at = from;
    let padding = 0;
    const isPadded = (flags & FLAG.padded) !== 0;
    if (isPadded) {
      if (length === 0) return this.broken(CODE.frameSizeError, "padding_without_length");
      if (at === input.length) return -1;
      padding = input[at++] as number;
      if (padding >= length) return this.broken(CODE.protocolError, "padding_too_long");
    }
    this.dataLeft = length - padding - (isPadded ? 1 : 0);
    this.paddingLeft = padding;
    this.isDropping = !this.handler.onDataFrame(id, length, this.dataLeft, (flags & FLAG.endStream) !== 0);
    if (length - (isPadded ? 1 : 0) === 0 && !this.isDropping) this.handler.onDataFrameEnd();
    return at;
  }

  private dispatch(type: number, flags: number, id: number, input: Buffer, start: number, end: number): void {
    const { handler } = this;
    const length = end - start;
    switch (type) {
      case FRAME.headers:
        this.readHeaders(flags, id, input, start, end);
        return;
      case FRAME.continuation:
        this.readContinuation(flags, input, start, end);
        return;
      case FRAME.priority:
        if (id === 0) this.broken(CODE.protocolError, "priority_on_stream_0");
        else if (length !== 5) handler.onStreamBroken(id, CODE.frameSizeError, "priority_size");
        else if ((input.readUInt32BE(start) & 0x7fffffff) === id)
          handler.onStreamBroken(id, CODE.protocolError, "stream_depends_on_itself");
        else handler.onPriority(id);
        return;
      case FRAME.rstStream:
        if (id === 0) this.broken(CODE.protocolError, "reset_of_stream_0");
        else if (length !== 4) this.broken(CODE.frameSizeError, "reset_size");
        else handler.onResetStream(id, input.readUInt32BE(start));
        return;
      case FRAME.settings:
        this.readSettings(flags, id, input, start, end);
        return;
      case FRAME.pushPromise:
        this.broken(CODE.protocolError, "push_promise");
        return;
      case FRAME.ping:
        if (id !== 0) this.broken(CODE.protocolError, "ping_on_a_stream");
        else if (length !== 8) this.broken(CODE.frameSizeError, "ping_size");
        else handler.onPing(input, start, (flags & FLAG.ack) !== 0);
        return;
      case FRAME.goAway:
        if (id !== 0) this.broken(CODE.protocolError, "goaway_on_a_stream");
        else if (length < 8) this.broken(CODE.frameSizeError, "goaway_size");
        else handler.onGoAway(input.readUInt32BE(start) & 0x7fffffff, input.readUInt32BE(start + 4));
        return;
      case FRAME.windowUpdate:
        if (length !== 4) this.broken(CODE.frameSizeError, "window_update_size");
        else handler.onWindowUpdate(id, input.readUInt32BE(start) & 0x7fffffff);
        return;
      default:
        handler.onUnknownFrame(); // RFC 9113 4.1: ignored
    }
  }

  private readSettings(flags: number, id: number, input: Buffer, start: number, end: number): void {
    const length = end - start;
    if (id !== 0) this.broken(CODE.protocolError, "settings_on_a_stream");
    else if ((flags & FLAG.ack) === 0) {
      if (length % 6 !== 0) this.broken(CODE.frameSizeError, "settings_size");
      else this.handler.onSettings(input, start, end);
    } else if (length !== 0) this.broken(CODE.frameSizeError, "settings_ack_size");
    else this.handler.onSettingsAck();
  }

  private readHeaders(flags: number, id: number, input: Buffer, from: number, to: number): void {
    if (id === 0) {
      this.broken(CODE.protocolError, "headers_on_stream_0");
      return;
    }
    let start = from;
    let end = to;
    if ((flags & FLAG.padded) !== 0) {
      if (start === end) {
        this.broken(CODE.frameSizeError, "padding_without_length");
        return;
      }
      end -= input[start++] as number;
    }
    if ((flags & FLAG.priority) !== 0) {
      if (end - start >= 5 && (input.readUInt32BE(start) & 0x7fffffff) === id) {
        // The block must still be decoded: end the connection rather than let the tables part.
        this.broken(CODE.protocolError, "stream_depends_on_itself");
        return;
      }
      start += 5;
    }
    if (start > end) {
      this.broken(CODE.protocolError, "padding_too_long");
      return;
    }
    const isLast = (flags & FLAG.endStream) !== 0;
    if ((flags & FLAG.endHeaders) !== 0) {
      this.handler.onHeaderBlock(id, isLast, input, start, end);
      return;
    }
    this.blockStream = id;
    this.blockIsLast = isLast;
    this.pieces = [Buffer.from(input.subarray(start, end))];
    this.pieceBytes = end - start;
  }

  private readContinuation(flags: number, input: Buffer, start: number, end: number): void {
    if (this.blockStream === 0) {
      this.broken(CODE.protocolError, "continuation_without_headers");
      return;
    }
    this.pieceBytes += end - start;
    if (this.pieces.length > maxContinuations || this.pieceBytes > this.maxBlockBytes) {
      this.broken(CODE.enhanceYourCalm, "header_block_too_large");
      return;
    }
    this.pieces.push(Buffer.from(input.subarray(start, end)));
    if ((flags & FLAG.endHeaders) === 0) return;
    const block = Buffer.concat(this.pieces);
    const id = this.blockStream;
    this.pieces = [];
    this.blockStream = 0;
    this.handler.onHeaderBlock(id, this.blockIsLast, block, 0, block.length);
  }

  private broken(code: number, detail: string): number {
    this.handler.onBroken(code, detail);
    return -1;
  }
}
