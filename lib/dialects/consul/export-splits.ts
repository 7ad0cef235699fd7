// Rules that share calls out -> ServiceSplitters: that of the service itself where nothing else needs it whole, else one of a service of its own.
// The rule: who names a service without a version gets its splitter in Consul, so a splitter stands only where every such call is to be shared out.
import {
  isSameJson,
  type ObjectKey,
  type Route,
  type RouteDestination,
  refKey,
  type Service,
  serviceRefKey,
} from "@/lib/mesh";
import { withHeaders } from "../shared/destination-headers";
import { type ConsulExport, portOf } from "./export-out";

export type Leg = Pick<RouteDestination, "headers"> & { service: string; subset?: string; weight: number };
/** Where a route of a router leads. */
export type Target = { service?: string; serviceSubset?: string };

/** Of 100, in hundredths, with the largest remainders rounded up: what Consul takes. */
export function hundredths(weights: readonly number[]): { weights: number[]; isExact: boolean } {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const exact = weights.map((weight) => (total === 0 ? 10_000 / weights.length : (weight * 10_000) / total));
  const floors = exact.map(Math.floor);
  const missing = 10_000 - floors.reduce((sum, each) => sum + each, 0);
  const order = exact
    .map((each, i) => ({ i, rest: each - Math.floor(each) }))
    .sort((a, b) => b.rest - a.rest || a.i - b.i);
  for (const { i } of order.slice(0, missing)) floors[i] = (floors[i] ?? 0) + 1;
  return { weights: floors.map((each) => each / 100), isExact: missing === 0 };
}

export class Splits {
  /** Services that some rule sends calls to as a whole. */
  private readonly whole: ReadonlySet<ObjectKey>;
  private readonly own = new Map<ObjectKey, Leg[]>();
  private readonly made: { legs: Leg[]; name: string }[] = [];

  constructor(private readonly out: ConsulExport) {
    const routes = out.index.all("Route");
    this.whole = new Set(
      routes.flatMap((route) =>
        destinationsOf(route).flatMap(({ service, subset }) =>
          subset === undefined ? [serviceRefKey(service, route)] : [],
        ),
      ),
    );
  }

  /** `tellHeaders`: of a place that is named twice with other headers. */
  legsOf(route: Route, destinations: readonly RouteDestination[], tellHeaders?: () => void): Leg[] {
    const legs: Leg[] = [];
    for (const { service, subset, weight, headers } of destinations) {
      const name = this.out.index.get(serviceRefKey(service, route))?.metadata.name;
      if (name === undefined || (weight === 0 && destinations.length > 1)) continue;
      // Consul takes each destination once
      const there = legs.find((leg) => leg.service === name && leg.subset === subset);
      if (there && !isSameJson(there.headers ?? {}, headers ?? {})) tellHeaders?.();
      if (there) there.weight += weight;
      else legs.push({ service: name, ...(subset === undefined ? {} : { subset }), weight, ...withHeaders(headers) });
    }
    return legs;
  }

  /** What a service's last rule shares out is its own splitter's, unless some call is for the service as a whole. */
  prepare(route: Route, service: Service): void {
    const rule = route.spec.rules.find(({ matches }) => matches.length === 0);
    const key = refKey(route.spec.target, route);
    if (rule?.action.type !== "forward" || this.whole.has(key)) return;
    const legs = this.legsOf(route, rule.action.destinations);
    if (legs.length < 2) return;
    this.own.set(key, legs);
    this.write(service.metadata.name, service, legs);
  }

  /** Where the calls of a rule go, with splitters made as needed. */
  target(route: Route, legs: readonly Leg[]): Target {
    const { index } = this.out;
    const key = refKey(route.spec.target, route);
    const home = index.find("Service", key);
    const [first] = legs;
    if (!first) return {};
    if (legs.length === 1) {
      return {
        ...(first.service === home?.metadata.name ? {} : { service: first.service }),
        ...(first.subset === undefined ? {} : { serviceSubset: first.subset }),
      };
    }
    const own = this.own.get(key);
    if (own && isSameJson(own, legs)) return {};
    const there = this.made.find((each) => isSameJson(each.legs, legs));
    if (there) return { service: there.name };
    const name = this.out.claim(`${route.metadata.name}-split`, route);
    this.made.push({ legs: [...legs], name });
    const [service] = index.all("Service").filter(({ metadata }) => metadata.name === first.service);
    const at = { name, namespace: route.metadata.namespace };
    this.out.say(at, { protocol: service ? portOf(service).protocol : "http" });
    this.write(name, route, legs);
    return { service: name };
  }

  private write(name: string, of: Service | Route, legs: readonly Leg[]): void {
    const { weights } = hundredths(legs.map(({ weight }) => weight));
    const splits = legs.map(({ service, subset, headers }, i) => ({
      weight: weights[i],
      ...(service === name ? {} : { service }),
      ...(subset === undefined ? {} : { serviceSubset: subset }),
      ...(headers?.request ? { requestHeaders: headers.request } : {}),
      ...(headers?.response ? { responseHeaders: headers.response } : {}),
    }));
    this.out.add("ServiceSplitter", { name, namespace: of.metadata.namespace }, { splits });
  }
}

export const destinationsOf = (route: Route): RouteDestination[] =>
  route.spec.rules.flatMap(({ action }) => (action.type === "forward" ? action.destinations : []));
