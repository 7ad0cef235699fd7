// Route -> VirtualService.
import { httpPorts } from "@/lib/compile/facts";
import {
  type Cors,
  coversServerName,
  type Destination,
  type HeaderChanges,
  type HeaderMatch,
  isSameJson,
  objectKey,
  type QueryMatch,
  type Route,
  type RouteAction,
  type RouteMatch,
  type RouteRule,
  refKey,
  serviceRefKey,
} from "@/lib/mesh";
import { namesOfBoth, oneAfterTheOther, placeOnly } from "../shared/destination-headers";
import { type ExportContext, metadataOf, originOfKind } from "../shared/export-context";
import { defined, msToDuration } from "../shared/fields";
import { withoutRange } from "../shared/integer-range";
import { exportCors } from "./cors";
import { exportFault } from "./fault";
import { fullHost } from "./hosts";
import { exportMirrors } from "./mirror";
import { tcpRules } from "./tcp";

export function exportRoute(context: ExportContext, route: Route): void {
  const origin = originOfKind(route, "VirtualService");
  const twins = context.index.all("Route").filter((each) => {
    const other = originOfKind(each, "VirtualService");
    return other && origin && other.name === origin.name && other.namespace === origin.namespace;
  });
  const name = origin && twins.length === 1 ? origin.name : route.metadata.name;
  const namespace = origin?.namespace ?? route.metadata.namespace;
  const target = context.index.get(refKey(route.spec.target, route));
  const http = route.spec.rules.flatMap((rule, i) =>
    forRewrite(rule, origin !== undefined).map((each) => httpRule(context, route, each, i, namespace)),
  );
  const tcp = (target?.kind === "Service" ? context.index.tcpRoutesOf(objectKey(target)) : []).flatMap((each) =>
    tcpRules(context, each, (home, own) => hostOf(home, own, namespace)),
  );
  // callers and ports that no rule is for would not see it in Istio: they call the service as if it were not there
  const isForSome = route.spec.rules.every(
    ({ matches }) =>
      matches.length > 0 && matches.every(({ caller, port }) => caller !== undefined || port !== undefined),
  );
  const spec: Record<string, unknown> = {
    hosts: hostsOf(context, route, namespace),
    http: isForSome ? [...http, { directResponse: { status: 404 } }] : http,
    ...(tcp.length > 0 ? { tcp } : {}),
  };
  if (target?.kind === "Gateway") {
    const { metadata } = target;
    spec["gateways"] = [metadata.namespace === namespace ? metadata.name : `${metadata.namespace}/${metadata.name}`];
  }
  context.add(
    {
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: metadataOf(route, name, namespace),
      spec: ordered(spec),
    },
    route,
  );
}

const ordered = ({ hosts, gateways, http, tcp }: Record<string, unknown>) => ({
  hosts,
  ...(gateways ? { gateways } : {}),
  http,
  ...(tcp ? { tcp } : {}),
});

function hostsOf(context: ExportContext, route: Route, namespace: string): string[] {
  const target = context.index.get(refKey(route.spec.target, route));
  if (target?.kind === "Gateway") return widest(hostNames(route.spec.hosts ?? ["*"]));
  if (target?.kind === "ExternalService") return widest(hostNames(target.spec.hosts));
  return [hostOf(route.spec.target.namespace ?? route.metadata.namespace, route.spec.target.name, namespace)];
}

/** In one VirtualService Istio refuses a name beside a pattern that has it already. */
export const widest = (hosts: readonly string[]): string[] =>
  hosts.filter(
    (host, i) => !hosts.some((wide, j) => coversServerName(wide, host) && (j < i || !coversServerName(host, wide))),
  );

/** Istio takes no ports in hosts, which mean nothing at a gateway here. */
export const hostNames = (hosts: readonly string[]): string[] => [
  ...new Set(hosts.map((host) => host.replace(/:\d+$/, ""))),
];

/** Short where the resource is in the service's namespace, full elsewhere. */
export function hostOf(namespace: string, name: string, from: string): string {
  return namespace === from ? name : fullHost(namespace, name);
}

