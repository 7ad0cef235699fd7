// The root of trust: who is trusted, and its rotation.
import type { RotationRow } from "@/lib/data/system";
import { cancelRotation, readTrust, requestRotation } from "@/lib/data/trust";
import { defineRoute, onAll, SIGNED_IN } from "../route";
import * as schema from "../schema";

const tag = "identity";

const toRotation = (row: RotationRow): schema.RootRotationDto => ({
  id: row.id,
  state: row.state,
  progress: row.progress,
  requestedBy: row.requestedByName,
  cancelledBy: row.cancelledByName,
  createdAt: row.createdAt.toISOString(),
  finishedAt: row.finishedAt?.toISOString() ?? null,
});

export const trustRoutes = [
  defineRoute({
    id: "getTrust",
    method: "GET",
    path: "/trust",
    tag,
    summary: "The roots that are trusted, and the last rotation",
    access: SIGNED_IN,
    answer: schema.trust,
    async handle({ runtime }) {
      const { roots, rotation } = await readTrust(runtime.database);
      const body: schema.TrustDto = {
        roots: roots.map(({ notBefore, notAfter, ...root }) => ({
          ...root,
          notBefore: notBefore.toISOString(),
          notAfter: notAfter.toISOString(),
        })),
        rotation: rotation && toRotation(rotation),
      };
      return { body };
    },
  }),
  defineRoute({
    id: "rotateRoot",
    method: "POST",
    path: "/trust/rotations",
    tag,
    summary: "Change the root of trust, step by step and without a failed call",
    access: onAll("trust.rotate"),
    answer: schema.rootRotation,
    status: 202,
    async handle({ runtime, principal }) {
      return { body: toRotation(await requestRotation(runtime.database, principal)) };
    },
  }),
  defineRoute({
    id: "cancelRootRotation",
    method: "POST",
    path: "/trust/rotations/{rotation}/cancel",
    tag,
    summary: "Take the new root back, before it signs",
    access: onAll("trust.rotate"),
    answer: schema.rootRotation,
    status: 202,
    async handle({ runtime, principal, params }) {
      return { body: toRotation(await cancelRotation(runtime.database, principal, params.rotation)) };
    },
  }),
];
