// Who takes OTLP from proxies: spans, access logs.
// The rule: one address that every proxy reaches, so that nothing is told to different places by chance.
import { z } from "zod";
import { hostName, portNumber } from "./primitives";

export const collector = z.strictObject({
  host: hostName
    .refine((host) => !/[*:]/.test(host), "must be one host, without a port")
    .describe("Name or IPv4 address of an OpenTelemetry collector that proxies reach."),
  port: portNumber.describe("4317 for gRPC, 4318 for HTTP, unless the collector says otherwise."),
  protocol: z.enum(["grpc", "http"]).describe("How it takes OTLP; http: at /v1/traces and /v1/logs."),
});
