// Active health checks of one cluster: a session per host, and what they have counted. Rule: a host begins as one that has not passed; its
// first check decides, and a cluster is warm when each of its first hosts was checked once.

import type { ActiveHealthPlan, ClusterPlan } from "../../plan/types";
import type { Transition } from "../../semantics";
import type { UpstreamHost } from "../host";
import { Gate } from "./gate";
import { HealthSession, type SessionOwner } from "./session";
import { StreamProbe } from "./stream-probe";
import { TcpProbe } from "./tcp-probe";

/** Of the whole process: a start with thousands of hosts does not ask them all in one moment. */
const MAX_AT_ONCE = 256;
const gate = new Gate(MAX_AT_ONCE);

/** What the checker needs of its cluster. */
export interface CheckedCluster {
  readonly plan: ClusterPlan;
  readonly totalConnections: number;
  /** A check of the host ended; `isChanged`: who may be chosen is to be worked out again. */
  onChecked(host: UpstreamHost, hasPassed: boolean, isChanged: boolean): void;
}

export class HealthChecker implements SessionOwner {
  readonly gate = gate;
  attempts = 0;
  successes = 0;
  failures = 0;
  passiveFailures = 0;
  networkFailures = 0;
  /** Each of the first hosts was checked once. */
  readonly checked: Promise<void>;
  isChecked = false;
  private readonly sessions = new Map<UpstreamHost, HealthSession>();
  /** Of the first hosts, those that were not checked yet; null: nobody told who they are. */
  private unchecked: Set<UpstreamHost> | null = null;
  private whenChecked: () => void = () => {};

  constructor(
    readonly plan: ActiveHealthPlan,
    private readonly cluster: CheckedCluster,
    readonly random: () => number = Math.random,
  ) {
    this.checked = new Promise((resolve) => {
      this.whenChecked = resolve;
    });
  }

  /** Before the balancer sees them. */
  update(hosts: readonly UpstreamHost[]): void {
    const kept = new Set(hosts);
    for (const [host, session] of this.sessions) {
      if (kept.has(host) && host.plan.check?.isOff !== true) continue;
      session.close();
      this.sessions.delete(host);
      this.unchecked?.delete(host);
      // Nobody would take back what was held against it.
      Object.assign(host.health, { hasFailed: false, isDegraded: false, isPending: false, isExcluded: false });
    }
    for (const host of hosts) {
      if (host.plan.check?.isOff === true || this.sessions.has(host)) continue;
      host.health.hasFailed = true;
      host.health.isPending = this.cluster.plan.ignoresNewHosts;
      const session = this.sessionOf(host);
      this.sessions.set(host, session);
      session.start();
    }
    this.unchecked ??= new Set(this.sessions.keys());
    this.settleChecked();
  }

  private sessionOf(host: UpstreamHost): HealthSession {
    const { check, reusesConnection, timeoutMs } = this.plan;
    return new HealthSession(this, host, (onDone) =>
      check.kind === "tcp"
        ? new TcpProbe(host, check, reusesConnection, onDone)
        : new StreamProbe(host, check, timeoutMs, reusesConnection, onDone),
    );
  }

  hasTraffic(): boolean {
    return this.cluster.totalConnections > 0;
  }

  countAttempt(): void {
    this.attempts++;
  }

  onChecked(host: UpstreamHost, hasPassed: boolean, transition: Transition, kind: string | null): void {
    if (hasPassed) this.successes++;
    else this.failures++;
    if (kind === "passive") this.passiveFailures++;
    if (kind === "network" || kind === "timeout") this.networkFailures++;
    this.cluster.onChecked(host, hasPassed, transition === "changed");
    this.unchecked?.delete(host);
    this.settleChecked();
  }

  private settleChecked(): void {
    if (this.unchecked === null || this.unchecked.size > 0) return;
    this.isChecked = true;
    this.whenChecked();
  }

  /** Traffic told that the host wants no more of it. */
  failPassively(host: UpstreamHost): void {
    this.sessions.get(host)?.failPassively();
  }

  get healthy(): number {
    return this.count((host) => !host.health.hasFailed);
  }

  get degraded(): number {
    return this.count((host) => host.health.isDegraded);
  }

  private count(isCounted: (host: UpstreamHost) => boolean): number {
    let count = 0;
    for (const host of this.sessions.keys()) if (isCounted(host)) count++;
    return count;
  }

  /** New connections must use new keys. */
  retire(): void {
    for (const session of this.sessions.values()) session.retire();
  }

  stop(): void {
    for (const session of this.sessions.values()) session.close();
    this.sessions.clear();
    this.unchecked = new Set();
    this.settleChecked();
  }
}
