// The row of a draft, for edits of large designs: what this process wrote or read last is not read again, and of a small change only that is written.
// The rule: what is remembered counts only while the locked row says the same version, digest and time; a process that knows nothing does the same work.
// Documents go past Prisma as text: its own way through JSON costs ten times as much (docs/decisions/large-work.md).
import { createHash } from "node:crypto";
import { AppError } from "@/lib/errors";
import { digestedText, type MeshDocument, type MeshObject, type Positions } from "@/lib/mesh";
import type { Connection } from "./client";
import { Prisma } from "./generated/client";
import { fromJson } from "./json";

export interface DraftRow {
  version: number;
  document: MeshDocument;
  positions: Positions;
  digest: string;
  updatedAt: Date;
  updatedByName: string | null;
}

type Head = Pick<DraftRow, "version" | "digest" | "updatedAt" | "updatedByName">;

/** Of all drafts that are remembered: about 100 MB. */
const MAX_REMEMBERED_OBJECTS = 60_000;
const remembered = new Map<string, DraftRow>();

/** Call it when the transaction is through: one that was taken back made no such row. */
export function rememberDraft(meshId: string, row: DraftRow): void {
  remembered.delete(meshId);
  remembered.set(meshId, row);
  let objects = 0;
  for (const each of remembered.values()) objects += each.document.objects.length;
  for (const [key, each] of remembered) {
    if (objects <= MAX_REMEMBERED_OBJECTS) return;
    remembered.delete(key);
    objects -= each.document.objects.length;
  }
}

export async function draftOf(connection: Connection, meshId: string): Promise<DraftRow> {
  const [row] = await connection.$queryRaw<(Head & { document: string; positions: string })[]>`
    SELECT "version", "digest", "updatedAt", "updatedByName", "document"::text AS document, "positions"::text AS positions
    FROM "Draft" WHERE "meshId" = ${meshId}`;
  // The mesh was deleted meanwhile.
  if (!row) throw new AppError("not-found");
  return {
    ...row,
    document: fromJson<MeshDocument>(JSON.parse(row.document)),
    positions: fromJson<Positions>(JSON.parse(row.positions)),
  };
}

/** Takes the draft's row until the transaction ends: changes of one mesh come one after the other. */
export async function lockDraft(connection: Connection, meshId: string): Promise<DraftRow> {
  const [head] = await connection.$queryRaw<Head[]>`
    SELECT "version", "digest", "updatedAt", "updatedByName" FROM "Draft" WHERE "meshId" = ${meshId} FOR UPDATE`;
  const known = remembered.get(meshId);
  const isSame =
    known?.version === head?.version &&
    known?.digest === head?.digest &&
    known?.updatedAt.getTime() === head?.updatedAt.getTime();
  return known && isSame ? known : draftOf(connection, meshId);
}

const texts = new WeakMap<MeshObject, string>();

/** `digestOf`, where nothing changes objects in place. */
export const draftDigest = (document: MeshDocument): string =>
  createHash("sha256").update(digestedText(document, texts)).digest("hex");

/** @param before the row as it is, locked */
export async function writeDraft(
  connection: Connection,
  meshId: string,
  before: DraftRow,
  after: DraftRow & { updatedById: string },
): Promise<void> {
  const isMoved = before.positions !== after.positions;
  await connection.$executeRaw`
    UPDATE "Draft" SET "version" = ${after.version}, "digest" = ${after.digest}, "updatedAt" = ${after.updatedAt},
      "updatedById" = ${after.updatedById}, "updatedByName" = ${after.updatedByName},
      "document" = ${documentAfter(before.document.objects, after.document)},
      "positions" = ${isMoved ? json(after.positions) : Prisma.sql`"positions"`}
    WHERE "meshId" = ${meshId}`;
}

/** Each step costs the database the whole document once more; a text of all costs this process that. */
const MAX_STEPS = 8;

const json = (value: unknown): Prisma.Sql => Prisma.sql`${JSON.stringify(value)}::jsonb`;

/** Objects that were changed stay in their place, new ones are at the end: so it is after nearly every edit. */
function documentAfter(before: readonly MeshObject[], { objects }: MeshDocument): Prisma.Sql {
  const isLonger = objects.length >= before.length;
  const changed: number[] = [];
  for (let i = 0; isLonger && i < objects.length && changed.length <= MAX_STEPS; i++) {
    if (objects[i] !== before[i]) changed.push(i);
  }
  if (!isLonger || changed.length > MAX_STEPS) return json({ objects });
  return changed.reduce(
    (document, i) => Prisma.sql`jsonb_set(${document}, ARRAY['objects', ${String(i)}::text], ${json(objects[i])})`,
    Prisma.sql`"document"`,
  );
}
