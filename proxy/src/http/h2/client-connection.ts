// Upstream HTTP/2: one connection to a host that carries many requests. Rule: it takes requests while the peer's limit,
// max_requests_per_connection and the ids allow, then it is replaced; every request that could not be answered hears
// whether the peer may have seen it (reset) or surely has not (refused).

import type { Socket } from "node:net";
import type { Http2Plan } from "../../plan/types";
import { turnNow } from "../../turn-clock";
import { type HeaderList, nameInfo } from "../h1/header-list";
import type { RequestHead } from "../h1/request-head";
import { ResponseHead } from "../h1/response-head";
import { localAddressOf } from "../socket-reader";
import { H2ClientStream, type StreamClient } from "./client-stream";
import { H2Connection, type HeaderLimits } from "./connection";
import { MessageFields } from "./message";
import { assumedMaxStreams, CODE, headerBlockTimeoutMs, lastUsableStreamId, preface, SETTING } from "./protocol";

const methodInfo = nameInfo(":method");
const schemeInfo = nameInfo(":scheme");
const authorityInfo = nameInfo(":authority");
const pathInfo = nameInfo(":path");
const protocolInfo = nameInfo(":protocol");
const maxInterim = 8;
const maxSpare = 64;

export interface H2ConnectionOwner {
  /** A request ended: there may be room for one that waits. */
  onStreamFree(connection: H2ClientConnection): void;
  onConnectionClosed(connection: H2ClientConnection): void;
}

export class H2ClientConnection extends H2Connection<H2ClientStream> implements StreamClient {
  readonly openedAt = performance.now();
  /** Monotonic time since when it has no request. */
  idleSince = performance.now();
  /** Requests taken so far. */
  requests = 0;
  private readonly fields = new MessageFields();
  private readonly ignored = new ResponseHead().headers;
  private readonly spare: H2ClientStream[] = [];
  private nextStreamId = 1;
  /** Streams handed out, with or without an id yet. */
  private active = 0;
  private isDraining = false;

  readonly localAddress: string;

  constructor(
    socket: Socket,
    limits: Http2Plan,
    headerLimits: HeaderLimits,
    private readonly pool: H2ConnectionOwner,
    private readonly maxRequests: number,
  ) {
    super(socket, limits, headerLimits, assumedMaxStreams);
    this.localAddress = localAddressOf(socket);
    this.out.raw(preface);
    this.sendSettings([[SETTING.enablePush, 0]], headerLimits);
  }

  /** Takes no new requests any more. */
  get isSpent(): boolean {
    return this.isDraining || this.isClosed;
  }

  get initialSendWindow(): number {
    return this.peerWindow;
  }

  /** A stream for one request, or null when this connection takes no more now. */
  acquire(): H2ClientStream | null {
    if (this.isDraining || this.isClosed) return null;
    if (this.active >= this.peerMaxStreams || this.active >= this.limits.maxConcurrentStreams) return null;
    if (!this.socket.writable) return null;
    this.active++;
    this.requests++;
    if (this.requests >= this.maxRequests || this.nextStreamId >= lastUsableStreamId) this.isDraining = true;
    return this.spare.pop() ?? new H2ClientStream(this);
  }

  get streamsInUse(): number {
    return this.active;
  }

  /** Requests it would take now. */
  get freeStreams(): number {
    if (this.isDraining || this.isClosed) return 0;
    const limit = Math.min(this.peerMaxStreams, this.limits.maxConcurrentStreams) - this.active;
    return Math.max(0, Math.min(limit, this.maxRequests - this.requests));
  }

  nextId(): number {
    const id = this.nextStreamId;
    this.nextStreamId += 2;
    return id;
  }

  start(stream: H2ClientStream): void {
    this.guard.onOpened();
    this.streams.set(stream.id, stream);
  }

