// CORS of a rule: which pages in browsers may call, and what their preflights are told. The rule: its words are those of Istio's corsPolicy.
import { z } from "zod";
import { headerName, httpMethod, matchText } from "./primitives";

const MOST = 64;
const YEAR_SECONDS = 31_536_000;

export const originMatch = z.strictObject({
  type: z
    .enum(["exact", "prefix", "regex"])
    .describe("exact: as browsers write it, or * for every origin; prefix: as text; regex: RE2, whole origin."),
  value: matchText.min(1).describe("Scheme, host and port if it is not the usual one: https://shop.example"),
});

export const cors = z.strictObject({
  allowOrigins: z
    .array(originMatch)
    .min(1, "must have an origin")
    .max(MOST)
    .describe("Pages of any of these may read the answers."),
  allowMethods: z.array(httpMethod).max(MOST).optional().describe("What preflights are told of methods; * is any."),
  allowHeaders: z
    .array(headerName)
    .max(MOST)
    .optional()
    .describe("What preflights are told of request headers; * is any."),
  exposeHeaders: z.array(headerName).max(MOST).optional().describe("Response headers that the page may read."),
  maxAgeSeconds: z
    .int()
    .min(0)
    .max(YEAR_SECONDS)
    .optional()
    .describe("How long a browser may keep the answer to a preflight; absent: its own default, 5 seconds."),
  allowCredentials: z.boolean().optional().describe("Cookies and logins of the browser may be sent."),
  unmatchedPreflights: z
    .enum(["forward", "ignore"])
    .optional()
    .describe("Preflights of other origins: forward sends them on, ignore answers them without an allowance."),
});

export type Cors = z.infer<typeof cors>;
export type OriginMatch = z.infer<typeof originMatch>;
