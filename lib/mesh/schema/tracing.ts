// How the mesh traces requests: who collects spans, how many requests are chosen, what spans say beside what proxies know.
// The rule: it is said once for the whole mesh, so that a trace is not cut where one proxy was told something else.
import { z } from "zod";
import { collector } from "./collector";
import { headerName, shortText } from "./primitives";

const tagSource = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("literal").describe("Always the same."),
    value: shortText.min(1).describe("What the tag says."),
  }),
  z.strictObject({
    type: z.literal("header").describe("From a header of the request."),
    header: headerName.describe("The header's name; case does not matter."),
    default: shortText.min(1).optional().describe("Where the request has none; absent: no tag."),
  }),
  z.strictObject({
    type: z.literal("environment").describe("From the environment of the proxy."),
    variable: shortText.min(1).describe("The variable's name."),
    default: shortText.min(1).optional().describe("Where the proxy has none; absent: no tag."),
  }),
]);

export const tracing = z.strictObject({
  collector: collector.describe("Who is told of requests."),
  samplingPercent: z
    .number()
    .min(0, "must be from 0 to 100")
    .max(100, "must be from 0 to 100")
    .describe("Share of requests that begin a trace, to a hundredth of a percent; what was begun is followed."),
  tags: z
    .array(
      z.strictObject({
        name: shortText.min(1).describe("Name of the tag; each once."),
        from: tagSource.describe("What it says."),
      }),
    )
    .max(64)
    .refine((tags) => new Set(tags.map(({ name }) => name)).size === tags.length, "must have each name once")
    .optional()
    .describe("What spans say beside what proxies know."),
});
