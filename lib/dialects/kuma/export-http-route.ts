// Route -> MeshHTTPRoute, so that Kuma, which goes by how specific a match is, tries the rules to the same effect as the design's list.
// The rule: every rule gets a verdict; exact is said only where order, matches and action are.
import {
  type Destination,
  type Mirror,
  parsePath,
  type Route,
  type RouteDestination,
  type RouteRule,
  refKey,
  type Service,
  serviceRefKey,
} from "@/lib/mesh";
import { type Judgement, listEntries } from "../gateway-api/entries";
import { filtersOf, type NewPath, type RuleContext, versionServiceName } from "../gateway-api/export-rule";
import { orderBySpecificity } from "../gateway-api/order";
import { partsOf } from "../gateway-api/write-rules";
import { serviceTag } from "./documents";
import { judgeFault } from "./export-faults";
import { upgradedValue } from "./export-kept";
import { matchOf, PRECEDENCE, withoutCovered } from "./export-match";
import type { KumaExport, Ref } from "./export-refs";

export type WrittenRule = { index: number; rule: { matches: object[]; default: Record<string, unknown> } };
/** Versions of services that are Services of their own: `needs` remembers them. */
export type Versions = {
  isOwnService(service: string, subset: string): boolean;
  needs(service: string, subset: string): void;
};

export type Judge = (rule: number, judgement: Judgement) => void;

export function writeRoute(out: KumaExport, route: Route, versions: Versions, judge: Judge): WrittenRule[] {
  const listed = listEntries(route, true);
  for (const [rule, all] of listed.judged) for (const each of all) judge(rule, each);
  const answers = new Set(route.spec.rules.flatMap(({ action }, i) => (action.type === "respond" ? [i] : [])));
  for (const rule of answers) {
    judge(rule, {
      verdict: "lost",
      reason: "Kuma answers nothing itself: these calls go on to other rules, or to the service",
      changesMeaning: true,
    });
  }
  const ordered = orderBySpecificity(
    listed.entries.filter(({ rule }) => !answers.has(rule)),
    PRECEDENCE,
  );
  const entries = withoutCovered(ordered.entries);
  for (const [rule, reason] of ordered.uncertain) judge(rule, { verdict: "approximate", reason, changesMeaning: true });
  const hasExpression = entries.some(({ match }) => match.path.type === "regex");
  return route.spec.rules.flatMap((rule, index): WrittenRule[] => {
    const own = entries.filter((each) => each.rule === index);
    if (own.length === 0) return [];
    if (rule.fault) judge(index, judgeFault(out, route, rule));
    const context = ruleContext(out, route, (judgement) => judge(index, judgement));
    if (rule.cors) {
      const reason = "Kuma has no policy for CORS: pages of other origins get what the service says itself";
      judge(index, { verdict: "lost", reason, changesMeaning: true });
    }
    if (rule.internalRedirects) {
      const reason =
        "Kuma follows no redirects, callers get them: write a MeshProxyPatch with internal_redirect_policy";
      judge(index, { verdict: "lost", reason, changesMeaning: true });
    }
    const { fault: _fault, cors: _cors, mirrors = [], ...plain } = rule as RouteRule & { fault?: unknown };
    return partsOf(context, route, plain, own).map((group) => ({
      index,
      rule: {
        matches: group.map(({ entry }) => matchOf(entry, hasExpression)),
        default: defaultOf(out, context, route, { ...plain, mirrors }, group[0]?.path, versions),
      },
    }));
  });
}

/** Whether the written rules take every call; Kuma sends what they leave to the service itself. */
export function takesEverything(route: Route): boolean {
  return route.spec.rules.some(
    ({ matches, action }) =>
      action.type !== "respond" &&
      (matches.length === 0 || matches.some((match) => Object.keys(match).length === 0 || isEverything(match))),
  );
}

const isEverything = ({ path, methods, headers, query }: RouteRule["matches"][number]) =>
  !methods &&
  !headers &&
  !query &&
  (path === undefined || (path.type !== "exact" && path.type !== "regex" && path.value === "/"));

function ruleContext(out: KumaExport, route: Route, judge: RuleContext["judge"]): RuleContext {
  return {
    index: out.context.index,
    route,
    namespace: route.metadata.namespace,
    channel: out.channel,
    calledPort: undefined,
    judge: (judgement) => judge({ ...judgement, reason: judgement.reason.replaceAll("Gateway API", "Kuma") }),
    needsSubset: () => undefined,
    needsGrant: () => undefined,
  };
}

function defaultOf(
  out: KumaExport,
  context: RuleContext,
  route: Route,
  { mirrors = [], ...rule }: RouteRule,
  path: NewPath | undefined,
  versions: Versions,
): Record<string, unknown> {
  const filters = [
    ...filtersOf(context, rule, path).map(withLowerNames),
    ...mirrors.flatMap((mirror) => mirrorFilter(out, context, route, mirror, versions)),
  ];
  const backends =
    rule.action.type === "forward" ? backendRefs(out, context, route, rule.action.destinations, versions) : [];
  return {
    ...(filters.length > 0 ? { filters } : {}),
    ...(backends.length > 0 ? { backendRefs: backends } : {}),
  };
}

