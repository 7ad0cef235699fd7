// A downstream HTTP connection as the listener sees it, whichever version it speaks, and the choice of the codec.
// Rule: ALPN decides; without it `auto` looks at the first bytes (RFC 9113 3.3: prior knowledge), as Envoy does.

import type { Socket } from "node:net";
import type { HttpConnectionPlan } from "../plan/types";
import type { HeadRefusal } from "./h1/refusal";
import { H1ServerConnection } from "./h1/server-connection";
import { H2ServerConnection } from "./h2/server-connection";
import { Exchange } from "./router";
import type { DownstreamInfo } from "./runtime";

export interface DownstreamHooks {
  /** A request that never became one: local reply for telemetry. */
  onRefused(refused: HeadRefusal): void;
  /** A head that never ended. */
  onUnfinished(): void;
  /** A mistake of the peer that belongs to no request. */
  onBroken(detail: string): void;
  onClosed(): void;
}

interface Codec {
  readonly protocol: "HTTP/1.1" | "HTTP/2";
  readonly isBusy: boolean;
  drain(): void;
  close(): void;
  sweep(now: number, plan: HttpConnectionPlan): void;
}

const defaultHeadersTimeoutMs = 15_000;

class Http1 implements Codec {
  readonly protocol = "HTTP/1.1";
  private readonly exchange: Exchange;
  private readonly connection: H1ServerConnection;

  constructor(socket: Socket, info: DownstreamInfo, hooks: DownstreamHooks, onHttp2: ((first: Buffer) => void) | null) {
    const { plan } = info.http;
    this.exchange = new Exchange(info);
    this.connection = new H1ServerConnection(socket, this.exchange, hooks);
    this.connection.maxRequests = plan.maxRequestsPerConnection ?? Number.POSITIVE_INFINITY;
    this.connection.maxHeadBytes = plan.maxRequestHeadersKb * 1024;
    this.connection.maxHeaders = plan.maxHeadersCount;
    this.connection.hasTrailers = plan.hasHttp1Trailers;
    this.connection.request.takesConnect = plan.upgrades.has("connect");
    this.connection.scheme = info.isTls ? "https" : "http";
    this.connection.onHttp2 = onHttp2;
  }

  get isBusy(): boolean {
    return this.exchange.isBusy;
  }

  drain(): void {
    this.connection.drain();
  }

  close(): void {
    this.connection.close();
  }

  sweep(now: number, plan: HttpConnectionPlan): void {
    const { exchange, connection } = this;
    if (exchange.isBusy) {
      if (exchange.idleLimitMs !== null && now - exchange.touchedAt > exchange.idleLimitMs) exchange.onIdleTimeout();
    } else if (connection.isReadingHead) {
      const limit = plan.requestHeadersTimeoutMs ?? defaultHeadersTimeoutMs;
      if (now - connection.since > limit) connection.timeOutHead();
    } else if (plan.connectionIdleTimeoutMs !== null && now - connection.since > plan.connectionIdleTimeoutMs)
      connection.close();
  }
}

class Http2 implements Codec {
  readonly protocol = "HTTP/2";
  private readonly connection: H2ServerConnection;

  constructor(socket: Socket, info: DownstreamInfo, hooks: DownstreamHooks, first: Buffer | null) {
    const { plan } = info.http;
    const headers = { maxHeaderBytes: plan.maxRequestHeadersKb * 1024, maxHeaders: plan.maxHeadersCount };
    this.connection = new H2ServerConnection(
      socket,
      plan.http2,
      headers,
      { ...hooks, newExchange: () => new Exchange(info) },
      plan.maxRequestsPerConnection ?? Number.POSITIVE_INFINITY,
    );
    if (first !== null) this.connection.feed(first);
  }

  get isBusy(): boolean {
    return this.connection.isBusy;
  }

  drain(): void {
    this.connection.drain();
  }

  close(): void {
    this.connection.close();
  }

  sweep(now: number, plan: HttpConnectionPlan): void {
    this.connection.sweep(now, plan.connectionIdleTimeoutMs);
  }
}

export class DownstreamHttp {
  private codec: Codec;

  constructor(
    readonly socket: Socket,
    private readonly info: DownstreamInfo,
    hooks: DownstreamHooks,
    alpn: string,
  ) {
    const { codec } = info.http.plan;
    if (codec === "http2" || (codec === "auto" && alpn === "h2")) {
      this.codec = new Http2(socket, info, hooks, null);
      return;
    }
    const onHttp2 = (first: Buffer): void => {
      this.codec = new Http2(socket, info, hooks, first);
      if (this.info.isDraining) this.codec.drain();
    };
    this.codec = new Http1(socket, info, hooks, codec === "auto" && alpn === "" ? onHttp2 : null);
  }

  get protocol(): "HTTP/1.1" | "HTTP/2" {
    return this.codec.protocol;
  }

  get isBusy(): boolean {
    return this.codec.isBusy;
  }

  /** Finishes what was begun and what is on its way, then closes; each answer tells the peer. */
  drain(): void {
    this.info.isDraining = true;
    this.codec.drain();
  }

  /** Finishes what was begun, takes nothing new, then closes. */
  close(): void {
    this.info.isDraining = true;
    this.codec.close();
  }

  /** Idle, header and stream limits, at the resolution of the listener's sweep. */
  sweep(now: number): void {
    this.codec.sweep(now, this.info.http.plan);
  }
}
