// The filters before the router, run in the order of the plan: who may call, which requests get a fault, how many may come.
// Rule: a filter lets the request on, answers it, or holds it and goes on later; what is not configured costs one comparison.

import { Deadline, startDeadline } from "../deadline";
import type {
  ExtAuthzFilterPlan,
  FaultFilterPlan,
  FaultPlan,
  ForwardAction,
  GlobalRateLimitFilterPlan,
  HttpFilterPlan,
  JwtFilterPlan,
  RateLimitFilterPlan,
  RbacContext,
  RbacFilterPlan,
} from "../plan/types";
import {
  abortFor,
  authorizeRequest,
  delayFor,
  faultApplies,
  faultFor,
  isInShare,
  limitFor,
  rateFor,
  routeFilters,
  streamLimits,
} from "../semantics";
import { AuthorizingExchange } from "./authorizing";
import { countDecision } from "./filter-counts";
import type { RequestHead } from "./h1/request-head";
import { applyOps } from "./request-headers";
import { draw } from "./response-filters";
import type { DownstreamInfo } from "./runtime";

export abstract class FilteringExchange extends AuthorizingExchange {
  protected readonly rbacContext: { -readonly [Key in keyof RbacContext]: RbacContext[Key] };
  private isDelayed = false;
  private holdsFault = false;
  private fault: FaultPlan | null = null;
  /** Where it goes on when the delay is over. */
  private heldAt = 0;
  private readonly faultDeadline = new Deadline(() => this.onDelayed());

  constructor(info: DownstreamInfo) {
    super(info);
    const { peer, directRemoteAddress, sourceAddress = directRemoteAddress, remoteAddress } = info;
    const { destinationAddress, destinationPort, requestedServerName } = info;
    this.rbacContext = {
      request: null,
      peer,
      directRemoteAddress,
      sourceAddress,
      remoteAddress,
      destinationAddress,
      destinationPort,
      requestedServerName,
      metadata: null,
    };
  }

  /** Every filter let the request on. */
  protected abstract act(): void;

  /** False: answered, or held; then it goes on by itself. */
  protected startFilters(): boolean {
    this.own = routeFilters(this.route, this.random);
    return this.runFilters(0);
  }

  /** Swaps of the plan do not touch a request under way. */
  private runFilters(from: number): boolean {
    const { filters } = this;
    for (let i = from; i < filters.length; i++) {
      const filter = filters[i] as HttpFilterPlan;
      switch (filter.kind) {
        case "rbac":
          if (!this.authorize(filter.filters)) return false;
          break;
        case "cors":
          if (this.answerPreflight(filter)) return false;
          break;
        case "fault":
          if (this.injectFault(filter, i)) return false;
          break;
        case "ext-authz":
          if (!this.check(filter, i)) return false;
          break;
        case "header-mutation":
          this.mutate(filter, "request", (this.head as RequestHead).headers);
          break;
        case "health-check":
          if (this.answerHealthCheck(filter)) return false;
          break;
        case "jwt-authn":
          if (!this.authenticate(filter, i)) return false;
          break;
        case "local-ratelimit":
          if (!this.takeToken(filter)) return false;
          break;
        case "ratelimit":
          if (this.count(filter, i)) return false;
      }
    }
    return true;
  }

  private authorize(filters: readonly RbacFilterPlan[]): boolean {
    const { telemetry, filterCounts } = this.info.http;
    const decision = authorizeRequest(filters, this.route, this.rbacContext);
    countDecision(filters, this.route?.rbacOverrides ?? null, filterCounts.rbac, decision);
    if (decision.shadow !== null) this.tellShadow(decision.shadow);
    for (const denial of decision.shadowDenials) telemetry.countShadowDenial(denial.policy ?? "none");
    if (decision.allowed) return true;
    telemetry.rbacDenied++;
    this.localReply(403, "-", `rbac_access_denied_matched_policy[${decision.policy ?? "none"}]`, "RBAC: access denied");
    return false;
  }

  private authenticate(filter: JwtFilterPlan, at: number): boolean {
    const result = this.authenticateTokens(filter, () => {
      if (this.runFilters(at)) this.act();
    });
    const action = this.route?.action;
    if (result === "held" && action?.kind === "forward") this.startLifetime(action);
    return result === "passed";
  }

  /** True: it is held until the rate limit service has answered. */
  private count(filter: GlobalRateLimitFilterPlan, at: number): boolean {
    const isHeld = this.askForQuota(filter, this.rbacContext.remoteAddress, () => {
      if (this.runFilters(at + 1)) this.act();
    });
    const action = this.route?.action;
    if (isHeld && action?.kind === "forward") this.startLifetime(action);
    return isHeld;
  }

  private check(filter: ExtAuthzFilterPlan, at: number): boolean {
    const isPassed = this.askAuthorizer(filter, () => {
      if (this.runFilters(at + 1)) this.act();
    });
    const action = this.route?.action;
    if (!isPassed && this.isActive && action?.kind === "forward") this.startLifetime(action);
    return isPassed;
  }

