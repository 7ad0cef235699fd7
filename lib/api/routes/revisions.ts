// Frozen designs and what changes between two of them. The rule: a revision never changes, so its digest is its ETag.
import { createRevision, listRevisions, type RevisionRow, readDesign } from "@/lib/data/meshes";
import { AppError } from "@/lib/errors";
import { readSeqCursor } from "../cursor";
import { defineRoute, onMesh, page } from "../route";
import * as schema from "../schema";

const tag = "meshes";

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

export const revisionRoutes = [
  defineRoute({
    id: "listRevisions",
    method: "GET",
    path: "/meshes/{mesh}/revisions",
    tag,
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
    tag,
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
    tag,
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
    tag,
    summary: "What changes from one design to another, in sentences",
    access: onMesh("mesh.read"),
    query: schema.diffQuery,
    answer: schema.diff,
    async handle({ runtime, principal, params, query: { from, to }, request }) {
      const [a, b] = await Promise.all(
        [from, to].map((at) => readDesign(runtime.database, principal, { slug: params.mesh, at })),
      );
      if (!a || !b) throw new AppError("not-found");
      const pair = { from: a.document, to: b.document };
      const changes = await runtime.threads.run("diff", pair, request.signal);
      return { body: { from, to, fromDigest: a.digest, toDigest: b.digest, changes } };
    },
  }),
];
