// The attempts of one request: which host, which connection, what is sent again, and when it is given up.
// Rule: an attempt holds its host until it has ended; a retry is paid from the policy and the budget, a repeat of what
// nobody can have acted on is not.

import type { UpstreamCluster } from "../cluster/cluster";
import type { UpstreamHost } from "../cluster/host";
import type { ConnectionPool, TunnelWaiter } from "../cluster/pool";
import { PreviousPriorities } from "../cluster/previous-priorities";
import { Deadline, startDeadline } from "../deadline";
import type { ClusterChoice, ForwardAction, HashPolicyPlan, RetryPolicyPlan, VirtualHostPlan } from "../plan/types";
import {
  backOffMs,
  type Hash64,
  hashText,
  jitteredMs,
  type RetryEvent,
  requestHash,
  setCookieText,
  shouldRetry,
  toldBackOffMs,
  xxHash64,
} from "../semantics";
import { turnNow } from "../turn-clock";
import { AnsweringExchange } from "./answering";
import type { ResetFacts, ResetReason, ResponseSink, UpstreamStream } from "./exchange";
import type { HeaderList } from "./h1/header-list";
import type { RequestHead } from "./h1/request-head";
import type { ResponseHead } from "./h1/response-head";
import { Mirrors } from "./mirrors";
import { ReplayBuffer } from "./replay-buffer";
import { Retries } from "./retries";
import { SlowedResponse } from "./slowed-response";
import type { TunnelStream } from "./tunnel-stream";

export abstract class AttemptingExchange extends AnsweringExchange implements TunnelWaiter, ResponseSink {
  protected virtualHost: VirtualHostPlan | null = null;
  protected action: ForwardAction | null = null;
  protected choice: ClusterChoice | null = null;
  protected upstream: UpstreamStream | null = null;
  protected upstreamPath = "";
  protected requestTrailers: HeaderList | null = null;
  protected readonly replay = new ReplayBuffer();
  protected readonly retries = new Retries();
  protected readonly mirrors = new Mirrors();
  protected tried: UpstreamHost[] = [];
  /** null: levels that were tried do not matter, or none was. */
  private priorities: PreviousPriorities | null = null;
  protected holdsHost = false;
  /** The next attempt stands for one that nobody has looked at. */
  protected isRepeated = false;
  /** Set-Cookie of its answer, by which the caller's next request has the same host; null: none. */
  protected newCookies: string[] | null = null;
  /** Where somebody asks how fast hosts are: when the request went out. */
  protected sentAt = 0;
  private waitingAt: ConnectionPool | null = null;
  protected readonly tryDeadline = new Deadline(() => this.onTryTimeout());
  private readonly silenceDeadline = new Deadline(() => this.onSilence());

  abstract onResponse(head: ResponseHead): void;
  abstract onResponseData(chunk: Buffer, start: number, end: number): void;
  abstract onResponseEnd(trailers: HeaderList | null): void;
  abstract onResponseFlush(): void;
  abstract onUpstreamReset(reason: ResetReason, detail: string, how: ResetFacts): void;
  abstract onUpstreamWritable(): void;

