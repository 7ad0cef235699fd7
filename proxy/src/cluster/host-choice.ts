// One of several hosts that are equally good, by the policy of their cluster. Rule: nothing here knows why they are equal; null is for nobody at all.

import type { BalancingPlan } from "../plan/types";
import { turnNow } from "../turn-clock";
import type { Latency } from "./peak-ewma";
import { Rotation } from "./rotation";

export interface Balanced {
  readonly address: string;
  readonly isHealthy: boolean;
  readonly isDegraded: boolean;
  /** Panic does not count it. */
  readonly isExcluded: boolean;
  readonly activeRequests: number;
  /** null: its policy does not ask how fast it is. */
  readonly latency?: Latency | null;
  /** When it came, or was healthy again by its checks: from then on it starts slowly. */
  readonly startedAt: number;
  readonly plan: {
    readonly weight: number;
    readonly health: string;
    readonly locality: string;
    readonly localityWeight: number;
    readonly priority: number;
    readonly port: number;
    readonly hostname: string;
    readonly hashKey: string;
  };
}

/** True: another attempt should go elsewhere. */
export type Avoids<Host> = (host: Host) => boolean;

/** Hosts that are equally good, and the policy that chooses one of them. */
export class HostChoice<Host extends Balanced> {
  private hosts: readonly Host[] = [];
  private weights: number[] = [];
  private isUneven = false;
  /** Until then somebody starts slowly. */
  private slowUntil = 0;
  private next: number;
  private rotation = new Rotation(0);

  constructor(
    private readonly plan: Pick<BalancingPlan, "lbPolicy" | "leastRequestChoices" | "slowStart">,
    private readonly random: () => number,
  ) {
    this.next = Math.floor(random() * 1024);
  }

  update(hosts: readonly Host[]): void {
    this.hosts = hosts;
    this.weights = hosts.map(({ plan }) => plan.weight);
    this.isUneven = this.weights.some((weight) => weight !== this.weights[0]);
    this.rotation = new Rotation(hosts.length);
    const { slowStart } = this.plan;
    if (slowStart !== null)
      this.slowUntil = hosts.reduce((latest, { startedAt }) => Math.max(latest, startedAt + slowStart.windowMs), 0);
  }

  pick(): Host | null {
    const { hosts } = this;
    const { lbPolicy, leastRequestChoices } = this.plan;
    const count = hosts.length;
    if (count === 0) return null;
    if (count === 1) return hosts[0] as Host;
    if (lbPolicy === "peak-ewma") return this.cheaperOfTwo(turnNow());
    const isStarting = this.slowUntil > 0 && this.isStarting();
    const isWeighted = this.isUneven || isStarting;
    if (lbPolicy === "round-robin")
      return (isWeighted ? hosts[this.rotation.next(this.weights)] : hosts[this.next++ % count]) as Host;
    if (lbPolicy === "random") return this.draw(isWeighted);
    if (leastRequestChoices === null && !isWeighted) return this.leastBusy();
    let best = this.draw(isWeighted);
    for (let i = 1; i < (leastRequestChoices ?? count); i++) {
      const other = this.draw(isWeighted);
      if (other.activeRequests < best.activeRequests) best = other;
    }
    return best;
  }

  /** The one with the fewest requests under way among those that are not avoided; null: all are. */
  pickUntried(avoids: Avoids<Host>): Host | null {
    let best: Host | null = null;
    for (const host of this.hosts) {
      if (!avoids(host) && (best === null || host.activeRequests < best.activeRequests)) best = host;
    }
    return best;
  }

  /** Of two that are drawn, never the same one twice; the first where they cost the same (Linkerd's p2c). */
  private cheaperOfTwo(now: number): Host {
    const { hosts } = this;
    const at = Math.floor(this.random() * hosts.length);
    const rest = Math.floor(this.random() * (hosts.length - 1));
    const first = hosts[at] as Host;
    const second = hosts[rest < at ? rest : rest + 1] as Host;
    return costOf(second, now) < costOf(first, now) ? second : first;
  }

  /** Of those that have equally few, any. */
  private leastBusy(): Host {
    let best = this.hosts[0] as Host;
    let ties = 1;
    for (let i = 1; i < this.hosts.length; i++) {
      const host = this.hosts[i] as Host;
      if (host.activeRequests > best.activeRequests) continue;
      ties = host.activeRequests < best.activeRequests ? 1 : ties + 1;
      if (ties === 1 || this.random() * ties < 1) best = host;
    }
    return best;
  }

  private draw(isWeighted: boolean): Host {
    const { hosts, weights } = this;
    if (!isWeighted) return hosts[Math.floor(this.random() * hosts.length)] as Host;
    let rest = this.random() * weights.reduce((sum, weight) => sum + weight, 0);
    for (let i = 0; i < hosts.length; i++) {
      rest -= weights[i] as number;
      if (rest < 0) return hosts[i] as Host;
    }
    return hosts[hosts.length - 1] as Host;
  }

  /** True while somebody starts slowly; weights are then those of now. */
  private isStarting(): boolean {
    const { slowStart } = this.plan;
    if (slowStart === null) return false;
    const now = performance.now();
    const { windowMs, aggression, minShare } = slowStart;
    this.weights = this.hosts.map(({ startedAt, plan: { weight } }) => {
      const ageMs = Math.max(now - startedAt, 1);
      return ageMs >= windowMs ? weight : weight * Math.max(minShare, (ageMs / windowMs) ** (1 / aggression));
    });
    if (now < this.slowUntil) return true;
    this.slowUntil = 0;
    return false;
  }
}

/** A host of twice the weight takes twice the load at the same cost. */
function costOf({ latency, activeRequests, plan }: Balanced, now: number): number {
  return (latency?.costAt(now, activeRequests) ?? 0) / plan.weight;
}
