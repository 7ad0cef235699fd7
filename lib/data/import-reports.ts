// Reports of imports: what each was told, kept with the change that it made of the draft.
// The rule: written in the transaction of the change and never again; bounded in number and size, and it says what it left out.
import type { Principal } from "@/lib/auth/permissions";
import type { ImportChoice, ImportResult, ReadProduct } from "@/lib/dialects";
import { AppError } from "@/lib/errors";
import { accessMesh, type MeshRef } from "./access";
import type { Connection, Database } from "./client";
import { fromJson, toJson } from "./json";
import { actor } from "./meshes";

/** Of one mesh; the oldest go first. */
export const MAX_REPORTS = 200;
export const MAX_WARNINGS = 1_000;
/** Of all warnings of one report, as JSON. */
export const MAX_CHARACTERS = 400_000;
const MAX_TEXT = 1_000;

export type StoredWarning = Omit<ImportResult["warnings"][number], "column">;

export interface ImportReportRow {
  draftVersion: number;
  dialect: string;
  products: ReadProduct[];
  source: string | null;
  characters: number;
  understood: number;
  kept: number;
  changes: number;
  warningsTotal: number;
  meaningTotal: number;
  warnings: StoredWarning[];
  importedByName: string;
  importedAt: Date;
  isUndone: boolean;
  /** The first revision that was frozen after it. */
  revision: number | null;
}

interface NewReport {
  mesh: MeshRef;
  /** The draft's version that the import made. */
  version: number;
  dialect: ImportChoice;
  source: string | undefined;
  characters: number;
  found: ImportResult;
}

export async function keepImportReport(
  connection: Connection,
  principal: Principal,
  { mesh, version, dialect, source, characters, found }: NewReport,
): Promise<void> {
  const { actorId, actorName } = actor(principal);
  await connection.importReport.create({
    data: {
      meshId: mesh.id,
      draftVersion: version,
      dialect,
      products: toJson(found.products),
      source: source ?? null,
      characters,
      understood: found.understood.length,
      kept: found.kept.length,
      changes: found.commands.length,
      warningsTotal: found.warnings.length,
      meaningTotal: found.warnings.filter(({ changesMeaning }) => changesMeaning).length,
      warnings: toJson(boundedWarnings(found.warnings)),
      importedById: actorId,
      importedByName: actorName,
    },
  });
  const [oldest] = await connection.importReport.findMany({
    where: { meshId: mesh.id },
    select: { draftVersion: true },
    orderBy: { draftVersion: "desc" },
    skip: MAX_REPORTS,
    take: 1,
  });
  if (!oldest) return;
  await connection.importReport.deleteMany({ where: { meshId: mesh.id, draftVersion: { lte: oldest.draftVersion } } });
}

/** What changes the meaning first, then in the order of the text; long texts are cut, and what has no room is left out. */
export function boundedWarnings(warnings: ImportResult["warnings"]): StoredWarning[] {
  const inOrder = [...warnings].sort((a, b) => Number(b.changesMeaning) - Number(a.changesMeaning));
  const kept: StoredWarning[] = [];
  let room = MAX_CHARACTERS;
  for (const { column: _, ...warning } of inOrder.slice(0, MAX_WARNINGS)) {
    const cut = {
      ...warning,
      source: short(warning.source),
      path: short(warning.path),
      message: short(warning.message),
      fix: short(warning.fix),
    };
    room -= JSON.stringify(cut).length;
    if (room < 0) break;
    kept.push(cut);
  }
  return kept;
}

const short = (text: string) => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text);

export async function listImportReports(
  database: Database,
  principal: Principal,
  { slug, before, limit }: { slug: string; before?: number | undefined; limit: number },
): Promise<ImportReportRow[]> {
  const mesh = await accessMesh(database, principal, slug, "mesh.read");
  const rows = await database.importReport.findMany({
    where: { meshId: mesh.id, ...(before === undefined ? {} : { draftVersion: { lt: before } }) },
    omit: { warnings: true },
    orderBy: { draftVersion: "desc" },
    take: limit,
  });
  return withFate(
    database,
    mesh.id,
    rows.map((row) => ({ ...row, warnings: [] })),
  );
}

export async function readImportReport(
  database: Database,
  principal: Principal,
  { slug, version }: { slug: string; version: number },
): Promise<ImportReportRow> {
  const mesh = await accessMesh(database, principal, slug, "mesh.read");
  const row = await database.importReport.findUnique({
    where: { meshId_draftVersion: { meshId: mesh.id, draftVersion: version } },
  });
  const [report] = row ? await withFate(database, mesh.id, [row]) : [];
  if (report) return report;
  throw new AppError("not-found", {
    detail: `No import made v${version} of the draft, or its report is one of those before the last ${MAX_REPORTS}.`,
  });
}

/** Whether each was taken back, and in which revision it went. */
async function withFate<Row extends { draftVersion: number; importedAt: Date; products: unknown; warnings: unknown }>(
  database: Database,
  meshId: string,
  rows: readonly Row[],
) {
  const [oldest] = rows.map(({ importedAt }) => importedAt).sort((a, b) => a.getTime() - b.getTime());
  if (!oldest) return [];
  const undone = await database.draftCommand.findMany({
    where: { meshId, version: { in: rows.map(({ draftVersion }) => draftVersion) }, undoneAt: { not: null } },
    select: { version: true },
  });
  const revisions = await database.revision.findMany({
    where: { meshId, createdAt: { gte: oldest } },
    select: { number: true, createdAt: true },
    orderBy: { number: "asc" },
  });
  return rows.map((row) => ({
    ...row,
    products: fromJson<ReadProduct[]>(row.products),
    warnings: fromJson<StoredWarning[]>(row.warnings),
    isUndone: undone.some(({ version }) => version === row.draftVersion),
    revision: revisions.find(({ createdAt }) => createdAt >= row.importedAt)?.number ?? null,
  }));
}
