// Who takes OTLP from proxies: spans, access logs.
// The rule: one address that every proxy reaches, so that nothing is told to different places by chance.
import { z } from "zod";
import { hostName, MAX_PEM_CHARACTERS, portNumber } from "./primitives";

const PEM = /^\s*(-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+$/;
/** No way up: what is read is what is written. */
const FILE_PATH = /^(\/[A-Za-z0-9_][-\w.]*)+$/;

const collectorTls = z.strictObject({
  ca: z
    .discriminatedUnion("type", [
      z.strictObject({
        type: z.literal("file").describe("A file beside each proxy."),
        path: z.string().max(256).regex(FILE_PATH, "must be an absolute path").describe("Path of PEM certificates."),
      }),
      z.strictObject({
        type: z.literal("inline").describe("Written here."),
        pem: z
          .string()
          .max(MAX_PEM_CHARACTERS)
          .regex(PEM, "must be certificates in PEM, and nothing else")
          .describe("PEM certificates; a private key does not belong here."),
      }),
    ])
    .optional()
    .describe("Who signed the collector's certificate; absent: a public authority."),
  serverName: hostName
    .refine((host) => !/[*:]/.test(host), "must be one host, without a port")
    .optional()
    .describe("Name in its certificate; absent: its host."),
});

export const collector = z.strictObject({
  host: hostName
    .refine((host) => !/[*:]/.test(host), "must be one host, without a port")
    .describe("Name or IPv4 address of an OpenTelemetry collector that proxies reach."),
  port: portNumber.describe("4317 for gRPC, 4318 for HTTP, unless the collector says otherwise."),
  protocol: z.enum(["grpc", "http"]).describe("How it takes OTLP; http: at /v1/traces and /v1/logs."),
  tls: collectorTls.optional().describe("TLS to the collector, whose certificate is verified; absent: plain text."),
});
