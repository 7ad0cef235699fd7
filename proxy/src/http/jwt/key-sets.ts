// The key sets of one process, by the key of their provider. Rule: a swap of the plan keeps every set that is in the new one, with
// the tokens it knows: endpoints that come and go must not make everybody wait for keys.

import type { JwtProviderPlan, ProxyPlan } from "../../plan/types";
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
  keepFor(plan: ProxyPlan): void {
    const wanted = new Set<string>();
    for (const provider of providersOf(plan)) {
      wanted.add(provider.key);
      this.of(provider);
    }
    for (const [key, set] of this.sets) {
      if (wanted.has(key)) continue;
      set.close();
      this.sets.delete(key);
    }
  }
}

function providersOf({ listeners }: ProxyPlan): JwtProviderPlan[] {
  return listeners
    .flatMap(({ filterChains }) => filterChains)
    .flatMap(({ network }) => (network.kind === "http" ? network.filters : []))
    .flatMap((filter) => (filter.kind === "jwt-authn" ? filter.providers : []));
}
