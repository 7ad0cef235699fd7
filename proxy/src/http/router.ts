// One request from its head to its log line: authorize, route, pick, forward, retry, answer.
// Rule: exactly one of localReply, a forwarded response, or a reset ends an exchange, and finish() runs once after it.
// One Exchange per downstream stream is kept and reused; nothing here allocates per request but what headers need.

import type { UpstreamHost } from "../cluster/host";
import { Deadline, startDeadline } from "../deadline";
import type { ClusterChoice, ForwardAction, RbacContext } from "../plan/types";
import { mayUpgrade } from "../plan/upgrades";
import {
  authorizeRequest,
  GRPC,
  grpcStatusIn,
  grpcTimeoutText,
  httpStatusOfGrpc,
  matchRoute,
  matchVirtualHost,
  pickCluster,
  type RetryEvent,
  streamLimits,
} from "../semantics";
import { admitPath, admitUnderscores } from "./admission";
import { AttemptingExchange } from "./attempts";
import type { DownstreamStream, RequestSink, ResetFacts, ResetReason } from "./exchange";
import { type HeaderList, NAME } from "./h1/header-list";
import { lengthUnknown, type RequestHead } from "./h1/request-head";
import { type ResponseHead, untilClose } from "./h1/response-head";
import { httpDate } from "./http-date";
import { appendTo, applyOps, prepareRequest, stripHopByHop } from "./request-headers";
import { isIdempotent } from "./retries";
import type { DownstreamInfo } from "./runtime";

export class Exchange extends AttemptingExchange implements RequestSink {
  private choice: ClusterChoice | null = null;
  private holdsCluster = false;
  private readonly routeDeadline = new Deadline(() => this.onRouteTimeout());
  private readonly requestDeadline = new Deadline(() => this.onLate(408, "request_overall_timeout", "request timeout"));
  private readonly streamDeadline = new Deadline(() =>
    this.onLate(504, "max_duration_timeout", "downstream duration timeout", GRPC.deadlineExceeded),
  );
  /** From the end of the request; null: no limit. */
  private responseLimitMs: number | null = null;
  private readonly rbacContext: { -readonly [Key in keyof RbacContext]: RbacContext[Key] };
  /** Coarse time of the last byte either way, for the stream idle timeout. */
  touchedAt = 0;

  constructor(info: DownstreamInfo) {
    super(info);
    const { peer, directRemoteAddress, remoteAddress, destinationAddress, destinationPort, requestedServerName } = info;
    this.rbacContext = {
      request: null,
      peer,
      directRemoteAddress,
      remoteAddress,
      destinationAddress,
      destinationPort,
      requestedServerName,
    };
  }

  // --- downstream events ---

  onRequest(stream: DownstreamStream): void {
    this.begin(stream);
    const head = stream.request;
    const { info } = this;
    const { plan, routes } = info.http;
    if (info.isDraining) stream.closeAfterResponse();
    if (!admitPath(head, plan)) {
      stream.closeAfterResponse();
      this.localReply(400, "-", "path_normalization_failed");
      return;
    }
    if (!admitUnderscores(head, plan)) {
      this.localReply(400, "-", "unexpected_underscore");
      return;
    }
    if (plan.requestTimeoutMs !== null && head.bodyLength !== 0) {
      startDeadline(this.requestDeadline, plan.requestTimeoutMs, this.startedAt);
    }
    prepareRequest(head.headers, plan, info);
    const random = (Math.random() * 4294967296) >>> 0;
    const virtualHost = matchVirtualHost(routes, head.authority);
    const route = virtualHost === null ? null : matchRoute(virtualHost, head, random);
    this.virtualHost = virtualHost;
    this.route = route;
    if (head.upgrade !== "" && !this.admitUpgrade(head)) {
      stream.closeAfterResponse();
      this.localReply(403, "-", "upgrade_failed");
      return;
    }
    if (plan.rbac.length > 0 && !this.authorize()) return;
    if (route === null) {
      this.localReply(404, "NR", "route_not_found");
      return;
    }
    const { action } = route;
    if (action.kind === "forward") {
      this.forward(head, action, random);
      return;
    }
    this.localHeaders.clear();
    if (action.kind === "redirect") this.localHeaders.push("location", action.location(head));
    applyOps(this.localHeaders, action.responseHeaders);
    const body = action.kind === "direct-response" && action.body !== null ? Buffer.from(action.body) : null;
    if (body !== null && !this.localHeaders.has("content-type")) this.localHeaders.push("content-type", "text/plain");
    this.reply(action.status, "-", "direct_response", body);
  }

