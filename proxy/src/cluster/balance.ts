// Which host gets the next request. Rule: healthy hosts of the first priority level only, unless they are too few: then degraded ones and
// the levels after it get what they cannot carry (semantics/priority-load.ts), and a level below the panic threshold takes all of its
// hosts (Envoy's panic mode); an empty choice means 503 UH. Where the proxy belongs to a cluster, its own zone of the first level comes first.

import { carriedLoad, type Hash64, hashModulo, type PriorityLoads, priorityLoads } from "../semantics";
import type { Avoids, Balanced } from "./host-choice";
import type { Carried, PreviousPriorities } from "./previous-priorities";
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
  /** What each level could carry by itself. */
  private carried: Carried = { healthy: [], degraded: [] };
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
    this.carried = carriedLoad(counts, overprovisioning);
    this.parts = this.partsOf(loads);
  }

  private partsOf({ healthy, degraded }: Pick<PriorityLoads, "healthy" | "degraded">): readonly Part<Host>[] {
    const parts = [false, true].flatMap((isSpare) =>
      this.levels.map((level, index): Part<Host> => {
        const percent = (isSpare ? degraded : healthy)[index] ?? 0;
        return { level, isSpare, percent };
      }),
    );
    return parts.filter(({ percent }) => percent > 0);
  }

  /** @param hash the key of the request; null: it has none, and where hosts are hashed it gets any */
  pick(hash: Hash64 | null = null): Host | null {
    return this.isHashed ? this.pickHashed(this.parts, hash, null, 0) : this.pickAmong(this.parts);
  }

  private pickAmong(parts: readonly Part<Host>[]): Host | null {
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
  private pickHashed(
    parts: readonly Part<Host>[],
    hash: Hash64 | null,
    avoids: Avoids<Host> | null,
    attempts: number,
  ): Host | null {
    const key = hash ?? { hi: this.randomHalf(), lo: this.randomHalf() };
    let rest = hashModulo(key, 100);
    for (const { level, percent } of parts) {
      rest -= percent;
      if (rest < 0) return level.pickHashed(key, avoids, attempts);
    }
    return null;
  }

  private randomHalf(): number {
    return Math.floor(this.random() * 4294967296);
  }

  /**
   * A host for another attempt.
   * @param avoids whom it should not go to, when somebody else turns up within `attempts` more picks
   * @param priorities the levels that were tried; null: that does not matter
   */
  pickOther(
    avoids: Avoids<Host>,
    attempts: number,
    hash: Hash64 | null,
    priorities: PreviousPriorities | null = null,
  ): Host | null {
    const loads = priorities === null ? null : priorities.loadsOf(this.carried);
    const parts = loads === null ? this.parts : this.partsOf(loads);
    if (this.isHashed) return this.pickHashed(parts, hash, avoids, attempts);
    let host = this.pickAmong(parts);
    for (let i = 0; i < attempts && host !== null && avoids(host); i++) host = this.pickAmong(parts);
    if (host === null || attempts === 1 || !avoids(host)) return host;
    // Least request favours the host that fails at once, so it can be drawn every time. Envoy then uses it; we look further.
    return this.pickUntried(avoids, parts) ?? host;
  }

  /** The one with the fewest requests under way among those that may be used and are not avoided; null: all are. */
  pickUntried(avoids: Avoids<Host>, parts = this.parts): Host | null {
    for (const { level, isSpare } of parts) {
      const host = level.pickUntried(isSpare, avoids);
      if (host !== null) return host;
    }
    return null;
  }
}

const isOf =
  (priority: number) =>
  (host: Balanced): boolean =>
    host.plan.priority === priority;
