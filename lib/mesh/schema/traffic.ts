// Kinds that steer traffic: subsets, routes and traffic policies.
// The rule: rules are tried in list order and the first match wins; the matches of a rule are OR-ed, the conditions of a match AND-ed.
import { z } from "zod";
import { cors } from "./cors";
import { healthCheck } from "./health-check";
import { loadBalancing } from "./load-balancing";
import { trafficLocality } from "./locality";
import {
  durationMs,
  headerName,
  headerValue,
  hostName,
  httpMethod,
  labelName,
  labels,
  matchText,
  percent,
  portNumber,
  ref,
  serverName,
  serviceRef,
  shortText,
} from "./primitives";

/** `spec.name` is what destinations say; `metadata.name` is by convention `<service>-<name>`, unique in the namespace. */
export const subsetSpec = z.strictObject({
  service: serviceRef.describe("The service whose workloads are divided."),
  name: labelName.describe("What destinations of routes say, as v2."),
  labels: labels.describe("Labels that a workload must have to belong to it; `version` is always there."),
});

export const pathMatch = z.strictObject({
  type: z
    .enum(["exact", "prefix", "pathPrefix", "regex"])
    .describe(
      "exact; prefix: as text (/foo takes /foobar); pathPrefix: by segments (it does not); regex: RE2, whole path.",
    ),
  value: matchText.min(1).describe("Begins with /, except for a regex."),
  ignoreCase: z.boolean().optional().describe("Upper and lower case count as the same."),
});

const valueMatchType = z
  .enum(["exact", "prefix", "suffix", "regex", "present"])
  .describe("How the value is compared; present takes no value.");
const needsValue = (match: { type: string; value?: string | undefined }) =>
  match.type === "present" ? match.value === undefined : match.value !== undefined;
const VALUE_RULE = { error: 'needs a value, unless its type is "present", which takes none', path: ["value"] };
const bound = z.int().optional();
const hasBounds = (match: { type: string; start?: number | undefined; end?: number | undefined }) =>
  match.type === "range"
    ? match.start !== undefined && match.end !== undefined
    : match.start === undefined && match.end === undefined;

/** A range is Envoy's range_match: a value that is no decimal integer is in none, and with `invert` outside of all. */
export const headerMatch = z
  .strictObject({
    name: headerName.describe("The header's name; case does not matter."),
    type: z
      .enum([...valueMatchType.options, "range"])
      .describe("How the value is compared; present takes no value, range takes start and end instead."),
    value: matchText.optional().describe("What it is compared with."),
    start: bound.describe("Of a range: the least whole number in it."),
    end: bound.describe("Of a range: the first whole number above it, which is outside."),
    invert: z.boolean().optional().describe("Matches when the condition does not hold."),
  })
  .refine(({ type, value }) => (type === "range" ? value === undefined : needsValue({ type, value })), {
    error: 'needs a value, unless its type is "present" or "range", which take none',
    path: ["value"],
  })
  .refine(hasBounds, { error: 'and end are needed by type "range", and by no other', path: ["start"] });
export const queryMatch = z
  .strictObject({
    name: shortText.min(1).describe("The query parameter's name."),
    type: valueMatchType,
    value: matchText.optional().describe("What it is compared with."),
  })
  .refine(needsValue, VALUE_RULE);

/** What a request says of itself. */
export const requestMatch = z.strictObject({
  path: pathMatch.optional().describe("The request's path, without the query."),
  methods: z.array(httpMethod).min(1).max(16).optional().describe("Any of these HTTP methods."),
  headers: z.array(headerMatch).min(1).max(32).optional().describe("All of these headers."),
  query: z.array(queryMatch).min(1).max(32).optional().describe("All of these query parameters."),
});

/** Of the workload that calls; all of it has to hold. Known before the first request: only the callers meant get the rule. */
export const callerMatch = z
  .strictObject({
    namespace: labelName.optional().describe("The namespace that the caller is in."),
    labels: labels.optional().describe("Labels that the caller must have; `version` is always there."),
  })
  .refine(({ namespace, labels: asked }) => namespace !== undefined || Object.keys(asked ?? {}).length > 0, {
    error: "needs a namespace or a label",
  });

