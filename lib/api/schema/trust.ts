// The root of trust and its rotation.
import { z } from "zod";
import { timestamp } from "./common";

export const rotationState = z.enum(["preparing", "distributing", "renewing", "retiring", "done", "cancelled"]);

export const rootRotation = z.object({
  id: z.string(),
  state: rotationState,
  /** Proxies that have done what the step waits for. */
  progress: z.object({
    done: z.number(),
    total: z.number(),
    waitingFor: z.array(z.object({ proxyKey: z.string(), why: z.string() })),
  }),
  requestedBy: z.string(),
  cancelledBy: z.string().nullable(),
  createdAt: timestamp,
  finishedAt: timestamp.nullable(),
});
export type RootRotationDto = z.infer<typeof rootRotation>;

export const trust = z.object({
  roots: z.array(
    z.object({
      id: z.string(),
      /** active signs; prepared is trusted and signs nothing yet; tainted is trusted still and signs no more. */
      state: z.enum(["prepared", "active", "tainted", "retired"]),
      subject: z.string(),
      fingerprint: z.string(),
      notBefore: timestamp,
      notAfter: timestamp,
    }),
  ),
  rotation: rootRotation.nullable(),
});
export type TrustDto = z.infer<typeof trust>;
