// The Route of a service -> ServiceRouter, with splitters where a rule shares calls out.
// The rule: what the design leaves out is written out where Consul's defaults are others: no time limit, and two retries of a failed connection.
import { objectKey, type Retries, type Route, type RouteRule, refKey, type Service } from "@/lib/mesh";
import type { Judgement } from "../gateway-api/entries";
import { unsaidOf } from "../gateway-api/lower";
import { oneAfterTheOther } from "../shared/destination-headers";
import { msToDuration } from "../shared/fields";
import { exportMatch } from "./export-match";
import { type ConsulExport, filled, isHttp } from "./export-out";
import { hundredths, type Splits, type Target } from "./export-splits";

type Spec = Record<string, unknown>;
/** What a proxy of the design retries on that was told nothing, as far as Consul has words. */
const DEFAULT_RETRY = { numRetries: 2, retryOn: ["connect-failure", "refused-stream", "unavailable", "cancelled"] };
const NO_TIMEOUT = "-1s";
const AS_WITHOUT = JSON.stringify({ destination: { requestTimeout: "15s" } });
/** Conditions that Consul refuses. */
const WITHOUT_WORD = new Set(["reset-before-request"]);

export function exportServiceRoute(out: ConsulExport, service: Service, splits: Splits): void {
  const { context } = out;
  const [route, ...others] = context.index.routesOf(objectKey(service));
  for (const each of others) {
    const reason = `${route?.metadata.name} already says where calls of this service go`;
    context.lose(each, ["spec"], "lost", reason, { changesMeaning: true });
  }
  const { name, namespace } = service.metadata;
  if (!isHttp(service)) {
    if (route) {
      const reason = "Consul routes HTTP only, and this service speaks tcp: its connections go to the service";
      context.lose(route, ["spec"], "lost", reason, { changesMeaning: true });
    }
    return;
  }
  if (route) splits.prepare(route, service);
  const routes = route
    ? routesOf(out, route, splits, name)
    : [{ destination: { requestTimeout: NO_TIMEOUT, ...DEFAULT_RETRY } }];
  const [first, ...more] = routes;
  // what Consul does without a router needs none
  const isDefault = more.length === 0 && JSON.stringify(first) === AS_WITHOUT;
  const isKept = route?.metadata.origin?.kept !== undefined;
  if (!isDefault || isKept) out.add("ServiceRouter", { name, namespace }, { routes }, route);
}

/** The rules of a route as a router's routes, with a verdict for each rule. */
export function routesOf(out: ConsulExport, route: Route, splits: Splits, name: string): Spec[] {
  const { context } = out;
  const { rules } = route.spec;
  const target = `ServiceRouter ${name}`;
  const written = rules.flatMap((rule, i): Spec[] => {
    const judged: Judgement[] = [];
    const judge = (judgement: Judgement) => judged.push(judgement);
    const routes = ruleRoutes(out, route, rule, splits, judge);
    const path = ["spec", "rules", i];
    for (const { verdict, reason, changesMeaning } of judged) {
      context.lose(route, path, verdict, reason, { ...(changesMeaning ? { changesMeaning } : {}), target });
    }
    if (judged.length === 0) context.tell(route, path, "exact", "means the same in Consul", { target });
    return routes;
  });
  if (!takesEverything(rules)) {
    const reason = "Consul sends what no route takes to the service itself, where the design answers 404";
    context.lose(route, ["spec", "rules"], "approximate", reason, { changesMeaning: true });
  }
  return written;
}

const takesEverything = (rules: readonly RouteRule[]) =>
  rules.some(({ matches }) => matches.length === 0 || matches.some((match) => Object.keys(match).length === 0));

type Judge = (judgement: Judgement) => void;

function ruleRoutes(out: ConsulExport, route: Route, rule: RouteRule, splits: Splits, judge: Judge): Spec[] {
  const { action } = rule;
  if (action.type !== "forward") {
    const what = action.type === "redirect" ? "redirects" : "answers of their own";
    const reason = `Consul's routes have no ${what}: calls go on to the rules after it`;
    judge({ verdict: "lost", reason, changesMeaning: true });
    return [];
  }
  const legs = splits.legsOf(route, action.destinations, () => {
    const reason = "Consul takes each destination once: of several to one place the headers of the first hold for all";
    judge({ verdict: "lost", reason, changesMeaning: true });
  });
  if (legs.length > 1 && !hundredths(legs.map(({ weight }) => weight)).isExact) {
    const reason = "shares are hundredths of a percent in Consul, 100 together: rounded";
    judge({ verdict: "approximate", reason, changesMeaning: false });
  }
  tellPorts(out, route, rule, judge);
  if (legs.length === 0) {
    judge({ verdict: "lost", reason: "its destination is not in the design", changesMeaning: true });
    return [];
  }
  const others = out.strangers(route, legs);
  if (others.length > 0) {
    const reason = `Consul takes no chain of several protocols, and ${others.join(", ")} speaks another one: calls go on to the rules after it`;
    judge({ verdict: "lost", reason, changesMeaning: true });
    return [];
  }
  const target = splits.target(route, legs);
  // without a splitter there is one list of changes for both
  const own = legs.length === 1 ? legs[0]?.headers : undefined;
  const destination = destinationOf(rule, target, oneAfterTheOther(own, rule.headers), judge);
  const matches = (rule.matches.length > 0 ? rule.matches : [{}]).filter((match) => {
    const unsaid = unsaidOf(match);
    const reason = `${unsaid}: the calls that the match takes here go on to the rules after it`;
    if (unsaid !== undefined) judge({ verdict: "lost", reason, changesMeaning: true });
    return unsaid === undefined;
  });
  if (rule.rewrite?.path !== undefined && matches.some(({ path }) => path?.type === "regex")) {
    const reason = "Consul replaces exact paths and prefixes, and not what an expression takes: the path stays";
    judge({ verdict: "lost", reason, changesMeaning: true });
  }
  return matches.flatMap((match) =>
    exportMatch(match, match.path?.type === "regex" ? undefined : rule.rewrite?.path).map(({ http, rewrite }) => ({
      ...(Object.keys(http).length > 0 ? { match: { http } } : {}),
      destination: filled({ ...destination, prefixRewrite: rewrite }),
    })),
  );
}

