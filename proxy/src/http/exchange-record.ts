// What is remembered of one request for its counters and its log line. Rule: plain fields that the router sets while it
// works; nothing is computed before a log format asks.

import type { UpstreamCluster } from "../cluster/cluster";
import type { UpstreamHost } from "../cluster/host";
import type { RoutePlan } from "../plan/types";
import { grpcStatusIn, grpcStatusOfHttp, httpStatusOfGrpc, isGrpcRequest, pickCluster } from "../semantics";
import type { AccessRecord } from "../telemetry/access-log";
import { turnWallNow } from "../turn-clock";
import { type HeaderList, NAME } from "./h1/header-list";
import type { RequestHead } from "./h1/request-head";
import { remoteAddressOf } from "./request-headers";
import type { DownstreamInfo } from "./runtime";
import type { Trace } from "./tracing/trace";
import type { TunnelStream } from "./tunnel-stream";

export abstract class ExchangeRecord implements AccessRecord {
  protected head: RequestHead | null = null;
  protected route: RoutePlan | null = null;
  protected cluster: UpstreamCluster | null = null;
  protected host: UpstreamHost | null = null;
  /** One per request: route fractions and weights are drawn with it. */
  protected random = 0;
  protected responseHeaders: HeaderList | null = null;
  protected responseTrailers: HeaderList | null = null;
  protected isRequestEnded = false;
  /** The request is gRPC: local answers are gRPC statuses, and so is what is counted. */
  protected isGrpc = false;
  /** Asked about the proxy: no statistics. */
  isHealthCheck = false;
  /** Where its answer led, a redirect that the proxy followed: the caller has not seen it. */
  protected followedTo: RoutePlan | null = null;
  /** Of a CONNECT that reached a host. */
  protected tunnel: TunnelStream | null = null;
  /** null: it belongs to none. */
  protected trace: Trace | null = null;
  /** Told by us, not by the callee; -1: not yet known. */
  protected ownGrpcStatus = -1;
  protected startedAt = 0;
  protected requestEndedAt = 0;
  protected responseAt = 0;
  protected endedAt = 0;
  status = 0;
  flags = "-";
  details = "";
  requestBytes = 0;
  responseBytes = 0;
  startWallMs = 0;
  attempts = 0;
  transportFailure = "";
  remoteAddress = "";
  upstreamLocalAddress = "";

  constructor(readonly info: DownstreamInfo) {}

  protected beginRecord(head: RequestHead, now: number): void {
    this.head = head;
    this.remoteAddress = remoteAddressOf(head.headers, this.info.http.plan, this.info.remoteAddress);
    this.route = null;
    this.cluster = null;
    this.host = null;
    this.tunnel = null;
    this.responseHeaders = null;
    this.responseTrailers = null;
    this.isRequestEnded = false;
    this.isGrpc = (head.headers.seen & NAME.contentType) !== 0 && isGrpcRequest(head);
    this.isHealthCheck = false;
    this.followedTo = null;
    this.ownGrpcStatus = -1;
    this.startedAt = now;
    this.requestEndedAt = 0;
    this.responseAt = 0;
    this.status = 0;
    this.flags = "-";
    this.details = "";
    this.requestBytes = 0;
    this.responseBytes = 0;
    this.attempts = 0;
    this.upstreamLocalAddress = "";
    this.transportFailure = "";
  }