  protected startAttempt(): void {
    const cluster = this.cluster as UpstreamCluster;
    const retry = (this.action as ForwardAction).retry;
    if (this.tried.length === 0) this.priorities = null;
    const subset = this.choice?.subset ?? null;
    const { hashPolicies } = this.action as ForwardAction;
    const isHashed = hashPolicies !== null && cluster.plan.balancing.hashTable !== null;
    const hash = isHashed ? this.requestHash(hashPolicies) : null;
    const host =
      retry?.choosesHosts === true && this.tried.length > 0
        ? cluster.pickOther(this.avoids, retry.hostSelectionMaxAttempts, subset, hash, this.priorities)
        : cluster.pick(subset, hash);
    if (host === null) {
      cluster.noneHealthy++;
      this.routerReply(503, "UH", "no_healthy_upstream", "no healthy upstream");
      return;
    }
    this.attempts++;
    this.host = host;
    if (retry !== null) this.noteAttempt(retry, host);
    this.holdsHost = true;
    host.activeRequests++;
    this.trace?.startAttempt(host, this.attempts);
    if (this.isRequestEnded) this.startTryTimer();
    const isTunnel = this.head?.upgrade === "connect";
    const pool = host.tellsCallers ? this.ownPool(host) : host.pool;
    const result = isTunnel ? pool.takeTunnel(this) : pool.take(this);
    if (result === "queued") {
      this.waitingAt = pool;
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

  private noteAttempt({ priorityFrequency }: RetryPolicyPlan, host: UpstreamHost): void {
    this.tried.push(host);
    if (priorityFrequency === null) return;
    this.priorities ??= new PreviousPriorities(priorityFrequency);
    this.priorities.onAttempt(host.plan.priority);
  }

  private readonly avoids = (host: UpstreamHost): boolean => {
    const retry = this.action?.retry;
    if (!retry) return false;
    if (retry.avoidPreviousHosts && this.tried.includes(host)) return true;
    return retry.omittedHosts.some((isOmitted) => isOmitted(host.plan.subset));
  };

  private ownPool(host: UpstreamHost): ConnectionPool {
    const { sourceAddress, directRemoteAddress, remotePort, destinationAddress, destinationPort, proxyTlvs } =
      this.info;
    return host.poolFor({
      sourceAddress: sourceAddress ?? directRemoteAddress,
      sourcePort: remotePort,
      destinationAddress,
      destinationPort,
      tlvs: proxyTlvs,
    });
  }

  private requestHash(policies: readonly HashPolicyPlan[]): Hash64 | null {
    const head = this.head as RequestHead;
    return requestHash(policies, {
      request: head,
      path: this.upstreamPath,
      authority: head.headers.get("host") ?? head.authority,
      remoteAddress: this.remoteAddress,
      newCookie: (cookie) => {
        const { remoteAddress, remotePort, localAddress } = this.info;
        // As Envoy: requests of one connection that come at once get the same.
        const value = hashText(xxHash64(Buffer.from(`${remoteAddress}:${remotePort}${localAddress}`)));
        // As Envoy: once more, with the same value, for another try.
        this.newCookies = [...(this.newCookies ?? []), setCookieText(cookie, value)];
        return value;
      },
    });
  }

  protected sendSlowly(bytes: Buffer, bytesPerSecond: number): void {
    this.isResponseStarted = true;
    this.responseBytes = 0;
    const slowed = new SlowedResponse(null, bytesPerSecond);
    this.upstream = slowed;
    slowed.attach(this);
    slowed.onResponseData(bytes, 0, bytes.length);
    slowed.onResponseEnd(null);
  }

  onUpstreamDone(): void {
    this.leaveHost();
  }

  protected leaveHost(): void {
    this.tryDeadline.cancel();
    this.silenceDeadline.cancel();
    if (!this.holdsHost || this.host === null) return;
    this.holdsHost = false;
    this.host.activeRequests--;
    this.trace?.endAttempt(this);
  }

  onConnection(given: UpstreamStream): void {
    this.waitingAt = null;
    const connection = this.slowedTo === null ? given : new SlowedResponse(given, this.slowedTo);
    this.upstream = connection;
    this.upstreamLocalAddress = connection.localAddress;
    connection.attach(this);
    const host = this.host as UpstreamHost;
    const cluster = this.cluster as UpstreamCluster;
    if (!this.isRepeated) {
      host.totalRequests++;
      cluster.totalRequests++;
    }
    this.isRepeated = false;
    cluster.detector?.onConnected(host);
    const head = this.head as RequestHead;
    const action = this.action as ForwardAction;
    if (action.rewriteHost?.kind === "auto") this.rewriteHost(host.plan.hostname ?? "");
    if (this.virtualHost?.includeRequestAttemptCount) head.headers.set("x-envoy-attempt-count", String(this.attempts));
    if (host.latency !== null) this.sentAt = turnNow();
    this.trace?.send(head, connection);
    connection.sendHead(head, this.upstreamPath);
    for (const piece of this.replay.pieces) connection.sendData(piece, 0, piece.length);
    if (!this.replay.isWhole) this.replay.drop();
    if (this.isRequestEnded) {
      connection.endRequest(this.requestTrailers);
      this.awaitWord();
    } else if (head.bodyLength !== 0 || head.mayHaveTrailers || head.upgrade !== "") {
      connection.flush();
      this.stream?.resumeRequest();
    }
  }

  onTunnel(tunnel: TunnelStream): void {
    const { isInbound, telemetry } = this.info.http;
    this.tunnel = tunnel;
    if (!isInbound) tunnel.series = telemetry.outboundTcp(this.cluster, this.host);
    this.onConnection(tunnel);
  }

  onConnectFailure(reason: ResetReason, detail: string): void {
    this.waitingAt = null;
    this.transportFailure = detail;
    const host = this.host as UpstreamHost;
    this.trace?.failAttempt(reason);
    this.leaveHost();
    this.cluster?.detector?.onLocalFailure(host, performance.now());
    const isTimeout = reason === "connect-timeout";
    if (this.retry({ kind: "connect-failure" })) return;
    this.failWith(503, "UF", isTimeout ? "connection timeout" : "remote connection failure");
  }

  protected rewriteHost(value: string): void {
    const head = this.head;
    if (head === null || value === "") return;
    head.headers.set("x-envoy-original-host", head.authority);
    head.headers.set("host", value);
  }

  protected retryResponse(status: number, headers: HeaderList): boolean {
    const policy = this.action?.retry;
    if (!policy || !shouldRetry(policy, { kind: "response", status, headers })) {
      if (this.attempts > 1 && this.cluster !== null) this.cluster.retrySuccesses++;
      return false;
    }
    // An overloaded upstream must not get more.
    if (headers.has("x-envoy-overloaded")) return false;
    const upstream = this.upstream;
    if (!this.mayRetry()) return false;
    const { toldBackOff } = policy;
    const toldMs = toldBackOff === null ? null : toldBackOffMs(toldBackOff, headers, Date.now());
    this.upstream = null;
    upstream?.discard();
    this.trace?.cancelAttempt(status);
    this.leaveHost();
    this.scheduleRetry(policy, toldMs);
    return true;
  }

  protected retry(event: RetryEvent): boolean {
    const policy = this.action?.retry;
    if (!policy || !shouldRetry(policy, event) || !this.mayRetry()) return false;
    this.scheduleRetry(policy, null);
    return true;
  }

  protected mayRetry(): boolean {
    const policy = this.action?.retry;
    const { cluster } = this;
    if (!policy || cluster === null || !this.replay.isWhole) return false;
    const refusal = this.retries.refusal(policy, cluster, this.head as RequestHead, this.attempts);
    if (refusal !== null && refusal !== "") this.flags = refusal;
    return refusal === "";
  }

  /** @param toldMs what the upstream asked for, in place of the policy's back-off */
  protected scheduleRetry(policy: RetryPolicyPlan, toldMs: number | null): void {
    const waitMs =
      toldMs === null ? backOffMs(policy, this.attempts, Math.random()) : jitteredMs(toldMs, Math.random());
    this.retries.schedule(this.cluster as UpstreamCluster, waitMs, this.nextAttempt);
  }

  protected readonly nextAttempt = (): void => {
    if (this.isActive) this.startAttempt();
  };

  protected startTryTimer(): void {
    const perTry = this.action?.retry?.perTryTimeoutMs;
    if (perTry != null) startDeadline(this.tryDeadline, perTry, performance.now());
  }

  /** The request is out: how long the upstream may say nothing. */
  protected awaitWord(): void {
    const limitMs = this.action?.retry?.perTryIdleTimeoutMs;
    if (limitMs != null) startDeadline(this.silenceDeadline, limitMs, performance.now());
  }

  /** It said something. */
  protected heardWord(): void {
    if (this.silenceDeadline.queue !== null) this.awaitWord();
  }

  protected onTryTimeout(): void {
    if (!this.isActive || this.isResponseStarted) return;
    if (this.cluster !== null) this.cluster.tryTimeouts++;
    this.giveUpTry("upstream_per_try_timeout");
  }

  private onSilence(): void {
    if (!this.isActive) return;
    if (this.cluster !== null) this.cluster.tryIdleTimeouts++;
    this.giveUpTry("upstream_per_try_idle_timeout");
  }

  private giveUpTry(details: string): void {
    const host = this.host;
    this.abandonUpstream();
    if (host !== null) this.cluster?.detector?.onLocalFailure(host, performance.now());
    if (this.isResponseStarted) {
      this.flags = "UT";
      this.details = details;
      this.breakResponse();
      return;
    }
    if (this.retry({ kind: "per-try-timeout" })) return;
    this.routerReply(504, "UT", details, "upstream request timeout");
  }

  /** No answer began: how long there was none. */
  protected noteWait({ latency }: UpstreamHost): void {
    if (latency === null || this.isResponseStarted) return;
    const now = turnNow();
    latency.observeAtLeast(now - this.sentAt, now);
  }

  protected abandonUpstream(): void {
    this.retries.cancelPause();
    this.waitingAt?.cancel(this);
    this.waitingAt = null;
    const { upstream, host } = this;
    this.upstream = null;
    upstream?.cancel();
    if (upstream !== null && host !== null) this.noteWait(host);
    this.trace?.cancelAttempt(this.isResponseStarted ? this.status : 0);
    this.leaveHost();
  }
}