function destinationOf(rule: RouteRule, target: Target, changes: RouteRule["headers"], judge: Judge): Spec {
  if (rule.rewrite?.host !== undefined) {
    const reason = "Consul does not rewrite the host: the callee sees the one that was called";
    judge({ verdict: "lost", reason, changesMeaning: true });
  }
  if (rule.rewrite?.pathRegex) {
    const reason = "Consul replaces exact paths and prefixes, and no parts of a path: it stays as it came";
    judge({ verdict: "lost", reason, changesMeaning: true });
  }
  if (rule.fault) {
    const reason = "faults are an extension of Envoy in Consul's Enterprise edition: the calls go through";
    judge({ verdict: "lost", reason, changesMeaning: true });
  }
  if (rule.internalRedirects) {
    const reason = "Consul follows no redirects: callers get them";
    judge({ verdict: "lost", reason, changesMeaning: true });
  }
  if (rule.mirrors) {
    const reason = "Consul does not copy requests: only the destination gets them";
    judge({ verdict: "lost", reason, changesMeaning: true });
  }
  if (rule.cors) {
    const reason = "Consul does not answer for other origins: the app has to, and pages that it refuses cannot call";
    judge({ verdict: "lost", reason, changesMeaning: true });
  }
  const headers = (side: "request" | "response") => {
    const { set, add, remove } = changes?.[side] ?? {};
    return filled({ set, add, remove });
  };
  return {
    ...target,
    requestTimeout: rule.timeoutMs === undefined ? NO_TIMEOUT : msToDuration(rule.timeoutMs),
    idleTimeout: rule.idleTimeoutMs === undefined ? undefined : msToDuration(rule.idleTimeoutMs),
    ...(rule.retries ? retriesOf(rule.retries, judge) : DEFAULT_RETRY),
    requestHeaders: headers("request"),
    responseHeaders: headers("response"),
  };
}

function retriesOf(
  { attempts, perTryTimeoutMs, on = [], backoff, ignorePreviousHosts, remoteLocalities }: Retries,
  judge: Judge,
): Spec {
  if (attempts === 0) return {};
  if (backoff) {
    const reason = "Consul has no back-off: a retry waits up to Envoy's 25 ms";
    judge({ verdict: "lost", reason, changesMeaning: false });
  }
  if (ignorePreviousHosts === true) {
    const reason = "Consul does not leave out hosts that were tried: a retry may go to the same one";
    judge({ verdict: "lost", reason, changesMeaning: false });
  }
  if (remoteLocalities) {
    const reason = "Consul does not send retries to other localities: they spread as calls do";
    judge({ verdict: "lost", reason, changesMeaning: false });
  }
  if (perTryTimeoutMs !== undefined) {
    const reason = "Consul has no time of a single try: one that hangs is not tried again";
    judge({ verdict: "lost", reason, changesMeaning: true });
  }
  if (on.length === 0) return { ...DEFAULT_RETRY, numRetries: attempts };
  const codes = on.filter((each) => /^\d+$/.test(each)).map(Number);
  const said = on.filter((each) => !/^\d+$/.test(each) && each !== "retriable-status-codes" && !WITHOUT_WORD.has(each));
  const missed = on.filter((each) => WITHOUT_WORD.has(each));
  if (missed.length > 0) {
    const reason = `retries on ${missed.join(", ")} cannot be said in Consul`;
    judge({ verdict: "approximate", reason, changesMeaning: true });
  }
  if (said.length + codes.length === 0) return {};
  return filled({ numRetries: attempts, retryOn: said, retryOnStatusCodes: codes });
}

function tellPorts(out: ConsulExport, route: Route, { action }: RouteRule, judge: Judge): void {
  if (action.type !== "forward") return;
  const ported = action.destinations.filter(({ service, port }) => {
    const key = refKey({ kind: "Service", ...service }, route);
    return port !== undefined && (out.index.find("Service", key)?.spec.ports.length ?? 1) > 1;
  });
  if (ported.length === 0) return;
  const names = ported.map(({ service, port }) => `${service.name}:${port}`).join(", ");
  judge({
    verdict: "approximate",
    reason: `a service has one port in Consul, so ${names} cannot be chosen`,
    changesMeaning: true,
  });
}
