// Values and field names as words, shared by the sentences of diffs.
import { pathText } from "../references";
import type {
  CallerMatch,
  ClaimCondition,
  ConnectionRate,
  Cors,
  Destination,
  Fault,
  HeaderChanges,
  HeaderCondition,
  HeaderMatch,
  InternalRedirects,
  Mirror,
  Path,
  RateLimit,
  Ref,
  RequestLimit,
  Retries,
  RouteMatch,
  RouteRule,
  TcpMatch,
  TcpRule,
} from "../types";

const FIELD_WORDS: Record<string, string> = {
  "spec.connectionPool.maxConnections": "most connections",
  "spec.connectionPool.maxPendingRequests": "most pending requests",
  "spec.connectionPool.maxRequests": "most requests at once",
  "spec.connectionPool.maxRequestsPerConnection": "most requests per connection",
  "spec.connectionPool.maxRetries": "most retries at once",
  "spec.connectionPool.idleTimeoutMs": "idle timeout of connections of HTTP",
  "spec.connectionPool.connectTimeoutMs": "connect timeout",
  "spec.connectionPool.tcpIdleTimeoutMs": "idle timeout of connections of TCP",
  "spec.connectionPool.maxConnectAttempts": "tries to connect of TCP",
  "spec.connectionPool.tcpKeepalive": "TCP keepalive",
  "spec.connectionPool.tcpKeepalive.timeMs": "idle time before a TCP keepalive",
  "spec.connectionPool.maxConnectionDurationMs": "longest time of a connection",
  "spec.connectionPool.maxConcurrentStreams": "most requests at once on a connection of HTTP/2",
  "spec.connectionPool.h2UpgradePolicy": "HTTP/2 for ports of HTTP",
  "spec.outlierDetection.consecutive5xxErrors": "5xx errors in a row before ejection",
  "spec.outlierDetection.consecutiveGatewayErrors": "gateway errors in a row before ejection",
  "spec.outlierDetection.errorStatuses": "answers that are errors to outlier detection",
  "spec.outlierDetection.legacyConsecutiveErrors": "legacy consecutiveErrors (without effect)",
  "spec.outlierDetection.intervalMs": "interval of outlier detection",
  "spec.outlierDetection.baseEjectionTimeMs": "shortest ejection",
  "spec.outlierDetection.maxEjectionPercent": "most endpoints ejected at once (percent)",
  "spec.outlierDetection.splitExternalLocalOriginErrors": "calls without an answer count for themselves",
  "spec.outlierDetection.consecutiveLocalOriginFailures": "calls without an answer in a row before ejection",
  "spec.outlierDetection.successRate": "ejection by success rate",
  "spec.outlierDetection.failurePercentage": "ejection by share of failures",
  "spec.outlierDetection.minHealthPercent": "share of hosts below which all are called (percent)",
  "spec.outlierDetection.alwaysEjectOneHost": "ejection of the first host whatever the most is",
  "spec.retryBudget": "retry budget",
  "spec.retryBudget.percent": "most retries as a share of requests (percent)",
  "spec.retryBudget.minConcurrency": "retries that are always allowed",
  "spec.healthCheck": "health check",
  "spec.healthCheck.type": "kind of health check",
  "spec.healthCheck.path": "path of the health check",
  "spec.healthCheck.intervalMs": "interval of the health check",
  "spec.healthCheck.timeoutMs": "timeout of the health check",
  "spec.healthCheck.unhealthyThreshold": "health checks without an answer before a host is out",
  "spec.healthCheck.healthyThreshold": "health checks that bring a host back",
  "spec.loadBalancing.warmup": "warm-up of new hosts",
  "spec.loadBalancing.warmup.durationMs": "warm-up of new hosts",
  "spec.loadBalancing.warmup.minimumPercent": "share that new hosts begin with (percent)",
  "spec.loadBalancing.warmup.aggression": "aggression of the warm-up",
  "spec.locality": "where it runs",
  "spec.defaults.mutualTls": "default mutual TLS mode",
  "spec.defaults.authorization": "default authorization",
  "spec.certificateTtlHours": "lifetime of certificates (hours)",
  "spec.accessLog": "access log",
  "spec.accessLog.to": "where the access log goes",
  "spec.accessLog.to.type": "where the access log goes",
  "spec.accessLog.to.path": "file of the access log",
  "spec.accessLog.to.host": "host of the log collector",
  "spec.accessLog.to.port": "port of the log collector",
  "spec.accessLog.to.protocol": "protocol of the log collector",
  "spec.accessLog.to.tls": "TLS to the log collector",
  "spec.accessLog.to.tls.ca": "authority of the log collector",
  "spec.accessLog.to.tls.serverName": "name in the log collector's certificate",
  "spec.accessLog.format": "format of the access log",
  "spec.accessLog.format.text": "format of the access log",
  "spec.accessLog.format.fields": "fields of the access log",
  "spec.accessLog.filter": "which requests are logged",
  "spec.accessLog.filter.from": "lowest status that is logged",
  "spec.accessLog.filter.to": "highest status that is logged",
  "spec.tracing": "tracing",
  "spec.tracing.samplingPercent": "share of requests that are traced (percent)",
  "spec.tracing.collector.host": "host of the trace collector",
  "spec.tracing.collector.port": "port of the trace collector",
  "spec.tracing.collector.protocol": "protocol of the trace collector",
  "spec.tracing.collector.tls": "TLS to the trace collector",
  "spec.tracing.collector.tls.ca": "authority of the trace collector",
  "spec.tracing.collector.tls.serverName": "name in the trace collector's certificate",
  "spec.tracing.tags": "tags of spans",
  "spec.trustDomain": "trust domain",
  "spec.serviceAccount": "service account",
  "spec.expectedRequestsPerSecond": "expected requests per second",
};

