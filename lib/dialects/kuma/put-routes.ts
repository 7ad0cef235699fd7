// The rules of all MeshHTTPRoutes of a service, with the times and retries of other policies -> one Route in the order that Kuma tries them.
// The rule: what no rule takes goes to the service itself in Kuma, and Envoy's 15 seconds and no retries hold where nothing else is said.
import {
  isSameJson,
  keyOf,
  type ObjectKey,
  objectKey,
  type Retries,
  type RouteRule,
  refKey,
  type Service,
  type SpecOf,
} from "@/lib/mesh";
import { ruleText } from "@/lib/mesh/diff/words";
import { prefixAsRegex } from "../gateway-api/match";
import { compareRanks } from "../gateway-api/precedence";
import { type ImportContext, type Resource, refFrom } from "../shared/context";
import type { Kept } from "../shared/fields";
import { type Acting, entriesFor, isOnly, merged } from "./merge";
import type { Place, RetryConf, RetryPart, RoutePolicy, RuleSource, TimeoutConf } from "./state";

/** Envoy's, which Kuma leaves in place. */
const DEFAULT_REQUEST_MS = 15_000;
/** Envoy's number of retries once there is a policy, and what Kuma retries on when it is not said. */
const DEFAULT_ATTEMPTS = 1;
const DEFAULT_ON = {
  http: ["gateway-error", "connect-failure", "refused-stream"],
  grpc: [
    "cancelled",
    "connect-failure",
    "gateway-error",
    "refused-stream",
    "reset",
    "resource-exhausted",
    "unavailable",
  ],
} as const;

export type RouteActing = Acting<RoutePolicy["to"][number]["conf"]>;
export type Times = { timeouts: readonly Acting<TimeoutConf>[]; retries: readonly Acting<RetryConf>[] };
type Sourced = { rule: RuleSource; resource?: Resource };

export function putServiceRoute(
  context: ImportContext,
  service: Service,
  routes: readonly RouteActing[],
  times: Times,
): void {
  const ports = service.spec.ports.filter(({ protocol }) => protocol !== "tcp");
  const own = entriesFor(routes, service).filter(({ place }) => place !== undefined);
  const hasTimes = [...entriesFor(times.timeouts, service), ...entriesFor(times.retries, service)].length > 0;
  if (ports.length === 0 || (own.length === 0 && !hasTimes)) return;
  const key = objectKey(service);
  const existing = context.all("Route").find((route) => refKey(route.spec.target, route) === key);
  const { name, namespace } = service.metadata;
  const isGrpc = ports[0]?.protocol === "grpc";
  const read = rulesOf(service, own, (route) => timesOf(service, times, route, isGrpc), { name, namespace });
  const isOther = own.length === 0 && existing !== undefined && existing.metadata.origin?.dialect !== "kuma";
  // a route of the design that no MeshHTTPRoute speaks of keeps its rules
  const rules = isOther
    ? existing.spec.rules.map((rule) => ({
        ...rule,
        ...(rule.action.type === "forward" ? timesOf(service, times, undefined, isGrpc) : {}),
      }))
    : read.rules;
  const acting: Acting<object>[] = [
    ...own,
    ...entriesFor(times.retries, service),
    ...entriesFor(times.timeouts, service),
  ];
  const lists = [routes, times.retries, times.timeouts];
  const source = acting.find(({ policy }) => isOnly(policy, lists, service));
  const anyone = source ?? acting[0];
  if (!anyone) return;
  const resource = { ...anyone.policy.resource, namespace };
  const spec: SpecOf<"Route"> = { target: { kind: "Service", name }, rules };
  const put = context.put(
    "Route",
    existing?.metadata.name ??
      freeName(context, "Route", namespace, baseName(own) ?? source?.policy.resource.name, name),
    spec,
    { resource, sink: { kept: read.kept, problems: [] } },
    existing,
  );
  tell(own.length > 0 ? own : [anyone], put, rules, name);
}