  sendHeaders(id: number, head: RequestHead, path: string, isLast: boolean): void {
    const { scheme, headers, upgrade } = head;
    const method = upgrade === "" ? head.method : "CONNECT";
    const authority = headers.get("host") ?? "";
    const at = this.beginHeaders(
      id,
      headers,
      96 + path.length + authority.length + method.length + upgrade.length,
      isLast,
    );
    const { out, encoder } = this;
    encoder.add(out, methodInfo, method);
    encoder.add(out, schemeInfo, scheme);
    encoder.add(out, authorityInfo, authority);
    encoder.add(out, pathInfo, path);
    if (upgrade !== "") encoder.add(out, protocolInfo, upgrade);
    encoder.addList(out, headers);
    this.endHeaders(at, id);
  }

  onHeaderBlock(id: number, isLast: boolean, block: Buffer, start: number, end: number): void {
    const stream = this.streams.get(id);
    const { fields } = this;
    fields.begin(this.listFor(stream));
    if (!this.decode(block, start, end, fields)) return;
    if (stream === undefined) {
      this.onClosedStreamFrame(id, "headers_on_closed_stream");
      return;
    }
    if (stream.isRemoteEnded) {
      this.failStream(stream, CODE.streamClosed, "headers_after_end");
      return;
    }
    if (stream.hasResponse) {
      const isMalformed = !isLast || !fields.areTrailers(false) || this.decoder.isTooLarge;
      if (isMalformed) this.failStream(stream, CODE.protocolError, "malformed_trailers");
      else if (!stream.endData(fields.headers))
        this.failStream(stream, CODE.protocolError, "less_data_than_content_length");
      return;
    }
    const { response } = stream;
    const problem = this.decoder.isTooLarge
      ? "headers_too_large"
      : fields.toResponse(response, isLast, stream.isHeadRequest);
    if (problem !== "") this.failStream(stream, CODE.protocolError, problem);
    else if (response.status >= 200) stream.onHead(isLast);
    else if (isLast || response.status === 101 || ++stream.interim > maxInterim) {
      this.failStream(stream, CODE.protocolError, "unexpected_interim_response");
    }
  }

  private listFor(stream: H2ClientStream | undefined): HeaderList {
    if (stream === undefined || stream.isRemoteEnded) return this.ignored;
    return stream.hasResponse ? stream.receivedTrailers() : stream.response.headers;
  }

  protected isIdle(id: number): boolean {
    return (id & 1) === 0 || id >= this.nextStreamId;
  }

  protected mayCarryData(stream: H2ClientStream): boolean {
    return stream.hasResponse;
  }

  protected override onPeerSettings(): void {
    this.pool.onStreamFree(this);
  }

  protected override onReleased(stream: H2ClientStream): void {
    if (this.spare.length < maxSpare) this.spare.push(stream);
    this.free();
  }

  private free(): void {
    this.active--;
    if (this.active === 0) this.idleSince = turnNow();
    if (this.isDraining) this.closeIfDone();
    else if (!this.isClosed) this.pool.onStreamFree(this);
  }

  private closeIfDone(): void {
    if (this.active === 0 && !this.isClosed) this.onBroken(CODE.noError, "drained");
  }

  /** The peer takes no new streams, and has not looked at those above the last one it names (RFC 9113 6.8). */
  onGoAway(lastStreamId: number): void {
    this.isDraining = true;
    for (const stream of this.streams.values()) {
      if (stream.id <= lastStreamId || !stream.isOpen) continue;
      stream.onReset(CODE.refusedStream, "refused");
      this.release(stream);
    }
    this.closeIfDone();
    this.pool.onStreamFree(this);
  }

  /** Retire: close when the last request is done. */
  drain(): void {
    this.isDraining = true;
    this.closeIfDone();
  }

  sweep(now: number, idleLimitMs: number, maxAgeMs: number): void {
    const { waitingSince } = this.reader;
    if (waitingSince > 0 && now - waitingSince > headerBlockTimeoutMs) this.refuse("frame_timeout");
    else if (now - this.openedAt >= maxAgeMs) this.drain();
    else if (this.active === 0 && now - this.idleSince >= idleLimitMs) this.drain();
  }

  protected onEnded(): void {
    this.active = 0;
    this.pool.onConnectionClosed(this);
  }

  protected override onSocketClosed(): void {
    this.pool.onConnectionClosed(this);
  }
}
