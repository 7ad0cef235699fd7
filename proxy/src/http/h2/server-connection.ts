// Downstream HTTP/2: one connection of a peer, one exchange per stream. Rule: streams and exchanges are kept and used
// again, as the one exchange of an HTTP/1.1 connection is; a connection that drains says GOAWAY, finishes what the peer
// had sent by then, and closes.

import type { Socket } from "node:net";
import type { Http2Plan } from "../../plan/types";
import { turnNow } from "../../turn-clock";
import { type HeaderList, nameInfo } from "../h1/header-list";
import { type HeadRefusal, refusal } from "../h1/refusal";
import { RequestHead } from "../h1/request-head";
import { H2Connection, type HeaderLimits } from "./connection";
import { MessageFields } from "./message";
import { CODE, headerBlockTimeoutMs, preface, SETTING } from "./protocol";
import { H2ServerStream, type ServerExchange } from "./server-stream";

export interface H2ServerHooks {
  newExchange(): ServerExchange;
  /** A request that never became one. */
  onRefused(refused: HeadRefusal): void;
  /** The peer's mistake ended the connection. */
  onBroken(detail: string): void;
  onClosed(): void;
}

const statusInfo = nameInfo(":status");
const noHeaders = new RequestHead().headers;
/** Finished streams kept for the next requests: as many as are commonly open at once. */
const maxSpare = 64;
/** How long a draining connection waits for requests that were on their way when GOAWAY left. */
const drainRoundTripMs = 1000;
const drainPing = Buffer.from("drained?");

export class H2ServerConnection extends H2Connection<H2ServerStream> {
  private readonly fields = new MessageFields();
  private readonly ignored = new RequestHead().headers;
  private readonly spare: H2ServerStream[] = [];
  private prefaceLeft = preface.length;
  private isGoingAway = false;
  private hasSaidLast = false;
  requests = 0;
  /** Monotonic time of the last change between idle and busy. */
  since = performance.now();

  constructor(
    socket: Socket,
    limits: Http2Plan,
    headerLimits: HeaderLimits,
    private readonly hooks: H2ServerHooks,
    private readonly maxRequests: number,
  ) {
    super(socket, limits, headerLimits, Number.POSITIVE_INFINITY);
    const settings: [number, number][] = [[SETTING.maxConcurrentStreams, limits.maxConcurrentStreams]];
    if (limits.allowConnect) settings.push([SETTING.enableConnectProtocol, 1]);
    this.sendSettings(settings, headerLimits);
  }

  /** Draining counts until the peer had a round trip to hear of it, so that the process does not leave too early. */
  get isBusy(): boolean {
    return this.streams.size > 0 || (this.isGoingAway && !this.isClosed) || this.socket.writableLength > 0;
  }

  /** Bytes that were read before the codec was known. */
  feed(chunk: Buffer): void {
    this.onData(chunk);
  }

  protected override consume(chunk: Buffer): void {
    let input = chunk;
    if (this.prefaceLeft > 0) {
      const done = preface.length - this.prefaceLeft;
      const size = Math.min(this.prefaceLeft, input.length);
      if (!input.subarray(0, size).equals(preface.subarray(done, done + size))) {
        this.onBroken(CODE.protocolError, "wrong_preface");
        return;
      }
      this.prefaceLeft -= size;
      if (size === input.length) return;
      input = input.subarray(size);
    }
    super.consume(input);
  }

  onHeaderBlock(id: number, isLast: boolean, block: Buffer, start: number, end: number): void {
    if ((id & 1) === 0) this.onBroken(CODE.protocolError, "even_stream_id");
    else if (id <= this.lastPeerStream) this.onLateBlock(id, isLast, block, start, end);
    else this.onNewBlock(id, isLast, block, start, end);
  }

  private onNewBlock(id: number, isLast: boolean, block: Buffer, start: number, end: number): void {
    this.lastPeerStream = id;
    if (end === start && this.guard.onEmptyFrame()) {
      this.refuse("empty_frames");
      return;
    }
    const stream = this.spare.pop() ?? new H2ServerStream(this, this.hooks.newExchange());
    const { fields } = this;
    fields.begin(stream.request.headers);
    if (!this.decode(block, start, end, fields)) return;
    this.guard.onOpened();
    const isLate = this.hasSaidLast;
    const { limits } = this;
    if (isLate || this.streams.size >= limits.maxConcurrentStreams) {
      this.spare.push(stream);
      this.out.resetStream(id, CODE.refusedStream);
      // Past our GOAWAY it is nobody's fault; more streams than allowed are counted like resets.
      if (!isLate && this.guard.onClosed(performance.now(), true)) this.onRapidReset();
      return;
    }
    const problem = this.decoder.isTooLarge
      ? "headers_too_large"
      : fields.toRequest(stream.request, isLast, limits.allowConnect);
    if (problem !== "") {
      this.spare.push(stream);
      this.refuseStream(id, problem);
      return;
    }
    if (this.streams.size === 0) this.since = turnNow();
    this.requests++;
    this.streams.set(id, stream);
    stream.begin(id, this.peerWindow, isLast);
    if (this.requests >= this.maxRequests) this.drain();
  }

