// Which host gets the next request. Rule: healthy hosts of the first priority level only, unless they are too few: then degraded ones and
// the levels after it get what they cannot carry (semantics/priority-load.ts), and a level below the panic threshold takes all of its
// hosts (Envoy's panic mode); an empty choice means 503 UH. Where the proxy belongs to a cluster, its own zone of the first level comes first.

import { type Hash64, hashModulo, priorityLoads } from "../semantics";
import type { Balanced } from "./host-choice";
import { type BalancePlan, type HomeZone, PriorityLevel, type ZoneCounts } from "./priority-level";

export type { BalancePlan, HomeZone } from "./priority-level";

/** Hosts of one kind in one level, and their part of a hundred requests. */
interface Part<Host extends Balanced> {
  readonly level: PriorityLevel<Host>;
  /** Degraded hosts. */
  readonly isSpare: boolean;
  readonly percent: number;
}

export class Balancer<Host extends Balanced> {
  private readonly levels: PriorityLevel<Host>[] = [];
  /** Those that get something, together 100. */
  private parts: readonly Part<Host>[] = [];
  private readonly isHashed: boolean;

  constructor(
    private readonly plan: BalancePlan,
    private readonly random: () => number = Math.random,
    readonly zoneCounts: ZoneCounts = { allDirectly: 0, sampled: 0, crossZone: 0 },
  ) {
    this.isHashed = plan.balancing.hashTable !== null;
  }

  /** Of some level. */
  get isPanicking(): boolean {
    return this.levels.some((level) => level.isPanicking);
  }

  /**
   * @param home null: no zone is preferred
   * @param overprovisioning percent that each host stands for
   */
  update(hosts: readonly Host[], home: HomeZone | null = null, overprovisioning = 140): void {
    const { levels } = this;
    const count = hosts.reduce((most, host) => Math.max(most, host.plan.priority + 1), 1);
    levels.length = Math.min(levels.length, count);
    while (levels.length < count) levels.push(new PriorityLevel(this.plan, this.random, this.zoneCounts));
    const counts = levels.map((level, index) => level.count(count === 1 ? hosts : hosts.filter(isOf(index))));
    const loads = priorityLoads(counts, this.plan.healthyPanicThreshold, overprovisioning);
    const first = home === null ? null : { own: home.own, hosts: home.hosts.filter(isOf(0)) };
    levels.forEach((level, index) => {
      level.spread(loads.isPanicking[index] === true, index === 0 ? first : null, overprovisioning);
    });
    const parts = [false, true].flatMap((isSpare) =>
      levels.map((level, index): Part<Host> => {
        const percent = (isSpare ? loads.degraded : loads.healthy)[index] ?? 0;
        return { level, isSpare, percent };
      }),
    );
    this.parts = parts.filter(({ percent }) => percent > 0);
  }

  /** @param hash the key of the request; null: it has none, and where hosts are hashed it gets any */
  pick(hash: Hash64 | null = null): Host | null {
    if (this.isHashed) return this.pickHashed(hash, [], 0);
    const { parts } = this;
    let part = parts[0];
    if (parts.length > 1) {
      let rest = this.random() * 100 - (part as Part<Host>).percent;
      for (let i = 1; rest >= 0 && i < parts.length; i++) {
        part = parts[i] as Part<Host>;
        rest -= part.percent;
      }
    }
    return part === undefined ? null : part.level.pick(part.isSpare);
  }

  /** As Envoy: the key chooses among levels too, and nobody who is degraded is in a table. */
  private pickHashed(hash: Hash64 | null, tried: readonly Host[], attempts: number): Host | null {
    const key = hash ?? { hi: this.randomHalf(), lo: this.randomHalf() };
    let rest = hashModulo(key, 100);
    for (const { level, percent } of this.parts) {
      rest -= percent;
      if (rest < 0) return level.pickHashed(key, tried, attempts);
    }
    return null;
  }

  private randomHalf(): number {
    return Math.floor(this.random() * 4294967296);
  }

  /** Another host than those already tried, when one turns up within `attempts` more picks. */
  pickOther(tried: readonly Host[], attempts: number, hash: Hash64 | null): Host | null {
    if (this.isHashed) return this.pickHashed(hash, tried, attempts);
    let host = this.pick();
    for (let i = 0; i < attempts && host !== null && tried.includes(host); i++) host = this.pick();
    if (host === null || attempts === 1 || !tried.includes(host)) return host;
    // Least request favours the host that fails at once, so it can be drawn every time. Envoy then uses it; we look further.
    return this.pickUntried(tried) ?? host;
  }

  /** The one with the fewest requests under way among those that may be used and were not tried; null: all were. */
  pickUntried(tried: readonly Host[]): Host | null {
    for (const { level, isSpare } of this.parts) {
      const host = level.pickUntried(isSpare, tried);
      if (host !== null) return host;
    }
    return null;
  }
}

const isOf =
  (priority: number) =>
  (host: Balanced): boolean =>
    host.plan.priority === priority;