/** Kuma takes header names in lower case only. */
function withLowerNames(filter: Record<string, unknown>): Record<string, unknown> {
  const lowered = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map((each: unknown) =>
          typeof each === "string"
            ? each.toLowerCase()
            : { ...(each as { name: string }), name: (each as { name: string }).name.toLowerCase() },
        )
      : value;
  return Object.fromEntries(
    Object.entries(filter).map(([key, value]) =>
      key.endsWith("HeaderModifier")
        ? [
            key,
            Object.fromEntries(
              Object.entries(value as Record<string, unknown>).map(([list, all]) => [list, lowered(all)]),
            ),
          ]
        : [key, value],
    ),
  );
}

function backendRefs(
  out: KumaExport,
  { index, judge }: RuleContext,
  route: Route,
  destinations: readonly RouteDestination[],
  versions: Versions,
): Ref[] {
  if (destinations.some(({ headers }) => headers)) {
    const reason = "Kuma changes headers for whole rules, and not for one of several backends: these calls go without";
    judge({ verdict: "lost", reason, changesMeaning: true });
  }
  const [only] = destinations;
  const isOnly = destinations.length === 1;
  const targetKey = refKey(route.spec.target, route);
  // without backends a rule sends calls to the service itself, to the port that they came for
  const isItself = isOnly && only !== undefined && serviceRefKey(only.service, route) === targetKey;
  if (isItself && only.subset === undefined && only.port === undefined) return [];
  return destinations.flatMap((each): Ref[] => {
    const weight = isOnly && each.weight === 0 ? 1 : each.weight;
    return refOf(out, { index, judge }, route, each, versions).map((ref) => ({ ...ref, weight }));
  });
}

function mirrorFilter(
  out: KumaExport,
  context: RuleContext,
  route: Route,
  mirror: Mirror,
  versions: Versions,
): Record<string, unknown>[] {
  const { percent } = mirror;
  const share = Number.isInteger(percent) ? percent : String(percent);
  return refOf(out, context, route, mirror, versions).map((backendRef) => ({
    type: "RequestMirror",
    requestMirror: { backendRef, ...(percent === 100 ? {} : { percentage: share }) },
  }));
}

/** Empty when it cannot be found. */
function refOf(
  out: KumaExport,
  { index, judge }: Pick<RuleContext, "index" | "judge">,
  route: Route,
  named: Pick<Destination, "service" | "subset" | "port">,
  versions: Versions,
): Ref[] {
  const key = serviceRefKey(named.service, route);
  const service = index.get(key);
  if (service?.kind !== "Service") {
    judge({ verdict: "lost", reason: `there is no ${key}`, changesMeaning: true });
    return [];
  }
  const target = index.get(refKey(route.spec.target, route));
  if (named.port === undefined && target?.kind === "Service" && httpPorts(target).length > 1) {
    const reason = "a destination of Kuma has one port: calls for other ports of the service go there, too";
    judge({ verdict: "approximate", reason, changesMeaning: true });
  }
  const port = named.port ?? portOf(service, target?.kind === "Service" ? target : undefined);
  return [backendRef(out, service, named.subset, port, versions)];
}

const httpPorts = (service: Service) =>
  service.spec.ports.filter(({ protocol }) => protocol !== "tcp").map(({ port }) => port);

/** The port of the call, if the service has it; a port is left out where it is the only one. */
function portOf(service: Service, target: Service | undefined): number | undefined {
  const ports = httpPorts(service);
  const called = target && httpPorts(target)[0];
  return called !== undefined && ports.includes(called) ? called : ports[0];
}

export function backendRef(
  out: KumaExport,
  service: Service,
  subset: string | undefined,
  port: number | undefined,
  versions: Versions,
): Ref {
  const { name, namespace } = service.metadata;
  const { index } = out.context;
  const key = `Service/${namespace}/${name}`;
  const ported = port === undefined ? {} : { port };
  if (subset === undefined) return { ...out.service(name, namespace), ...ported };
  if (versions.isOwnService(key, subset)) {
    versions.needs(key, subset);
    return { ...out.service(versionServiceName(index, key, subset), namespace), ...ported };
  }
  const tags = index.subset(key, subset)?.spec.labels ?? { version: subset };
  return { kind: "MeshServiceSubset", name: serviceTag(name, namespace, port ?? 80), tags };
}

/** What was kept of the source's rules, for the rules that are written: mirrors. */
export function withKeptFilters(out: KumaExport, route: Route, written: readonly WrittenRule[]): WrittenRule[] {
  const { origin } = route.metadata;
  const kept = origin?.dialect === "kuma" ? (origin.kept ?? []) : [];
  return written.map((each) => {
    const own = kept.flatMap(({ path, value }) => {
      const [, list, index, ...rest] = parsePath(path);
      const isFilter = list === "rules" && index === each.index && rest.join(".") === "default.filters";
      return isFilter && Array.isArray(value) ? (value as unknown[]) : [];
    });
    const problems: string[] = [];
    const added = out.isThree ? upgradedValue(own, out.homeOf(route.metadata.namespace), problems) : own;
    const [problem] = problems;
    if (problem !== undefined) {
      const path = ["spec", "rules", each.index];
      out.context.lose(route, path, "lost", `a mirror of it ${problem}`, { changesMeaning: false });
    }
    if (own.length === 0 || problem !== undefined) return each;
    const filters = [...((each.rule.default["filters"] as unknown[] | undefined) ?? []), ...(added as unknown[])];
    return { ...each, rule: { ...each.rule, default: { ...each.rule.default, filters } } };
  });
}
