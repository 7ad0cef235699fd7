// The kind that limits how many requests and new connections a service takes. The rule: each instance counts for itself, in its own sidecar, unless the scope
// is global: then all instances share what the control plane counts. What none of the limits matches is not limited.
import { z } from "zod";
import { durationMs, headerName, serviceRef, shortText } from "./primitives";
import { requestMatch } from "./traffic";

const requestCount = z.int().min(1, "must be 1 or more").max(1_000_000_000);

/** Whose requests are counted together. */
const limitKey = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("caller") }),
  z.strictObject({
    type: z.literal("header"),
    name: headerName.describe("Each value of this header has its own count; requests without it share one."),
  }),
]);

/** One match and one bucket: alternatives are limits of their own, as they are in Envoy. */
export const requestLimit = z.strictObject({
  name: shortText.optional().describe("How people call this limit."),
  match: requestMatch.optional().describe("Which requests it counts; absent: all that came this far."),
  requests: requestCount.describe(
    "So many requests in each period, for one instance, or for all of them together where the scope is global.",
  ),
  perMs: durationMs.min(50, "must be at least 50 ms").describe("The period, in milliseconds."),
  burst: requestCount.optional().describe("So many at once after a quiet time; absent: the requests of one period."),
  per: limitKey
    .optional()
    .describe(
      "Global scope only: each calling identity, or each value of a header, is counted for itself; absent: all together.",
    ),
});

/** New connections, not those that are open: what comes on them is counted by the limits. */
const connectionRate = z.strictObject({
  connections: requestCount.describe(
    "So many new connections in each period, for each instance and each TCP port; its HTTP ports count together. One more is closed.",
  ),
  perMs: durationMs.min(50, "must be at least 50 ms").describe("The period, in milliseconds."),
  burst: requestCount.optional().describe("So many at once after a quiet time; absent: the connections of one period."),
});

export const rateLimitSpec = z.strictObject({
  service: serviceRef.describe("The service that is called."),
  scope: z
    .enum(["instance", "global"])
    .optional()
    .describe("Whether each instance counts for itself, or all share one count; absent: instance."),
  limits: z
    .array(requestLimit)
    .min(1, "must have at least one limit")
    .max(64)
    .optional()
    .describe("Of requests. Tried in order; the first that matches counts. Absent: only connections are limited."),
  connectionRate: connectionRate
    .optional()
    .describe(
      "Of connections, whatever they carry; each instance counts for itself. Sidecars send the HTTP requests of a caller over few connections, so this is above all for TCP.",
    ),
  whenAway: z
    .enum(["allow", "deny"])
    .optional()
    .describe("Global scope only: what becomes of requests while nobody can be asked for the count; absent: allow."),
  shadow: z.boolean().optional().describe("Counted and told, not enforced."),
  tellsCallers: z.boolean().optional().describe("Answers carry x-ratelimit-limit, -remaining and -reset."),
});

export type ConnectionRate = z.infer<typeof connectionRate>;
export type RequestLimit = z.infer<typeof requestLimit>;