  /** A body beside an upgrade would be read by one side as a body and by the other as the new protocol. */
  private admitUpgrade(head: RequestHead): boolean {
    const action = this.route?.action;
    const ofRoute = action?.kind === "forward" ? action.upgrades : null;
    const hasBody = head.bodyLength !== 0 || head.hasContentLength;
    return !hasBody && mayUpgrade(head.upgrade, this.info.http.plan.upgrades, ofRoute);
  }

  private authorize(): boolean {
    const { plan, telemetry } = this.info.http;
    const decision = authorizeRequest(plan.rbac, this.route, this.rbacContext);
    for (const denial of decision.shadowDenials) telemetry.countShadowDenial(denial.policy ?? "none");
    if (decision.allowed) return true;
    telemetry.rbacDenied++;
    this.localReply(403, "-", `rbac_access_denied_matched_policy[${decision.policy ?? "none"}]`, "RBAC: access denied");
    return false;
  }

  private begin(stream: DownstreamStream): void {
    const now = performance.now();
    this.beginRecord(stream.request, now);
    this.stream = stream;
    this.rbacContext.request = stream.request;
    this.isActive = true;
    this.isResponseStarted = false;
    this.virtualHost = null;
    this.action = null;
    this.choice = null;
    this.responseLimitMs = null;
    this.upstream = null;
    this.requestTrailers = null;
    if (this.tried.length > 0) this.tried = [];
    this.replay.begin();
    this.retries.begin();
    this.touchedAt = now;
    this.info.http.telemetry.activeDownstreamRequests++;
  }

  private forward(head: RequestHead, action: ForwardAction, random: number): void {
    this.action = action;
    const choice = pickCluster(action, random);
    this.choice = choice;
    const cluster = this.info.http.clusters.get(choice.name);
    if (cluster === undefined) {
      this.localReply(action.clusterNotFoundStatus, "NC", "cluster_not_found");
      return;
    }
    this.cluster = cluster;
    const limits = streamLimits(action, head, this.isGrpc, this.info.http.plan.maxStreamDurationMs);
    this.responseLimitMs = limits.responseMs;
    if (limits.lifetimeMs !== null) startDeadline(this.streamDeadline, limits.lifetimeMs, this.startedAt);
    if (limits.deadlineMs !== null) head.headers.set("grpc-timeout", grpcTimeoutText(limits.deadlineMs));
    if (choice.requestHeaders.length > 0) applyOps(head.headers, choice.requestHeaders);
    this.upstreamPath = head.path;
    if (action.rewritePath !== null) {
      this.upstreamPath = action.rewritePath(head.path);
      if (this.upstreamPath !== head.path) head.headers.set("x-envoy-original-path", head.path);
    }
    if (action.appendXForwardedHost) head.headers.set("x-forwarded-host", head.authority);
    if (action.rewriteHost?.kind === "literal") this.rewriteHost(action.rewriteHost.value);
    if (cluster.activeRequests >= cluster.plan.circuitBreakers.maxRequests) {
      cluster.requestOverflow++;
      this.replyOverloaded();
      return;
    }
    this.holdsCluster = true;
    cluster.activeRequests++;
    cluster.totalRequests++;
    this.startAttempt();
  }

  // --- request body ---

  onRequestData(chunk: Buffer, start: number, end: number): void {
    this.requestBytes += end - start;
    if (!this.isActive) return;
    if (this.upstream !== null) this.upstream.sendData(chunk, start, end);
    const { replay } = this;
    if ((!replay.isWhole && this.upstream !== null) || replay.keep(chunk, start, end)) return;
    if (this.upstream !== null) replay.drop();
    else this.stream?.pauseRequest();
  }