/** Of `Host` or `:authority` as it was sent: with the port where it says one, and upper case is another letter. */
export const authorityMatch = z.strictObject({
  type: z.enum(["exact", "prefix", "suffix", "regex"]).describe("How it is compared; regex: RE2, all of it."),
  value: matchText.min(1).describe("What it is compared with."),
});

export const routeMatch = requestMatch.extend({
  scheme: z
    .enum(["http", "https"])
    .optional()
    .describe("How the request came: https through TLS of a gateway; apps call their sidecars by http."),
  authority: authorityMatch.optional().describe("The host that was called, as the request names it, with its port."),
  port: portNumber.optional().describe("Only requests to this port of the service; not on gateways."),
  caller: callerMatch.optional().describe("Only requests of these callers; not on gateways."),
});

export const destination = z.strictObject({
  service: serviceRef.describe("The service that gets the request."),
  subset: labelName.optional().describe("Only the workloads of this subset; absent: all of the service."),
  port: portNumber.optional().describe("Absent: the service's port that the call came for, or its only one."),
  weight: z
    .int()
    .min(0, "must be 0 or more")
    .max(1_000_000, "must be at most 1000000")
    .describe("Relative to the sum of the rule; it need not be 100."),
});

const headerEntries = z
  .record(headerName, headerValue)
  .refine((value) => Object.keys(value).length <= 64, "must have at most 64 entries");
export const headerChanges = z.strictObject({
  set: headerEntries.optional().describe("Replaces the header, or adds it."),
  add: headerEntries.optional().describe("Adds a value beside those that are there."),
  remove: z.array(headerName).max(64).optional().describe("Takes the header away."),
});
const headersOfBothWays = z.strictObject({
  request: headerChanges.optional().describe("On the way to the destination."),
  response: headerChanges.optional().describe("On the way back."),
});

/** As Envoy's weighted clusters: what it does to headers comes before what the rule does. */
export const routeDestination = destination.extend({
  headers: headersOfBothWays
    .optional()
    .describe("Headers of the requests that go there, and of their answers; the rule's are changed after them."),
});

const redirectCode = z.union([z.literal(301), z.literal(302), z.literal(303), z.literal(307), z.literal(308)]);
export const routeAction = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("forward").describe("Sends the request on."),
    destinations: z
      .array(routeDestination)
      .min(1, "must have a destination")
      .max(64)
      .describe("Where it goes, in shares of their weights."),
  }),
  z.strictObject({
    type: z.literal("redirect").describe("Answers with another address."),
    scheme: z.enum(["http", "https"]).optional().describe("Of the new address; absent: as the request."),
    host: hostName.optional().describe("Of the new address; absent: as the request."),
    port: portNumber.optional().describe("Of the new address; absent: as the request."),
    path: matchText.min(1).optional().describe("Replaces the whole path."),
    prefixRewrite: matchText
      .min(1)
      .optional()
      .describe("Replaces the matched prefix, or the whole path of an exact or regex match; not beside path."),
    code: redirectCode.optional().describe("Status of the answer; absent: 301."),
  }),
  z.strictObject({
    type: z.literal("respond").describe("Answers itself; nothing behind it is called."),
    status: z.int().min(200).max(599).describe("Status of the answer."),
    body: z.string().max(4096).optional().describe("Text of the answer."),
  }),
]);

