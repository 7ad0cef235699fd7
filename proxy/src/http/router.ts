// One request from its head to its log line: route, filter, pick, forward, retry, answer.
// Rule: exactly one of localReply, a forwarded response, or a reset ends an exchange, and finish() runs once after it.
// One Exchange per downstream stream is kept and reused; nothing here allocates per request but what headers need.

import type { UpstreamCluster } from "../cluster/cluster";
import { startDeadline } from "../deadline";
import type { Overload } from "../overload";
import type { ForwardAction, HostRewrite, InternalRedirectPlan, RoutePlan } from "../plan/types";
import { mayUpgrade } from "../plan/upgrades";
import {
  clusterInHeader,
  FollowedRedirects,
  GRPC,
  grpcTimeoutText,
  matchRoute,
  matchVirtualHost,
  pickCluster,
  streamLimits,
} from "../semantics";
import { turnNow } from "../turn-clock";
import { admitPath, admitUnderscores } from "./admission";
import type { DownstreamStream, RequestSink } from "./exchange";
import { FilteringExchange } from "./filtering";
import type { HeaderList } from "./h1/header-list";
import type { RequestHead } from "./h1/request-head";
import type { ResponseHead } from "./h1/response-head";
import { redirectRequest } from "./internal-redirect";
import { appendTo, applyOps, prepareRequest } from "./request-headers";

/** null: as the endpoint says, later. "": as it is. */
function newHost(rewrite: HostRewrite, head: RequestHead): string | null {
  switch (rewrite.kind) {
    case "auto":
      return null;
    case "literal":
      return rewrite.value;
    case "header":
      return head.headers.get(rewrite.name) ?? "";
    case "path":
      return rewrite.hostOf(head.path);
  }
}

export class Exchange extends FilteringExchange implements RequestSink {
  private holdsCluster = false;
  /** null: nothing was followed for this request. */
  private followed: FollowedRedirects | null = null;
  /** Of a request that was sent elsewhere. */
  private restart: NodeJS.Immediate | null = null;

  // --- downstream events ---

  onRequest(stream: DownstreamStream): void {
    this.followed = null;
    this.begin(stream);
    const head = stream.request;
    const { info } = this;
    const { plan, overload } = info.http;
    if (info.isDraining) stream.closeAfterResponse();
    if (overload !== null && this.isShed(stream, overload)) return;
    if (!admitPath(head, plan)) {
      stream.closeAfterResponse();
      this.localReply(400, "-", "path_normalization_failed");
      return;
    }
    if (!admitUnderscores(head, plan)) {
      // As Envoy: refused before anybody saw what is asked for, so in plain HTTP.
      this.isGrpc = false;
      this.localReply(400, "-", "unexpected_underscore");
      return;
    }
    if (plan.requestTimeoutMs !== null && head.bodyLength !== 0) {
      startDeadline(this.requestDeadline, plan.requestTimeoutMs, this.startedAt);
    }
    prepareRequest(head.headers, plan, info);
    this.random = (Math.random() * 4294967296) >>> 0;
    this.findRoute();
    if (head.upgrade !== "" && !this.admitUpgrade(head)) {
      stream.closeAfterResponse();
      const isConnect = head.upgrade === "connect";
      this.localReply(isConnect ? 405 : 403, "-", isConnect ? "connect_not_configured" : "upgrade_failed");
      return;
    }
    this.go();
  }

  /** As Envoy: before anything looks at the request. */
  private isShed(stream: DownstreamStream, overload: Overload): boolean {
    const { stats } = this.info.http;
    if (overload.sheds("disable-keep-alive")) {
      stats.overloadClosing++;
      stream.drainConnection();
    }
    if (!overload.sheds("stop-requests")) return false;
    stats.overloadRefused++;
    this.localReply(503, "-", "overload", "envoy overloaded");
    return true;
  }

  private go(): void {
    const { tracer, plan } = this.info.http;
    if (tracer !== null) this.trace = tracer.begin(this.head as RequestHead, this.route?.tracing ?? null);
    if (plan.filters.length === 0 || this.startFilters()) this.act();
  }

