// Accepted risks of findings, and the adoption of the mesh service by service.
import { z } from "zod";
import { STEPS } from "@/lib/modes/steps";

const text = (max: number) =>
  z.string().trim().min(1, "must not be empty").max(max, `must have at most ${max} characters`);

export const acceptedRisk = z.object({
  findingId: z.string(),
  message: z.string(),
  reason: z.string(),
  owner: z.string(),
  expiresAt: z.string(),
  acceptedBy: z.string(),
  acceptedAt: z.string(),
  /** False: its time is over, so the finding counts again. */
  isInForce: z.boolean(),
});
export type AcceptedRiskDto = z.infer<typeof acceptedRisk>;
export const acceptedRisks = z.object({ items: z.array(acceptedRisk) });

export const newAcceptedRisk = z.strictObject({
  findingId: text(1_200),
  /** What the finding says; kept for those who read it later. */
  message: text(2_000),
  reason: text(2_000),
  owner: text(256),
  expiresAt: z.iso.datetime({ error: "must be a time as 2026-12-31T23:59:59Z" }),
});
export const acceptedRiskQuery = z.strictObject({ finding: text(1_200) });

const step = z.enum(STEPS);
export const adoption = z.object({
  service: z.string(),
  current: step,
  /** False: the mesh's defaults make it so. */
  isOwn: z.boolean(),
  previous: step.nullable(),
  next: step.nullable(),
  requests: z.int(),
  ahead: z.array(
    z.object({
      step,
      blockers: z.array(
        z.object({
          kind: z.enum(["plaintext", "refused"]),
          caller: z.string().nullable(),
          requests: z.int(),
          sentence: z.string(),
        }),
      ),
    }),
  ),
  optOut: z.object({ reason: z.string(), owner: z.string(), expiresOn: z.string().optional() }).nullable(),
  sentence: z.string(),
});
export type AdoptionDto = z.infer<typeof adoption>;
export const modesQuery = z.strictObject({
  environment: z.string().min(1).max(63),
  range: z.enum(["1h", "6h", "24h", "7d"]).default("24h"),
});
export const modes = z.object({
  environment: z.string(),
  range: z.string(),
  digest: z.string(),
  items: z.array(adoption),
});
export type ModesDto = z.infer<typeof modes>;