  onRequestEnd(trailers: HeaderList | null): void {
    this.isRequestEnded = true;
    if (!this.isActive) return;
    this.requestTrailers = trailers;
    this.requestDeadline.cancel();
    if (this.requestBytes > 0) this.requestEndedAt = performance.now();
    if (this.responseLimitMs !== null)
      startDeadline(this.routeDeadline, this.responseLimitMs, this.requestEndedAt || this.startedAt);
    if (this.holdsHost) this.startTryTimer();
    this.upstream?.endRequest(trailers);
  }

  onRequestFlush(): void {
    this.touchedAt = performance.now();
    if (this.upstream !== null && !this.upstream.flush()) this.stream?.pauseRequest();
  }

  onDownstreamReset(status: number, detail: string): void {
    if (!this.isActive) return;
    // An answer that has begun keeps its status; to gRPC its end is a cancelled call.
    if (!this.isResponseStarted) this.status = status;
    if (status === 0) this.ownGrpcStatus = GRPC.cancelled;
    this.flags = status === 0 ? "DC" : "DPE";
    this.details = detail;
    this.abandonUpstream();
    this.finish();
  }

  onDownstreamWritable(): void {
    this.upstream?.resumeResponse();
  }

  // --- upstream events ---

  onResponse(response: ResponseHead): void {
    const now = performance.now();
    const { status, headers } = response;
    this.responseAt = now;
    this.tryDeadline.cancel();
    this.cluster?.detector?.onStatus(this.host as UpstreamHost, this.meantStatus(response), now);
    const action = this.action as ForwardAction;
    if (action.retry !== null && this.retryResponse(status, headers)) return;
    if ((headers.seen & (NAME.hop | NAME.contentLength | NAME.te)) !== 0) {
      stripHopByHop(headers);
      headers.removeFlagged(NAME.te);
      const isBodyless = status === 204 || response.bodyLength < 0;
      if (isBodyless) headers.removeFlagged(NAME.contentLength);
    }
    const plan = this.info.http.plan;
    if (plan.serverHeader === "overwrite") headers.set("server", plan.serverName);
    else if (plan.serverHeader === "append-if-absent" && !headers.has("server"))
      headers.push("server", plan.serverName);
    if ((headers.seen & NAME.dated) === 0) headers.push("date", httpDate());
    if (plan.via !== null) appendTo(headers, "via", plan.via, ", ");
    const ops = (this.choice as ClusterChoice).responseHeaders;
    if (ops.length > 0) applyOps(headers, ops);
    if (this.virtualHost?.includeAttemptCountInResponse) headers.set("x-envoy-attempt-count", String(this.attempts));
    if (plan.alwaysSetRequestIdInResponse) headers.set("x-request-id", this.requestHeader("x-request-id") ?? "");
    this.isResponseStarted = true;
    this.status = status;
    this.details = "via_upstream";
    this.responseHeaders = headers;
    this.replay.drop();
    this.replay.isWhole = false;
    const length = response.bodyLength === untilClose ? lengthUnknown : response.bodyLength;
    this.stream?.sendHead(status, response.reason, headers, length, response.mayHaveTrailers);
  }

  /** As Envoy judges a host: by grpc-status where the head says it. */
  private meantStatus({ status, headers }: ResponseHead): number {
    const grpcStatus = this.isGrpc ? grpcStatusIn(headers) : null;
    return grpcStatus === null ? status : httpStatusOfGrpc(grpcStatus);
  }

  onResponseData(chunk: Buffer, start: number, end: number): void {
    this.responseBytes += end - start;
    this.stream?.sendData(chunk, start, end);
  }

  onResponseFlush(): void {
    this.touchedAt = performance.now();
    if (this.stream !== null && !this.stream.flush()) this.upstream?.pauseResponse();
  }

  onResponseEnd(trailers: HeaderList | null): void {
    if (!this.isActive) return;
    this.responseTrailers = trailers;
    this.upstream = null;
    const stream = this.stream;
    this.finish();
    stream?.endResponse(trailers);
  }