/** Routes that an export wrote apart are one again: `kv-02` and `kv-01` are `kv`. */
function baseName(own: readonly RouteActing[]): string | undefined {
  const bases = new Set(own.map(({ policy }) => /^(.+)-\d\d$/.exec(policy.resource.name)?.[1]));
  const [only, ...more] = bases;
  return own.length > 1 && more.length === 0 ? only : undefined;
}

/** The name of the source, unless another object has it. */
export function freeName(
  context: ImportContext,
  kind: "Route" | "TcpRoute" | "TrafficPolicy",
  namespace: string,
  wanted: string | undefined,
  otherwise: string,
): string {
  return wanted === undefined || context.get(keyOf(kind, namespace, wanted)) ? otherwise : wanted;
}

function tell(own: readonly Acting<unknown>[], key: ObjectKey, rules: readonly RouteRule[], target: string): void {
  for (const { policy } of own) {
    if (!policy.result.objects.includes(key)) policy.result.objects.push(key);
    if (policy.result.sentences.length === 0)
      policy.result.sentences.push(...rules.map((rule) => `${ruleText(rule, target)}.`));
  }
}

type RuleTimes = Pick<RouteRule, "timeoutMs" | "idleTimeoutMs" | "retries">;

function rulesOf(
  service: Service,
  own: readonly RouteActing[],
  times: (route: string | undefined) => RuleTimes,
  home: { name: string; namespace: string },
): { rules: RouteRule[]; kept: Kept[] } {
  const all = mergedRules(own);
  const itself: RuleSource["backends"] = [{ place: { service }, weight: 1 }];
  const written = ordered(all, (rule, resource) => actionOf(rule, itself, home.namespace, times(resource?.name)));
  if (!all.some(({ rule }) => rule.isCatchAll)) {
    const rest = actionOf(
      { key: "", matches: [], isCatchAll: true, kept: [] },
      itself,
      home.namespace,
      times(undefined),
    );
    written.rules.push({ matches: [], ...rest });
  }
  return written;
}

/** Rules of the same matches are one: what a later policy says of it wins. */
export function mergedRules(own: readonly RouteActing[]): Sourced[] {
  const rules = new Map<string, Sourced>();
  for (const { policy, entry } of own) {
    for (const rule of entry.conf.rules) {
      const there = rules.get(rule.key);
      rules.set(rule.key, { rule: there ? { ...there.rule, ...rule } : rule, resource: policy.resource });
    }
  }
  return [...rules.values()];
}

/** In the order in which Kuma tries them; a rule whose matches stand apart becomes several. */
export function ordered(
  all: readonly Sourced[],
  of: (rule: RuleSource, resource: Resource | undefined) => Omit<RouteRule, "matches">,
): { rules: RouteRule[]; kept: Kept[] } {
  const candidates = all.flatMap((source) => source.rule.matches.map((ranked) => ({ source, ranked })));
  candidates.sort((a, b) => compareRanks(a.ranked.rank, b.ranked.rank));
  const rules: RouteRule[] = [];
  const kept: Kept[] = [];
  let last: Sourced | undefined;
  for (const { source, ranked } of candidates) {
    const current = rules.at(-1);
    if (source === last && current) {
      current.matches.push(ranked.match);
      continue;
    }
    last = source;
    for (const each of source.rule.kept)
      kept.push({ path: ["spec", "rules", rules.length, ...each.path], value: each.value });
    const rule = of(source.rule, source.resource);
    const isWhole = rule.rewrite?.path !== undefined && source.rule.filtered?.replacesWholePath === true;
    rules.push({ matches: [isWhole ? wholePath(ranked.match) : ranked.match], ...rule });
  }
  return { rules: rules.map((rule) => (isSameJson(rule.matches, [{}]) ? { ...rule, matches: [] } : rule)), kept };
}