  protected followRedirect(plan: InternalRedirectPlan, response: ResponseHead): boolean {
    const { status, headers } = response;
    if (!plan.codes.includes(status)) return false;
    const cluster = this.cluster as UpstreamCluster;
    const location = headers.get("location");
    if (location === undefined || !this.isRequestEnded || !this.replay.isWhole) {
      cluster.redirectsPassedOn++;
      return false;
    }
    this.followed ??= new FollowedRedirects();
    const { head, followed, random, info } = this;
    const from = { route: this.route as RoutePlan, path: this.upstreamPath };
    const target = redirectRequest(head as RequestHead, response, location, plan, from, followed, info.http, random);
    if (typeof target === "string") {
      info.http.stats.redirectsPassedOn[target]++;
      cluster.redirectsPassedOn++;
      return false;
    }
    cluster.redirectsFollowed++;
    this.startOver(target, status, headers);
    return true;
  }

  /** As Envoy: the first request ends and is logged; what follows is another one, without a caller's head to clean. */
  private startOver(target: RoutePlan, status: number, headers: HeaderList): void {
    const { requestTrailers, upstream, stream, requestBytes } = this;
    this.upstream = null;
    upstream?.discard();
    this.trace?.cancelAttempt(status);
    this.leaveHost();
    this.status = status;
    this.details = "internal_redirect";
    this.followedTo = target;
    this.responseHeaders = headers;
    const isEmptied = (this.head as RequestHead).bodyLength === 0;
    const pieces = this.replay.take();
    this.finish();
    this.begin(stream as DownstreamStream);
    this.isRequestEnded = true;
    if (!isEmptied) {
      this.replay.put(pieces);
      this.requestBytes = requestBytes;
      this.requestTrailers = requestTrailers;
    }
    this.findRoute();
    // A fresh turn: the codec of the upstream is still reading the response.
    this.restart = setImmediate(() => {
      this.restart = null;
      this.go();
    });
  }

  protected findRoute(): void {
    const head = this.head as RequestHead;
    const virtualHost = matchVirtualHost(this.info.http.routes, head.authority);
    this.virtualHost = virtualHost;
    this.route = virtualHost === null ? null : matchRoute(virtualHost, head, this.random);
    const action = this.route?.action;
    if (action?.kind === "forward" && action.readsCluster) {
      const { header } = pickCluster(action, this.random);
      this.namedCluster = header === null ? "" : clusterInHeader(header, head);
    }
  }