  /** Trailers, or a second head. */
  private onLateBlock(id: number, isLast: boolean, block: Buffer, start: number, end: number): void {
    const { fields } = this;
    const stream = this.streams.get(id);
    fields.begin(stream === undefined || stream.isRemoteEnded ? this.ignored : stream.receivedTrailers());
    if (!this.decode(block, start, end, fields)) return;
    if (stream === undefined) {
      this.onClosedStreamFrame(id, "headers_on_closed_stream");
      return;
    }
    if (stream.isRemoteEnded) this.failStream(stream, CODE.streamClosed, "headers_after_end");
    else if (!isLast || !fields.areTrailers(true) || this.decoder.isTooLarge) {
      this.failStream(stream, CODE.protocolError, "malformed_trailers");
    } else if (!stream.endData(fields.headers))
      this.failStream(stream, CODE.protocolError, "less_data_than_content_length");
  }

  private refuseStream(id: number, problem: string): void {
    this.hooks.onRefused(refusal(problem === "headers_too_large" ? 431 : 400, problem));
    this.out.resetStream(id, CODE.protocolError);
    if (this.guard.onClosed(performance.now(), true)) this.onRapidReset();
  }

  sendHeaders(id: number, status: number, headers: HeaderList, isLast: boolean): void {
    const at = this.beginHeaders(id, headers, 8, isLast);
    this.encoder.add(this.out, statusInfo, String(status));
    this.encoder.addList(this.out, headers);
    this.endHeaders(at, id);
  }

  sendContinue(id: number): void {
    const at = this.beginHeaders(id, noHeaders, 8, false);
    this.encoder.add(this.out, statusInfo, "100");
    this.endHeaders(at, id);
  }

  protected isIdle(id: number): boolean {
    return (id & 1) === 0 || id > this.lastPeerStream;
  }

  protected mayCarryData(): boolean {
    return true;
  }

  protected override onReleased(stream: H2ServerStream): void {
    if (this.spare.length < maxSpare) this.spare.push(stream);
    if (this.streams.size > 0) return;
    this.since = turnNow();
    if (this.hasSaidLast) this.end(CODE.noError, "drained");
  }

  protected override onRapidReset(): void {
    this.refuse("rapid_reset");
  }

  onGoAway(): void {
    // The caller opens no more streams; those it has are served.
    this.isGoingAway = true;
    this.hasSaidLast = true;
    if (this.streams.size === 0) this.end(CODE.noError, "peer_goes_away");
  }

  /** RFC 9113 6.8: first announce, then, when everything sent by then must have arrived, say which stream was the last. */
  drain(): void {
    if (this.isGoingAway || this.isClosed) return;
    this.isGoingAway = true;
    this.out.goAway(0x7fffffff);
    this.out.ping(drainPing, 0, false);
    setTimeout(this.sayLast, drainRoundTripMs).unref();
  }

  /** Streams that the peer opens from now on are refused. */
  close(): void {
    this.isGoingAway = true;
    this.sayLast();
  }

  protected override onPong(): void {
    if (this.isGoingAway) this.sayLast();
  }

  private readonly sayLast = (): void => {
    if (this.hasSaidLast || this.isClosed) return;
    this.hasSaidLast = true;
    this.out.goAway(this.lastPeerStream);
    if (this.streams.size === 0) this.end(CODE.noError, "drained");
  };

  /** Limits in time; called by the listener's sweep. */
  sweep(now: number, idleTimeoutMs: number | null): void {
    for (const { exchange } of this.streams.values()) {
      const limit = exchange.idleLimitMs;
      if (exchange.isBusy && limit !== null && now - exchange.touchedAt > limit) exchange.onIdleTimeout();
    }
    const { waitingSince } = this.reader;
    if (waitingSince > 0 && now - waitingSince > headerBlockTimeoutMs) this.refuse("frame_timeout");
    else if (this.prefaceLeft > 0 && now - this.since > headerBlockTimeoutMs) this.refuse("preface_timeout");
    else if (this.streams.size === 0 && idleTimeoutMs !== null && now - this.since > idleTimeoutMs) this.drain();
  }

  protected onEnded(code: number, detail: string): void {
    if (code > CODE.noError) this.hooks.onBroken(detail);
  }

  protected override onSocketClosed(): void {
    this.hooks.onClosed();
  }
}
