// Kinds that speak about the whole mesh: the mesh itself, its namespaces and its trust boundaries.
import { z } from "zod";
import { accessLog } from "./access-log";
import { authorizers } from "./authorizer";
import { labelName, longText, serviceRef, shortText } from "./primitives";
import { tracing } from "./tracing";

export const mutualTlsMode = z.enum(["strict", "permissive", "disable"]);

export const meshSpec = z.strictObject({
  /** The SPIFFE trust domain: the host part of every identity. */
  trustDomain: z
    .string()
    .min(1)
    .max(255)
    .regex(/^[a-z0-9]([-a-z0-9._]*[a-z0-9])?$/, "must be lower-case letters, digits, dashes, dots and underscores"),
  ownerTeam: shortText.optional(),
  product: shortText.optional(),
  description: longText.optional(),
  defaults: z.strictObject({
    mutualTls: mutualTlsMode,
    /** drawn: only drawn dependencies are granted; deny: nothing without a policy; allow: everything without one. */
    authorization: z.enum(["drawn", "deny", "allow"]),
  }),
  certificateTtlHours: z.int().min(1, "must be from 1 to 720 hours").max(720, "must be from 1 to 720 hours"),
  accessLog: accessLog.optional().describe("Where proxies write of requests beside their own log; absent: nowhere."),
  tracing: tracing.optional().describe("Who is told of the way of requests; absent: nobody."),
  authorizers: authorizers.optional().describe("Who may be asked whether requests go on, by policies with custom."),
});

export const namespaceSpec = z.strictObject({ ownerTeam: shortText.optional(), description: longText.optional() });

export const trustBoundarySpec = z.strictObject({
  description: longText.optional(),
  members: z
    .array(z.union([z.strictObject({ namespace: labelName }), z.strictObject({ service: serviceRef })]))
    .max(1024),
});

export type MutualTlsMode = z.infer<typeof mutualTlsMode>;
