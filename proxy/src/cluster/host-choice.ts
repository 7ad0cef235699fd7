// One of several hosts that are equally good, by the policy of their cluster. Rule: nothing here knows why they are equal; null is for nobody at all.

import type { ClusterPlan } from "../plan/types";

export interface Balanced {
  readonly isHealthy: boolean;
  readonly isDegraded: boolean;
  /** Panic does not count it. */
  readonly isExcluded: boolean;
  readonly activeRequests: number;
  readonly plan: { readonly weight: number; readonly health: string; readonly locality: string };
}

/** Hosts that are equally good, and the policy that chooses one of them. */
export class HostChoice<Host extends Balanced> {
  private hosts: readonly Host[] = [];
  private isWeighted = false;
  private next: number;
  private current: number[] = [];

  constructor(
    private readonly policy: ClusterPlan["lbPolicy"],
    private readonly choices: number,
    private readonly random: () => number,
  ) {
    this.next = Math.floor(random() * 1024);
  }

  update(hosts: readonly Host[]): void {
    this.hosts = hosts;
    const first = hosts[0]?.plan.weight;
    this.isWeighted = hosts.some((host) => host.plan.weight !== first);
    this.current = hosts.map(() => 0);
  }

  pick(): Host | null {
    const { hosts } = this;
    const count = hosts.length;
    if (count === 0) return null;
    if (count === 1) return hosts[0] as Host;
    if (this.policy === "round-robin") return this.isWeighted ? this.smooth() : (hosts[this.next++ % count] as Host);
    if (this.policy === "random") return this.draw();
    let best = this.draw();
    for (let i = 1; i < this.choices; i++) {
      const other = this.draw();
      if (other.activeRequests < best.activeRequests) best = other;
    }
    return best;
  }

  /** The one with the fewest requests under way among those that were not tried; null: all were. */
  pickUntried(tried: readonly Host[]): Host | null {
    let best: Host | null = null;
    for (const host of this.hosts) {
      if (!tried.includes(host) && (best === null || host.activeRequests < best.activeRequests)) best = host;
    }
    return best;
  }

  private draw(): Host {
    const { hosts } = this;
    if (!this.isWeighted) return hosts[Math.floor(this.random() * hosts.length)] as Host;
    let rest = this.random() * hosts.reduce((sum, host) => sum + host.plan.weight, 0);
    for (const host of hosts) {
      rest -= host.plan.weight;
      if (rest < 0) return host;
    }
    return hosts[hosts.length - 1] as Host;
  }

  /** Smooth weighted round robin: the same shares as Envoy's schedule, evenly spread. */
  private smooth(): Host {
    let total = 0;
    let best = 0;
    for (let i = 0; i < this.hosts.length; i++) {
      const weight = (this.hosts[i] as Host).plan.weight;
      total += weight;
      this.current[i] = (this.current[i] as number) + weight;
      if ((this.current[i] as number) > (this.current[best] as number)) best = i;
    }
    this.current[best] = (this.current[best] as number) - total;
    return this.hosts[best] as Host;
  }
}
