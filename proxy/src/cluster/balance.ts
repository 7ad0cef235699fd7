// Which host gets the next request. Rule: healthy hosts only, unless fewer than the panic threshold are left,
// then all (Envoy's panic mode); degraded ones get what the healthy ones cannot carry; an empty choice means 503 UH.
// Where the proxy belongs to a cluster, its own zone comes first (semantics/zone-routing.ts).

import type { BalancingPlan } from "../plan/types";
import { drawZone, type ZoneCount, type ZoneShares, zoneShares, zonesInOrder } from "../semantics";
import { type Balanced, HostChoice } from "./host-choice";
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

/** Of a hundred requests, those that hosts of a kind can carry: each stands for 1.4 of its kind where nothing else is said. */
const carried = (hosts: number, all: number, left: number, overprovisioning: number): number =>
  all === 0 ? 0 : Math.min(left, Math.floor((overprovisioning * hosts) / all));

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

export class Balancer<Host extends Balanced> {
  private readonly eligible: HostChoice<Host>;
  /** Degraded hosts, and their part of a hundred requests. */
  private readonly spare: HostChoice<Host>;
  private spareShare = 0;
  private zones: Zones<Host> | null = null;
  /** null: localities have no weights, or nobody is there. */
  private localities: WeightedLocalities<Host> | null = null;
  private spareLocalities: WeightedLocalities<Host> | null = null;
  isPanicking = false;
  /** The cluster that the proxy belongs to is below this cluster's panic threshold. */
  private isHomePanicking = false;
  /** Requests that stayed in the zone: all, or those that it could carry; and those that left it. */
  readonly zoneCounts = { allDirectly: 0, sampled: 0, crossZone: 0 };

  constructor(
    private readonly plan: BalancePlan,
    private readonly random: () => number = Math.random,
  ) {
    this.eligible = this.choice([]);
    this.spare = this.choice([]);
  }

  private choice(hosts: readonly Host[]): HostChoice<Host> {
    const made = new HostChoice<Host>(this.plan.balancing, this.random);
    made.update(hosts);
    return made;
  }

  /**
   * @param home null: no zone is preferred
   * @param overprovisioning percent that each host stands for
   */
  update(hosts: readonly Host[], home: HomeZone | null = null, overprovisioning = 140): void {
    const usable = hosts.filter((host) => host.isHealthy);
    const degraded = usable.filter((host) => host.isDegraded);
    const healthy = degraded.length === 0 ? usable : usable.filter((host) => !host.isDegraded);
    const counted = hosts.filter((host) => !host.isExcluded).length;
    const ofHealthy = carried(healthy.length, counted, 100, overprovisioning);
    const ofDegraded = carried(degraded.length, counted, 100 - ofHealthy, overprovisioning);
    // As Envoy: while those that are left can carry everything, nobody panics.
    const isShort = hosts.length > 0 && ofHealthy + ofDegraded < 100;
    this.isPanicking = isShort && this.isBelowThreshold(hosts);
    // A draining endpoint is leaving on purpose: panic does not bring it back while another one is there.
    const all = hosts.filter((host) => host.plan.health !== "draining");
    this.eligible.update(this.isPanicking ? (all.length > 0 ? all : hosts) : healthy);
    this.spareShare = this.isPanicking || degraded.length === 0 ? 0 : (100 * ofDegraded) / (ofHealthy + ofDegraded);
    this.spare.update(this.spareShare === 0 ? [] : degraded);
    const { isLocalityWeighted } = this.plan.balancing;
    this.localities = isLocalityWeighted ? this.localitiesOf(healthy, hosts, overprovisioning) : null;
    this.spareLocalities = isLocalityWeighted ? this.localitiesOf(degraded, hosts, overprovisioning) : null;
    this.isHomePanicking = home !== null && this.isBelowThreshold(home.hosts);
    this.zones = home === null ? null : this.zonesOf(home, hosts, healthy, degraded);
  }

  private isBelowThreshold(hosts: readonly Balanced[]): boolean {
    const counted = hosts.filter((host) => !host.isExcluded).length;
    const usable = hosts.filter((host) => host.isHealthy).length;
    return (counted === 0 ? 0 : (100 * usable) / counted) < this.plan.healthyPanicThreshold;
  }

  private zonesOf(
    { own, hosts: homeHosts }: HomeZone,
    hosts: readonly Host[],
    healthy: readonly Host[],
    degraded: readonly Host[],
  ): Zones<Host> | null {
    const order = zonesInOrder(own, hosts.map(localityOf));
    const shares = zoneShares(own, countZones(order, hosts), countHome(own, homeHosts), this.plan.balancing.zoneAware);
    if (shares === null) return null;
    const choices = (list: readonly Host[]): HostChoice<Host>[] =>
      order.map((zone) => this.choice(list.filter((host) => localityOf(host) === zone)));
    return { shares, healthy: choices(healthy), degraded: choices(degraded) };
  }

  /** As Envoy: a locality counts by its weight as far as its usable hosts can carry it. */
  private localitiesOf(
    usable: readonly Host[],
    hosts: readonly Host[],
    overprovisioning: number,
  ): WeightedLocalities<Host> | null {
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

  pick(): Host | null {
    const { zones } = this;
    const { routingEnabledPercent, failsOnPanic } = this.plan.balancing.zoneAware;
    if (this.isPanicking && failsOnPanic) return null;
    const isSpare = this.spareShare > 0 && this.random() * 100 < this.spareShare;
    const plain = isSpare ? this.spare : this.eligible;
    if (this.isPanicking) return plain.pick();
    const localities = isSpare ? this.spareLocalities : this.localities;
    if (localities !== null) return localities.pick();
    if (zones === null) return plain.pick();
    if (routingEnabledPercent < 100 && this.random() * 100 >= routingEnabledPercent) return plain.pick();
    if (this.isHomePanicking) return failsOnPanic ? null : plain.pick();
    const zone = drawZone(zones.shares, this.random);
    this.countZone(zones.shares, zone);
    return (isSpare ? zones.degraded : zones.healthy)[zone]?.pick() ?? null;
  }

  private countZone({ own, residual }: ZoneShares, zone: number): void {
    if (residual.length === 0) this.zoneCounts.allDirectly++;
    else if (zone === 0 && own > 0) this.zoneCounts.sampled++;
    else this.zoneCounts.crossZone++;
  }

  /** The one with the fewest requests under way among those that may be used and were not tried; null: all were. */
  pickUntried(tried: readonly Host[]): Host | null {
    return this.eligible.pickUntried(tried) ?? this.spare.pickUntried(tried);
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
