// Outlier detection of one cluster, with Envoy 1.40's arithmetic (outlier_detection_impl.cc).
// Rule: an ejection needs room under max_ejection_percent, counted with the host to be ejected; a small cluster ejects
// nothing unless always_eject_one_host is set (observed on the real binary: 10 % never ejects one of two).

import type { OutlierDetectionPlan } from "../plan/types";

export class OutlierState {
  isEjected = false;
  ejectedAt = 0;
  ejectedForMs = 0;
  /** Times the base ejection time is multiplied with. */
  multiplier = 0;
  consecutive5xx = 0;
  consecutiveGateway = 0;
  consecutiveLocal = 0;
  success = 0;
  total = 0;
  /** Connections had for requests, and tries at it, where own failures are judged apart. */
  localSuccess = 0;
  localTotal = 0;

  /** Forgets everything, as for a new host. */
  reset(): void {
    Object.assign(this, new OutlierState());
  }
}

/** As Envoy's statistics name what found an outlier. */
type EjectionReason =
  | "consecutive_5xx"
  | "consecutive_gateway_failure"
  | "consecutive_local_origin_failure"
  | "success_rate"
  | "failure_percentage"
  | "local_origin_success_rate"
  | "local_origin_failure_percentage";

type Window = "external" | "local";

export interface OutlierHost {
  readonly outlier: OutlierState;
}

export class OutlierDetector<Host extends OutlierHost> {
  ejected = 0;
  /** Ejections since the start, and those there was no room for. */
  readonly enforced = new Map<EjectionReason, number>();
  overflow = 0;
  private timer: NodeJS.Timeout;

