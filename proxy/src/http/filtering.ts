// The filters before the router, run in the order of the plan: who may call, which requests get a fault, how many may come.
// Rule: a filter lets the request on, answers it, or holds it and goes on later; what is not configured costs one comparison.

import { Deadline, startDeadline } from "../deadline";
import type {
  FaultFilterPlan,
  FaultPlan,
  ForwardAction,
  HttpFilterPlan,
  RateLimitFilterPlan,
  RbacContext,
  RbacFilterPlan,
} from "../plan/types";
import { authorizeRequest, faultApplies, isInShare, pickCluster, streamLimits } from "../semantics";
import type { RequestHead } from "./h1/request-head";
import { applyOps } from "./request-headers";
import { RespondingExchange } from "./responding";
import type { DownstreamInfo } from "./runtime";

export abstract class FilteringExchange extends RespondingExchange {
  protected readonly rbacContext: { -readonly [Key in keyof RbacContext]: RbacContext[Key] };
  /** One per request: route fractions and weights are drawn with it. */
  protected random = 0;
  private isDelayed = false;
  private holdsFault = false;
  private fault: FaultPlan | null = null;
  /** What is left to do when the delay is over: swaps of the plan do not touch a request under way. */
  private held: readonly HttpFilterPlan[] = [];
  private heldAt = 0;
  private readonly faultDeadline = new Deadline(() => this.onDelayed());

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

  /** Every filter let the request on. */
  protected abstract act(): void;

  /** False: answered, or held; then it goes on by itself. */
  protected runFilters(filters: readonly HttpFilterPlan[], from: number): boolean {
    for (let i = from; i < filters.length; i++) {
      const filter = filters[i] as HttpFilterPlan;
      switch (filter.kind) {
        case "rbac":
          if (!this.authorize(filter.filters)) return false;
          break;
        case "fault":
          if (this.injectFault(filter, filters, i)) return false;
          break;
        case "local-ratelimit":
          if (!this.takeToken(filter)) return false;
      }
    }
    return true;
  }

  private authorize(filters: readonly RbacFilterPlan[]): boolean {
    const { telemetry } = this.info.http;
    const decision = authorizeRequest(filters, this.route, this.rbacContext);
    for (const denial of decision.shadowDenials) telemetry.countShadowDenial(denial.policy ?? "none");
    if (decision.allowed) return true;
    telemetry.rbacDenied++;
    this.localReply(403, "-", `rbac_access_denied_matched_policy[${decision.policy ?? "none"}]`, "RBAC: access denied");
    return false;
  }

  private takeToken(filter: RateLimitFilterPlan): boolean {
    const action = this.route?.action;
    const own = action?.kind === "forward" ? pickCluster(action, this.random).filters : this.route?.filters;
    const limit = own?.limits.get(filter.name) ?? filter.limit;
    if (limit.bucket === null || !isInShare(limit.enabled, draw())) return true;
    const { rateLimits, telemetry } = this.info.http;
    const now = performance.now();
    const bucket = rateLimits.of(limit.bucket, now);
    if (limit.tellsLimit) this.toldLimit = bucket;
    if (bucket.take(now)) return true;
    if (!isInShare(limit.enforced, draw())) {
      telemetry.rateLimitShadowed++;
      applyOps((this.head as RequestHead).headers, limit.requestHeaders);
      return true;
    }
    telemetry.rateLimited++;
    this.localHeaders.clear();
    applyOps(this.localHeaders, limit.responseHeaders);
    this.reply(limit.status, "RL", "local_rate_limited", "local_rate_limited", limit.grpcStatus ?? undefined);
    return false;
  }

  private injectFault(filter: FaultFilterPlan, filters: readonly HttpFilterPlan[], at: number): boolean {
    const action = this.route?.action;
    const choice = action?.kind === "forward" ? pickCluster(action, this.random) : null;
    const own = choice === null ? this.route?.filters : choice.filters;
    const fault = own?.faults.get(filter.name) ?? filter.fault;
    if (!faultApplies(fault, this.head as RequestHead, choice?.name ?? "")) return false;
    const { delay } = fault;
    if (delay === null || !isInShare(delay.share, draw()) || !this.takeFault(fault)) return this.abort(fault);
    if (action?.kind === "forward") this.startLifetime(action);
    this.isDelayed = true;
    this.fault = fault;
    this.held = filters;
    this.heldAt = at;
    this.info.http.telemetry.delaysInjected++;
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
    this.fault = null;
    if (!this.isActive || fault === null || this.abort(fault)) return;
    if (this.runFilters(this.held, this.heldAt + 1)) this.act();
  }

  private abort(fault: FaultPlan): boolean {
    const { abort } = fault;
    if (abort === null || !isInShare(abort.share, draw()) || !this.takeFault(fault)) return false;
    this.info.http.telemetry.abortsInjected++;
    // The log and the metrics say to whom it would have gone.
    const action = this.route?.action;
    if (action?.kind === "forward") {
      this.cluster = this.info.http.clusters.get(pickCluster(action, this.random).name) ?? null;
    }
    this.localReply(abort.status, "FI", "fault_filter_abort", "fault filter abort", abort.grpcStatus ?? undefined);
    return true;
  }

  /** One request counts once, from its first fault to its end (Envoy max_active_faults). */
  private takeFault(fault: FaultPlan): boolean {
    if (this.holdsFault) return true;
    const { faults, telemetry } = this.info.http;
    if (faults.active >= fault.maxActive) {
      telemetry.faultsOverflowed++;
      return false;
    }
    faults.active++;
    this.holdsFault = true;
    return true;
  }

  /** Before the request is counted and logged. */
  protected endFilters(): void {
    if (!this.holdsFault) return;
    this.holdsFault = false;
    this.fault = null;
    this.faultDeadline.cancel();
    this.info.http.faults.active--;
    if (!this.isDelayed) return;
    this.isDelayed = false;
    this.flags = this.flags === "-" ? "DI" : `DI,${this.flags}`;
  }
}

const draw = (): number => (Math.random() * 4294967296) >>> 0;