/** Envoy's retry conditions that both Istio and the proxy know; a three-digit status is a condition of its own. */
export const RETRY_CONDITIONS = [
  "5xx",
  "gateway-error",
  "reset",
  "reset-before-request",
  "connect-failure",
  "refused-stream",
  "retriable-4xx",
  "retriable-status-codes",
  "cancelled",
  "deadline-exceeded",
  "internal",
  "resource-exhausted",
  "unavailable",
] as const;
export const retries = z.strictObject({
  attempts: z.int().min(0).max(100).describe("Tries after the first; 0 turns retries off."),
  perTryTimeoutMs: durationMs
    .optional()
    .describe("Longest time of one try, in milliseconds; absent: the rule's timeout."),
  on: z
    .array(
      z.union([
        z.enum(RETRY_CONDITIONS),
        z.string().regex(/^[2-5]\d\d$/, "must be a retry condition or a status code"),
      ]),
    )
    .max(32)
    .optional()
    .describe("What is tried again: conditions of Envoy, or status codes."),
  backoff: z
    .strictObject({
      baseMs: durationMs.describe(
        "A retry waits by chance up to so many milliseconds, the next one up to three times as long, and so on.",
      ),
      maxMs: durationMs.optional().describe("No wait is longer, in milliseconds; absent: ten times the first."),
    })
    .refine(({ baseMs, maxMs }) => maxMs === undefined || maxMs >= baseMs, {
      error: "must not be less than baseMs",
      path: ["maxMs"],
    })
    .optional()
    .describe("How long a retry waits; absent: Envoy's 25 ms."),
  ignorePreviousHosts: z
    .boolean()
    .optional()
    .describe(
      "A retry looks for a host that was not tried yet, up to five times; absent: true, but not where a hash chooses the host.",
    ),
  remoteLocalities: z
    .boolean()
    .optional()
    .describe(
      "After every two tries the next goes to localities that come after those tried; absent: as requests spread over them.",
    ),
});

/** What frames or routes a request is not its app's to say. */
const NOT_COPIED = new Set("connection content-length host keep-alive te trailer transfer-encoding upgrade".split(" "));
const isWithoutTwins = (list: readonly unknown[]) => new Set(list).size === list.length;
/** Envoy's internal_redirect_policy. */
export const internalRedirects = z.strictObject({
  max: z
    .int()
    .min(1, "must be from 1 to 100")
    .max(100, "must be from 1 to 100")
    .describe("Most redirects of one request that are followed; the next one goes to the caller."),
  codes: z
    .array(redirectCode)
    .min(1, "must have a status")
    .max(5)
    .refine(isWithoutTwins, "must not have a status twice")
    .optional()
    .describe("Which redirects are followed; absent: 302."),
  crossScheme: z
    .enum(["safe", "any"])
    .optional()
    .describe("Between http and https too: safe not from http to https, any both ways. Absent: not at all."),
  oncePerRule: z
    .boolean()
    .optional()
    .describe("A rule redirects to the same rule once for one request; again goes to the caller."),
  copyHeaders: z
    .array(headerName)
    .min(1)
    .max(64)
    .refine((names) => isWithoutTwins(names.map((name) => name.toLowerCase())), "must not have a name twice")
    .refine((names) => !names.some((name) => NOT_COPIED.has(name.toLowerCase())), {
      error: `must not have what frames or routes a request: ${[...NOT_COPIED].join(", ")}`,
    })
    .optional()
    .describe("Headers of the redirect that the next request gets in place of its own."),
});

/** A share of requests. Envoy draws in millionths. */
const requestShare = z
  .number()
  .min(0, "must be from 0 to 100")
  .max(100, "must be from 0 to 100")
  .describe("Share of the requests, in percent, down to 0.0001.");
export const fault = z
  .strictObject({
    delay: z
      .strictObject({
        percent: requestShare,
        fixedDelayMs: durationMs.describe("How long a request waits before it is sent on, in milliseconds."),
      })
      .optional()
      .describe("Lets requests wait, before an abort is decided."),
    abort: z
      .strictObject({
        percent: requestShare,
        httpStatus: z.int().min(200).max(599).optional().describe("Status of the answer; gRPC callers get its equal."),
        grpcStatus: z.int().min(1).max(16).optional().describe("Status of gRPC, for callers that speak it."),
      })
      .refine(({ httpStatus, grpcStatus }) => (httpStatus === undefined) !== (grpcStatus === undefined), {
        error: "needs either httpStatus or grpcStatus",
        path: ["httpStatus"],
      })
      .optional()
      .describe("Answers requests with an error instead of sending them on."),
    responseBandwidth: z
      .strictObject({
        percent: requestShare,
        limitKbps: z
          .int()
          .min(1, "must be 1 or more")
          .max(1_000_000_000, "must be at most 1000000000")
          .describe(
            "So fast an answer goes on at most, in KiB (1024 bytes) per second, as Envoy reads its limit_kbps.",
          ),
      })
      .optional()
      .describe("Lets answers come slowly, each for itself."),
  })
  .refine(
    ({ delay, abort, responseBandwidth }) =>
      delay !== undefined || abort !== undefined || responseBandwidth !== undefined,
    { error: "needs a delay, an abort or a responseBandwidth" },
  );

