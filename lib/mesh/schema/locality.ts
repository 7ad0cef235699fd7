// Localities: where a workload runs, and what of the hosts of a service a caller prefers because of it.
// The rule: the words and the ranks are those of Istio and Envoy; whether the parts fit together is said in validate/locality.ts.
import { z } from "zod";

const SEGMENT = "[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?";
const MAX_LENGTH = 192;
const bounded = z.string().min(1, "must not be empty").max(MAX_LENGTH, `must have at most ${MAX_LENGTH} characters`);

/** `region`, `region/zone` or `region/zone/subzone`. */
export const localityName = bounded.regex(
  new RegExp(`^${SEGMENT}(?:/${SEGMENT}){0,2}$`),
  "must be region, region/zone or region/zone/subzone, as eu-west/eu-west-1a",
);

const region = bounded.regex(new RegExp(`^${SEGMENT}$`), "must be a region, without zone");

/** As a locality; the last part may be `*`. What is not said is any. */
const localityPattern = bounded.regex(
  new RegExp(`^(?:\\*|${SEGMENT}(?:/${SEGMENT}){0,2}|${SEGMENT}(?:/${SEGMENT})?/\\*)$`),
  "must be region, region/zone or region/zone/subzone, the last of which may be *",
);

const MAX_ENTRIES = 64;

const distribution = z.strictObject({
  from: localityPattern.describe("Where callers are; the first entry that fits counts."),
  to: z
    .record(
      localityPattern,
      z.int().min(1, "must be from 1 to 100").max(100, "must be from 1 to 100").describe("Percent of the requests."),
    )
    .refine((value) => Object.keys(value).length > 0, "must have a locality")
    .refine((value) => Object.keys(value).length <= MAX_ENTRIES, `must have at most ${MAX_ENTRIES} entries`)
    .describe("Percent by locality, 100 together. What is not named gets nothing."),
});

/** Envoy takes priorities up to 128; each label makes one more. */
const MAX_LABELS = 16;

export const trafficLocality = z.strictObject({
  enabled: z
    .boolean()
    .optional()
    .describe("false: localities make no difference. Absent, or true: the nearest hosts that are well are called."),
  failover: z
    .array(
      z.strictObject({
        from: region.describe("The region of callers."),
        to: region.describe("The region that is called next."),
      }),
    )
    .min(1, "must have an entry")
    .max(MAX_ENTRIES)
    .optional()
    .describe("Which region comes after the own one."),
  failoverPriority: z
    .array(
      z
        .string()
        .max(380)
        .regex(/^[A-Za-z0-9][-A-Za-z0-9_./]*(=[-A-Za-z0-9_.]*)?$/, "must be a label, or label=value"),
    )
    .min(1, "must have a label")
    .max(MAX_LABELS)
    .optional()
    .describe(
      "Labels, the most important first: hosts that have them all as the caller (or as written) come first, then those that differ in the last.",
    ),
  distribute: z
    .array(distribution)
    .min(1, "must have an entry")
    .max(MAX_ENTRIES)
    .optional()
    .describe("Fixed shares by locality instead; callers that no entry is for call all hosts alike."),
});

export type TrafficLocality = z.infer<typeof trafficLocality>;