/** The model replaces the whole path of an expression, and only the prefix of a prefix. */
function wholePath(match: RouteRule["matches"][number]): RouteRule["matches"][number] {
  const { path } = match;
  if (path && path.type !== "pathPrefix") return match;
  return { ...match, path: { type: "regex", value: prefixAsRegex(path?.value ?? "/") } };
}

export function actionOf(
  rule: RuleSource,
  itself: { place: Place; weight: number }[],
  namespace: string,
  times: RuleTimes,
): Omit<RouteRule, "matches"> {
  const { filtered } = rule;
  const headers = filtered?.headers ? { headers: filtered.headers } : {};
  if (filtered?.action) return { action: filtered.action, ...headers };
  const backends = rule.backends && rule.backends.length > 0 ? rule.backends : itself;
  const named = ({ service, subset, port }: Place) => ({
    service: refFrom(service, namespace),
    ...(subset === undefined ? {} : { subset }),
    ...(port === undefined ? {} : { port }),
  });
  const destinations = backends.map(({ place, weight }) => ({ ...named(place), weight }));
  const mirrors = (rule.mirrors ?? []).map(({ place, percent }) => ({ ...named(place), percent }));
  return {
    action: { type: "forward", destinations },
    ...times,
    ...(filtered?.rewrite ? { rewrite: filtered.rewrite } : {}),
    ...headers,
    ...(mirrors.length > 0 ? { mirrors } : {}),
  };
}

/** Those of the mesh, then of the service, then of the MeshHTTPRoute that the rule is from. */
function timesOf(
  service: Service,
  { timeouts, retries }: Times,
  route: string | undefined,
  isGrpc: boolean,
): RuleTimes {
  const confs = <C extends object>(acting: readonly Acting<C>[]) =>
    merged(
      [...entriesFor(acting, service), ...acting.filter((each) => route !== undefined && each.route === route)].map(
        ({ entry }) => entry.conf,
      ),
    );
  return ruleTimes(confs(timeouts), confs(retries), isGrpc);
}

export function ruleTimes(timeout: TimeoutConf | undefined, retry: RetryConf | undefined, isGrpc: boolean): RuleTimes {
  const requestMs = timeout?.requestMs ?? DEFAULT_REQUEST_MS;
  return {
    ...(requestMs === 0 ? {} : { timeoutMs: requestMs }),
    ...(timeout?.streamIdleMs ? { idleTimeoutMs: timeout.streamIdleMs } : {}),
    retries: retriesOf(retry, isGrpc),
  };
}

function retriesOf(retry: RetryConf | undefined, isGrpc: boolean): Retries {
  const part = isGrpc ? retry?.grpc : retry?.http;
  const attempts = part?.attempts ?? DEFAULT_ATTEMPTS;
  if (!part || attempts === 0) return { attempts: 0 };
  const words = part.on ?? [];
  const onlyCodes = words.length > 0 && words.every((word) => /^\d+$/.test(word));
  // status codes are tried beside the conditions that hold when none is named
  const on = words.length === 0 || onlyCodes ? [...DEFAULT_ON[isGrpc ? "grpc" : "http"], ...words] : words;
  return {
    attempts,
    ...(part.perTryMs ? { perTryTimeoutMs: part.perTryMs } : {}),
    on: on as NonNullable<Retries["on"]>,
    ...backoffOf(part),
    ...(part.isElsewhere ? { ignorePreviousHosts: true } : {}),
    ...(part.isRemote ? { remoteLocalities: true } : {}),
  };
}

/** Kuma's own, where a back-off says only how long it may get. */
const BASE_MS = 25;

function backoffOf({ baseMs, maxMs }: RetryPart): Pick<Retries, "backoff"> {
  if (!baseMs && !maxMs) return {};
  const base = baseMs || BASE_MS;
  return { backoff: { baseMs: base, ...(maxMs ? { maxMs: Math.max(base, maxMs) } : {}) } };
}