export function fieldWords(path: Path): string {
  const text = pathText(path);
  return FIELD_WORDS[text] ?? text.replace(/^spec\./, "").replace(/Ms$/, "");
}

/** `250 ms`, `2.5 s`, `90 s`, `2 min`, `1 h`: exact, and in seconds from one second on, so that two beside each other compare at sight. */
export function durationText(ms: number): string {
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000} h`;
  if (ms % 60_000 === 0) return `${ms / 60_000} min`;
  return ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`;
}

export function valueText(value: unknown, path: Path): string {
  if (value === undefined) return "nothing";
  const last = path.at(-1);
  if (last === "errorStatuses" && Array.isArray(value)) return statusesText(value);
  if (typeof value === "number" && typeof last === "string" && last.endsWith("Ms")) return durationText(value);
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return String(value);
  const text = JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

/** `429, 500 to 599` */
export function statusesText(statuses: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const status of [...statuses].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && status === last[1] + 1) last[1] = status;
    else runs.push([status, status]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from} to ${to}`)).join(", ");
}

export function refText(ref: Ref): string {
  return ref.namespace === undefined ? ref.name : `${ref.namespace}/${ref.name}`;
}

/** `subset v2`, `payment-service` */
export function destinationText(destination: Omit<Destination, "weight">, targetName: string): string {
  const { service, subset, port } = destination;
  const name = service.namespace === undefined ? service.name : `${service.namespace}/${service.name}`;
  const at = port === undefined ? "" : `:${port}`;
  if (subset === undefined) return `${name}${at}`;
  return name === targetName ? `${subset}${at}` : `${name} ${subset}${at}`;
}

export function ruleName(rule: RouteRule | TcpRule, i: number): string {
  if (rule.name) return `rule "${rule.name}"`;
  return rule.matches.length === 0 ? `rule ${i + 1} (everything else)` : `rule ${i + 1}`;
}

/** `header x-user-type = beta-tester and path under /pay` */
export function matchText(match: RouteMatch): string {
  const parts: string[] = [];
  if (match.caller) parts.push(callerText(match.caller));
  if (match.port !== undefined) parts.push(`port ${match.port}`);
  if (match.scheme !== undefined) parts.push(`scheme = ${match.scheme}`);
  if (match.authority) parts.push(`host ${comparison(match.authority)}`);
  if (match.methods) parts.push(`method ${match.methods.join(" or ")}`);
  if (match.path) {
    const words = { exact: "=", prefix: "begins with", pathPrefix: "under", regex: "~" }[match.path.type];
    parts.push(`path ${words} ${match.path.value}`);
  }
  for (const each of match.headers ?? []) parts.push(`header ${each.name} ${comparison(each)}`);
  for (const each of match.query ?? []) parts.push(`query ${each.name} ${comparison(each)}`);
  return parts.length === 0 ? "any request" : parts.join(" and ");
}

/** `caller in namespace staging with version=v2` */
export function callerText({ namespace, labels = {} }: CallerMatch): string {
  const named = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  const where = namespace === undefined ? "" : ` in namespace ${namespace}`;
  return `caller${where}${named.length > 0 ? ` with ${named.join(", ")}` : ""}`;
}

function comparison(each: Omit<HeaderMatch, "name">): string {
  const not = each.invert ? "not " : "";
  if (each.type === "range") return `${not}from ${each.start} to below ${each.end}`;
  if (each.type === "present") return each.invert ? "is absent" : "is present";
  const words: Record<string, string> = { exact: "=", prefix: "begins with", suffix: "ends with", regex: "~" };
  return `${not}${words[each.type] ?? each.type} ${each.value ?? ""}`;
}

const CONDITION_WORDS = {
  exact: ["is", "is not"],
  prefix: ["begins with", "does not begin with"],
  suffix: ["ends with", "does not end with"],
  contains: ["contains", "does not contain"],
  regex: ["matches", "does not match"],
} as const;

/** `groups is admin or owner and email is present` */
export function claimsText(conditions: readonly ClaimCondition[]): string {
  return conditions
    .map(({ claim, type, values = [], invert }) => {
      const name = claim.join(".");
      if (type === "present") return `${name} is ${invert ? "absent" : "present"}`;
      return `${name} ${CONDITION_WORDS[type][invert ? 1 : 0]} ${values.join(" or ")}`;
    })
    .join(" and ");
}

/** `header x-role is admin or owner and header x-debug is absent` */
export function conditionsText(conditions: readonly HeaderCondition[]): string {
  return conditions
    .map(({ name, type, values = [], invert }) => {
      if (type === "present") return `header ${name} is ${invert ? "absent" : "present"}`;
      return `header ${name} ${CONDITION_WORDS[type][invert ? 1 : 0]} ${values.join(" or ")}`;
    })
    .join(" and ");
}

/** Shares in percent of the sum, at most one decimal: `v1 90 %, v2 10 %`. */
export function shares(destinations: readonly Destination[], targetName: string): Map<string, string> {
  const sum = destinations.reduce((total, each) => total + each.weight, 0);
  const result = new Map<string, number>();
  for (const each of destinations) {
    const share = destinations.length === 1 ? 100 : sum === 0 ? 0 : (each.weight / sum) * 100;
    const name = destinationText(each, targetName);
    result.set(name, (result.get(name) ?? 0) + share);
  }
  return new Map([...result].map(([name, share]) => [name, `${Math.round(share * 10) / 10} %`]));
}

export function actionText(rule: RouteRule, targetName: string): string {
  const { action } = rule;
  if (action.type === "respond") return `is answered with ${action.status}`;
  if (action.type === "redirect") {
    const place = redirectPlace(action);
    return `is redirected${place ? ` to ${place}` : ""}${action.path ? ` to path ${action.path}` : ""}${action.prefixRewrite ? ` to prefix ${action.prefixRewrite}` : ""}`;
  }
  return destinationsText(action.destinations, targetName);
}

function destinationsText(destinations: readonly Destination[], targetName: string): string {
  const each = [...shares(destinations, targetName)];
  const [only] = each;
  if (each.length === 1 && only) return `goes to ${only[0]}`;
  return `goes to ${each.map(([name, share]) => `${name} (${share})`).join(", ")}`;
}

/** `port 5432 and caller in namespace staging` */
export function tcpMatchText({ port, serverNames, caller }: TcpMatch): string {
  const parts = [
    ...(port === undefined ? [] : [`port ${port}`]),
    ...(serverNames ? [`TLS for ${serverNames.join(" or ")}`] : []),
    ...(caller ? [callerText(caller)] : []),
  ];
  return parts.join(" and ");
}

export function tcpRuleText({ matches, destinations }: TcpRule, targetName: string): string {
  const when = matches.length === 0 ? "every connection" : matches.map(tcpMatchText).join(", or ");
  return `${when} ${destinationsText(destinations, targetName)}`;
}

/** `at most 2 with 302 or 307, also from https to http, to each rule once` */
export function internalRedirectsText({
  max,
  codes = [302],
  crossScheme,
  oncePerRule,
  copyHeaders,
}: {
  max: number;
  codes?: readonly number[] | undefined;
  crossScheme?: InternalRedirects["crossScheme"];
  oncePerRule?: boolean | undefined;
  copyHeaders?: readonly string[] | undefined;
}): string {
  return [
    `at most ${max} with ${codes.join(" or ")}`,
    ...(crossScheme === undefined
      ? []
      : [crossScheme === "safe" ? "also from https to http" : "also to the other scheme"]),
    ...(oncePerRule ? ["to each rule once"] : []),
    ...(copyHeaders ? [`with the answer's ${copyHeaders.join(", ")}`] : []),
  ].join(", ");
}