  onUpstreamReset(reason: ResetReason, detail: string, how: ResetFacts): void {
    this.upstream = null;
    const host = this.host as UpstreamHost;
    this.leaveHost();
    if (this.isResponseStarted) {
      this.flags = reason === "protocol-error" ? "UPE" : reason === "remote-reset" ? "UC" : "UR";
      this.details = `upstream_reset_after_response_started{${detail}}`;
      this.cluster?.detector?.onLocalFailure(host, performance.now());
      this.breakResponse();
      return;
    }
    // The connection went away before it said anything about this request: the keep-alive race, or a sidecar that died.
    // RFC 9110 9.2.2 lets a proxy repeat what is idempotent. A refused stream was not looked at by anybody.
    const isRace = how.isReused && !how.hadBytes && reason === "remote-reset";
    const isRefused = reason === "refused-stream";
    // Where the policy speaks of refused streams it decides, as in Envoy; without one they are repeated all the same.
    const isFree = isRefused && this.action?.retry?.on.refusedStream !== true;
    const isHarmless = isFree || (isRace && isIdempotent(this.head as RequestHead));
    if (isHarmless && this.replay.isWhole && this.retries.takeFreeRepeat()) {
      this.attempts--;
      this.startAttempt();
      return;
    }
    this.transportFailure = detail;
    this.cluster?.detector?.onLocalFailure(host, performance.now());
    const event: RetryEvent = isRefused
      ? { kind: "refused-stream" }
      : { kind: "reset", requestStarted: how.hasStarted };
    if (reason !== "protocol-error" && this.retry(event)) return;
    if (reason === "protocol-error") this.failWith(502, "UPE", "protocol error");
    else if (isRefused) this.failWith(503, "UR", "remote refused stream reset");
    else if (reason === "stream-reset") this.failWith(503, "UR", "remote reset");
    else this.failWith(503, "UC", "connection termination");
  }

  onUpstreamWritable(): void {
    this.stream?.resumeRequest();
  }

  // --- timeouts ---

  private onRouteTimeout(): void {
    if (!this.isActive) return;
    const host = this.host;
    if (host !== null && !this.isResponseStarted) this.cluster?.detector?.onLocalFailure(host, performance.now());
    this.abandonUpstream();
    if (this.isResponseStarted) {
      this.flags = "UT";
      this.details = "response_timeout";
      this.breakResponse();
    } else this.localReply(504, "UT", "response_timeout", "upstream request timeout");
  }

  /** The whole request, or the whole exchange, took too long; Envoy sets no flag for either. */
  private onLate(status: number, details: string, body: string, grpcStatus?: number): void {
    if (!this.isActive) return;
    this.abandonUpstream();
    this.stream?.closeAfterResponse();
    if (this.isResponseStarted) {
      this.details = details;
      this.breakResponse();
    } else this.localReply(status, "-", details, body, grpcStatus);
  }

  /** No byte either way for too long (stream_idle_timeout). */
  onIdleTimeout(): void {
    if (!this.isActive) return;
    this.abandonUpstream();
    if (this.isResponseStarted) {
      this.flags = "SI";
      this.details = "stream_idle_timeout";
      this.breakResponse();
    } else this.localReply(this.isRequestEnded ? 504 : 408, "SI", "stream_idle_timeout", "stream timeout");
  }

  /** Longest silence of this request; a route may say so instead of the listener. */
  get idleLimitMs(): number | null {
    return this.action?.hasIdleTimeout ? this.action.idleTimeoutMs : this.info.http.plan.streamIdleTimeoutMs;
  }

  get isBusy(): boolean {
    return this.isActive;
  }

  // --- endings ---

  /** Counters, shape, log line. Runs once. */
  protected finish(): void {
    if (!this.isActive) return;
    this.isActive = false;
    this.endedAt = performance.now();
    this.routeDeadline.cancel();
    this.tryDeadline.cancel();
    this.requestDeadline.cancel();
    this.streamDeadline.cancel();
    this.info.http.telemetry.activeDownstreamRequests--;
    const { cluster } = this;
    this.retries.release(cluster);
    this.leaveHost();
    if (this.holdsCluster && cluster !== null) {
      this.holdsCluster = false;
      cluster.activeRequests--;
    }
    this.record();
    this.replay.drop();
  }
}
