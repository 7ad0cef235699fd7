// The hosts of one priority level, and who of them gets a request that comes to it: by zone, by weight of localities, or any. Rule: how much
// comes to the level is the balancer's (semantics/priority-load.ts); an empty choice is null.

import type { BalancingPlan } from "../plan/types";
import {
  drawZone,
  type Hash64,
  type LevelCount,
  type ZoneCount,
  type ZoneShares,
  zoneShares,
  zonesInOrder,
} from "../semantics";
import { HashChoice } from "./hash-choice";
import { type Avoids, type Balanced, HostChoice } from "./host-choice";
import { Rotation } from "./rotation";

/** What decides among hosts. */
export interface BalancePlan {
  readonly balancing: BalancingPlan;
  readonly healthyPanicThreshold: number;
}

/** The zone of this proxy, and the hosts of the cluster that it belongs to. */
export interface HomeZone {
  readonly own: string | null;
  readonly hosts: readonly Balanced[];
}

/** Requests that stayed in the zone: all, or those that it could carry; and those that left it. */
export interface ZoneCounts {
  allDirectly: number;
  sampled: number;
  crossZone: number;
}

/** The localities that hosts of a kind are in, each with its weight as far as they can carry it. */
class WeightedLocalities<Host extends Balanced> {
  private readonly rotation: Rotation;

  constructor(
    private readonly choices: readonly HostChoice<Host>[],
    private readonly weights: readonly number[],
  ) {
    this.rotation = new Rotation(weights.length);
  }

  pick(): Host | null {
    return this.choices[this.rotation.next(this.weights)]?.pick() ?? null;
  }
}

/** The choices of each zone, in the order of the shares. */
interface Zones<Host extends Balanced> {
  readonly shares: ZoneShares;
  readonly healthy: readonly HostChoice<Host>[];
  readonly degraded: readonly HostChoice<Host>[];
}

export class PriorityLevel<Host extends Balanced> {
  private hosts: readonly Host[] = [];
  private healthy: readonly Host[] = [];
  private degraded: readonly Host[] = [];
  private readonly eligible: HostChoice<Host>;
  private readonly spare: HostChoice<Host>;
  private zones: Zones<Host> | null = null;
  /** Chooses in place of all others; null: nothing is hashed. */
  private readonly hashed: HashChoice<Host> | null;
  /** null: localities have no weights, or nobody is there. */
  private localities: WeightedLocalities<Host> | null = null;
  private spareLocalities: WeightedLocalities<Host> | null = null;
  isPanicking = false;
  /** The cluster that the proxy belongs to is below this cluster's panic threshold. */
  private isHomePanicking = false;

  constructor(
    private readonly plan: BalancePlan,
    private readonly random: () => number,
    private readonly zoneCounts: ZoneCounts,
  ) {
    this.eligible = this.choice([]);
    this.spare = this.choice([]);
    const { hashTable } = plan.balancing;
    this.hashed = hashTable === null ? null : new HashChoice(hashTable);
  }

  private choice(hosts: readonly Host[]): HostChoice<Host> {
    const made = new HostChoice<Host>(this.plan.balancing, this.random);
    made.update(hosts);
    return made;
  }

  /** Who is there now; `spread` follows, once it is known whether the level panics. */
  count(hosts: readonly Host[]): LevelCount {
    const usable = hosts.filter((host) => host.isHealthy);
    this.hosts = hosts;
    this.degraded = usable.filter((host) => host.isDegraded);
    this.healthy = this.degraded.length === 0 ? usable : usable.filter((host) => !host.isDegraded);
    return {
      hosts: hosts.length,
      excluded: hosts.filter((host) => host.isExcluded).length,
      healthy: this.healthy.length,
      degraded: this.degraded.length,
    };
  }

  spread(isPanicking: boolean, home: HomeZone | null, overprovisioning: number): void {
    const { hosts, healthy, degraded } = this;
    this.isPanicking = isPanicking;
    // A draining endpoint is leaving on purpose: panic does not bring it back while another one is there.
    const all = hosts.filter((host) => host.plan.health !== "draining");
    const eligible = isPanicking ? (all.length > 0 ? all : hosts) : healthy;
    if (this.hashed !== null) {
      this.hashed.update(eligible, this.plan.balancing.isLocalityWeighted ? hosts : null);
      return;
    }
    this.eligible.update(eligible);
    this.spare.update(isPanicking ? [] : degraded);
    const { isLocalityWeighted } = this.plan.balancing;
    this.localities = isLocalityWeighted ? this.localitiesOf(healthy, overprovisioning) : null;
    this.spareLocalities = isLocalityWeighted ? this.localitiesOf(degraded, overprovisioning) : null;
    this.isHomePanicking = home !== null && this.isBelowThreshold(home.hosts);
    this.zones = home === null ? null : this.zonesOf(home);
  }