export const mirror = z.strictObject({
  service: serviceRef.describe("The service that gets the copy."),
  subset: labelName.optional().describe("Only the workloads of this subset; absent: all of the service."),
  port: portNumber.optional().describe("Absent: the service's port that the call came for, or its only one."),
  percent: requestShare,
});

export const routeRule = z.strictObject({
  name: shortText.optional().describe("How findings, logs and people call this rule."),
  matches: z.array(routeMatch).max(128).describe("Any of them has to match; empty: every request."),
  action: routeAction.describe("What happens to the request."),
  timeoutMs: durationMs.optional().describe("Longest time for all tries together, in milliseconds; absent: none."),
  idleTimeoutMs: durationMs
    .optional()
    .describe(
      "A request of which no byte moves for so long is ended, in milliseconds; absent: an hour, at a gateway five minutes.",
    ),
  retries: retries.optional().describe("Failed tries that are made again."),
  internalRedirects: internalRedirects
    .optional()
    .describe("Redirects that the destination answers and the proxy follows itself; absent: callers get them."),
  rewrite: z
    .strictObject({
      path: matchText
        .min(1)
        .optional()
        .describe("Replaces the matched prefix, or the whole path of an exact or regex match."),
      pathRegex: z
        .strictObject({
          match: matchText.min(1).describe("RE2; every part of the path that it takes is replaced."),
          substitution: matchText.describe("What comes there; \\1 is the first group."),
        })
        .optional()
        .describe("Replaces parts of the path, whatever was matched; not beside path."),
      host: hostName.optional().describe("The host that the destination sees."),
    })
    .refine(({ path, pathRegex }) => path === undefined || pathRegex === undefined, {
      error: "is not for a rewrite that has a path as well: keep one of the two",
      path: ["pathRegex"],
    })
    .optional()
    .describe("Changes the request before it is sent on."),
  headers: headersOfBothWays.optional().describe("Headers that are set, added or removed."),
  fault: fault.optional().describe("Errors and delays that are made on purpose, to see what callers do."),
  mirrors: z
    .array(mirror)
    .min(1)
    .max(16)
    .optional()
    .describe("Where copies of the requests go as well. Nobody waits for their answers, and callers never see them."),
  cors: cors.optional().describe("Which pages in browsers may call from other origins."),
});

export const routeSpec = z.strictObject({
  target: ref.describe("The service whose callers use it, or the gateway that serves it."),
  hosts: z.array(hostName).max(256).optional().describe("On a gateway: which of its hosts; absent: all."),
  rules: z
    .array(routeRule)
    .min(1, "must have at least one rule")
    .max(256)
    .describe("Tried in order; the first that matches decides."),
});

/** Of a connection: nothing else is known of it before it is sent on. */
export const tcpMatch = z
  .strictObject({
    port: portNumber.optional().describe("Only connections to this port of the service or gateway."),
    serverNames: z
      .array(serverName)
      .min(1)
      .max(256)
      .optional()
      .describe("Only TLS whose client names one of these servers; *.example.com is every name below it."),
    caller: callerMatch.optional().describe("Only connections of these callers; not on gateways."),
  })
  .refine((match) => Object.values(match).some((value) => value !== undefined), {
    error: "needs a port, server names or a caller",
  });

export const tcpRule = z.strictObject({
  name: shortText.optional().describe("How findings, logs and people call this rule."),
  matches: z.array(tcpMatch).max(128).describe("Any of them has to match; empty: every connection."),
  destinations: z
    .array(destination)
    .min(1, "must have a destination")
    .max(64)
    .describe("Where connections go, in shares of their weights."),
});

export const tcpRouteSpec = z
  .strictObject({
    service: serviceRef.optional().describe("The service whose callers use it, on its ports of protocol tcp."),
    gateway: serviceRef.optional().describe("Or the gateway that serves it, at its listeners of protocol tcp and tls."),
    rules: z
      .array(tcpRule)
      .min(1, "must have at least one rule")
      .max(256)
      .describe(
        "Tried in order; the first that matches decides. What none takes goes to the service itself; a gateway closes it.",
      ),
  })
  .refine(({ service, gateway }) => (service === undefined) !== (gateway === undefined), {
    error: "needs either a service or a gateway",
    path: ["service"],
  });