  /** Counters, shape and log lines of a finished request. */
  protected record(): void {
    const { telemetry, stats, logs, isInbound } = this.info.http;
    if (this.status > 0 && !this.isHealthCheck && this.followedTo === null) stats.codes.count(this.status);
    const { cluster, host } = this;
    const series = isInbound
      ? (this.info.series ?? telemetry.nowhere())
      : host !== null
        ? (host.series ?? telemetry.toHost(host))
        : cluster !== null
          ? (cluster.series ?? telemetry.toCluster(cluster))
          : telemetry.nowhere();
    if (logs.length > 0) this.startWallMs = turnWallNow() - (this.endedAt - this.startedAt);
    const { grpcStatus } = this;
    if (!isInbound && this.head?.upgrade === "connect") {
      // The app asked for a connection: it is counted as one, not as a request that took as long as it lasted.
      const { tunnel } = this;
      if (tunnel?.isOpen) tunnel.series?.close(this.flags);
      else telemetry.outboundTcp(cluster, host).fail(this.flags);
    } else {
      const counted = grpcStatus === null ? series : telemetry.grpcOf(series);
      counted.observe(this.status, this.flags, this.durationMs, this.requestBytes, this.responseBytes, grpcStatus);
    }
    // A refused gRPC call is a 200: the shape keeps what HTTP would have said, so that refusals are found.
    const code = grpcStatus === null || this.status !== 200 ? this.status : httpStatusOfGrpc(grpcStatus);
    telemetry.shapes.count(series, this.method, this.path, code);
    for (const log of logs) log(this);
    if (this.trace !== null) this.endTrace(this.trace);
    if (telemetry.taps.size > 0) for (const tap of telemetry.taps) tap.look(this);
  }

  private endTrace(trace: Trace): void {
    this.trace = null;
    trace.end(this, this.cluster?.plan.statName ?? "", this.startedAt, this.endedAt);
  }

  get request(): RequestHead {
    return this.head as RequestHead;
  }
  get traceId(): string {
    return this.trace?.traceId ?? "";
  }
  get spanId(): string {
    return this.trace?.spanId ?? "";
  }
  get protocol(): string {
    return (this.head as RequestHead).protocol;
  }
  get method(): string {
    return (this.head as RequestHead).method;
  }
  get path(): string {
    return (this.head as RequestHead).path;
  }
  get durationMs(): number {
    return this.endedAt - this.startedAt;
  }
  get requestDurationMs(): number | null {
    return this.isRequestEnded ? (this.requestEndedAt || this.startedAt) - this.startedAt : null;
  }
  get responseDurationMs(): number | null {
    return this.responseAt === 0 ? null : this.responseAt - this.startedAt;
  }
  /** From trailers, else from the head, else what the HTTP status means (Envoy); null: not gRPC. */
  get grpcStatus(): number | null {
    if (!this.isGrpc) return null;
    if (this.ownGrpcStatus >= 0) return this.ownGrpcStatus;
    const { responseTrailers, responseHeaders } = this;
    const inTrailers = responseTrailers === null ? null : grpcStatusIn(responseTrailers);
    return (
      inTrailers ?? (responseHeaders === null ? null : grpcStatusIn(responseHeaders)) ?? grpcStatusOfHttp(this.status)
    );
  }
  get routeName(): string {
    return (this.followedTo ?? this.route)?.name ?? "";
  }
  /** Of a redirect that was followed, as Envoy: where it led. */
  get upstreamCluster(): string {
    const { followedTo } = this;
    if (followedTo === null) return this.cluster?.plan.name ?? "";
    return followedTo.action.kind === "forward" ? pickCluster(followedTo.action, this.random).name : "";
  }
  get upstreamHost(): string {
    return this.host?.key ?? "";
  }
  get directRemoteAddress(): string {
    return this.info.directRemoteAddress;
  }
  get localAddress(): string {
    return this.info.localAddress;
  }
  get peerUriSan(): string {
    return this.info.peer?.uriSans[0] ?? "";
  }
  get tlsVersion(): string {
    return this.info.tlsVersion;
  }
  get serverName(): string {
    return this.info.requestedServerName;
  }

  requestHeader(name: string): string | undefined {
    const head = this.head as RequestHead;
    switch (name) {
      case ":authority":
        return head.authority;
      case ":method":
        return head.method;
      case ":path":
        return head.path;
      case ":scheme":
        return head.scheme;
      default:
        return head.headers.get(name);
    }
  }

  responseHeader(name: string): string | undefined {
    return this.responseHeaders?.get(name);
  }

  responseTrailer(name: string): string | undefined {
    return this.responseTrailers?.get(name);
  }
}
