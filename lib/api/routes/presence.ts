// Who else is here, and whether the log of events was touched.
import { accessMesh } from "@/lib/data/access";
import { endPresence, listPresence, notePresence } from "@/lib/data/presence";
import { type ChainState, events } from "@/lib/data/system/events";
import { defineRoute, onMesh } from "../route";
import type { Runtime } from "../runtime";
import * as schema from "../schema";

const tag = "events";
const path = "/meshes/{mesh}/presence";

export const presenceRoutes = [
  defineRoute({
    id: "listPresence",
    method: "GET",
    path,
    tag,
    summary: "Who is looking at this mesh now, and where",
    access: onMesh("mesh.read"),
    answer: schema.presence,
    async handle({ runtime, principal, params }) {
      const { rows, more } = await listPresence(runtime.database, principal, params.mesh);
      return { body: { items: rows.map((row) => ({ ...row, seenAt: row.seenAt.toISOString() })), more } };
    },
  }),
  defineRoute({
    id: "notePresence",
    method: "PUT",
    path,
    tag,
    summary: "Say where this window is; said again every 15 s, forgotten after 45 s",
    access: onMesh("mesh.read"),
    body: schema.presenceRequest,
    status: 204,
    async handle({ runtime, principal, params, body }) {
      await notePresence(runtime.database, principal, {
        slug: params.mesh,
        clientId: body.clientId,
        screen: body.screen,
        selection: body.selection ?? null,
      });
      return { status: 204 };
    },
  }),
  defineRoute({
    id: "endPresence",
    method: "DELETE",
    path: `${path}/{client}`,
    tag,
    summary: "This window is gone",
    access: onMesh("mesh.read"),
    status: 204,
    async handle({ runtime, principal, params }) {
      await endPresence(runtime.database, principal, { slug: params.mesh, clientId: params.client });
      return { status: 204 };
    },
  }),
  defineRoute({
    id: "verifyChain",
    method: "GET",
    path: "/meshes/{mesh}/events/chain",
    tag,
    summary: "Recompute the hash chain of the event log: to which event it holds, and the first that does not",
    access: onMesh("mesh.read"),
    answer: schema.chain,
    async handle({ runtime, principal, params }) {
      await accessMesh(runtime.database, principal, params.mesh, "mesh.read");
      const { state, at } = await verified(runtime);
      return {
        body: {
          events: state.events,
          verifiedTo: state.verifiedTo === null ? null : String(state.verifiedTo),
          head: state.verifiedTo === null ? null : state.head,
          at: new Date(at).toISOString(),
          broken: state.broken && { event: String(state.broken.seq), why: state.broken.why },
        },
      };
    },
  }),
];

/** Reading the whole log costs; one reading answers everybody who asks within this time. */
const KEPT_MS = 5_000;
const readings = new WeakMap<Runtime, { at: number; state: Promise<ChainState> }>();

async function verified(runtime: Runtime): Promise<{ at: number; state: ChainState }> {
  const now = runtime.clock.now();
  let reading = readings.get(runtime);
  if (!reading || now - reading.at >= KEPT_MS) {
    reading = { at: now, state: events(runtime.database).verify() };
    readings.set(runtime, reading);
    reading.state.catch(() => readings.delete(runtime));
  }
  return { at: reading.at, state: await reading.state };
}