  private takeToken(filter: RateLimitFilterPlan): boolean {
    const limit = limitFor(filter, this.own);
    if (!isInShare(limit.enabled, draw())) return true;
    const { rateLimits, telemetry, filterCounts } = this.info.http;
    const counts = filterCounts.localRateLimit(limit);
    counts.enabled++;
    if (limit.bucket === null) {
      counts.ok++;
      return true;
    }
    const now = performance.now();
    const bucket = rateLimits.of(limit.bucket, now);
    if (limit.tellsLimit) this.toldLimits.set(filter, bucket);
    if (bucket.take(now)) {
      counts.ok++;
      return true;
    }
    counts.rate_limited++;
    if (!isInShare(limit.enforced, draw())) {
      telemetry.rateLimitShadowed++;
      applyOps((this.head as RequestHead).headers, limit.requestHeaders);
      return true;
    }
    telemetry.rateLimited++;
    counts.enforced++;
    this.localHeaders.clear();
    applyOps(this.localHeaders, limit.responseHeaders);
    this.reply(limit.status, "RL", "local_rate_limited", "local_rate_limited", limit.grpcStatus ?? undefined);
    return false;
  }

  private injectFault(filter: FaultFilterPlan, at: number): boolean {
    const action = this.route?.action;
    const fault = faultFor(filter, this.own);
    const cluster = this.clusterName();
    const head = this.head as RequestHead;
    if (!faultApplies(fault, head, cluster)) return false;
    const responseRate = rateFor(fault, head);
    const delay = delayFor(fault, head);
    // As Envoy: first, so that it holds for the answer of an abort, too.
    if (responseRate !== null && isInShare(responseRate.share, draw()) && this.takeFault(filter, fault)) {
      const { bytesPerSecond } = responseRate;
      this.slowedTo = Math.min(bytesPerSecond, this.slowedTo ?? bytesPerSecond);
      this.info.http.telemetry.answersSlowed++;
      this.info.http.filterCounts.fault(filter).response_rl_injected++;
    }
    if (delay === null || !isInShare(delay.share, draw()) || !this.takeFault(filter, fault))
      return this.abort(filter, fault);
    if (action?.kind === "forward") this.startLifetime(action);
    this.isDelayed = true;
    this.fault = fault;
    this.heldAt = at;
    this.info.http.telemetry.delaysInjected++;
    this.info.http.filterCounts.fault(filter).delays_injected++;
    startDeadline(this.faultDeadline, delay.ms, performance.now());
    return true;
  }

  /** It runs from the first byte of the request, also while it is held. */
  private startLifetime(action: ForwardAction): void {
    const limits = streamLimits(action, this.head as RequestHead, this.isGrpc, this.info.http.plan.maxStreamDurationMs);
    if (limits.lifetimeMs !== null) startDeadline(this.streamDeadline, limits.lifetimeMs, this.startedAt);
  }

  private onDelayed(): void {
    const { fault } = this;
    const filter = this.filters[this.heldAt] as FaultFilterPlan;
    this.fault = null;
    if (!this.isActive || fault === null || this.abort(filter, fault)) return;
    if (this.runFilters(this.heldAt + 1)) this.act();
  }

  private abort(filter: FaultFilterPlan, fault: FaultPlan): boolean {
    const abort = abortFor(fault, this.head as RequestHead);
    if (abort === null || !isInShare(abort.share, draw()) || !this.takeFault(filter, fault)) return false;
    this.info.http.telemetry.abortsInjected++;
    this.info.http.filterCounts.fault(filter).aborts_injected++;
    this.nameCluster();
    this.localReply(abort.status, "FI", "fault_filter_abort", "fault filter abort", abort.grpcStatus ?? undefined);
    return true;
  }

  /** One request counts once, from its first fault to its end (Envoy max_active_faults). */
  private takeFault(filter: FaultFilterPlan, fault: FaultPlan): boolean {
    if (this.holdsFault) return true;
    const { faults, telemetry, filterCounts } = this.info.http;
    if (faults.active >= fault.maxActive) {
      telemetry.faultsOverflowed++;
      filterCounts.fault(filter).faults_overflow++;
      return false;
    }
    faults.active++;
    this.holdsFault = true;
    return true;
  }

  /** Before the request is counted and logged. */
  protected endFilters(): void {
    if (this.isAuthenticated) this.endAuthentication();
    if (this.hasAsked) this.endAuthorization();
    this.endRateLimiting();
    if (!this.holdsFault) return;
    this.holdsFault = false;
    this.slowedTo = null;
    this.fault = null;
    this.faultDeadline.cancel();
    this.info.http.faults.active--;
    if (!this.isDelayed) return;
    this.isDelayed = false;
    this.flags = this.flags === "-" ? "DI" : `DI,${this.flags}`;
  }
}
