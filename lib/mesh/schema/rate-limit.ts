// The kind that limits how many requests a service takes. The rule: each instance counts for itself, in its own sidecar; what none of
// the limits matches is not limited.
import { z } from "zod";
import { durationMs, serviceRef, shortText } from "./primitives";
import { routeMatch } from "./traffic";

const requestCount = z.int().min(1, "must be 1 or more").max(1_000_000_000);

/** One match and one bucket: alternatives are limits of their own, as they are in Envoy. */
export const requestLimit = z.strictObject({
  name: shortText.optional().describe("How people call this limit."),
  match: routeMatch.optional().describe("Which requests it counts; absent: all that came this far."),
  requests: requestCount.describe("So many requests in each period, for one instance."),
  perMs: durationMs.min(50, "must be at least 50 ms").describe("The period, in milliseconds."),
  burst: requestCount.optional().describe("So many at once after a quiet time; absent: the requests of one period."),
});

export const rateLimitSpec = z.strictObject({
  service: serviceRef.describe("The service that is called. Each of its instances counts for itself."),
  limits: z
    .array(requestLimit)
    .min(1, "must have at least one limit")
    .max(64)
    .describe("Tried in order; the first that matches counts."),
  shadow: z.boolean().optional().describe("Counted and told, not enforced."),
  tellsCallers: z.boolean().optional().describe("Answers carry x-ratelimit-limit, -remaining and -reset."),
});

export type RequestLimit = z.infer<typeof requestLimit>;
