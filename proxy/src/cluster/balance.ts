// Which host gets the next request. Rule: healthy hosts only, unless fewer than the panic threshold are left,
// then all (Envoy's panic mode); degraded ones get what the healthy ones cannot carry; an empty choice means 503 UH.

import type { ClusterPlan } from "../plan/types";

export interface Balanced {
  readonly isHealthy: boolean;
  readonly isDegraded: boolean;
  /** Panic does not count it. */
  readonly isExcluded: boolean;
  readonly activeRequests: number;
  readonly plan: { readonly weight: number; readonly health: string };
}

/** Of a hundred requests, those that hosts of a kind can carry: each stands for 1.4 of its kind (over-provisioning). */
const carried = (hosts: number, all: number, left: number): number =>
  all === 0 ? 0 : Math.min(left, Math.floor((140 * hosts) / all));

export class Balancer<Host extends Balanced> {
  private eligible: readonly Host[] = [];
  private isWeighted = false;
  private next = 0;
  private current: number[] = [];
  /** Degraded hosts, and their part of a hundred requests. */
  private spare: Balancer<Host> | null = null;
  private spareShare = 0;
  isPanicking = false;

  constructor(
    private readonly policy: ClusterPlan["lbPolicy"],
    private readonly choices: number,
    private readonly panicThreshold: number,
    private readonly random: () => number = Math.random,
  ) {
    this.next = Math.floor(random() * 1024);
  }

  update(hosts: readonly Host[]): void {
    const usable = hosts.filter((host) => host.isHealthy);
    const degraded = usable.filter((host) => host.isDegraded);
    const healthy = degraded.length === 0 ? usable : usable.filter((host) => !host.isDegraded);
    const counted = hosts.filter((host) => !host.isExcluded).length;
    const ofHealthy = carried(healthy.length, counted, 100);
    const ofDegraded = carried(degraded.length, counted, 100 - ofHealthy);
    // As Envoy: while those that are left can carry everything, nobody panics.
    const isShort = hosts.length > 0 && ofHealthy + ofDegraded < 100;
    this.isPanicking = isShort && (counted === 0 ? 0 : (100 * usable.length) / counted) < this.panicThreshold;
    // A draining endpoint is leaving on purpose: panic does not bring it back while another one is there.
    const all = hosts.filter((host) => host.plan.health !== "draining");
    this.setEligible(this.isPanicking ? (all.length > 0 ? all : hosts) : healthy);
    this.spareShare = this.isPanicking || degraded.length === 0 ? 0 : (100 * ofDegraded) / (ofHealthy + ofDegraded);
    if (this.spareShare === 0) this.spare = null;
    else {
      this.spare ??= new Balancer<Host>(this.policy, this.choices, 0, this.random);
      this.spare.setEligible(degraded);
    }
  }

  private setEligible(hosts: readonly Host[]): void {
    this.eligible = hosts;
    const first = this.eligible[0]?.plan.weight;
    this.isWeighted = this.eligible.some((host) => host.plan.weight !== first);
    this.current = this.eligible.map(() => 0);
  }

  pick(): Host | null {
    if (this.spare !== null && this.random() * 100 < this.spareShare) return this.spare.pick();
    const count = this.eligible.length;
    if (count === 0) return null;
    if (count === 1) return this.eligible[0] as Host;
    if (this.policy === "round-robin")
      return this.isWeighted ? this.smooth() : (this.eligible[this.next++ % count] as Host);
    if (this.policy === "random") return this.draw();
    let best = this.draw();
    for (let i = 1; i < this.choices; i++) {
      const other = this.draw();
      if (other.activeRequests < best.activeRequests) best = other;
    }
    return best;
  }

  /** The one with the fewest requests under way among those that may be used and were not tried; null: all were. */
  pickUntried(tried: readonly Host[]): Host | null {
    let best: Host | null = null;
    for (const host of this.eligible) {
      if (!tried.includes(host) && (best === null || host.activeRequests < best.activeRequests)) best = host;
    }
    return best ?? this.spare?.pickUntried(tried) ?? null;
  }

  private draw(): Host {
    const eligible = this.eligible;
    if (!this.isWeighted) return eligible[Math.floor(this.random() * eligible.length)] as Host;
    let rest = this.random() * eligible.reduce((sum, host) => sum + host.plan.weight, 0);
    for (const host of eligible) {
      rest -= host.plan.weight;
      if (rest < 0) return host;
    }
    return eligible[eligible.length - 1] as Host;
  }

  /** Smooth weighted round robin: the same shares as Envoy's schedule, evenly spread. */
  private smooth(): Host {
    let total = 0;
    let best = 0;
    for (let i = 0; i < this.eligible.length; i++) {
      const weight = (this.eligible[i] as Host).plan.weight;
      total += weight;
      this.current[i] = (this.current[i] as number) + weight;
      if ((this.current[i] as number) > (this.current[best] as number)) best = i;
    }
    this.current[best] = (this.current[best] as number) - total;
    return this.eligible[best] as Host;
  }
}
