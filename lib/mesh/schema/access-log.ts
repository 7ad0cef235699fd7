// The access log of the mesh: where each proxy writes a line of what it answered, how, and of which requests.
// The rule: it is written beside the log that every proxy keeps for this control plane, and never takes its place.
import { z } from "zod";
import { collector } from "./collector";
import { longText } from "./primitives";

/** Envoy's operators that this mesh's proxies write; with an argument in parentheses or without. */
export const LOG_OPERATORS: Readonly<Record<string, "none" | "header">> = {
  BYTES_RECEIVED: "none",
  BYTES_SENT: "none",
  CONNECTION_TERMINATION_DETAILS: "none",
  DOWNSTREAM_DIRECT_REMOTE_ADDRESS: "none",
  DOWNSTREAM_LOCAL_ADDRESS: "none",
  DOWNSTREAM_PEER_URI_SAN: "none",
  DOWNSTREAM_REMOTE_ADDRESS: "none",
  DOWNSTREAM_TLS_VERSION: "none",
  DURATION: "none",
  GRPC_STATUS: "none",
  GRPC_STATUS_NUMBER: "none",
  PROTOCOL: "none",
  REQ: "header",
  REQUEST_DURATION: "none",
  REQUESTED_SERVER_NAME: "none",
  RESP: "header",
  RESPONSE_CODE: "none",
  RESPONSE_CODE_DETAILS: "none",
  RESPONSE_DURATION: "none",
  RESPONSE_FLAGS: "none",
  ROUTE_NAME: "none",
  SPAN_ID: "none",
  START_TIME: "none",
  TRACE_ID: "none",
  TRAILER: "header",
  UPSTREAM_CLUSTER: "none",
  UPSTREAM_HOST: "none",
  UPSTREAM_LOCAL_ADDRESS: "none",
  UPSTREAM_REQUEST_ATTEMPT_COUNT: "none",
  UPSTREAM_TRANSPORT_FAILURE_REASON: "none",
};

/** A percent sign, a known operator or the beginning of what is neither. */
const OPERATOR = /%%|%([A-Z0-9_]+)(?:\(([^)%]*)\))?(?::\d{1,4})?%|%/g;

/** Why a format cannot be written; null: it can. */
export function logFormatProblem(text: string): string | null {
  for (const [found, name, argument] of text.matchAll(OPERATOR)) {
    if (found === "%%") continue;
    if (name === undefined) return 'has a "%" that begins no operator: write %% for a percent sign';
    const takes = Object.hasOwn(LOG_OPERATORS, name) ? LOG_OPERATORS[name] : undefined;
    if (takes === undefined) return `names %${name}%, which proxies do not write`;
    if (takes === "header" && !argument) return `needs a name in %${name}(...)%`;
    if (takes === "none" && argument !== undefined) return `gives %${name}% an argument, and it takes none`;
    if (takes !== "header" && found.includes(":") && argument === undefined)
      return `cuts %${name}%, and it is never cut`;
  }
  return null;
}

const logFormat = longText.min(1).superRefine((text, context) => {
  const problem = logFormatProblem(text);
  if (problem !== null) context.addIssue({ code: "custom", message: problem });
});

/** Beside a proxy, or in the folder for logs: never among what it was given. */
const LOG_PATH = /^(\/var\/log\/([A-Za-z0-9][-\w.]*\/)*)?[A-Za-z0-9][-\w.]*\.log$/;
/** The one that every proxy keeps. */
const OWN_LOG = "access.log";

/** May proxies write a log of the mesh there? */
export const isLogPath = (path: string): boolean => LOG_PATH.test(path) && path !== OWN_LOG;

const status = z.int().min(100, "must be from 100 to 599").max(599, "must be from 100 to 599");

export const accessLog = z.strictObject({
  to: z
    .discriminatedUnion("type", [
      z.strictObject({ type: z.literal("stdout").describe("The standard output of each proxy.") }),
      z.strictObject({
        type: z.literal("file").describe("A file of each proxy."),
        path: z
          .string()
          .max(256)
          .regex(LOG_PATH, "must be NAME.log, or begin with /var/log/ and end with .log")
          .refine((path) => path !== OWN_LOG, "must not be access.log, which every proxy keeps for itself")
          .describe("NAME.log in the proxy's own folder, or a path below /var/log/."),
      }),
      collector.extend({ type: z.literal("collector").describe("An OpenTelemetry collector, by OTLP.") }),
    ])
    .describe("Where lines go."),
  format: z
    .discriminatedUnion("type", [
      z.strictObject({
        type: z.literal("text").describe("One line of text."),
        text: logFormat.describe("Envoy's operators (%RESPONSE_CODE%, %REQ(NAME)%) between words of your own."),
      }),
      z.strictObject({
        type: z.literal("json").describe("A JSON object a line; for a collector its attributes."),
        fields: z
          .record(z.string().min(1).max(256), logFormat)
          .refine((fields) => Object.keys(fields).length <= 64, "must have at most 64 entries")
          .refine((fields) => Object.keys(fields).length > 0, "must have an entry")
          .describe("What each field says, as in text."),
      }),
    ])
    .optional()
    .describe("What a line says; absent: JSON with the fields that proxies write for themselves."),
  filter: z
    .discriminatedUnion("type", [
      z.strictObject({
        type: z
          .literal("errors")
          .describe(
            "Answers from 400 on, failed gRPC calls, and what was broken off or answered for want of a callee.",
          ),
      }),
      z
        .strictObject({
          type: z.literal("status").describe("By status of the answer."),
          from: status.describe("The lowest."),
          to: status.optional().describe("The highest; absent: no limit."),
        })
        .refine(({ from, to }) => to === undefined || to >= from, {
          path: ["to"],
          message: "must not be less than from",
        }),
    ])
    .optional()
    .describe("Which requests have a line; absent: all."),
});
