// One rule in Gateway API's words: where it goes, what it changes, how long it may take.
import {
  type Destination,
  type HeaderChanges,
  keyOf,
  type MeshIndex,
  type Mirror,
  type Retries,
  type Route,
  type RouteDestination,
  type RouteRule,
  serviceRefKey,
} from "@/lib/mesh";
import type { DialectId } from "../catalogue";
import { namesOfBoth } from "../shared/destination-headers";
import { exportCors } from "./cors";
import { formatDuration } from "./duration";
import type { Judgement } from "./entries";
import { exportShare } from "./mirror";
import { CONNECTION_ERRORS, DEFAULT_ATTEMPTS } from "./route";

export type Backend = { name: string; namespace: string; port: number; weight: number };
export type RuleContext = {
  index: MeshIndex;
  route: Route;
  /** Of the resource that is written. */
  namespace: string;
  channel: string;
  /** The port that callers use; undefined where a route is for any. */
  calledPort: number | undefined;
  judge(judgement: Judgement): void;
  /** Remembers a version of a service that is a backend. */
  needsSubset(service: string, subset: string): void;
  needsGrant(backend: Backend): void;
};

export type RouteNeeds = Pick<RuleContext, "channel" | "needsSubset"> & {
  needsGrant(kind: string, namespace: string, backend: { name: string; namespace: string }): void;
  /** The mesh that the route is written for, where its words go beyond Gateway API's. */
  product?: RouteProduct;
};

export type RouteProduct = {
  title: string;
  /** Sources whose names and kept fields are its own. */
  dialects: readonly DialectId[];
  /** What it says beside the rule, on the resource: rules that differ in it are in resources of their own. */
  annotationsOf(rule: number): Readonly<Record<string, string>>;
  /** What it loses of a rule beyond what Gateway API does. */
  judgementsOf(rule: number): readonly Judgement[];
  /** What it does with calls of a service without routes, beyond sending them on. */
  implied?: Partial<RouteRule>;
};

const GATEWAY_API: RouteProduct = {
  title: "Gateway API",
  dialects: ["gateway-api"],
  annotationsOf: () => ({}),
  judgementsOf: () => [],
};
export const productOf = ({ product }: RouteNeeds): RouteProduct => product ?? GATEWAY_API;

export const versionServiceName = (index: MeshIndex, serviceKey: string, subset: string): string => {
  const found = index.subsetsOf(serviceKey).find((each) => each.spec.name === subset);
  const origin = found?.metadata.origin;
  if (origin?.kind === "Service") return origin.name;
  return `${serviceKey.split("/")[2]}-${subset}`.slice(0, 63).replace(/-+$/, "");
};

export function backendRefs(context: RuleContext, rule: RouteRule): Record<string, unknown>[] {
  if (rule.action.type !== "forward") return [];
  const { destinations } = rule.action;
  if (destinations.length > MAX) context.judge(lost(`more than ${MAX} destinations`));
  return destinations.slice(0, MAX).flatMap((each) => {
    const backend = backendOf(context, each);
    if (!backend) return [];
    const isOnly = destinations.length === 1;
    const weight = isOnly && each.weight === 0 ? 1 : each.weight;
    const isElsewhere = backend.namespace !== context.namespace;
    if (isElsewhere) context.needsGrant(backend);
    return [
      {
        name: backend.name,
        ...(isElsewhere ? { namespace: backend.namespace } : {}),
        port: backend.port,
        ...(weight === 1 ? {} : { weight }),
        ...backendFilters(context, rule, each),
      },
    ];
  });
}

function backendFilters(context: RuleContext, rule: RouteRule, { headers }: RouteDestination): Record<string, unknown> {
  const names = namesOfBoth(headers, rule.headers);
  if (names.length > 0)
    context.judge(
      nearly(
        `${names.join(", ")}: whose change comes first, the rule's or a backend's, is the product's own choice`,
        true,
      ),
    );
  const filters = headerFilters(context, headers);
  return filters.length > 0 ? { filters } : {};
}

const MAX = 16;
const lost = (reason: string): Judgement => ({ verdict: "lost", reason, changesMeaning: true });
const nearly = (reason: string, changesMeaning = false): Judgement => ({
  verdict: "approximate",
  reason,
  changesMeaning,
});

