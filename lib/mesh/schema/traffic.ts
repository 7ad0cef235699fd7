// Kinds that steer traffic: subsets, routes and traffic policies.
// The rule: rules are tried in list order and the first match wins; the matches of a rule are OR-ed, the conditions of a match AND-ed.
import { z } from "zod";
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
  serviceRef,
  shortText,
} from "./primitives";

/** `spec.name` is what destinations say; `metadata.name` is by convention `<service>-<name>`, unique in the namespace. */
export const subsetSpec = z.strictObject({ service: serviceRef, name: labelName, labels });

/** exact; prefix = raw string prefix (/foo matches /foobar); pathPrefix = by path segment (it does not); regex = RE2, whole value. */
export const pathMatch = z.strictObject({
  type: z.enum(["exact", "prefix", "pathPrefix", "regex"]),
  value: matchText.min(1),
  ignoreCase: z.boolean().optional(),
});

const valueMatchType = z.enum(["exact", "prefix", "suffix", "regex", "present"]);
const needsValue = (match: { type: string; value?: string | undefined }) =>
  match.type === "present" ? match.value === undefined : match.value !== undefined;
const VALUE_RULE = { error: 'needs a value, unless its type is "present", which takes none', path: ["value"] };

export const headerMatch = z
  .strictObject({ name: headerName, type: valueMatchType, value: matchText.optional(), invert: z.boolean().optional() })
  .refine(needsValue, VALUE_RULE);
export const queryMatch = z
  .strictObject({ name: shortText.min(1), type: valueMatchType, value: matchText.optional() })
  .refine(needsValue, VALUE_RULE);

export const routeMatch = z.strictObject({
  path: pathMatch.optional(),
  methods: z.array(httpMethod).min(1).max(16).optional(),
  headers: z.array(headerMatch).min(1).max(32).optional(),
  query: z.array(queryMatch).min(1).max(32).optional(),
});

export const destination = z.strictObject({
  service: serviceRef,
  subset: labelName.optional(),
  /** Absent means the service's port that the call came for, or its only one. */
  port: portNumber.optional(),
  /** Relative to the sum of the rule; it need not be 100. */
  weight: z.int().min(0, "must be 0 or more").max(1_000_000, "must be at most 1000000"),
});

export const routeAction = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("forward"),
    destinations: z.array(destination).min(1, "must have a destination").max(64),
  }),
  z.strictObject({
    type: z.literal("redirect"),
    scheme: z.enum(["http", "https"]).optional(),
    host: hostName.optional(),
    port: portNumber.optional(),
    /** Replaces the whole path. */
    path: matchText.min(1).optional(),
    code: z.union([z.literal(301), z.literal(302), z.literal(303), z.literal(307), z.literal(308)]).optional(),
  }),
  z.strictObject({
    type: z.literal("respond"),
    status: z.int().min(200).max(599),
    body: z.string().max(4096).optional(),
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
  /** Tries after the first; 0 turns retries off. */
  attempts: z.int().min(0).max(100),
  perTryTimeoutMs: durationMs.optional(),
  on: z
    .array(
      z.union([
        z.enum(RETRY_CONDITIONS),
        z.string().regex(/^[2-5]\d\d$/, "must be a retry condition or a status code"),
      ]),
    )
    .max(32)
    .optional(),
});

const headerEntries = z
  .record(headerName, headerValue)
  .refine((value) => Object.keys(value).length <= 64, "must have at most 64 entries");
export const headerChanges = z.strictObject({
  set: headerEntries.optional(),
  add: headerEntries.optional(),
  remove: z.array(headerName).max(64).optional(),
});

export const routeRule = z.strictObject({
  name: shortText.optional(),
  /** Empty means every request. */
  matches: z.array(routeMatch).max(128),
  action: routeAction,
  timeoutMs: durationMs.optional(),
  retries: retries.optional(),
  /** `path` replaces the matched prefix, or the whole path when the match is exact or regex. */
  rewrite: z.strictObject({ path: matchText.min(1).optional(), host: hostName.optional() }).optional(),
  headers: z.strictObject({ request: headerChanges.optional(), response: headerChanges.optional() }).optional(),
});

export const routeSpec = z.strictObject({
  /** The service whose callers use it, or the gateway that serves it. */
  target: ref,
  /** On a gateway: which of its hosts; absent means all. */
  hosts: z.array(hostName).max(256).optional(),
  rules: z.array(routeRule).min(1, "must have at least one rule").max(256),
});

const count = z.int().min(1, "must be 1 or more").max(4_294_967_295);
export const connectionPool = z.strictObject({
  maxConnections: count.optional(),
  maxPendingRequests: count.optional(),
  maxRequests: count.optional(),
  maxRequestsPerConnection: z.int().min(0).max(536_870_912).optional(),
  maxRetries: count.optional(),
  connectTimeoutMs: durationMs.optional(),
  idleTimeoutMs: durationMs.optional(),
});

export const outlierDetection = z.strictObject({
  /** 0 turns this counter off. */
  consecutive5xxErrors: z.int().min(0).max(1_000_000).optional(),
  /** 502, 503, 504; 0 turns this counter off. */
  consecutiveGatewayErrors: z.int().min(0).max(1_000_000).optional(),
  /** Istio's `consecutiveErrors` as written: accepted and ignored by current releases. It has no effect here either. */
  legacyConsecutiveErrors: z.int().min(0).max(2_147_483_647).optional(),
  intervalMs: durationMs.optional(),
  baseEjectionTimeMs: durationMs.optional(),
  /** Envoy's default is 10. */
  maxEjectionPercent: percent.optional(),
  /** Below this share of healthy endpoints all of them are used. */
  minHealthPercent: percent.optional(),
  /** Envoy 1.31 on: the first ejection ignores maxEjectionPercent. */
  alwaysEjectOneHost: z.boolean().optional(),
});

export const trafficPolicySpec = z.strictObject({
  service: serviceRef,
  /** Absent means every subset; a block given for a subset replaces the whole block of the service. */
  subset: labelName.optional(),
  connectionPool: connectionPool.optional(),
  outlierDetection: outlierDetection.optional(),
  loadBalancing: z.strictObject({ policy: z.enum(["round-robin", "least-request", "random"]) }).optional(),
  retryBudget: z
    .strictObject({ percent: z.number().min(0).max(100), minConcurrency: z.int().min(0).max(1_000_000).optional() })
    .optional(),
});

export type PathMatch = z.infer<typeof pathMatch>;
export type HeaderMatch = z.infer<typeof headerMatch>;
export type QueryMatch = z.infer<typeof queryMatch>;
export type RouteMatch = z.infer<typeof routeMatch>;
export type RouteAction = z.infer<typeof routeAction>;
export type RouteRule = z.infer<typeof routeRule>;
export type Destination = z.infer<typeof destination>;
export type Retries = z.infer<typeof retries>;
export type HeaderChanges = z.infer<typeof headerChanges>;
export type ConnectionPool = z.infer<typeof connectionPool>;
export type OutlierDetection = z.infer<typeof outlierDetection>;