  private isBelowThreshold(hosts: readonly Balanced[]): boolean {
    const counted = hosts.filter((host) => !host.isExcluded).length;
    const usable = hosts.filter((host) => host.isHealthy).length;
    return (counted === 0 ? 0 : (100 * usable) / counted) < this.plan.healthyPanicThreshold;
  }

  private zonesOf({ own, hosts: homeHosts }: HomeZone): Zones<Host> | null {
    const { hosts, healthy, degraded } = this;
    const order = zonesInOrder(own, hosts.map(localityOf));
    const shares = zoneShares(own, countZones(order, hosts), countHome(own, homeHosts), this.plan.balancing.zoneAware);
    if (shares === null) return null;
    const choices = (list: readonly Host[]): HostChoice<Host>[] =>
      order.map((zone) => this.choice(list.filter((host) => localityOf(host) === zone)));
    return { shares, healthy: choices(healthy), degraded: choices(degraded) };
  }

  /** As Envoy: a locality counts by its weight as far as its usable hosts can carry it. */
  private localitiesOf(usable: readonly Host[], overprovisioning: number): WeightedLocalities<Host> | null {
    const { hosts } = this;
    const names = [...new Set(hosts.map(localityOf))].sort();
    const found = names.flatMap((name) => {
      const there = usable.filter((host) => localityOf(host) === name);
      const all = hosts.filter((host) => localityOf(host) === name && !host.isExcluded).length;
      const weight = there[0]?.plan.localityWeight ?? 0;
      if (weight === 0 || all === 0) return [];
      return [
        { choice: this.choice(there), weight: weight * Math.min(1, (overprovisioning / 100) * (there.length / all)) },
      ];
    });
    if (found.length === 0) return null;
    return new WeightedLocalities(
      found.map(({ choice }) => choice),
      found.map(({ weight }) => weight),
    );
  }

  pick(isSpare: boolean): Host | null {
    const { zones } = this;
    const { routingEnabledPercent, failsOnPanic } = this.plan.balancing.zoneAware;
    if (this.isPanicking) return failsOnPanic ? null : this.eligible.pick();
    const plain = isSpare ? this.spare : this.eligible;
    const localities = isSpare ? this.spareLocalities : this.localities;
    if (localities !== null) return localities.pick();
    if (zones === null) return plain.pick();
    if (routingEnabledPercent < 100 && this.random() * 100 >= routingEnabledPercent) return plain.pick();
    if (this.isHomePanicking) return failsOnPanic ? null : plain.pick();
    const zone = drawZone(zones.shares, this.random);
    this.countZone(zones.shares, zone);
    return (isSpare ? zones.degraded : zones.healthy)[zone]?.pick() ?? null;
  }

  /** Somebody who is not avoided, when one turns up within `attempts` more picks. */
  pickHashed(hash: Hash64, avoids: Avoids<Host> | null, attempts: number): Host | null {
    return this.hashed?.pick(hash, avoids, attempts) ?? null;
  }

  private countZone({ own, residual }: ZoneShares, zone: number): void {
    if (residual.length === 0) this.zoneCounts.allDirectly++;
    else if (zone === 0 && own > 0) this.zoneCounts.sampled++;
    else this.zoneCounts.crossZone++;
  }

  pickUntried(isSpare: boolean, avoids: Avoids<Host>): Host | null {
    return (isSpare ? this.spare : this.eligible).pickUntried(avoids);
  }
}

const localityOf = (host: Balanced): string => host.plan.locality;

function countZones(order: readonly string[], hosts: readonly Balanced[]): ZoneCount[] {
  return order.map((locality) => {
    const there = hosts.filter((host) => localityOf(host) === locality);
    const healthy = there.filter((host) => host.isHealthy && !host.isDegraded).length;
    return { locality, healthy };
  });
}

const countHome = (own: string | null, hosts: readonly Balanced[]): ZoneCount[] =>
  countZones(zonesInOrder(own, hosts.map(localityOf)), hosts);
