// Active health checks of a service: what each caller's proxy asks its hosts, and how often.
// The rule: a check belongs to the ports that can answer it; what is left open has a default that is written down here.
import { z } from "zod";
import { durationMs, headerName, headerValue, hostName, matchText, percent, shortText } from "./primitives";
import type { Protocol } from "./topology";

/** What is compiled where nothing is said. */
export const HEALTH_CHECK_DEFAULTS = {
  intervalMs: 10_000,
  timeoutMs: 3_000,
  unhealthyThreshold: 3,
  healthyThreshold: 2,
  jitterPercent: 10,
} as const;

export const CHECK_METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"] as const;

const threshold = z.int().min(1, "must be 1 or more").max(1000, "must be at most 1000");
const hex = z
  .string()
  .max(4096, "must be at most 4096 digits")
  .regex(/^(?:[0-9a-f]{2})+$/i, "must be pairs of hexadecimal digits, such as 50494e47");

const when = {
  intervalMs: durationMs
    .optional()
    .describe("Time from one check of a host to the next, in milliseconds; absent: 10 s."),
  timeoutMs: durationMs
    .optional()
    .describe("An answer that takes longer counts as none, in milliseconds; absent: 3 s."),
  unhealthyThreshold: threshold
    .optional()
    .describe("So many checks in a row without an answer take a host out; a wrong answer does at once. Absent: 3."),
  healthyThreshold: threshold
    .optional()
    .describe("So many checks in a row have to pass before it is back; of a new host one. Absent: 2."),
  jitterPercent: percent
    .optional()
    .describe("Checks come so much later by chance, so that not all come together. Absent: 10."),
  initialJitterMs: durationMs.optional().describe("The first check comes so much later by chance, in milliseconds."),
  unhealthyIntervalMs: durationMs.optional().describe("The interval while a host is out; absent: the same."),
  noTrafficIntervalMs: durationMs
    .optional()
    .describe("The interval as long as a caller never called; absent: Envoy's 60 s."),
  reuseConnection: z
    .boolean()
    .optional()
    .describe("false: a connection for each check. Absent: one for all of a host."),
};

export const healthCheck = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("http").describe("Asks a path of the ports that speak HTTP."),
    path: matchText
      .min(1)
      .regex(/^\//, "must begin with /")
      .describe("The path that is asked; callers have to be allowed to."),
    method: z.enum(CHECK_METHODS).optional().describe("Absent: GET."),
    host: hostName.optional().describe("The host that is asked for; absent: the service's name."),
    headers: z
      .record(headerName, headerValue)
      .refine((value) => Object.keys(value).length <= 64, "must have at most 64 entries")
      .optional()
      .describe("Added to the request."),
    expectedStatuses: z
      .array(z.int().min(100).max(599))
      .min(1, "must have a status")
      .max(64)
      .optional()
      .describe("Answers that pass; absent: 200."),
    ...when,
  }),
  z.strictObject({
    type: z.literal("grpc").describe("Asks grpc.health.v1 on the ports that speak gRPC or HTTP/2."),
    serviceName: shortText.optional().describe("The gRPC service that is asked for; absent: the server as a whole."),
    host: hostName.optional().describe("The authority that is asked for; absent: the service's name."),
    ...when,
  }),
  z.strictObject({
    type: z.literal("tcp").describe("Makes a connection to each port."),
    send: hex.optional().describe("Bytes that are sent, as hexadecimal digits; absent: none."),
    receive: z
      .array(hex)
      .min(1, "must have an answer")
      .max(16)
      .optional()
      .describe("Bytes that have to come back, one after the other; absent: a connection is enough."),
    ...when,
  }),
]);

export type HealthCheck = z.infer<typeof healthCheck>;

/** Which checks a port of a protocol can answer. */
const ANSWERED: Readonly<Record<Protocol, readonly HealthCheck["type"][]>> = {
  http: ["http", "tcp"],
  http2: ["http", "grpc", "tcp"],
  grpc: ["grpc", "tcp"],
  tcp: ["tcp"],
};

export const healthCheckAnswers = (protocol: Protocol, type: HealthCheck["type"]): boolean =>
  ANSWERED[protocol].includes(type);