function httpRule(
  context: ExportContext,
  route: Route,
  rule: RouteRule,
  i: number,
  namespace: string,
): Record<string, unknown> {
  const match = withMissing(rule.matches).flatMap(httpMatches);
  if (rule.idleTimeoutMs !== undefined) {
    const reason = "Istio has no idle time of a rule: a request that hangs is ended by the timeout alone";
    context.lose(route, ["spec", "rules", i, "idleTimeoutMs"], "lost", reason, { changesMeaning: true });
  }
  if (rule.internalRedirects) {
    const reason =
      "Istio's proxies follow no redirects, callers get them: write an EnvoyFilter with internal_redirect_policy of the route";
    context.lose(route, ["spec", "rules", i, "internalRedirects"], "lost", reason, { changesMeaning: true });
  }
  const { action, headers } = inListsOfIstio(rule);
  return {
    ...(rule.name === undefined ? {} : { name: rule.name }),
    ...(match.length === 0 ? {} : { match }),
    ...(action.type === "forward"
      ? {
          route: action.destinations
            .map((each) => withPort(context, route, each))
            .map((each) => ({
              destination: {
                host: hostOf(each.service.namespace ?? route.metadata.namespace, each.service.name, namespace),
                ...(each.subset === undefined ? {} : { subset: each.subset }),
                ...(each.port === undefined ? {} : { port: { number: each.port } }),
              },
              weight: each.weight,
              ...(each.headers ? { headers: headersOf(each.headers) } : {}),
            })),
        }
      : {}),
    ...(action.type === "redirect" ? { redirect: redirectOf(context, route, action, i) } : {}),
    ...(action.type === "respond"
      ? {
          directResponse: {
            status: action.status,
            ...(action.body === undefined ? {} : { body: { string: action.body } }),
          },
        }
      : {}),
    ...(rule.timeoutMs === undefined ? {} : { timeout: msToDuration(rule.timeoutMs) }),
    ...(rule.retries ? { retries: retriesOf(context, route, rule, i) } : {}),
    ...(rule.rewrite
      ? {
          rewrite: {
            ...(rule.rewrite.path === undefined ? {} : { uri: rule.rewrite.path }),
            ...(rule.rewrite.pathRegex
              ? {
                  uriRegexRewrite: {
                    match: rule.rewrite.pathRegex.match,
                    rewrite: rule.rewrite.pathRegex.substitution,
                  },
                }
              : {}),
            ...(rule.rewrite.host === undefined ? {} : { authority: rule.rewrite.host }),
          },
        }
      : {}),
    ...(headers ? { headers: headersOf(headers) } : {}),
    ...faultOf(context, route, rule.fault, i),
    ...(rule.mirrors
      ? exportMirrors(
          rule.mirrors.map((each) => withPort(context, route, each)),
          route,
          (home, name) => hostOf(home, name, namespace),
        )
      : {}),
    ...(rule.cors ? { corsPolicy: corsOf(context, route, rule.cors, i) } : {}),
  };
}

/** Istio has no word for how fast an answer comes. */
function faultOf(context: ExportContext, route: Route, fault: RouteRule["fault"], i: number): { fault?: unknown } {
  if (!fault) return {};
  if (fault.responseBandwidth) {
    const reason = "Istio makes no answers slow: write an EnvoyFilter with response_rate_limit of the fault filter";
    const path = ["spec", "rules", i, "fault", "responseBandwidth"];
    context.lose(route, path, "lost", reason, { changesMeaning: fault.responseBandwidth.percent > 0 });
  }
  return fault.delay || fault.abort ? { fault: exportFault(fault) } : {};
}

/** Headers of an only destination come after the rule's in Istio: where both change the same name, the rule gets one list for both. */
function inListsOfIstio({ action, headers }: RouteRule): Pick<RouteRule, "action" | "headers"> {
  const [only, ...more] = action.type === "forward" ? action.destinations : [];
  if (!only || more.length > 0 || namesOfBoth(only.headers, headers).length === 0) return { action, headers };
  return {
    action: { type: "forward", destinations: [placeOnly(only)] },
    headers: oneAfterTheOther(only.headers, headers),
  };
}

type Redirect = Extract<RouteAction, { type: "redirect" }>;

/** Istio refuses one that changes nothing; where there are rules the scheme is http, so naming it changes nothing either. */
function redirectOf(context: ExportContext, route: Route, action: Redirect, i: number) {
  const { path, host, port, scheme, code } = action;
  if (action.prefixRewrite !== undefined) {
    const reason = "Istio before 1.31 redirects to whole paths only: callers are sent to the path that they called";
    context.lose(route, ["spec", "rules", i, "action", "prefixRewrite"], "lost", reason, { changesMeaning: true });
  }
  if (host === undefined && port === (scheme === "https" ? 443 : 80)) {
    const reason = `Istio never names port ${port}: who called with another one is sent to that again; name the host as well`;
    context.lose(route, ["spec", "rules", i, "action", "port"], "approximate", reason, { changesMeaning: true });
  }
  const isSame = path === undefined && host === undefined && port === undefined;
  return defined({
    uri: path,
    authority: host,
    port,
    scheme: scheme ?? (isSame ? "http" : undefined),
    redirectCode: code ?? 301,
  });
}

