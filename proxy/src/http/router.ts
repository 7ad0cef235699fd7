// One request from its head to its log line: authorize, route, pick, forward, retry, answer.
// Rule: exactly one of localReply, a forwarded response, or a reset ends an exchange, and finish() runs once after it.
// One Exchange per downstream stream is kept and reused; nothing here allocates per request but what headers need.

import type { UpstreamCluster } from "../cluster/cluster";
import type { UpstreamHost } from "../cluster/host";
import type { PoolWaiter } from "../cluster/pool";
import { Deadline, startDeadline } from "../deadline";
import type { ClusterChoice, ForwardAction, RbacContext, VirtualHostPlan } from "../plan/types";
import {
  authorizeRequest,
  matchRoute,
  matchVirtualHost,
  normalizePath,
  pickCluster,
  type RetryEvent,
  shouldRetry,
} from "../semantics";
import type { DownstreamStream, RequestSink, ResetReason, ResponseSink, UpstreamStream } from "./exchange";
import { ExchangeRecord } from "./exchange-record";
import { HeaderList, NAME } from "./h1/header-list";
import { lengthUnknown, type RequestHead } from "./h1/request-head";
import { type ResponseHead, untilClose } from "./h1/response-head";
import { httpDate } from "./http-date";
import { ReplayBuffer } from "./replay-buffer";
import { appendTo, applyOps, prepareRequest, stripHopByHop } from "./request-headers";
import { isIdempotent, Retries } from "./retries";
import type { DownstreamInfo } from "./runtime";

const unusualPath = /[%\\]|\/[./]/;

export class Exchange extends ExchangeRecord implements RequestSink, ResponseSink, PoolWaiter {
  private stream: DownstreamStream | null = null;
  private isActive = false;
  private isResponseStarted = false;
  private virtualHost: VirtualHostPlan | null = null;
  private action: ForwardAction | null = null;
  private choice: ClusterChoice | null = null;
  private waitingAt: UpstreamHost | null = null;
  private upstream: UpstreamStream | null = null;
  private tried: UpstreamHost[] = [];
  private readonly replay = new ReplayBuffer();
  private readonly retries = new Retries();
  private holdsHost = false;
  private holdsCluster = false;
  private upstreamPath = "";
  private readonly localHeaders = new HeaderList();
  private readonly routeDeadline = new Deadline(() => this.onRouteTimeout());
  private readonly tryDeadline = new Deadline(() => this.onTryTimeout());
  private readonly requestDeadline = new Deadline(() => this.onLate(408, "request_overall_timeout", "request timeout"));
  private readonly streamDeadline = new Deadline(() =>
    this.onLate(504, "max_duration_timeout", "downstream duration timeout"),
  );
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
    if (head.wantsUpgrade) {
      stream.closeAfterResponse();
      this.localReply(403, "-", "upgrade_failed");
      return;
    }
    if ((plan.normalizePath || plan.mergeSlashes || plan.escapedSlashes !== "keep") && unusualPath.test(head.path)) {
      const path = normalizePath(head.path, plan);
      if (path === null) {
        stream.closeAfterResponse();
        this.localReply(400, "-", "path_normalization_failed");
        return;
      }
      head.path = path;
    }
    if (plan.headersWithUnderscores !== "allow" && !this.checkUnderscores(head)) return;
    if (plan.requestTimeoutMs !== null && head.bodyLength !== 0) {
      startDeadline(this.requestDeadline, plan.requestTimeoutMs, this.startedAt);
    }
    prepareRequest(head.headers, plan, info);
    const random = (Math.random() * 4294967296) >>> 0;
    const virtualHost = matchVirtualHost(routes, head.authority);
    const route = virtualHost === null ? null : matchRoute(virtualHost, head, random);
    this.virtualHost = virtualHost;
    this.route = route;
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

