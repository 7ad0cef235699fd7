// What the draft was before: the design that somebody's change started from, and who changed what since.
// The rule: rebuilt from the inverses that are kept with each change, never guessed; what does not reach back is refused by name.
import type { Principal } from "@/lib/auth/permissions";
import { AppError } from "@/lib/errors";
import { applyCommand, type Command, emptyMesh, type MeshDocument, type ObjectKey, type Touched } from "@/lib/mesh";
import { accessMesh } from "./access";
import type { Database } from "./client";
import { type DraftRow, draftOf } from "./draft-store";
import { fromJson } from "./json";
import { readDesign } from "./meshes";

/** One change of somebody since, oldest first. */
export interface LaterChange {
  by: string;
  at: Date;
  keys: ObjectKey[];
}

export interface Diverged {
  draft: DraftRow;
  base: MeshDocument;
  later: LaterChange[];
}

/** Changes are taken back one by one: further back, a frozen revision is the better start. */
const MAX_STEPS_BACK = 2_000;

/**
 * The draft, and the design at `from`: "r3" (a revision), "v12" (a version of the draft), or "empty" (a mesh without anything).
 * Throws `invalid-request` for a version that is newer than the draft, `not-found` for what is not kept.
 */
export async function divergedFrom(
  database: Database,
  principal: Principal,
  { slug, from }: { slug: string; from: string },
): Promise<Diverged> {
  const mesh = await accessMesh(database, principal, slug, "mesh.read");
  const draft = await draftOf(database, mesh.id);
  if (from === "empty") return { draft, base: emptyMesh(slug), later: [] };
  if (from.startsWith("r")) {
    const { document, revision } = await readDesign(database, principal, { slug, at: from });
    const since = { createdAt: { gt: revision?.createdAt ?? new Date(0) } };
    const rows = await changesOf(database, mesh.id, { ...since, version: { lte: draft.version } });
    return { draft, base: document, later: rows.map(laterChange).reverse() };
  }
  const version = Number(from.slice(1));
  if (version > draft.version) {
    const message = `${from} is newer than the draft, which is v${draft.version}`;
    const fix = "Name the version that the change was made on.";
    throw new AppError("invalid-request", { violations: [{ path: "base", message, fix }] });
  }
  const steps = draft.version - version;
  const rows =
    steps > MAX_STEPS_BACK ? [] : await changesOf(database, mesh.id, { version: { gt: version, lte: draft.version } });
  if (rows.length !== steps) {
    const detail = `v${version} is ${steps} changes back, and ${rows.length} of them are kept within reach. Name a revision as base instead.`;
    throw new AppError("not-found", { detail });
  }
  const inverses = rows.map((row) => fromJson<Command>(row.inverse));
  const back = applyCommand(draft.document, {}, { type: "batch", commands: inverses });
  if (!back.ok)
    throw new AppError("not-found", { detail: `v${version} can no longer be read. Name a revision as base.` });
  return { draft, base: back.document, later: rows.map(laterChange).reverse() };
}

/** Newest first. */
function changesOf(
  database: Database,
  meshId: string,
  where: { createdAt?: { gt: Date }; version: { gt?: number; lte: number } },
) {
  return database.draftCommand.findMany({
    where: { meshId, ...where },
    select: { inverse: true, touched: true, userName: true, createdAt: true },
    orderBy: { version: "desc" },
    take: MAX_STEPS_BACK,
  });
}

function laterChange(row: { touched: unknown; userName: string; createdAt: Date }): LaterChange {
  const { writes, removes } = fromJson<Touched>(row.touched);
  return { by: row.userName, at: row.createdAt, keys: [...writes, ...removes] };
}
