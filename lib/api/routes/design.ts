// Meshes, drafts, revisions, findings, differences, import and export.
import { analyze, withAccepted } from "@/lib/analysis";
import { actionsOn, highestRole, type Principal } from "@/lib/auth/permissions";
import { listAcceptedRisks } from "@/lib/data/accepted-risks";
import { accessMesh } from "@/lib/data/access";
import { editDraft, readDraft, readHistory, stepDraft, stepsOf } from "@/lib/data/drafts";
import {
  createMesh,
  createRevision,
  deleteMesh,
  listMeshes,
  listRevisions,
  type MeshListRow,
  type RevisionRow,
  readDesign,
  readMesh,
  renameMesh,
} from "@/lib/data/meshes";
import { exportIstio, importIstio } from "@/lib/dialects/istio";
import { AppError } from "@/lib/errors";
import { type Command, diffDocuments, fromYaml, isSameJson, type MeshDocument, objectKey, toYaml } from "@/lib/mesh";
import { readSeqCursor } from "../cursor";
import { versionTag } from "../etag";
import { defineRoute, onAll, onMesh, page, SIGNED_IN } from "../route";
import type { Runtime } from "../runtime";
import * as schema from "../schema";

function toMesh(row: MeshListRow, principal: Principal): schema.MeshSummary {
  return {
    id: row.id,
    slug: row.slug,
    name: row.name,
    version: row.version,
    role: highestRole(principal, row.id),
    permissions: actionsOn(principal, row.id),
    services: row.services,
    latestRevision: row.latestRevision,
    isBeingDeleted: row.isBeingDeleted,
    updatedAt: row.updatedAt.toISOString(),
  };
}

function toRevision(row: RevisionRow): schema.Revision {
  return {
    id: row.id,
    number: row.number,
    digest: row.digest,
    message: row.message,
    createdAt: row.createdAt.toISOString(),
    author: row.authorName,
  };
}

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

/** One command that turns a design into another; objects that are the same stay untouched. */
function replacement(before: MeshDocument, after: MeshDocument): Command {
  const old = new Map(before.objects.map((object) => [objectKey(object), object]));
  const wanted = new Set(after.objects.map(objectKey));
  return {
    type: "restoreObjects",
    put: after.objects.filter((object) => !isSameJson(old.get(objectKey(object)), object)),
    // The mesh's own object is replaced, never missing.
    remove: before.objects
      .filter((object) => object.kind !== "Mesh" || after.objects.some(({ kind }) => kind === "Mesh"))
      .map(objectKey)
      .filter((key) => !wanted.has(key)),
    positions: {},
  };
}

const meshes = "meshes";
const draft = "draft";