  private checkUnderscores(head: RequestHead): boolean {
    const mode = this.info.http.plan.headersWithUnderscores;
    for (let i = head.headers.length - 1; i >= 0; i--) {
      const name = head.headers.nameAt(i);
      if (!name.includes("_")) continue;
      if (mode === "reject") {
        this.localReply(400, "-", "unexpected_underscore");
        return false;
      }
      head.headers.remove(name);
    }
    return true;
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
    this.upstream = null;
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
    const lifetime = action.hasMaxStreamDuration ? action.maxStreamDurationMs : this.info.http.plan.maxStreamDurationMs;
    if (lifetime !== null) startDeadline(this.streamDeadline, lifetime, this.startedAt);
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

  private rewriteHost(value: string): void {
    const head = this.head;
    if (head === null || value === "" || value === head.authority) return;
    head.headers.set("x-envoy-original-host", head.authority);
    head.headers.set("host", value);
  }

  private replyOverloaded(): void {
    this.localHeaders.clear();
    this.localHeaders.push("x-envoy-overloaded", "true");
    this.reply(503, "UO", "upstream_reset_before_response_started{overflow}", resetBody("overflow", false));
  }

  private startAttempt(): void {
    const cluster = this.cluster as UpstreamCluster;
    const retry = (this.action as ForwardAction).retry;
    const avoid = retry?.avoidPreviousHosts === true && this.tried.length > 0;
    const host = avoid ? cluster.pickOther(this.tried, retry.hostSelectionMaxAttempts) : cluster.pick();
    if (host === null) {
      this.localReply(503, "UH", "no_healthy_upstream", "no healthy upstream");
      return;
    }
    this.attempts++;
    this.host = host;
    if (retry !== null) this.tried.push(host);
    this.holdsHost = true;
    host.activeRequests++;
    host.totalRequests++;
    if (this.isRequestEnded) this.startTryTimer();
    const result = host.pool.take(this);
    if (result === "queued") {
      this.waitingAt = host;
      return;
    }
    if (result === "overflow") {
      this.leaveHost();
      cluster.pendingOverflow++;
      this.replyOverloaded();
      return;
    }
    this.onConnection(result);
  }

  private leaveHost(): void {
    this.tryDeadline.cancel();
    if (!this.holdsHost || this.host === null) return;
    this.holdsHost = false;
    this.host.activeRequests--;
  }

  // --- pool ---

  onConnection(connection: UpstreamStream): void {
    this.waitingAt = null;
    this.upstream = connection;
    connection.attach(this);
    const head = this.head as RequestHead;
    const action = this.action as ForwardAction;
    if (action.rewriteHost?.kind === "auto") this.rewriteHost(this.host?.plan.hostname ?? "");
    if (this.virtualHost?.includeRequestAttemptCount) head.headers.set("x-envoy-attempt-count", String(this.attempts));
    connection.sendHead(head.method, this.upstreamPath, head.scheme, head.headers, head.bodyLength);
    for (const piece of this.replay.pieces) connection.sendData(piece, 0, piece.length);
    if (!this.replay.isWhole) this.replay.drop();
    if (this.isRequestEnded) connection.endRequest();
    else if (head.bodyLength !== 0) {
      connection.flush();
      this.stream?.resumeRequest();
    }
  }

  onConnectFailure(reason: ResetReason, detail: string): void {
    this.waitingAt = null;
    this.transportFailure = detail;
    const host = this.host as UpstreamHost;
    this.leaveHost();
    this.cluster?.detector?.onLocalFailure(host, performance.now());
    const isTimeout = reason === "connect-timeout";
    if (this.retry({ kind: "connect-failure" })) return;
    this.failWith(503, "UF", isTimeout ? "connection timeout" : "remote connection failure");
  }

  /** Local answer after an upstream failure; a response that has begun can only be broken off. */
  private failWith(status: number, flag: string, reason: string): void {
    const flags = this.flags === "-" ? flag : `${this.flags},${flag}`;
    const details = `upstream_reset_before_response_started{${reason.replaceAll(" ", "_")}}`;
    this.localReply(status, flags, details, resetBody(reason, this.attempts > 1));
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

  onRequestEnd(): void {
    this.isRequestEnded = true;
    if (!this.isActive) return;
    this.requestDeadline.cancel();
    if (this.requestBytes > 0) this.requestEndedAt = performance.now();
    const action = this.action;
    if (action?.timeoutMs != null)
      startDeadline(this.routeDeadline, action.timeoutMs, this.requestEndedAt || this.startedAt);
    if (this.holdsHost) this.startTryTimer();
    this.upstream?.endRequest();
  }

  onRequestFlush(): void {
    this.touchedAt = performance.now();
    if (this.upstream !== null && !this.upstream.flush()) this.stream?.pauseRequest();
  }

  onDownstreamReset(status: number, detail: string): void {
    if (!this.isActive) return;
    this.status = status;
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
    this.cluster?.detector?.onStatus(this.host as UpstreamHost, status, now);
    const action = this.action as ForwardAction;
    if (action.retry !== null && this.retryResponse(status, headers)) return;
    if ((headers.seen & (NAME.hop | NAME.contentLength)) !== 0) {
      stripHopByHop(headers);
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
    this.stream?.sendHead(status, response.reason, headers, length);
  }

  onResponseData(chunk: Buffer, start: number, end: number): void {
    this.responseBytes += end - start;
    this.stream?.sendData(chunk, start, end);
  }

  onResponseFlush(): void {
    this.touchedAt = performance.now();
    if (this.stream !== null && !this.stream.flush()) this.upstream?.pauseResponse();
  }

  onResponseEnd(): void {
    if (!this.isActive) return;
    this.upstream = null;
    const stream = this.stream;
    this.finish();
    stream?.endResponse();
  }

  onUpstreamReset(reason: ResetReason, detail: string, hadBytes: boolean, isReused: boolean): void {
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
    const isRace = isReused && !hadBytes && reason === "remote-reset";
    const isRefused = reason === "refused-stream";
    const isHarmless = isRefused || (isRace && isIdempotent(this.head as RequestHead));
    if (isHarmless && this.replay.isWhole && this.retries.takeFreeRepeat()) {
      this.attempts--;
      this.startAttempt();
      return;
    }
    this.transportFailure = detail;
    this.cluster?.detector?.onLocalFailure(host, performance.now());
    const event: RetryEvent = isRefused ? { kind: "refused-stream" } : { kind: "reset", requestStarted: true };
    if (reason !== "protocol-error" && this.retry(event)) return;
    if (reason === "protocol-error") this.failWith(502, "UPE", "protocol error");
    else if (isRefused) this.failWith(503, "UR", "remote refused stream reset");
    else if (reason === "stream-reset") this.failWith(503, "UR", "remote reset");
    else this.failWith(503, "UC", "connection termination");
  }

  onUpstreamWritable(): void {
    this.stream?.resumeRequest();
  }

  // --- retries and timeouts ---

  private retryResponse(status: number, headers: HeaderList): boolean {
    const policy = this.action?.retry;
    if (!policy || !shouldRetry(policy, { kind: "response", status, headers })) return false;
    // An overloaded upstream must not get more.
    if (headers.has("x-envoy-overloaded")) return false;
    const upstream = this.upstream;
    if (!this.mayRetry()) return false;
    this.upstream = null;
    upstream?.discard();
    this.leaveHost();
    this.scheduleRetry();
    return true;
  }

  private retry(event: RetryEvent): boolean {
    const policy = this.action?.retry;
    if (!policy || !shouldRetry(policy, event) || !this.mayRetry()) return false;
    this.scheduleRetry();
    return true;
  }

  private mayRetry(): boolean {
    const policy = this.action?.retry;
    const { cluster } = this;
    if (!policy || cluster === null || !this.replay.isWhole) return false;
    const refusal = this.retries.refusal(policy, cluster, this.head as RequestHead, this.attempts);
    if (refusal !== null && refusal !== "") this.flags = refusal;
    return refusal === "";
  }

  private scheduleRetry(): void {
    const policy = this.action?.retry;
    if (policy) this.retries.schedule(policy, this.cluster as UpstreamCluster, this.attempts, this.nextAttempt);
  }

  private readonly nextAttempt = (): void => {
    if (this.isActive) this.startAttempt();
  };

  private startTryTimer(): void {
    const perTry = this.action?.retry?.perTryTimeoutMs;
    if (perTry != null) startDeadline(this.tryDeadline, perTry, performance.now());
  }

  private onTryTimeout(): void {
    if (!this.isActive || this.isResponseStarted) return;
    const host = this.host;
    this.abandonUpstream();
    if (host !== null) this.cluster?.detector?.onLocalFailure(host, performance.now());
    if (this.retry({ kind: "per-try-timeout" })) return;
    this.localReply(504, "UT", "upstream_per_try_timeout", "upstream request timeout");
  }

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
  private onLate(status: number, details: string, body: string): void {
    if (!this.isActive) return;
    this.abandonUpstream();
    this.stream?.closeAfterResponse();
    if (this.isResponseStarted) {
      this.details = details;
      this.breakResponse();
    } else this.localReply(status, "-", details, body);
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

  private abandonUpstream(): void {
    this.retries.cancelPause();
    this.waitingAt?.pool.cancel(this);
    this.waitingAt = null;
    const upstream = this.upstream;
    this.upstream = null;
    upstream?.cancel();
    this.leaveHost();
  }

  // --- endings ---

  private localReply(status: number, flags: string, details: string, body?: string): void {
    this.localHeaders.clear();
    this.reply(status, flags, details, body === undefined ? null : Buffer.from(body));
  }

  private reply(status: number, flags: string, details: string, body: Buffer | string | null): void {
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    const headers = this.localHeaders;
    const { plan } = this.info.http;
    if (bytes !== null && !headers.has("content-type")) headers.push("content-type", "text/plain");
    headers.push("date", httpDate());
    if (plan.serverHeader !== "pass-through") headers.push("server", plan.serverName);
    const stream = this.stream as DownstreamStream;
    this.status = status;
    this.flags = flags;
    this.details = details;
    this.responseHeaders = headers;
    this.responseBytes = bytes?.length ?? 0;
    const isHead = (this.head as RequestHead).method === "HEAD";
    stream.sendHead(status, "", headers, bytes?.length ?? 0);
    if (bytes !== null && !isHead) stream.sendData(bytes, 0, bytes.length);
    this.finish();
    stream.endResponse();
  }

  private breakResponse(): void {
    const stream = this.stream;
    this.finish();
    stream?.reset();
  }

  /** Counters, shape, log line. Runs once. */
  private finish(): void {
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

/** Envoy's words: people search for them. */
function resetBody(reason: string, isRetried: boolean): string {
  const retried = isRetried ? "retried and the latest " : "";
  return `upstream connect error or disconnect/reset before headers. ${retried}reset reason: ${reason}`;
}