function backendOf(context: RuleContext, destination: Destination): Backend | undefined {
  const { index, route, calledPort } = context;
  const key = serviceRefKey(destination.service, route);
  const service = index.get(key);
  const namespace = destination.service.namespace ?? route.metadata.namespace;
  if (service?.kind !== "Service") {
    context.judge(lost(`there is no ${keyOf("Service", namespace, destination.service.name)}`));
    return undefined;
  }
  const ports = service.spec.ports.filter(({ protocol }) => protocol !== "tcp").map(({ port }) => port);
  const port = destination.port ?? (calledPort !== undefined && ports.includes(calledPort) ? calledPort : ports[0]);
  if (port === undefined) {
    context.judge(lost(`${key} has no HTTP port`));
    return undefined;
  }
  if (destination.subset !== undefined) context.needsSubset(key, destination.subset);
  const name =
    destination.subset === undefined ? service.metadata.name : versionServiceName(index, key, destination.subset);
  return { name, namespace: service.metadata.namespace, port, weight: destination.weight };
}

const HOSTNAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

function hostnameOf(context: RuleContext, host: string | undefined): string | undefined {
  if (host === undefined) return undefined;
  if (HOSTNAME.test(host)) return host;
  context.judge(lost(`host ${host} is no name that Gateway API takes`));
  return undefined;
}

/** How the path of a call changes, for one match of the rule. */
export type NewPath = { type: "ReplaceFullPath" | "ReplacePrefixMatch"; value: string };

const replaced = ({ type, value }: NewPath) => ({
  type,
  [type === "ReplaceFullPath" ? "replaceFullPath" : "replacePrefixMatch"]: value,
});

export function filtersOf(context: RuleContext, rule: RouteRule, path: NewPath | undefined): Record<string, unknown>[] {
  const { action, headers, rewrite } = rule;
  const filters: Record<string, unknown>[] = [];
  if (rule.fault) context.judge(lost("Gateway API makes no faults"));
  if (rule.internalRedirects) context.judge(lost("Gateway API follows no redirects: callers get them"));
  if (rule.rewrite?.pathRegex) context.judge(lost("Gateway API replaces no parts of a path: it stays as it came"));
  for (const mirror of rule.mirrors ?? []) filters.push(...mirrorOf(context, mirror));
  const cors = rule.cors && exportCors(rule.cors, context.judge);
  if (cors) filters.push({ type: "CORS", cors });
  filters.push(...headerFilters(context, headers));
  if (action.type === "redirect") {
    const hostname = hostnameOf(context, action.host);
    filters.push({
      type: "RequestRedirect",
      requestRedirect: {
        ...(action.scheme === undefined ? {} : { scheme: action.scheme }),
        ...(hostname === undefined ? {} : { hostname }),
        ...(action.port === undefined ? {} : { port: action.port }),
        ...(action.path === undefined ? {} : { path: { type: "ReplaceFullPath", replaceFullPath: action.path } }),
        ...(path ? { path: replaced(path) } : {}),
        statusCode: action.code ?? 301,
      },
    });
  } else if (action.type === "forward") {
    const hostname = hostnameOf(context, rewrite?.host);
    if (path || hostname !== undefined) {
      const urlRewrite = {
        ...(hostname === undefined ? {} : { hostname }),
        ...(path ? { path: replaced(path) } : {}),
      };
      filters.push({ type: "URLRewrite", urlRewrite });
    }
  } else if (action.status !== 500 || action.body !== undefined) {
    context.judge(
      nearly(`Gateway API answers nothing of its own but 500: these calls get it in place of ${action.status}`, true),
    );
  }
  return filters;
}

function mirrorOf(context: RuleContext, mirror: Mirror): Record<string, unknown>[] {
  const backend = backendOf(context, { ...mirror, weight: 1 });
  if (!backend) return [];
  const isElsewhere = backend.namespace !== context.namespace;
  if (isElsewhere) context.needsGrant(backend);
  const backendRef = {
    name: backend.name,
    ...(isElsewhere ? { namespace: backend.namespace } : {}),
    port: backend.port,
  };
  return [{ type: "RequestMirror", requestMirror: { backendRef, ...exportShare(mirror.percent) } }];
}

const SIDES = [
  ["request", "RequestHeaderModifier", "requestHeaderModifier"],
  ["response", "ResponseHeaderModifier", "responseHeaderModifier"],
] as const;

function headerFilters(context: RuleContext, headers: RouteRule["headers"]): Record<string, unknown>[] {
  return SIDES.flatMap(([side, type, field]) => {
    const changes = headers?.[side];
    const modifier = changes ? modifierOf(context, changes) : undefined;
    return modifier ? [{ type, [field]: modifier }] : [];
  });
}