/** `10 % wait 2 s, 0.5 % are aborted with 503, 5 % get their answer at 8 KiB/s` */
export function faultText({ delay, abort, responseBandwidth }: Fault): string {
  const said: string[] = [];
  if (delay) said.push(`${delay.percent} % wait ${durationText(delay.fixedDelayMs)}`);
  if (abort) {
    const status = abort.httpStatus ?? `gRPC status ${abort.grpcStatus}`;
    said.push(`${abort.percent} % are aborted with ${status}`);
  }
  if (responseBandwidth)
    said.push(`${responseBandwidth.percent} % get their answer at ${responseBandwidth.limitKbps} KiB/s`);
  return said.join(", ");
}

/** `10 % are also sent to v2 and 100 % to audit` */
export function mirrorsText(mirrors: readonly Mirror[], targetName: string): string {
  const each = mirrors.map((mirror) => [mirror.percent, destinationText(mirror, targetName)] as const);
  return each.map(([percent, name], i) => `${percent} %${i === 0 ? " are also sent" : ""} to ${name}`).join(" and ");
}

/** `pages of https://shop.example may call with GET, POST and credentials` */
export function corsText(cors: Cors): string {
  const { allowMethods = [], allowHeaders = [], exposeHeaders = [], maxAgeSeconds: maxAge } = cors;
  const said = [
    `pages of ${cors.allowOrigins.map(originText).join(" or ")} may call`,
    ...(allowMethods.length > 0 ? [`by ${allowMethods.join(", ")}`] : []),
    ...(allowHeaders.length > 0 ? [`with ${allowHeaders.join(", ")}`] : []),
    ...(cors.allowCredentials ? ["with credentials"] : []),
  ];
  const more = [
    ...(exposeHeaders.length > 0 ? [`they may read ${exposeHeaders.join(", ")}`] : []),
    ...(maxAge === undefined ? [] : [`preflights hold ${durationText(maxAge * 1000)}`]),
    ...(cors.unmatchedPreflights === "ignore" ? ["preflights of others end here"] : []),
  ];
  return [said.join(" "), ...more].join(", ");
}