const count = z.int().min(1, "must be 1 or more").max(4_294_967_295);
/** What TCP_KEEPIDLE takes, in whole seconds. */
const keepaliveMs = z
  .int()
  .min(1000, "must be from 1000 to 32767000 ms")
  .max(32_767_000, "must be from 1000 to 32767000 ms")
  .multipleOf(1000, "must be whole seconds, in milliseconds");
const errorsInARow = z.int().min(0).max(1_000_000).optional();
export const connectionPool = z.strictObject({
  maxConnections: count.optional().describe("Most connections of one caller's proxy."),
  maxPendingRequests: count.optional().describe("Most requests that wait for a connection; more get 503."),
  maxRequests: count.optional().describe("Most requests under way at once; more get 503."),
  maxRequestsPerConnection: z
    .int()
    .min(0)
    .max(536_870_912)
    .optional()
    .describe("A connection is closed after so many; 0: never."),
  maxRetries: count.optional().describe("Most retries under way at once."),
  connectTimeoutMs: durationMs.optional().describe("Longest time to connect, in milliseconds."),
  idleTimeoutMs: durationMs.optional().describe("An unused connection of HTTP is closed after so many milliseconds."),
  tcpIdleTimeoutMs: durationMs
    .optional()
    .describe("A connection of TCP on which no byte moves for so long is closed, in milliseconds; absent: an hour."),
  maxConnectAttempts: z
    .int()
    .min(1, "must be from 1 to 100")
    .max(100, "must be from 1 to 100")
    .optional()
    .describe("Tries to connect for one connection of TCP, the first one too; absent: 1."),
  tcpKeepalive: z
    .strictObject({ timeMs: keepaliveMs.describe("Idle time before the first probe, whole seconds in milliseconds.") })
    .optional()
    .describe(
      "Callers' proxies probe connections on which no byte moves, and close those that answer none of ten probes, a second apart. Absent: nobody is probed.",
    ),
  maxConnectionDurationMs: durationMs
    .optional()
    .describe("A connection of HTTP takes no more requests after so many milliseconds, and is closed when it is free."),
  maxConcurrentStreams: z
    .int()
    .min(1, "must be 1 or more")
    .max(2_147_483_647)
    .optional()
    .describe(
      "Most requests at once on a connection of HTTP/2; more open another one. Absent: 1024, or what the host allows.",
    ),
  h2UpgradePolicy: z
    .enum(["upgrade", "do-not-upgrade"])
    .optional()
    .describe(
      "Ports of protocol http: upgrade also calls those without a sidecar by HTTP/2, do-not-upgrade calls all by HTTP/1.1. Absent: HTTP/2 between sidecars, HTTP/1.1 to others.",
    ),
});

