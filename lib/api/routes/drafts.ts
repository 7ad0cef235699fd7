// The draft of a mesh: read it, change it by commands, step back and forth in one's own changes.
// The rule: a change names the version it was made on, and answers with the version it made.
import type { Principal } from "@/lib/auth/permissions";
import { accessMesh } from "@/lib/data/access";
import { readHistory } from "@/lib/data/draft-history";
import { editDraft, readDraft, stepDraft, stepsOf } from "@/lib/data/drafts";
import { AppError } from "@/lib/errors";
import { readSeqCursor } from "../cursor";
import { versionTag } from "../etag";
import { bringUpToDate, requireDecided } from "../merging";
import { DESIGN_BODY_BYTES, defineRoute, onMesh, page } from "../route";
import type { Runtime } from "../runtime";
import * as schema from "../schema";

const tag = "draft";

async function draftAnswer(
  { database }: Runtime,
  principal: Principal,
  slug: string,
  clientId: string,
  change: { version: number; digest: string; merged: boolean },
) {
  const { id } = await accessMesh(database, principal, slug, "mesh.read");
  const { undo, redo } = await stepsOf(database, id, clientId, principal.userId);
  const { version, digest, merged } = change;
  return {
    body: { version, digest, merged, canUndo: undo !== null, canRedo: redo !== null },
    etag: versionTag(version),
  };
}

export const draftRoutes = [
  defineRoute({
    id: "getDraft",
    method: "GET",
    path: "/meshes/{mesh}/draft",
    tag,
    summary: "The draft",
    access: onMesh("mesh.read"),
    answer: schema.draft,
    async handle({ runtime, principal, params }) {
      const row = await readDraft(runtime.database, principal, params.mesh);
      const { version, document, positions, digest } = row;
      const body = {
        version,
        document,
        positions,
        digest,
        updatedAt: row.updatedAt.toISOString(),
        updatedBy: row.updatedByName,
      };
      return { body, etag: versionTag(version) };
    },
  }),
  defineRoute({
    id: "editDraft",
    method: "POST",
    path: "/meshes/{mesh}/draft/commands",
    tag,
    summary: "Change the draft by commands, all or none; merged with others' changes where they touch other objects",
    access: onMesh("draft.write"),
    body: schema.draftCommands,
    answer: schema.draftAnswer,
    ifMatch: "required",
    async handle({ runtime, principal, params, body, baseVersion }) {
      const { clientId, commands } = body;
      const change = await editDraft(runtime.database, principal, {
        slug: params.mesh,
        base: baseVersion(),
        clientId,
        commands,
      });
      return draftAnswer(runtime, principal, params.mesh, clientId, change);
    },
  }),
  defineRoute({
    id: "replaceDraft",
    method: "PUT",
    path: "/meshes/{mesh}/draft",
    tag,
    summary: "Replace the draft by a YAML document, as one change that can be undone",
    access: onMesh("draft.write"),
    body: schema.draftReplace,
    maxBodyBytes: DESIGN_BODY_BYTES,
    answer: schema.draftAnswer,
    ifMatch: "required",
    async handle({ runtime, principal, params, body, baseVersion, request }) {
      const { document } = await readDraft(runtime.database, principal, params.mesh);
      const asked = { text: body.text, before: document };
      const read = await runtime.threads.run("replaceByText", asked, request.signal);
      if (!read.ok) throw new AppError("model-violation", { violations: read.violations });
      const change = await editDraft(runtime.database, principal, {
        slug: params.mesh,
        base: baseVersion(),
        clientId: body.clientId,
        commands: [read.command],
        exact: true,
      });
      return draftAnswer(runtime, principal, params.mesh, body.clientId, change);
    },
  }),
  defineRoute({
    id: "mergeDraft",
    method: "POST",
    path: "/meshes/{mesh}/draft/merge",
    tag,
    summary:
      "Bring a change up to date: what it and the draft changed since its start, each conflict, and what saving would do; saved as one change",
    access: onMesh("draft.write"),
    body: schema.mergeRequest,
    maxBodyBytes: DESIGN_BODY_BYTES,
    answer: schema.mergeAnswer,
    ifMatch: "optional",
    async handle({ runtime, principal, params, body, ifMatch, baseVersion, request }) {
      // Only looking needs no version; saving does.
      if (body.apply && ifMatch === null) throw new AppError("precondition-required");
      const slug = params.mesh;
      const today = new Date(runtime.clock.now()).toISOString().slice(0, 10);
      const asked = { slug, body, today, signal: request.signal };
      const { answer, draft, command } = await bringUpToDate(runtime, principal, asked);
      const etag = versionTag(answer.version);
      if (!body.apply) return { body: answer, etag };
      requireDecided(answer);
      if (!command) return { body: answer, etag };
      // What was looked at is what is saved: the version that was merged with, and no later one.
      const base = baseVersion() ?? draft.version;
      if (base !== draft.version) throw new AppError("version-mismatch", { extra: { version: draft.version } });
      const change = await editDraft(runtime.database, principal, {
        slug,
        base,
        clientId: body.clientId,
        commands: [{ type: "batch", label: "Bring up to date", commands: [command] }],
        exact: true,
      });
      return { body: { ...answer, applied: true, version: change.version }, etag: versionTag(change.version) };
    },
  }),
  ...(["undo", "redo"] as const).map((direction) =>
    defineRoute({
      id: direction === "undo" ? "undoDraft" : "redoDraft",
      method: "POST",
      path: `/meshes/{mesh}/draft/${direction}`,
      tag,
      summary: direction === "undo" ? "Take my newest change back" : "Repeat the change that I took back last",
      access: onMesh("draft.write"),
      body: schema.draftStep,
      answer: schema.draftAnswer,
      ifMatch: "required",
      async handle({ runtime, principal, params, body: { clientId }, baseVersion }) {
        const slug = params.mesh;
        const change = await stepDraft(runtime.database, principal, { slug, base: baseVersion(), clientId, direction });
        return draftAnswer(runtime, principal, slug, clientId, change);
      },
    }),
  ),
  defineRoute({
    id: "getHistory",
    method: "GET",
    path: "/meshes/{mesh}/draft/history",
    tag,
    summary: "Changes of the draft, newest first",
    access: onMesh("mesh.read"),
    query: schema.historyQuery,
    answer: schema.pageOf(schema.historyEntry),
    async handle({ runtime, principal, params, query: { clientId, cursor, limit } }) {
      const rows = await readHistory(runtime.database, principal, {
        slug: params.mesh,
        clientId,
        before: readSeqCursor(cursor),
        limit: limit + 1,
      });
      return {
        body: page(
          rows,
          limit,
          (row) => String(row.seq),
          (row) => ({ ...row, seq: String(row.seq), at: row.at.toISOString() }),
        ),
      };
    },
  }),
];
