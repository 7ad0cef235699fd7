// Consul's discovery chain: a router's route leads to a service, whose splitter shares its calls out, whose resolver says which instances answer.
// The rule: a route that names a version skips the splitter; a redirect is followed wherever it stands.
import type { RouteRule } from "@/lib/mesh";
import type { ConsulState, Target } from "./state";

export type Leg = { target: Target; percent: number; headers?: RouteRule["headers"] };

const MAX_DEPTH = 16;

export class Chain {
  constructor(private readonly state: ConsulState) {}

  /** Where calls end that are sent to a service, or to one of its versions. */
  legs({ service, subset }: Target): Leg[] {
    return merged(subset === undefined ? this.split(service, 100, 0) : [this.leg({ service, subset }, 100)]);
  }

  private split(service: string, percent: number, depth: number): Leg[] {
    const splitter = this.state.protocolOf(service) === "tcp" ? undefined : this.state.splitters.get(service);
    if (!splitter || depth > MAX_DEPTH) return [this.leg({ service }, percent)];
    const total = splitter.splits.reduce((sum, { weight }) => sum + weight, 0);
    return splitter.splits.flatMap(({ target, weight, headers }) => {
      const share = total === 0 ? 0 : (percent * weight) / total;
      const to = target.service === "" ? service : target.service;
      const isFinal = target.subset !== undefined || to === service;
      const found = isFinal ? [this.leg({ ...target, service: to }, share)] : this.split(to, share, depth + 1);
      return headers ? found.map((each) => ({ ...each, headers })) : found;
    });
  }

  private leg(target: Target, percent: number): Leg {
    let { service, subset } = target;
    for (let depth = 0; depth < MAX_DEPTH; depth++) {
      const redirect = this.state.resolvers.get(service)?.redirect;
      if (!redirect) break;
      subset = redirect.subset;
      if (redirect.service === "" || redirect.service === service) break;
      service = redirect.service;
    }
    subset ??= this.state.resolvers.get(service)?.defaultSubset;
    return { target: { service, ...(subset === undefined ? {} : { subset }) }, percent };
  }

  /** A version that nothing defines: Consul refuses such an entry. */
  isDefined({ service, subset }: Target): boolean {
    return (
      subset === undefined || this.state.resolvers.get(service)?.subsets.some(({ name }) => name === subset) === true
    );
  }
}

/** Legs to the same place are one. */
function merged(legs: readonly Leg[]): Leg[] {
  const found = new Map<string, Leg>();
  for (const leg of legs) {
    const key = JSON.stringify([leg.target.service, leg.target.subset, leg.headers]);
    const there = found.get(key);
    found.set(key, there ? { ...there, percent: there.percent + leg.percent } : leg);
  }
  return [...found.values()];
}

/** Shares as whole numbers; hundredths and parts of them as far as they go. */
export function weightsOf(legs: readonly Leg[]): number[] {
  const isWhole = (scale: number) =>
    legs.every(({ percent }) => Math.abs(percent * scale - Math.round(percent * scale)) < 1e-7);
  const scale = [1, 10, 100].find(isWhole) ?? 10_000;
  return legs.map(({ percent }) => Math.round(percent * scale));
}
