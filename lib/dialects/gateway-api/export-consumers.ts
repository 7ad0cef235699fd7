// A Route with rules for the callers of some namespaces -> the route of the service, and one in each of these namespaces.
// The rule: a consumer route is all that its callers have, so it holds every rule that is for them, up to one that takes everything.
import {
  type CallerMatch,
  isSameJson,
  type Origin,
  parsePath,
  pathText,
  type Route,
  type RouteMatch,
  type RouteRule,
} from "@/lib/mesh";
import { isKeptConsumer, isOfRules, type KeptConsumer, type KeptField, keptConsumerOf, labelsOf } from "./consumers";

/** Namespaces whose callers have rules of their own, in the order in which they are met; the service's own is not among them. */
export function consumersOf(route: Route, home: string): string[] {
  const all = route.spec.rules.flatMap(({ matches }) => matches.flatMap(({ caller }) => caller?.namespace ?? []));
  return [...new Set(all)].filter((namespace) => namespace !== home);
}

export type Projection = {
  /** The namespace whose callers it is for, and the name of the route there; undefined: everybody else. */
  consumer: { namespace: string; name: string } | undefined;
  route: Route;
  /** The place in the design of each of its rules. */
  places: readonly number[];
  /** Rules whose answer, 404, is that of a route without a rule for the call. */
  unsaid: readonly number[];
};

/** The route of a service as each kind of caller meets it: with the rules that are for these callers, up to one that takes everything. */
export function projectionsOf(route: Route, home: string, implied: Partial<RouteRule> = {}): Projection[] {
  const consumers = consumersOf(route, home);
  if (consumers.length === 0) {
    return [{ consumer: undefined, route, places: [...route.spec.rules.keys()], unsaid: [] }];
  }
  const own = consumers.map((consumer) => projected(route, consumer));
  const rest = projected(route, undefined);
  const isFromConsumer = route.metadata.origin?.namespace !== home;
  return isFromConsumer && isImplied(rest.route, home, implied) ? own : [rest, ...own];
}

function projected(route: Route, consumer: string | undefined): Projection {
  const rules: RouteRule[] = [];
  const places: number[] = [];
  const unsaid: number[] = [];
  for (const [i, rule] of route.spec.rules.entries()) {
    const meant = rule.matches.filter(({ caller }) => caller === undefined || isOnly(caller, consumer));
    if (rule.matches.length > 0 && meant.length === 0) continue;
    const matches = meant.map(({ caller: _caller, ...match }) => match);
    const isWhole = matches.length === 0 || matches.some(takesEverything);
    if (isWhole && consumer !== undefined && rules.length > 0 && isNotFound(rule)) {
      unsaid.push(i);
      break;
    }
    places.push(i);
    rules.push({ ...rule, matches });
    if (isWhole) break;
  }
  const own = { ...route, spec: { ...route.spec, rules } };
  if (consumer === undefined) {
    return { consumer, route: withOrigin(own, originOfOthers(route, places)), places, unsaid };
  }
  const kept = keptConsumerOf(route, consumer);
  const name = kept?.name ?? `${route.metadata.name}-for-${consumer}`.slice(0, MAX_NAME);
  const { labels: _labels, annotations: _annotations, ...metadata } = route.metadata;
  const source = { ...own, metadata: { ...metadata, ...(kept ? labelsOf(kept) : {}) } };
  const origin = originOfConsumer(route, { namespace: consumer, name }, kept, places);
  return { consumer: { namespace: consumer, name }, route: withOrigin(source, origin), places, unsaid };
}

const MAX_NAME = 253;

const withOrigin = (route: Route, origin: Origin | undefined): Route =>
  origin ? { ...route, metadata: { ...route.metadata, origin } } : route;

const isOnly = ({ namespace, labels }: CallerMatch, consumer: string | undefined) =>
  consumer !== undefined && namespace === consumer && labels === undefined;

const takesEverything = ({ path, ...rest }: RouteMatch): boolean =>
  Object.keys(rest).length === 0 &&
  (path === undefined || ((path.type === "prefix" || path.type === "pathPrefix") && path.value === "/"));

const isNotFound = ({ name: _name, matches: _matches, action, ...rest }: RouteRule): boolean =>
  isSameJson(action, { type: "respond", status: 404 }) && Object.keys(rest).length === 0;

function isImplied({ spec: { target, rules } }: Route, home: string, implied: Partial<RouteRule>): boolean {
  const [rule] = rules;
  if (!rule || rules.length > 1) return false;
  const { matches, action, ...rest } = rule;
  const isSelf =
    action.type === "forward" &&
    action.destinations.length === 1 &&
    action.destinations.every(
      ({ service, subset, port }) =>
        subset === undefined &&
        port === undefined &&
        service.name === target.name &&
        (service.namespace ?? home) === (target.namespace ?? home),
    );
  return isSelf && matches.every(takesEverything) && (isSameJson(rest, {}) || isSameJson(rest, implied));
}

/** What was kept of a rule belongs to the route that the rule stands in. */
function keptOfRules({ metadata }: Route, places: readonly number[]): KeptField[] {
  return (metadata.origin?.kept ?? []).flatMap(({ path: text, value }) => {
    const path = parsePath(text);
    const at = isOfRules(path) ? places.indexOf(Number(path[2])) : -1;
    return at < 0 ? [] : [{ path: pathText(["spec", String(path[1]), at, ...path.slice(3)]), value }];
  });
}

function originOfOthers(route: Route, places: readonly number[]): Origin | undefined {
  const { origin } = route.metadata;
  const others = (origin?.kept ?? []).filter((each) => !isKeptConsumer(each) && !isOfRules(parsePath(each.path)));
  return origin && { ...origin, kept: [...keptOfRules(route, places), ...others] };
}

function originOfConsumer(
  route: Route,
  place: { namespace: string; name: string },
  own: KeptConsumer | undefined,
  places: readonly number[],
): Origin | undefined {
  const { origin } = route.metadata;
  const kept = [...keptOfRules(route, places), ...(own?.kept ?? [])];
  return origin && { ...origin, kind: own?.kind ?? "HTTPRoute", ...place, kept };
}
