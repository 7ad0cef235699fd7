// Which host gets the next request. Rule: healthy hosts only, unless fewer than the panic threshold are left,
// then all (Envoy's panic mode); degraded ones get what the healthy ones cannot carry; an empty choice means 503 UH.
// Where the proxy belongs to a cluster, its own zone comes first (semantics/zone-routing.ts).

import type { ClusterPlan } from "../plan/types";
import { drawZone, type ZoneCount, type ZoneShares, zoneShares, zonesInOrder } from "../semantics";
import { type Balanced, HostChoice } from "./host-choice";

/** What decides among hosts. */
export type BalancePlan = Pick<ClusterPlan, "lbPolicy" | "leastRequestChoices" | "healthyPanicThreshold" | "zoneAware">;

/** The zone of this proxy, and the hosts of the cluster that it belongs to. */
export interface HomeZone {
  readonly own: string | null;
  readonly hosts: readonly Balanced[];
}

/** Of a hundred requests, those that hosts of a kind can carry: each stands for 1.4 of its kind (over-provisioning). */
const carried = (hosts: number, all: number, left: number): number =>
  all === 0 ? 0 : Math.min(left, Math.floor((140 * hosts) / all));

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
    const { lbPolicy, leastRequestChoices } = this.plan;
    const made = new HostChoice<Host>(lbPolicy, leastRequestChoices, this.random);
    made.update(hosts);
    return made;
  }

  /** @param home null: no zone is preferred */
  update(hosts: readonly Host[], home: HomeZone | null = null): void {
    const usable = hosts.filter((host) => host.isHealthy);
    const degraded = usable.filter((host) => host.isDegraded);
    const healthy = degraded.length === 0 ? usable : usable.filter((host) => !host.isDegraded);
    const counted = hosts.filter((host) => !host.isExcluded).length;
    const ofHealthy = carried(healthy.length, counted, 100);
    const ofDegraded = carried(degraded.length, counted, 100 - ofHealthy);
    // As Envoy: while those that are left can carry everything, nobody panics.
    const isShort = hosts.length > 0 && ofHealthy + ofDegraded < 100;
    this.isPanicking = isShort && this.isBelowThreshold(hosts);
    // A draining endpoint is leaving on purpose: panic does not bring it back while another one is there.
    const all = hosts.filter((host) => host.plan.health !== "draining");
    this.eligible.update(this.isPanicking ? (all.length > 0 ? all : hosts) : healthy);
    this.spareShare = this.isPanicking || degraded.length === 0 ? 0 : (100 * ofDegraded) / (ofHealthy + ofDegraded);
    this.spare.update(this.spareShare === 0 ? [] : degraded);
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
    const { minClusterSize } = this.plan.zoneAware;
    const shares = zoneShares(own, countZones(order, hosts), countHome(own, homeHosts), minClusterSize);
    if (shares === null) return null;
    const choices = (list: readonly Host[]): HostChoice<Host>[] =>
      order.map((zone) => this.choice(list.filter((host) => localityOf(host) === zone)));
    return { shares, healthy: choices(healthy), degraded: choices(degraded) };
  }

  pick(): Host | null {
    const { zones } = this;
    const { routingEnabledPercent, failsOnPanic } = this.plan.zoneAware;
    if (this.isPanicking && failsOnPanic) return null;
    const isSpare = this.spareShare > 0 && this.random() * 100 < this.spareShare;
    const plain = isSpare ? this.spare : this.eligible;
    if (zones === null || this.isPanicking) return plain.pick();
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
