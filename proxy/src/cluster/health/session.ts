// The checks of one host, one after the other: thresholds, times and what they change. Rule: Envoy's order of deciding
// (ActiveHealthCheckSession); the first result counts at once, and the next check is planned only when this one is over.

import { startTimeLimit } from "../../deadline";
import type { ActiveHealthPlan } from "../../plan/types";
import { nextCheckMs, type Transition } from "../../semantics";
import type { UpstreamHost } from "../host";
import type { Gate } from "./gate";
import type { Probe, ProbeOutcome } from "./probe";

type FailureKind = "active" | "network" | "timeout" | "passive";

export interface SessionOwner {
  readonly plan: ActiveHealthPlan;
  readonly gate: Gate;
  readonly random: () => number;
  /** The cluster had a connection for traffic. */
  hasTraffic(): boolean;
  countAttempt(): void;
  /** After the host's flags were set. */
  onChecked(host: UpstreamHost, hasPassed: boolean, transition: Transition, kind: FailureKind | null): void;
}

export class HealthSession {
  private readonly probe: Probe;
  private isFirst = true;
  private passes = 0;
  private failures = 0;
  private timer: NodeJS.Timeout | null = null;
  private endLimit: (() => void) | null = null;
  private leave: (() => void) | null = null;
  private isClosed = false;

  constructor(
    private readonly owner: SessionOwner,
    readonly host: UpstreamHost,
    makeProbe: (onDone: (outcome: ProbeOutcome) => void) => Probe,
  ) {
    this.probe = makeProbe((outcome) => this.onOutcome(outcome));
  }

  start(): void {
    const { initialJitterMs } = this.owner.plan;
    // On a turn of its own also without jitter: who makes a cluster sees it whole first.
    this.plan(Math.floor(this.owner.random() * initialJitterMs));
  }

  private plan(afterMs: number): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), afterMs).unref();
  }

  private ask(): void {
    this.timer = null;
    const { gate, plan } = this.owner;
    this.leave = gate.enter(() => {
      this.endLimit = startTimeLimit(plan.timeoutMs, () => this.onTimeout());
      this.owner.countAttempt();
      this.probe.ask();
    });
  }

  private onTimeout(): void {
    this.probe.abort();
    this.fail("timeout", false);
  }

  private onOutcome(outcome: ProbeOutcome): void {
    if (this.isClosed) return;
    if (outcome.kind === "passed") this.pass(outcome.isDegraded);
    else if (outcome.kind === "network") this.fail("network", false);
    else {
      if (outcome.isExcluded) this.host.health.isExcluded = true;
      this.fail("active", outcome.isRetriable);
    }
  }

  private pass(isDegraded: boolean): void {
    const { health } = this.host;
    this.failures = 0;
    let transition: Transition = "unchanged";
    if (health.hasFailed) {
      if (this.isFirst || ++this.passes >= this.owner.plan.healthyThreshold) {
        health.hasFailed = false;
        health.hasTimedOut = false;
        health.isExcluded = false;
        this.passes = 0;
        transition = "changed";
      } else transition = "pending";
    }
    if (isDegraded !== health.isDegraded) {
      health.isDegraded = isDegraded;
      // As in Envoy: what still waits for a threshold is not told as changed.
      if (transition !== "pending") transition = "changed";
    }
    this.end(true, this.withoutPending(transition), null);
  }

  /** Traffic told that the host wants no more of it. */
  failPassively(): void {
    this.host.health.isExcluded = true;
    this.settle("passive", false, true);
  }

  private fail(kind: FailureKind, isRetriable: boolean): void {
    this.settle(kind, isRetriable, false);
  }

  private settle(kind: FailureKind, isRetriable: boolean, isPassive: boolean): void {
    const { health } = this.host;
    this.passes = 0;
    let transition: Transition = "unchanged";
    if (!health.hasFailed) {
      const isAtOnce = (kind === "active" || kind === "passive") && !isRetriable;
      if (isAtOnce || ++this.failures >= this.owner.plan.unhealthyThreshold) {
        health.hasFailed = true;
        this.failures = 0;
        transition = "changed";
      } else transition = "pending";
    }
    if (kind === "timeout") health.hasTimedOut = true;
    if (isPassive) {
      this.isFirst = false;
      this.owner.onChecked(this.host, false, this.withoutPending(transition), kind);
    } else this.end(false, this.withoutPending(transition), kind);
  }

  private withoutPending(transition: Transition): Transition {
    const { health } = this.host;
    if (!health.isPending) return transition;
    health.isPending = false;
    return "changed";
  }

  private end(hasPassed: boolean, transition: Transition, kind: FailureKind | null): void {
    this.leaveGate();
    this.isFirst = false;
    this.owner.onChecked(this.host, hasPassed, transition, kind);
    // It may have been the last thing that was known of this host.
    if (this.isClosed) return;
    const { plan, random } = this.owner;
    const hasTraffic = this.owner.hasTraffic();
    this.plan(nextCheckMs(plan, { hasPassed, transition, hasTraffic }, [random(), random()]));
  }

  private leaveGate(): void {
    this.endLimit?.();
    this.endLimit = null;
    this.leave?.();
    this.leave = null;
  }

  retire(): void {
    this.probe.retire();
  }

  close(): void {
    this.isClosed = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.leaveGate();
    this.probe.close();
  }
}