function originText({ type, value }: Cors["allowOrigins"][number]): string {
  if (type === "exact") return value === "*" ? "any origin" : value;
  return type === "prefix" ? `origins that begin with ${value}` : `origins that match ${value}`;
}

const PERIODS: Readonly<Record<number, string>> = { 1000: "second", 60000: "minute", 3600000: "hour" };

/** `100 requests per second (200 at once) under path /pay` */
export function limitText({ match, requests, perMs, burst, per }: RequestLimit): string {
  const atOnce = burst === undefined || burst === requests ? "" : ` (${burst} at once)`;
  const what = match && Object.keys(match).length > 0 ? ` of ${matchText(match)}` : "";
  return `${requests} ${requests === 1 ? "request" : "requests"} per ${PERIODS[perMs] ?? durationText(perMs)}${atOnce}${what}${per ? ` ${keyText(per)}` : ""}`;
}

/** `50 new connections per second (80 at once)` */
export function connectionRateText({ connections, perMs, burst }: ConnectionRate): string {
  const atOnce = burst === undefined || burst === connections ? "" : ` (${burst} at once)`;
  return `${connections} new ${connections === 1 ? "connection" : "connections"} per ${PERIODS[perMs] ?? durationText(perMs)}${atOnce}`;
}

/** `each instance takes at most 100 requests per second; each instance takes at most 50 new connections per second` */
export function rateLimitText(spec: RateLimit["spec"]): string {
  const { limits, connectionRate } = spec;
  return [
    ...(limits ? [`${limitedText(spec)} at most ${limits.map(limitText).join(", ")}`] : []),
    ...(connectionRate ? [`each instance takes at most ${connectionRateText(connectionRate)}`] : []),
  ].join("; ");
}

/** `from each caller` */
function keyText(per: NonNullable<RequestLimit["per"]>): string {
  return per.type === "caller" ? "from each caller" : `for each ${per.name}`;
}

/** Who keeps a rate limit: `each instance takes`, `all instances together take`. */
function limitedText({ scope }: Pick<RateLimit["spec"], "scope">): string {
  return scope === "global" ? "all instances together take" : "each instance takes";
}

/** How long calls may take, and whether they are tried again. */
export function patienceText({
  timeoutMs,
  idleTimeoutMs,
  retries,
}: Pick<RouteRule, "timeoutMs" | "idleTimeoutMs" | "retries">): string[] {
  const again = (attempts: number) =>
    attempts === 0 ? "never tried again" : attempts === 1 ? "tried again once" : `tried again ${attempts} times`;
  return [
    ...(timeoutMs === undefined ? [] : [`within ${durationText(timeoutMs)}`]),
    ...(idleTimeoutMs === undefined ? [] : [`given up after ${durationText(idleTimeoutMs)} without a byte`]),
    ...(retries ? [again(retries.attempts)] : []),
    ...(retries?.backoff ? [`waiting up to ${durationText(retries.backoff.baseMs)} before a retry`] : []),
    ...(retries?.ignorePreviousHosts === false ? ["by any host again"] : []),
    ...(retries?.remoteLocalities ? ["after two tries in other localities"] : []),
  ];
}