function corsOf(context: ExportContext, route: Route, cors: Cors, i: number): Record<string, unknown> {
  if (cors.maxAgeSeconds !== 0) return exportCors(cors);
  const reason =
    "Istio refuses a maxAge of 0: it is left out, and browsers keep the answer as long as they do by themselves";
  context.lose(route, ["spec", "rules", i, "cors", "maxAgeSeconds"], "approximate", reason);
  const { maxAgeSeconds: _, ...rest } = cors;
  return exportCors(rest);
}

/**
 * Istio looks for the port that was called, also at another service: where that has another one, it is named. A gateway's is none of the
 * service's, so of several the first is named, which it is here.
 */
function withPort<T extends Pick<Destination, "service" | "port">>(context: ExportContext, route: Route, to: T): T {
  const target = context.index.get(refKey(route.spec.target, route));
  const callee = context.index.find("Service", serviceRefKey(to.service, route));
  const [first, ...more] = httpPorts(callee?.spec.ports ?? []).map(({ port }) => port);
  if (to.port !== undefined || first === undefined || !callee) return to;
  if (target?.kind === "Gateway") return callee.spec.ports.length === 1 ? to : { ...to, port: first };
  if (target?.kind !== "Service" || more.length > 0) return to;
  return httpPorts(target.spec.ports).every(({ port }) => port === first) ? to : { ...to, port: first };
}

function retriesOf(context: ExportContext, route: Route, rule: RouteRule, i: number): Record<string, unknown> {
  const { attempts = 0, perTryTimeoutMs, on, backoff, ignorePreviousHosts, remoteLocalities } = rule.retries ?? {};
  const isChosen = ignorePreviousHosts !== undefined || remoteLocalities !== undefined;
  if (attempts === 0) {
    if (perTryTimeoutMs !== undefined || on || backoff || isChosen) {
      const reason = "Istio takes attempts: 0 only alone; the rest has no effect anyway";
      context.lose(route, ["spec", "rules", i, "retries"], "approximate", reason);
    }
    return { attempts: 0 };
  }
  if (backoff?.maxMs !== undefined) {
    const reason = "Istio has no longest wait: it is ten times the first";
    context.lose(route, ["spec", "rules", i, "retries", "backoff", "maxMs"], "approximate", reason);
  }
  return {
    attempts,
    ...(perTryTimeoutMs === undefined ? {} : { perTryTimeout: msToDuration(perTryTimeoutMs) }),
    ...(on && on.length > 0 ? { retryOn: on.join(",") } : {}),
    ...(backoff ? { backoff: msToDuration(backoff.baseMs) } : {}),
    ...(ignorePreviousHosts === undefined ? {} : { retryIgnorePreviousHosts: ignorePreviousHosts }),
    ...(remoteLocalities === undefined ? {} : { retryRemoteLocalities: remoteLocalities }),
  };
}

function headersOf(headers: {
  request?: HeaderChanges | undefined;
  response?: HeaderChanges | undefined;
}): Record<string, unknown> {
  return {
    ...(headers.request ? { request: literal(headers.request) } : {}),
    ...(headers.response ? { response: literal(headers.response) } : {}),
  };
}

/** To Istio a % begins a variable of Envoy. */
function literal({ set, add, remove }: HeaderChanges): HeaderChanges {
  const written = (values: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.replaceAll("%", "%%")]));
  return {
    ...(set ? { set: written(set) } : {}),
    ...(add ? { add: written(add) } : {}),
    ...(remove ? { remove } : {}),
  };
}

/**
 * Istio replaces a prefix as text: a prefix by segment, which is two of its matches, needs a rule for each when it is replaced, and
 * the root, which ends with a slash, a new path that does. What Istio's own text said stays as it is.
 */
function forRewrite(rule: RouteRule, isIstios: boolean): RouteRule[] {
  const to = rule.rewrite?.path;
  const matches = rule.matches.length > 0 ? rule.matches : [{}];
  const isPlain = rule.action.type !== "forward" || to === undefined || isIstios;
  if (isPlain || matches.every(({ path }) => path !== undefined && path.type !== "pathPrefix")) return [rule];
  const short = to.replace(/\/+$/, "");
  return matches.flatMap((match): RouteRule[] => {
    const { path } = match;
    if (path !== undefined && path.type !== "pathPrefix") return [{ ...rule, matches: [match] }];
    const bare = bareOf(match);
    if (bare === undefined || !path)
      return [{ ...rule, matches: [match], rewrite: { ...rule.rewrite, path: `${short}/` } }];
    const place = (type: "exact" | "prefix", value: string, next: string): RouteRule => ({
      ...rule,
      matches: [{ ...match, path: { ...path, type, value } }],
      rewrite: { ...rule.rewrite, path: next },
    });
    return [place("exact", bare, short || "/"), place("prefix", `${bare}/`, `${short}/`)];
  });
}