const hostCount = z.int().min(1, "must be 1 or more").max(10_000, "must be at most 10000");
const requestVolume = z.int().min(1, "must be 1 or more").max(100_000_000, "must be at most 100000000");
export const outlierDetection = z.strictObject({
  consecutive5xxErrors: errorsInARow.describe("Ejects a host after so many 5xx in a row; 0 turns this counter off."),
  consecutiveGatewayErrors: errorsInARow.describe(
    "Ejects a host after so many 502, 503 or 504 in a row; 0 turns this counter off.",
  ),
  errorStatuses: z
    .array(z.int().min(100, "must be from 100 to 599").max(599, "must be from 100 to 599"))
    .min(1, "must have a status")
    .max(500, "must have at most 500 entries")
    .refine((statuses) => new Set(statuses).size === statuses.length, "must not have a status twice")
    .optional()
    .describe(
      "Answers of HTTP that are errors to all counters, and no others; absent: 5xx. A grpc-status in the head of an answer is judged as ever.",
    ),
  splitExternalLocalOriginErrors: z
    .boolean()
    .optional()
    .describe("Calls that got no answer count for themselves; absent: as 5xx and gateway errors."),
  consecutiveLocalOriginFailures: errorsInARow.describe(
    "With the split: ejects a host after so many calls in a row that got no answer (refused, reset, timed out); 0 turns this counter off. Absent: 5.",
  ),
  successRate: z
    .strictObject({
      minimumHosts: hostCount.optional().describe("So many hosts need the requests below; absent: 5."),
      requestVolume: requestVolume
        .optional()
        .describe("A host with fewer requests in an interval is left out; absent: 100."),
      standardDeviationFactor: z
        .number()
        .min(0, "must be from 0 to 1000")
        .max(1000, "must be from 0 to 1000")
        .optional()
        .describe("Out is who lies so many standard deviations below the mean of all; absent: 1.9."),
    })
    .optional()
    .describe("Ejects hosts whose share of successes is far below that of the others; absent: nobody is compared."),
  failurePercentage: z
    .strictObject({
      threshold: percent.optional().describe("Out is who fails in this share of its requests or more; absent: 85."),
      minimumHosts: hostCount.optional().describe("So many hosts need the requests below; absent: 5."),
      requestVolume: requestVolume
        .optional()
        .describe("A host with fewer requests in an interval is left out; absent: 50."),
    })
    .optional()
    .describe("Ejects hosts that fail in too large a share of their requests; absent: shares are not looked at."),
  legacyConsecutiveErrors: z
    .int()
    .min(0)
    .max(2_147_483_647)
    .optional()
    .describe("Istio's consecutiveErrors as written: current releases ignore it, and it has no effect here."),
  intervalMs: durationMs.optional().describe("How often ejections are looked at, in milliseconds."),
  baseEjectionTimeMs: durationMs.optional().describe("The shortest ejection, in milliseconds; it grows with each one."),
  maxEjectionPercent: percent.optional().describe("Most hosts that are out at once. Envoy's default is 10."),
  minHealthPercent: percent.optional().describe("Below this share of healthy hosts all of them are used."),
  alwaysEjectOneHost: z
    .boolean()
    .optional()
    .describe("The first ejection does not count against the most (Envoy 1.31 on)."),
});

/** Envoy's slow start, in Istio's words. */

export const trafficPolicySpec = z.strictObject({
  service: serviceRef.describe("The service that is called."),
  subset: labelName
    .optional()
    .describe("Absent: every subset. A block given for a subset replaces the whole block of the service."),
  connectionPool: connectionPool.optional().describe("Circuit breaker: how much one caller may ask at once."),
  outlierDetection: outlierDetection.optional().describe("Takes failing hosts out for a while."),
  healthCheck: healthCheck.optional().describe("Asks each host how it is, and leaves out those that do not pass."),
  loadBalancing: loadBalancing.optional().describe("How requests spread over the hosts."),
  retryBudget: z
    .strictObject({
      percent: z.number().min(0).max(100).describe("Most retries as a share of the requests under way."),
      minConcurrency: z.int().min(0).max(1_000_000).optional().describe("So many retries are always allowed."),
    })
    .optional()
    .describe("Keeps retries from becoming a storm."),
  locality: trafficLocality.optional().describe("Which hosts a caller prefers because of where it is."),
});

export type PathMatch = z.infer<typeof pathMatch>;
export type HeaderMatch = z.infer<typeof headerMatch>;
export type QueryMatch = z.infer<typeof queryMatch>;
export type RequestMatch = z.infer<typeof requestMatch>;
export type RouteMatch = z.infer<typeof routeMatch>;
export type AuthorityMatch = z.infer<typeof authorityMatch>;
export type CallerMatch = z.infer<typeof callerMatch>;
export type RouteAction = z.infer<typeof routeAction>;
export type RouteRule = z.infer<typeof routeRule>;
export type TcpMatch = z.infer<typeof tcpMatch>;
export type TcpRule = z.infer<typeof tcpRule>;
export type Destination = z.infer<typeof destination>;
export type RouteDestination = z.infer<typeof routeDestination>;
export type Fault = z.infer<typeof fault>;
export type Mirror = z.infer<typeof mirror>;
export type Retries = z.infer<typeof retries>;
export type InternalRedirects = z.infer<typeof internalRedirects>;
export type HeaderChanges = z.infer<typeof headerChanges>;
export type ConnectionPool = z.infer<typeof connectionPool>;
export type OutlierDetection = z.infer<typeof outlierDetection>;
