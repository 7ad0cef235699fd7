// The hosts of a cluster by what they say under envoy.lb, each subset balanced by itself. Rule: a subset is there as long as somebody is in it,
// well or not: only what fits no subset falls back (Envoy SubsetLoadBalancer).

import type { SubsetFallback, SubsetMatch, SubsetMetadata, SubsetsPlan } from "../plan/types";
import { subsetName } from "../semantics";
import { Balancer } from "./balance";
import type { Balanced } from "./host-choice";
import type { BalancePlan, HomeZone, ZoneCounts } from "./priority-level";

interface SubsetHost extends Balanced {
  readonly plan: Balanced["plan"] & { readonly subset: SubsetMetadata };
}

export class Subsets<Host extends SubsetHost> {
  private subsets = new Map<string, Balancer<Host>>();
  private readonly defaults: Balancer<Host>;
  private readonly fallbacks: ReadonlyMap<string, SubsetFallback>;

  /** @param any of all hosts, which its owner keeps up to date */
  constructor(
    private readonly plan: BalancePlan,
    private readonly split: SubsetsPlan,
    private readonly any: Balancer<Host>,
    private readonly zoneCounts: ZoneCounts,
    private readonly random: () => number = Math.random,
  ) {
    this.defaults = this.balancer();
    this.fallbacks = new Map(
      split.selectors.flatMap(({ keys, fallback }) => (fallback === null ? [] : [[JSON.stringify(keys), fallback]])),
    );
  }

  private balancer(): Balancer<Host> {
    return new Balancer<Host>(this.plan, this.random, this.zoneCounts);
  }

  update(hosts: readonly Host[], home: HomeZone | null, overprovisioning: number): void {
    const { selectors, defaultSubset } = this.split;
    const members = new Map<string, Set<Host>>();
    for (const { keys } of selectors) {
      for (const host of hosts) {
        const name = subsetName(keys, host.plan.subset);
        if (name === null) continue;
        const there = members.get(name) ?? new Set();
        members.set(name, there.add(host));
      }
    }
    const before = this.subsets;
    this.subsets = new Map();
    for (const [name, there] of members) {
      const balancer = before.get(name) ?? this.balancer();
      balancer.update([...there], home, overprovisioning);
      this.subsets.set(name, balancer);
    }
    const isDefault = ({ plan }: Host): boolean =>
      [...defaultSubset].every(([key, value]) => plan.subset.get(key) === value);
    this.defaults.update(hosts.filter(isDefault), home, overprovisioning);
  }

  /** null: nobody may get it. */
  balancerOf(match: SubsetMatch | null): Balancer<Host> | null {
    const found = match === null ? undefined : this.subsets.get(match.subset);
    if (found !== undefined) return found;
    const own = match === null ? undefined : this.fallbacks.get(match.selector);
    switch (own ?? this.split.fallback) {
      case "any":
        return this.any;
      case "default":
        return this.defaults;
      case "none":
        return null;
    }
  }
}