/** `up to 3 retries on 5xx, reset, each try up to 2 s, waiting up to 100 ms at first and 2 s at most` */
export function retriesText({ attempts, on, perTryTimeoutMs, backoff, ...where }: Retries): string {
  if (attempts === 0) return "no retries";
  return [
    `up to ${attempts} ${attempts === 1 ? "retry" : "retries"}${on && on.length > 0 ? ` on ${on.join(", ")}` : ""}`,
    ...(perTryTimeoutMs === undefined ? [] : [`each try up to ${durationText(perTryTimeoutMs)}`]),
    ...(backoff ? [`waiting up to ${durationText(backoff.baseMs)} at first`] : []),
    ...(backoff?.maxMs === undefined ? [] : [`up to ${durationText(backoff.maxMs)} at most`]),
    ...(where.ignorePreviousHosts === undefined
      ? []
      : [where.ignorePreviousHosts ? "at hosts that were not tried yet" : "at hosts that were tried too"]),
    ...(where.remoteLocalities ? ["in other localities after two tries"] : []),
  ].join(", ");
}

/** `matched path becomes /new, host becomes pay.example.com` */
export function rewriteText({ path, pathRegex, host }: NonNullable<RouteRule["rewrite"]>): string {
  return [
    ...(path === undefined ? [] : [`matched path becomes ${path}`]),
    ...(pathRegex ? [`${pathRegex.match} in the path becomes ${JSON.stringify(pathRegex.substitution)}`] : []),
    ...(host === undefined ? [] : [`host becomes ${host}`]),
  ].join(", ");
}

/** What the rule, and what the way to each of its destinations, changes of requests and answers. */
export function messageChangesText({ rewrite, headers, action }: RouteRule, targetName: string): string[] {
  const places = action.type === "forward" ? action.destinations : [];
  const rewritten = rewrite ? rewriteText(rewrite) : "";
  const changed = headers ? headersText(headers) : "";
  return [
    ...(rewritten === "" ? [] : [rewritten]),
    ...(changed === "" ? [] : [changed]),
    ...places.flatMap((each) => {
      const text = each.headers ? headersText(each.headers) : "";
      return text === "" ? [] : [`of what goes to ${destinationText(each, targetName)}, ${text}`];
    }),
  ];
}

export function ruleText(rule: RouteRule, targetName: string): string {
  const when = rule.matches.length === 0 ? "everything" : rule.matches.map(matchText).join(", or ");
  const said = [
    ...patienceText(rule),
    ...messageChangesText(rule, targetName),
    ...(rule.internalRedirects ? [`redirects are followed, ${internalRedirectsText(rule.internalRedirects)}`] : []),
    ...(rule.mirrors ? [mirrorsText(rule.mirrors, targetName)] : []),
    ...(rule.fault ? [faultText(rule.fault)] : []),
    ...(rule.cors ? [corsText(rule.cors)] : []),
  ];
  return `${when} ${actionText(rule, targetName)}${said.length > 0 ? ` (${said.join("; ")})` : ""}`;
}

/** `requests: set x-a to 1, remove x-b; answers: add x-c: 2` */
export function headersText({ request, response }: NonNullable<RouteRule["headers"]>): string {
  const [sent, back] = [request, response].map((changes) => (changes ? headerWords(changes) : ""));
  return [...(sent ? [`requests: ${sent}`] : []), ...(back ? [`answers: ${back}`] : [])].join("; ");
}

function headerWords({ set = {}, add = {}, remove = [] }: HeaderChanges): string {
  return [
    ...remove.map((name) => `remove ${name}`),
    ...Object.entries(set).map(([name, value]) => `set ${name} to ${value}`),
    ...Object.entries(add).map(([name, value]) => `add ${name}: ${value}`),
  ].join(", ");
}

/** `https://shop.example.com:8443`, `https, port 8443`; "" where scheme, host and port stay. */
export function redirectPlace({ scheme, host, port }: Extract<RouteRule["action"], { type: "redirect" }>): string {
  if (host === undefined) return [scheme, port === undefined ? undefined : `port ${port}`].filter(Boolean).join(", ");
  return `${scheme ? `${scheme}://` : ""}${host}${port === undefined ? "" : `:${port}`}`;
}