  protected act(): void {
    const head = this.head as RequestHead;
    const { route } = this;
    if (route === null) {
      this.info.http.stats.noRoute++;
      this.localReply(404, "NR", "route_not_found");
      return;
    }
    const { action } = route;
    if (action.kind === "forward") {
      this.forward(head, action);
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
    if (head.upgrade === "connect" && !(action?.kind === "forward" && action.terminatesConnect)) return false;
    return !hasBody && mayUpgrade(head.upgrade, this.info.http.plan.upgrades, ofRoute);
  }

  private begin(stream: DownstreamStream): void {
    const now = turnNow();
    this.beginRecord(stream.request, now);
    this.stream = stream;
    this.rbacContext.request = stream.request;
    this.rbacContext.remoteAddress = this.remoteAddress;
    this.isActive = true;
    this.isResponseStarted = false;
    this.virtualHost = null;
    this.action = null;
    this.choice = null;
    this.responseLimitMs = null;
    this.beginFilters();
    this.upstream = null;
    this.requestTrailers = null;
    if (this.tried.length > 0) this.tried = [];
    this.isRepeated = false;
    this.newCookies = null;
    this.replay.begin();
    this.retries.begin();
    this.touchedAt = now;
    const { telemetry, stats } = this.info.http;
    telemetry.activeDownstreamRequests++;
    stats.requests++;
  }

  private forward(head: RequestHead, action: ForwardAction): void {
    this.action = action;
    const choice = pickCluster(action, this.random);
    this.choice = choice;
    const cluster = this.info.http.clusters.get(this.nameOf(choice));
    if (cluster === undefined) {
      this.info.http.stats.noCluster++;
      this.routerReply(action.clusterNotFoundStatus, "NC", "cluster_not_found");
      return;
    }
    this.cluster = cluster;
    if (action.replayLimitBytes !== null) this.replay.limitTo(action.replayLimitBytes);
    const limits = streamLimits(action, head, this.isGrpc, this.info.http.plan.maxStreamDurationMs);
    this.responseLimitMs = limits.responseMs;
    // A request that was held may have ended meanwhile: its time begins when it goes on.
    if (this.isRequestEnded && limits.responseMs !== null)
      startDeadline(this.routeDeadline, limits.responseMs, performance.now());
    if (limits.lifetimeMs !== null && this.streamDeadline.queue === null)
      startDeadline(this.streamDeadline, limits.lifetimeMs, this.startedAt);
    if (limits.deadlineMs !== null) head.headers.set("grpc-timeout", grpcTimeoutText(limits.deadlineMs));
    if (choice.requestHeaders.length > 0) applyOps(head.headers, choice.requestHeaders);
    this.upstreamPath = head.path;
    if (action.rewritePath !== null) {
      const path = action.rewritePath(head.path);
      // As Envoy: a rewrite that leaves nothing is none, one that changes nothing is told all the same.
      if (path !== "" && !path.startsWith("?")) {
        this.upstreamPath = path;
        head.headers.set("x-envoy-original-path", head.path);
      }
    }
    if (action.rewriteHost !== null) {
      const host = newHost(action.rewriteHost, head);
      if (action.appendXForwardedHost && host !== "") appendTo(head.headers, "x-forwarded-host", head.authority);
      if (host !== null) this.rewriteHost(host);
    }
    if (cluster.activeRequests >= cluster.plan.circuitBreakers.maxRequests) {
      cluster.requestOverflow++;
      this.replyOverloaded();
      return;
    }
    this.holdsCluster = true;
    cluster.activeRequests++;
    this.trace?.inject(head);
    const isMirrored = action.mirrors.length > 0 && head.upgrade === "";
    if (isMirrored)
      this.mirrors.draw(
        action.mirrors,
        this.random,
        head,
        this.upstreamPath,
        limits.responseMs,
        this.info.http.clusters,
      );
    const { pieces } = this.replay;
    this.startAttempt();
    // Without a host to send it to there is no request to copy.
    if (isMirrored && this.attempts > 0) this.mirrors.start(pieces, this.isRequestEnded, this.requestTrailers);
  }

  // --- request body ---

  onRequestData(chunk: Buffer, start: number, end: number): void {
    this.requestBytes += end - start;
    if (!this.isActive) return;
    if (this.upstream !== null) this.upstream.sendData(chunk, start, end);
    this.mirrors.sendData(chunk, start, end);
    const { replay } = this;
    const isKept = (!replay.isWhole && this.upstream !== null) || replay.keep(chunk, start, end);
    if (!isKept && this.upstream !== null) replay.drop();
    else if (!isKept) this.stream?.pauseRequest();
    if (this.hasAsked) this.lookAtBody();
  }

  onRequestEnd(trailers: HeaderList | null): void {
    this.isRequestEnded = true;
    if (!this.isActive) return;
    this.requestTrailers = trailers;
    this.requestDeadline.cancel();
    if (this.requestBytes > 0) this.requestEndedAt = turnNow();
    if (this.responseLimitMs !== null)
      startDeadline(this.routeDeadline, this.responseLimitMs, this.requestEndedAt || this.startedAt);
    if (this.holdsHost) this.startTryTimer();
    if (this.upstream !== null) {
      this.upstream.endRequest(trailers);
      this.awaitWord();
    }
    this.mirrors.endRequest(trailers);
    if (this.hasAsked) this.lookAtBody();
  }

  onRequestFlush(): void {
    this.touchedAt = turnNow();
    this.mirrors.flush();
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

  get isBusy(): boolean {
    return this.isActive;
  }

  // --- endings ---

  /** Counters, shape, log line. Runs once. */
  protected finish(): void {
    if (!this.isActive) return;
    this.isActive = false;
    if (this.restart !== null) {
      clearImmediate(this.restart);
      this.restart = null;
    }
    this.endedAt = turnNow();
    this.cancelDeadlines();
    this.endFilters();
    this.info.http.telemetry.activeDownstreamRequests--;
    const { cluster } = this;
    this.retries.release(cluster);
    this.mirrors.leave(this.isRequestEnded);
    this.leaveHost();
    if (this.holdsCluster && cluster !== null) {
      this.holdsCluster = false;
      cluster.activeRequests--;
    }
    this.record();
    this.replay.drop();
  }
}