export const designRoutes = [
  defineRoute({
    id: "listMeshes",
    method: "GET",
    path: "/meshes",
    tag: meshes,
    summary: "Meshes that I may see",
    access: SIGNED_IN,
    query: schema.pageQuery,
    answer: schema.pageOf(schema.meshSummary),
    async handle({ runtime, principal, query: { cursor, limit } }) {
      const rows = await listMeshes(runtime.database, principal, { after: cursor, limit: limit + 1 });
      return {
        body: page(
          rows,
          limit,
          (row) => row.slug,
          (row) => toMesh(row, principal),
        ),
      };
    },
  }),
  defineRoute({
    id: "createMesh",
    method: "POST",
    path: "/meshes",
    tag: meshes,
    summary: "Make a mesh with an empty draft and a local environment",
    access: onAll("mesh.create"),
    body: schema.newMesh,
    answer: schema.meshSummary,
    status: 201,
    async handle({ runtime, principal, body }) {
      const row = await createMesh(runtime.database, principal, body);
      return {
        body: toMesh(row, principal),
        etag: versionTag(row.version),
        headers: { location: `/api/v1/meshes/${row.slug}` },
      };
    },
  }),
  defineRoute({
    id: "getMesh",
    method: "GET",
    path: "/meshes/{mesh}",
    tag: meshes,
    summary: "One mesh",
    access: onMesh("mesh.read"),
    answer: schema.meshSummary,
    async handle({ runtime, principal, params }) {
      const row = await readMesh(runtime.database, principal, params.mesh);
      return { body: toMesh(row, principal), etag: versionTag(row.version) };
    },
  }),
  defineRoute({
    id: "changeMesh",
    method: "PATCH",
    path: "/meshes/{mesh}",
    tag: meshes,
    summary: "Rename a mesh",
    access: onMesh("mesh.write"),
    body: schema.meshPatch,
    answer: schema.meshSummary,
    ifMatch: "required",
    async handle({ runtime, principal, params, body, baseVersion }) {
      const row = await renameMesh(runtime.database, principal, {
        slug: params.mesh,
        name: body.name,
        version: baseVersion(),
      });
      return { body: toMesh(row, principal), etag: versionTag(row.version) };
    },
  }),
  defineRoute({
    id: "deleteMesh",
    method: "DELETE",
    path: "/meshes/{mesh}",
    tag: meshes,
    summary: "Delete a mesh; proxies that run are drained and lose their identities first",
    access: onMesh("mesh.delete"),
    answer: schema.meshDeletion,
    status: 202,
    ifMatch: "required",
    async handle({ runtime, principal, params, baseVersion }) {
      const { proxies } = await deleteMesh(runtime.database, principal, { slug: params.mesh, version: baseVersion() });
      return { body: { state: proxies > 0 ? ("draining" as const) : ("deleted" as const), proxies } };
    },
  }),
  defineRoute({
    id: "getDraft",
    method: "GET",
    path: "/meshes/{mesh}/draft",
    tag: draft,
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
    tag: draft,
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
    tag: draft,
    summary: "Replace the draft by a YAML document, as one change that can be undone",
    access: onMesh("draft.write"),
    body: schema.draftReplace,
    answer: schema.draftAnswer,
    ifMatch: "required",
    async handle({ runtime, principal, params, body, baseVersion }) {
      const read = fromYaml(body.text);
      if (!read.ok) throw new AppError("model-violation", { violations: read.violations });
      const { document } = await readDraft(runtime.database, principal, params.mesh);
      const commands = [replacement(document, read.document)];
      const change = await editDraft(runtime.database, principal, {
        slug: params.mesh,
        base: baseVersion(),
        clientId: body.clientId,
        commands,
        exact: true,
      });
      return draftAnswer(runtime, principal, params.mesh, body.clientId, change);
    },
  }),
  ...(["undo", "redo"] as const).map((direction) =>
    defineRoute({
      id: direction === "undo" ? "undoDraft" : "redoDraft",
      method: "POST",
      path: `/meshes/{mesh}/draft/${direction}`,
      tag: draft,
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
    tag: draft,
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
  defineRoute({
    id: "getFindings",
    method: "GET",
    path: "/meshes/{mesh}/findings",
    tag: meshes,
    summary: "What the analyzers say of the draft or of a revision",
    access: onMesh("mesh.read"),
    query: schema.atQuery,
    answer: schema.findings,
    async handle({ runtime, principal, params, query: { at } }) {
      const { document, digest } = await readDesign(runtime.database, principal, { slug: params.mesh, at });
      const { database, clock } = runtime;
      const now = clock.now();
      const risks = await listAcceptedRisks(database, principal, params.mesh);
      const found = analyze(document, { today: new Date(now).toISOString().slice(0, 10) });
      const items = withAccepted(found, risks, now);
      const count = (severity: string) => items.filter((each) => !each.accepted && each.severity === severity).length;
      const counts = {
        error: count("error"),
        warning: count("warning"),
        info: count("info"),
        accepted: items.filter((each) => each.accepted).length,
      };
      return { body: { at, digest, counts, items } };
    },
  }),
  defineRoute({
    id: "importText",
    method: "POST",
    path: "/meshes/{mesh}/import",
    tag: meshes,
    summary: "Read another product's configuration into the draft: what was understood, kept and warned about",
    access: onMesh("draft.write"),
    body: schema.importRequest,
    answer: schema.importAnswer,
    ifMatch: "optional",
    async handle({ runtime, principal, params, body, ifMatch, baseVersion }) {
      // Only looking needs no version; changing does.
      if (body.apply && ifMatch === null) throw new AppError("precondition-required");
      const slug = params.mesh;
      const { document, version } = await readDraft(runtime.database, principal, slug);
      const { text, file, defaultNamespace } = body;
      const found = importIstio(text, {
        document,
        ...(file === undefined ? {} : { file }),
        ...(defaultNamespace === undefined ? {} : { defaultNamespace }),
      });
      if (!body.apply) return { body: { ...found, applied: false, version } };
      if (found.violations.length > 0) throw new AppError("not-importable", { violations: found.violations });
      if (found.commands.length === 0)
        return { body: { ...found, applied: false, version }, etag: versionTag(version) };
      const commands: Command[] = [{ type: "batch", label: "Import from Istio", commands: found.commands }];
      const change = await editDraft(runtime.database, principal, {
        slug,
        base: baseVersion(),
        clientId: body.clientId,
        commands,
      });
      return { body: { ...found, applied: true, version: change.version }, etag: versionTag(change.version) };
    },
  }),
  defineRoute({
    id: "exportText",
    method: "GET",
    path: "/meshes/{mesh}/export",
    tag: meshes,
    summary: "The design as YAML, as canonical objects, or in another product's words with what is lost",
    access: onMesh("mesh.read"),
    query: schema.exportQuery,
    answer: schema.exportAnswer,
    async handle({ runtime, principal, params, query: { at, format } }) {
      const { document, digest } = await readDesign(runtime.database, principal, { slug: params.mesh, at });
      if (format === "istio") return { body: { format, at, digest, ...exportIstio(document) } };
      const text = format === "yaml" ? toYaml(document) : `${JSON.stringify(document, null, 2)}\n`;
      return { body: { format, at, digest, text, losses: [] } };
    },
  }),
  defineRoute({
    id: "listRevisions",
    method: "GET",
    path: "/meshes/{mesh}/revisions",
    tag: meshes,
    summary: "Revisions, newest first",
    access: onMesh("mesh.read"),
    query: schema.pageQuery,
    answer: schema.pageOf(schema.revision),
    async handle({ runtime, principal, params, query: { cursor, limit } }) {
      const before = readSeqCursor(cursor);
      const rows = await listRevisions(runtime.database, principal, {
        slug: params.mesh,
        before: before === undefined ? undefined : Math.min(Number(before), 2_147_483_647),
        limit: limit + 1,
      });
      return { body: page(rows, limit, (row) => String(row.number), toRevision) };
    },
  }),
  defineRoute({
    id: "createRevision",
    method: "POST",
    path: "/meshes/{mesh}/revisions",
    tag: meshes,
    summary: "Freeze the draft as a revision; with If-Match only the version that was read",
    access: onMesh("revision.create"),
    body: schema.newRevision,
    answer: schema.revision,
    status: 201,
    ifMatch: "optional",
    async handle({ runtime, principal, params, body, baseVersion }) {
      const row = await createRevision(runtime.database, principal, {
        slug: params.mesh,
        message: body.message,
        base: baseVersion(),
      });
      return { body: toRevision(row), headers: { location: `/api/v1/meshes/${params.mesh}/revisions/${row.number}` } };
    },
  }),
  defineRoute({
    id: "getRevision",
    method: "GET",
    path: "/meshes/{mesh}/revisions/{revision}",
    tag: meshes,
    summary: "One revision with its document; `3` or `r3`",
    access: onMesh("mesh.read"),
    answer: schema.revisionFull,
    async handle({ runtime, principal, params }) {
      const at = params.revision.startsWith("r") ? params.revision : `r${params.revision}`;
      if (!schema.at.safeParse(at).success)
        throw new AppError("not-found", { detail: "A revision is named by its number." });
      const design = await readDesign(runtime.database, principal, { slug: params.mesh, at });
      if (!design.revision) throw new AppError("not-found");
      const { document, positions } = design;
      return { body: { ...toRevision(design.revision), document, positions }, etag: `"${design.digest}"` };
    },
  }),
  defineRoute({
    id: "getDiff",
    method: "GET",
    path: "/meshes/{mesh}/diff",
    tag: meshes,
    summary: "What changes from one design to another, in sentences",
    access: onMesh("mesh.read"),
    query: schema.diffQuery,
    answer: schema.diff,
    async handle({ runtime, principal, params, query: { from, to } }) {
      const [a, b] = await Promise.all(
        [from, to].map((at) => readDesign(runtime.database, principal, { slug: params.mesh, at })),
      );
      if (!a || !b) throw new AppError("not-found");
      return {
        body: { from, to, fromDigest: a.digest, toDigest: b.digest, changes: diffDocuments(a.document, b.document) },
      };
    },
  }),
];
