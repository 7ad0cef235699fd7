// A design as text, in and out: YAML, canonical objects, another product's configuration.
// The rule: what is lost or only kept on the way is said, and reading alone changes nothing.
import { editDraft, readDraft } from "@/lib/data/drafts";
import { type ImportReportRow, keepImportReport, listImportReports, readImportReport } from "@/lib/data/import-reports";
import { readDesign } from "@/lib/data/meshes";
import { AUTO, dialectOf, type ImportChoice } from "@/lib/dialects";
import { AppError } from "@/lib/errors";
import type { Command } from "@/lib/mesh";
import { readSeqCursor } from "../cursor";
import { versionTag } from "../etag";
import { DESIGN_BODY_BYTES, defineRoute, onMesh, page } from "../route";
import * as schema from "../schema";

const tag = "meshes";

export const exchangeRoutes = [
  defineRoute({
    id: "importText",
    method: "POST",
    path: "/meshes/{mesh}/import",
    tag,
    summary: "Read another product's configuration into the draft: what was understood, kept and warned about",
    access: onMesh("draft.write"),
    body: schema.importRequest,
    maxBodyBytes: DESIGN_BODY_BYTES,
    answer: schema.importAnswer,
    ifMatch: "optional",
    async handle({ runtime, principal, params, body, ifMatch, baseVersion, request }) {
      // Only looking needs no version; changing does.
      if (body.apply && ifMatch === null) throw new AppError("precondition-required");
      const slug = params.mesh;
      const { document, version } = await readDraft(runtime.database, principal, slug);
      const { text, file, defaultNamespace } = body;
      const asked = { choice: body.dialect, text, file, document, defaultNamespace };
      const found = await runtime.threads.run("importText", asked, request.signal);
      if (!body.apply) return { body: { ...found, applied: false, version } };
      if (found.violations.length > 0) throw new AppError("not-importable", { violations: found.violations });
      if (found.commands.length === 0)
        return { body: { ...found, applied: false, version }, etag: versionTag(version) };
      const commands: Command[] = [{ type: "batch", label: importLabel(body.dialect), commands: found.commands }];
      const change = await editDraft(runtime.database, principal, {
        slug,
        base: baseVersion(),
        clientId: body.clientId,
        commands,
        also: (connection, { mesh, version: made }) =>
          keepImportReport(connection, principal, {
            mesh,
            version: made,
            dialect: body.dialect,
            source: file,
            characters: text.length,
            found,
          }),
      });
      return { body: { ...found, applied: true, version: change.version }, etag: versionTag(change.version) };
    },
  }),
  defineRoute({
    id: "listImports",
    method: "GET",
    path: "/meshes/{mesh}/imports",
    tag,
    summary: "What was imported, newest first: who, of which products, how much was understood, kept and warned about",
    access: onMesh("mesh.read"),
    query: schema.pageQuery,
    answer: schema.pageOf(schema.importSummary),
    async handle({ runtime, principal, params, query: { cursor, limit } }) {
      const rows = await listImportReports(runtime.database, principal, {
        slug: params.mesh,
        before: versionFrom(readSeqCursor(cursor)),
        limit: limit + 1,
      });
      return { body: page(rows, limit, (row) => String(row.draftVersion), toImportSummary) };
    },
  }),
  defineRoute({
    id: "getImport",
    method: "GET",
    path: "/meshes/{mesh}/imports/{import}",
    tag,
    summary: "The report of one import with its warnings, by the version of the draft that it made; `12` or `v12`",
    access: onMesh("mesh.read"),
    answer: schema.importReport,
    async handle({ runtime, principal, params }) {
      const [, number] = /^v?([1-9]\d{0,8})$/.exec(params.import) ?? [];
      if (number === undefined) {
        throw new AppError("not-found", { detail: "An import is named by the version of the draft that it made." });
      }
      const row = await readImportReport(runtime.database, principal, { slug: params.mesh, version: Number(number) });
      const { warnings: warningsTotal, ...summary } = toImportSummary(row);
      return { body: { ...summary, warningsTotal, warnings: row.warnings } };
    },
  }),
  defineRoute({
    id: "exportText",
    method: "GET",
    path: "/meshes/{mesh}/export",
    tag,
    summary: "The design as YAML, as canonical objects, or in another product's words with what is lost",
    access: onMesh("mesh.read"),
    query: schema.exportQuery,
    answer: schema.exportAnswer,
    async handle({ runtime, principal, params, query: { at, format, channel, bundle }, request }) {
      const { document, digest } = await readDesign(runtime.database, principal, { slug: params.mesh, at });
      const asked = { format, document, channel, bundle: bundle === "true" };
      const made = await runtime.threads.run("exportText", asked, request.signal);
      return { body: { format, at, digest, ...made } };
    },
  }),
];

const versionFrom = (cursor: bigint | undefined) =>
  cursor === undefined ? undefined : Math.min(Number(cursor), 2_147_483_647);

function toImportSummary(row: ImportReportRow): schema.ImportSummaryDto {
  const { products, source, characters, understood, kept, changes, isUndone, revision } = row;
  return {
    version: row.draftVersion,
    dialect: row.dialect,
    products,
    source,
    characters,
    understood,
    kept,
    changes,
    warnings: row.warningsTotal,
    changesMeaning: row.meaningTotal,
    by: row.importedByName,
    at: row.importedAt.toISOString(),
    isUndone,
    revision,
  };
}

const importLabel = (choice: ImportChoice) => (choice === AUTO ? "Import" : `Import from ${dialectOf(choice).title}`);
