// Whom proxies ask whether a request may go on: external authorization, as Envoy's ext_authz and Istio's extension providers have it.
// The rule: an authorizer is described once, in the mesh; an authorization policy with the action custom names it and says for which requests.
import { z } from "zod";
import { durationMs, headerName, headerValue, labelName, portNumber } from "./primitives";

/** Our proxy holds bodies in memory up to here (docs/reference/envoy-support.md). */
export const MAX_AUTHORIZED_BODY = 1_048_576;

/** The statuses that Envoy knows by name (envoy.type.v3.StatusCode), from 400 on. */
const ERROR_STATUSES: ReadonlySet<number> = new Set([
  ...Array.from({ length: 18 }, (_, i) => 400 + i),
  421,
  422,
  423,
  424,
  426,
  428,
  429,
  431,
  ...Array.from({ length: 9 }, (_, i) => 500 + i),
  510,
  511,
]);

const headerPatterns = z.array(headerName).min(1).max(64).optional();

export const authorizer = z.strictObject({
  name: z
    .string()
    .max(256)
    .regex(/^[A-Za-z0-9]([-A-Za-z0-9._/]*[A-Za-z0-9])?$/, "must be letters, digits, dashes, dots and slashes")
    .describe("How policies name it; each once."),
  address: z
    .strictObject({
      target: z
        .strictObject({
          kind: z.enum(["Service", "ExternalService"]).describe("The kind of what is named."),
          namespace: labelName.describe("Its namespace."),
          name: labelName.describe("Its name."),
        })
        .describe("The service that answers, in the mesh or outside of it."),
      port: portNumber.describe("One of its ports."),
      protocol: z
        .enum(["http", "grpc"])
        .describe("http: 200 lets the request on; grpc: envoy.service.auth.v3.Authorization."),
      pathPrefix: z
        .string()
        .max(1024)
        .regex(/^\/[!-"$-~]*$/, "must begin with a slash and hold nothing that a path cannot")
        .optional()
        .describe("Protocol http only: before the path that it is asked with."),
    })
    .optional()
    .describe("Where it is; absent: not known, so what it would decide is refused."),
  timeoutMs: durationMs.optional().describe("How long an answer may take; absent: 10 minutes, as in Istio."),
  whenAway: z
    .enum(["allow", "deny"])
    .optional()
    .describe("What becomes of requests while it gives no answer; absent: deny."),
  statusOnError: z
    .int()
    .refine((status) => ERROR_STATUSES.has(status), "must be an error status that Envoy knows, from 400 to 511")
    .optional()
    .describe("What callers get while it gives no answer; absent: 403."),
  requestHeaders: headerPatterns.describe(
    "Protocol http only: headers that it is told beside method, path, host and authorization; a * at the beginning or end.",
  ),
  addedHeaders: z
    .array(
      z.strictObject({
        name: headerName.describe("The header's name."),
        value: headerValue.describe("Its value."),
      }),
    )
    .min(1)
    .max(64)
    .optional()
    .describe("Protocol http only: headers that are put on what it is asked."),
  upstreamHeaders: headerPatterns.describe("Protocol http only: headers of its answer that the app gets."),
  allowedResponseHeaders: headerPatterns.describe(
    "Protocol http only: headers of its answer that the caller gets with the response of the app.",
  ),
  deniedResponseHeaders: headerPatterns.describe(
    "Protocol http only: headers of its answer that the caller gets with a refusal; absent: all of them.",
  ),
  body: z
    .strictObject({
      maxBytes: z
        .int()
        .min(1, "must be from 1 to 1048576")
        .max(MAX_AUTHORIZED_BODY, "must be from 1 to 1048576")
        .describe("So much of the request's body is held and told."),
      allowPartial: z
        .boolean()
        .optional()
        .describe("The beginning of a longer body will do; absent: a longer body is refused with 413."),
      asBytes: z.boolean().optional().describe("Protocol grpc only: told as bytes, not as text."),
    })
    .optional()
    .describe("What it is told of the body; absent: nothing."),
  clearsRouteCache: z
    .boolean()
    .optional()
    .describe("The route is looked for again when it changed headers; a sidecar has one route to its app."),
});

export const authorizers = z
  .array(authorizer)
  .max(64)
  .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, "must have each name once");

export type Authorizer = z.infer<typeof authorizer>;