  constructor(
    readonly plan: OutlierDetectionPlan,
    private readonly hosts: () => readonly Host[],
    private readonly onChange: () => void,
    private readonly random: () => number = Math.random,
  ) {
    this.timer = setInterval(() => this.tick(performance.now()), plan.intervalMs).unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** A response of the upstream. As Envoy: what the configuration names is an error, a 500 unless it is a 5xx; everything else is a 200. */
  onStatus(host: Host, status: number, now: number): void {
    const { errorStatuses } = this.plan;
    if (errorStatuses === null) this.count(host, status, now);
    else this.count(host, errorStatuses.has(status) ? Math.max(status, 500) : 200, now);
  }

  /** What a status of gRPC stands for: the configuration has no say in it, as in Envoy. */
  onGrpcStatus(host: Host, status: number, now: number): void {
    this.count(host, status, now);
  }

  private count(host: Host, status: number, now: number): void {
    const state = host.outlier;
    state.total++;
    if (status < 500) {
      state.success++;
      state.consecutive5xx = 0;
      state.consecutiveGateway = 0;
      return;
    }
    state.consecutive5xx++;
    if (status === 502 || status === 503 || status === 504) {
      state.consecutiveGateway++;
      if (state.consecutiveGateway >= this.plan.consecutiveGatewayFailure.count) {
        state.consecutiveGateway = 0;
        this.tryEject(host, "consecutive_gateway_failure", this.plan.consecutiveGatewayFailure.enforcing, now);
      }
    } else state.consecutiveGateway = 0;
    if (state.consecutive5xx >= this.plan.consecutive5xx.count) {
      state.consecutive5xx = 0;
      this.tryEject(host, "consecutive_5xx", this.plan.consecutive5xx.enforcing, now);
    }
  }

  /** A request got its connection: what our own side could do wrong went well. */
  onConnected({ outlier: state }: Host): void {
    if (!this.plan.splitExternalLocalOriginErrors) return;
    state.consecutiveLocal = 0;
    state.localSuccess++;
    state.localTotal++;
  }

  /** Connect failure, timeout or reset: counts as 503, or as a local-origin failure when those are split. */
  onLocalFailure(host: Host, now: number): void {
    if (!this.plan.splitExternalLocalOriginErrors) {
      this.count(host, 503, now);
      return;
    }
    const state = host.outlier;
    state.localTotal++;
    if (++state.consecutiveLocal < this.plan.consecutiveLocalOriginFailure.count) return;
    state.consecutiveLocal = 0;
    this.tryEject(host, "consecutive_local_origin_failure", this.plan.consecutiveLocalOriginFailure.enforcing, now);
  }

  /** The host proved by other means that it is well. The caller updates the balancer. */
  readmit(host: Host): void {
    if (host.outlier.isEjected) this.ejected--;
    host.outlier.reset();
  }

  private tryEject(host: Host, reason: EjectionReason, enforcing: number, now: number): void {
    const state = host.outlier;
    if (state.isEjected || this.random() * 100 >= enforcing) return;
    const hosts = this.hosts();
    this.ejected = hosts.filter((one) => one.outlier.isEjected).length;
    const isFirst = this.ejected === 0;
    const hasRoom = (100 * (this.ejected + 1)) / Math.max(1, hosts.length) <= this.plan.maxEjectionPercent;
    if (!hasRoom && !(isFirst && this.plan.alwaysEjectOneHost)) {
      this.overflow++;
      return;
    }
    this.enforced.set(reason, (this.enforced.get(reason) ?? 0) + 1);
    state.isEjected = true;
    state.ejectedAt = now;
    const { baseEjectionTimeMs: base, maxEjectionTimeMs: max, maxEjectionTimeJitterMs: jitter } = this.plan;
    if (base * state.multiplier < max + base) state.multiplier++;
    state.ejectedForMs = Math.min(base * state.multiplier, max) + this.random() * jitter;
    this.ejected++;
    this.onChange();
  }

  /** One interval: hosts come back, intervals without ejection shorten the next one, windows are judged. */
  tick(now: number): void {
    let changed = false;
    const hosts = this.hosts();
    for (const host of hosts) {
      const state = host.outlier;
      if (!state.isEjected) {
        if (state.multiplier > 0) state.multiplier--;
        continue;
      }
      if (now - state.ejectedAt < state.ejectedForMs) continue;
      state.isEjected = false;
      state.consecutive5xx = 0;
      state.consecutiveGateway = 0;
      state.consecutiveLocal = 0;
      changed = true;
    }
    const { successRate, failurePercentage, splitExternalLocalOriginErrors: isSplit } = this.plan;
    this.judgeSuccessRate(hosts, "external", successRate.enforcing, now);
    this.judgeFailurePercentage(hosts, "external", failurePercentage.enforcing, now);
    if (isSplit) {
      this.judgeSuccessRate(hosts, "local", successRate.enforcingLocalOrigin, now);
      this.judgeFailurePercentage(hosts, "local", failurePercentage.enforcingLocalOrigin, now);
    }
    for (const { outlier } of hosts) {
      outlier.success = 0;
      outlier.total = 0;
      outlier.localSuccess = 0;
      outlier.localTotal = 0;
    }
    this.ejected = hosts.filter((host) => host.outlier.isEjected).length;
    if (changed) this.onChange();
  }

  /** mean - stdev * factor over the hosts with enough requests. */
  private judgeSuccessRate(hosts: readonly Host[], window: Window, enforcing: number, now: number): void {
    const rule = this.plan.successRate;
    if (enforcing === 0) return;
    const counted = enoughOf(hosts, window, rule.requestVolume);
    if (counted.length < rule.minimumHosts || counted.length === 0) return;
    const mean = counted.reduce((sum, { rate }) => sum + rate, 0) / counted.length;
    const variance = counted.reduce((sum, { rate }) => sum + (rate - mean) ** 2, 0) / counted.length;
    const threshold = mean - (Math.sqrt(variance) * rule.stdevFactor) / 1000;
    const reason = window === "local" ? "local_origin_success_rate" : "success_rate";
    for (const { host, rate } of counted) if (rate < threshold) this.tryEject(host, reason, enforcing, now);
  }

  private judgeFailurePercentage(hosts: readonly Host[], window: Window, enforcing: number, now: number): void {
    const rule = this.plan.failurePercentage;
    if (enforcing === 0) return;
    const counted = enoughOf(hosts, window, rule.requestVolume);
    if (counted.length < rule.minimumHosts) return;
    const reason = window === "local" ? "local_origin_failure_percentage" : "failure_percentage";
    for (const { host, rate } of counted) {
      if (100 - rate >= rule.threshold) this.tryEject(host, reason, enforcing, now);
    }
  }
}

/** Hosts with enough requests of the last interval, and how many of 100 went well. */
function enoughOf<Host extends OutlierHost>(
  hosts: readonly Host[],
  window: Window,
  volume: number,
): { host: Host; rate: number }[] {
  return hosts.flatMap((host) => {
    const { isEjected, success, total, localSuccess, localTotal } = host.outlier;
    const [good, all] = window === "local" ? [localSuccess, localTotal] : [success, total];
    return isEjected || all < volume || all === 0 ? [] : [{ host, rate: (100 * good) / all }];
  });
}