function modifierOf(context: RuleContext, changes: HeaderChanges): Record<string, unknown> | undefined {
  const entries = (map: Record<string, string> | undefined) =>
    Object.entries(map ?? {}).map(([name, value]) => ({ name, value }));
  const [set, add, remove] = [entries(changes.set), entries(changes.add), changes.remove ?? []];
  if ([set, add, remove].some((list) => list.length > MAX)) {
    context.judge(lost(`more than ${MAX} header changes of a kind: the rest is left out`));
  }
  if ([...set, ...add].some(({ value }) => value === "")) {
    context.judge(lost("a header with an empty value cannot be written"));
  }
  const usable = (list: { name: string; value: string }[]) => list.filter(({ value }) => value !== "").slice(0, MAX);
  const modifier = {
    ...(usable(set).length > 0 ? { set: usable(set) } : {}),
    ...(usable(add).length > 0 ? { add: usable(add) } : {}),
    ...(remove.length > 0 ? { remove: remove.slice(0, MAX) } : {}),
  };
  return Object.keys(modifier).length === 0 ? undefined : modifier;
}

export function timesOf(context: RuleContext, rule: RouteRule): Record<string, unknown> {
  const { timeoutMs, idleTimeoutMs, retries } = rule;
  if (idleTimeoutMs !== undefined) context.judge(lost("Gateway API has no idle time of a rule"));
  const perTry = retries?.perTryTimeoutMs;
  const isLonger = timeoutMs !== undefined && perTry !== undefined && perTry > timeoutMs;
  if (isLonger) context.judge(nearly("a try may not have more time than the call: it has as much"));
  const request = timeoutMs === undefined ? {} : { request: formatDuration(timeoutMs) };
  const backend = perTry === undefined ? {} : { backendRequest: formatDuration(isLonger ? timeoutMs : perTry) };
  const timeouts = { ...request, ...backend };
  const retry = retries ? retryOf(context, retries) : undefined;
  return {
    ...(Object.keys(timeouts).length > 0 ? { timeouts } : {}),
    ...(retry ? { retry } : {}),
  };
}

function retryOf(context: RuleContext, retries: Retries): Record<string, unknown> | undefined {
  const { attempts, on = [], backoff } = retries;
  if (retries.ignorePreviousHosts !== undefined)
    context.judge(nearly("whether a retry looks for another host is the product's own choice"));
  if (retries.remoteLocalities)
    context.judge(nearly("whether a retry goes to other localities is the product's own choice"));
  const codes = on.filter((each) => /^[45]\d\d$/.test(each)).map(Number);
  const conditions = on.filter((each) => !/^\d+$/.test(each));
  const isDefault = attempts === DEFAULT_ATTEMPTS && on.length === 0 && !backoff;
  // what a proxy does without being told needs no word
  if (isDefault) return undefined;
  if (attempts === 0) {
    context.judge(nearly("retries cannot be turned off: the product's own default applies", true));
    return undefined;
  }
  if (context.channel !== "experimental") {
    context.judge(lost("retries are in the experimental channel only: the product's own default applies"));
    return undefined;
  }
  if (on.length > 0) tellConditions(context, on, conditions, codes.length);
  if (backoff?.maxMs !== undefined) context.judge(nearly("a longest wait before a retry cannot be said"));
  return {
    attempts,
    ...(codes.length > 0 ? { codes } : {}),
    ...(backoff ? { backoff: formatDuration(backoff.baseMs) } : {}),
  };
}

/** Gateway API names status codes; failed connections are always tried again. */
function tellConditions(
  context: RuleContext,
  on: readonly string[],
  conditions: readonly string[],
  codes: number,
): void {
  const asUsual =
    CONNECTION_ERRORS.length === conditions.length && CONNECTION_ERRORS.every((each) => conditions.includes(each));
  if (!asUsual) {
    const words = conditions.length > 0 ? conditions.join(", ") : "status codes alone";
    context.judge(
      nearly(
        `retries on ${words} cannot be said: failed connections are tried again${codes > 0 ? ", and the status codes" : ""}`,
        true,
      ),
    );
  }
  const others = on.filter((each) => /^[23]\d\d$/.test(each));
  if (others.length > 0) context.judge(lost(`retries on ${others.join(", ")} cannot be said`));
}