/** The path of a prefix by segment, without its last slash; undefined for other matches and for the root. */
function bareOf({ path }: RouteMatch): string | undefined {
  const bare = path?.type === "pathPrefix" ? path.value.replace(/\/+$/, "") : "";
  return bare === "" ? undefined : bare;
}

/** `orMissing`: names of headers that may be missing as well as be something else. */
type Told = { match: RouteMatch; orMissing: readonly string[] };

/** Two matches that differ only in whether a header is something else or missing are one of Istio's, to which the two are the same. */
function withMissing(matches: readonly RouteMatch[]): Told[] {
  let told: Told[] = matches.map((match) => ({ match, orMissing: [] }));
  for (let i = 0; i < told.length; i++) {
    for (const header of told[i]?.match.headers ?? []) {
      const own = told[i];
      if (!own || !header.invert || header.type === "present") continue;
      const absent: HeaderMatch = { name: header.name, type: "present", invert: true };
      const headers = own.match.headers?.map((each) => (each === header ? absent : each));
      const twin: Told = { match: { ...own.match, headers }, orMissing: own.orMissing };
      const at = told.findIndex((each) => isSameJson(each, twin));
      if (at <= i) continue;
      told = told.filter((_, j) => j !== at);
      told[i] = { match: own.match, orMissing: [...own.orMissing, header.name] };
    }
  }
  return told;
}

/** One match may need two of Istio's: a path prefix by segment is the path itself, or anything below it. */
function httpMatches({ match, orMissing }: Told): Record<string, unknown>[] {
  const rest: Record<string, unknown> = {};
  if (match.port !== undefined) rest["port"] = match.port;
  if (match.scheme !== undefined) rest["scheme"] = { exact: match.scheme };
  if (match.authority) rest["authority"] = valueMatch(match.authority);
  if (match.methods?.length === 1) rest["method"] = { exact: match.methods[0] };
  else if (match.methods) rest["method"] = { regex: match.methods.map(escapeRegex).join("|") };
  const said = (match.headers ?? []).map(withoutRange);
  const headers = said.filter((each) => !each.invert);
  const without = said.filter((each) => each.invert);
  // to Istio one that is missing is empty, and so something else; in the model it is nothing
  const asked = without.filter(
    ({ name, type }) =>
      type !== "present" &&
      !orMissing.includes(name) &&
      !headers.some((each) => each.name.toLowerCase() === name.toLowerCase()),
  );
  const all = [
    ...asked.map(({ name }) => [name, {}] as const),
    ...headers.map((each) => [each.name, valueMatch(each)] as const),
  ];
  if (all.length > 0) rest["headers"] = Object.fromEntries(all);
  if (without.length > 0)
    rest["withoutHeaders"] = Object.fromEntries(without.map((each) => [each.name, valueMatch(each)]));
  if (match.caller?.labels) rest["sourceLabels"] = match.caller.labels;
  if (match.caller?.namespace !== undefined) rest["sourceNamespace"] = match.caller.namespace;
  if (match.query) rest["queryParams"] = Object.fromEntries(match.query.map((each) => [each.name, valueMatch(each)]));
  const { path } = match;
  if (!path) return [rest];
  const ignore = path.ignoreCase ? { ignoreUriCase: true } : {};
  if (path.type !== "pathPrefix") return [{ uri: { [path.type]: path.value }, ...ignore, ...rest }];
  const bare = path.value.replace(/\/+$/, "");
  if (bare === "") return [{ uri: { prefix: "/" }, ...rest }];
  return [
    { uri: { exact: bare }, ...ignore, ...rest },
    { uri: { prefix: `${bare}/` }, ...ignore, ...rest },
  ];
}

function valueMatch(each: Pick<HeaderMatch | QueryMatch, "type" | "value">): Record<string, string> {
  if (each.type === "present" || each.value === undefined) return {};
  // Istio has no suffix; its regular expressions match the whole value
  if (each.type === "suffix") return { regex: `.*${escapeRegex(each.value)}` };
  return { [each.type]: each.value };
}

const escapeRegex = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
