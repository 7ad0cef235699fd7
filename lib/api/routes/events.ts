// The event log of a mesh, and the stream of news: one per browser.
import { can } from "@/lib/auth/permissions";
import { type EventListRow, listEvents } from "@/lib/data/events";
import { readSeqCursor } from "../cursor";
import { eventSentence } from "../event-sentence";
import type { MeshNews } from "../news-hub";
import { defineRoute, onMesh, page, SIGNED_IN } from "../route";
import * as schema from "../schema";

function toEvent(row: EventListRow, mesh: string): schema.EventDto {
  return {
    id: String(row.seq),
    kind: row.kind,
    at: row.at.toISOString(),
    mesh,
    environment: row.environmentName,
    actorName: row.actorName,
    subject: row.subject,
    sentence: eventSentence(row),
    payload: row.payload,
    hash: row.hash,
  };
}

/** Keeps proxies and browsers from closing a quiet stream. */
const HEARTBEAT_MS = 15_000;
/** A stream ends by itself, and the browser comes back with a fresh look at who it is. */
const LIFETIME_MS = 5 * 60_000;

const encoder = new TextEncoder();
const frame = (news: MeshNews) => {
  const { meshId: _internal, ...shown } = news;
  return encoder.encode(`event: ${news.type}\ndata: ${JSON.stringify(shown)}\n\n`);
};

export const eventRoutes = [
  defineRoute({
    id: "listEvents",
    method: "GET",
    path: "/meshes/{mesh}/events",
    tag: "events",
    summary: "What happened, newest first",
    access: onMesh("mesh.read"),
    query: schema.eventsQuery,
    answer: schema.pageOf(schema.event),
    async handle({ runtime, principal, params, query: { cursor, limit, environment, kind } }) {
      const rows = await listEvents(runtime.database, principal, {
        slug: params.mesh,
        environment,
        kind,
        before: readSeqCursor(cursor),
        limit: limit + 1,
      });
      return {
        body: page(
          rows,
          limit,
          (row) => String(row.seq),
          (row) => toEvent(row, params.mesh),
        ),
      };
    },
  }),
  defineRoute({
    id: "streamNews",
    method: "GET",
    path: "/events/stream",
    tag: "events",
    summary: "News as server-sent events: what to read again (draft, deployment, proxy, signals, event)",
    access: SIGNED_IN,
    handle({ runtime, principal, request }) {
      let end = () => {};
      const stream = new ReadableStream<Uint8Array>({
        start(controller) {
          let isOpen = true;
          const send = (bytes: Uint8Array) => {
            // A browser that does not read is let go; it comes back by itself.
            if ((controller.desiredSize ?? 0) < -1_000) end();
            else if (isOpen) controller.enqueue(bytes);
          };
          const unsubscribe = runtime.news.subscribe((news) => {
            if (news.meshId === null || can(principal, "mesh.read", { meshId: news.meshId })) send(frame(news));
          });
          const heartbeat = setInterval(() => send(encoder.encode(": still here\n\n")), HEARTBEAT_MS);
          const lifetime = setTimeout(() => end(), LIFETIME_MS);
          end = () => {
            if (!isOpen) return;
            isOpen = false;
            unsubscribe();
            clearInterval(heartbeat);
            clearTimeout(lifetime);
            request.signal.removeEventListener("abort", end);
            try {
              controller.close();
            } catch {
              // Closed by the other side already.
            }
          };
          request.signal.addEventListener("abort", end);
          controller.enqueue(encoder.encode("retry: 2000\n\n"));
        },
        cancel: () => end(),
      });
      return {
        stream,
        // no-transform: compression would hold news back until its buffer is full.
        headers: {
          "content-type": "text/event-stream; charset=utf-8",
          "cache-control": "no-store, no-transform",
          "x-accel-buffering": "no",
        },
      };
    },
  }),
];
