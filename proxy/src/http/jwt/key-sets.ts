// The key sets of one process, by the key of their provider. Rule: a swap of the plan keeps every set that is in the new one, with
// the tokens it knows: endpoints that come and go must not make everybody wait for keys.

import type { JwtProviderPlan, ProxyPlan } from "../../plan/types";
import type { CountsOf, NamedCounts } from "../../telemetry/named-counts";
import { jwtCounts } from "../filter-counts";
import { type FetchKeys, KeySet } from "./key-set";

export class KeySets {
  private readonly sets = new Map<string, KeySet>();

  constructor(private readonly fetch: FetchKeys) {}

  of(provider: JwtProviderPlan): KeySet {
    const known = this.sets.get(provider.key);
    if (known !== undefined) return known;
    const set = new KeySet(provider, this.fetch);
    this.sets.set(provider.key, set);
    return set;
  }

  /** Begins what the plan needs beforehand, drops what it has no use for. */
  keepFor(plan: ProxyPlan, named: NamedCounts): void {
    const wanted = new Map<string, Set<CountsOf<"jwt">>>();
    for (const [statPrefix, provider] of providersOf(plan)) {
      const counts = wanted.get(provider.key) ?? new Set();
      wanted.set(provider.key, counts.add(jwtCounts(named, statPrefix)));
      this.of(provider);
    }
    for (const [key, set] of this.sets) {
      set.counts = wanted.get(key) ?? new Set();
      if (wanted.has(key)) continue;
      set.close();
      this.sets.delete(key);
    }
  }
}

/** With the stat_prefix of the connection manager that asks. */
function providersOf({ listeners }: ProxyPlan): (readonly [statPrefix: string, provider: JwtProviderPlan])[] {
  const managers = listeners
    .flatMap(({ filterChains }) => filterChains)
    .flatMap(({ network }) => (network.kind === "http" ? [network] : []));
  return managers.flatMap(({ statPrefix, filters }) =>
    filters.flatMap((filter) =>
      filter.kind === "jwt-authn" ? filter.providers.map((provider) => [statPrefix, provider] as const) : [],
    ),
  );
}
