// Waivers of controls. A waiver is granted and withdrawn; to renew one is to grant another.

import { grantWaiver, listWaivers, withdrawWaiver } from "@/lib/data/waivers";
import { defineRoute, onMesh } from "../route";
import * as schema from "../schema";

const tag = "checks";
const path = "/meshes/{mesh}/waivers";

export const waiverRoutes = [
  defineRoute({
    id: "listWaivers",
    method: "GET",
    path,
    tag,
    summary: "Waivers of controls: in force, ended and withdrawn",
    access: onMesh("mesh.read"),
    answer: schema.pageOf(schema.waiver),
    async handle({ runtime, principal, params }) {
      return { body: { items: await listWaivers(runtime.database, principal, params.mesh), nextCursor: null } };
    },
  }),
  defineRoute({
    id: "grantWaiver",
    method: "POST",
    path,
    tag,
    summary: "Let a failing control pass for a time, with reason, owner and what protects in its place",
    access: onMesh("waiver.write"),
    body: schema.newWaiver,
    answer: schema.waiver,
    status: 201,
    async handle({ runtime, principal, params, body }) {
      const waiver = await grantWaiver(runtime.database, principal, {
        slug: params.mesh,
        waiver: { ...body, subject: body.subject ?? null },
        now: runtime.clock.now(),
      });
      return { body: waiver };
    },
  }),
  defineRoute({
    id: "withdrawWaiver",
    method: "DELETE",
    path: `${path}/{waiver}`,
    tag,
    summary: "End a waiver now; it stays in the list",
    access: onMesh("waiver.write"),
    status: 204,
    async handle({ runtime, principal, params }) {
      await withdrawWaiver(runtime.database, principal, {
        slug: params.mesh,
        waiverId: params.waiver,
        now: runtime.clock.now(),
      });
      return {};
    },
  }),
];
