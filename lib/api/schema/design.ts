// Meshes, drafts, revisions, findings, import and export.
import { z } from "zod";
import { CHANNELS, EXPORT_IDS, IMPORT_CHOICES } from "@/lib/dialects/catalogue";
import { commandSchema, meshDocument, positions } from "@/lib/mesh";
import { at, designText, objectKeyText, role, slug, timestamp, violation } from "./common";
import { acceptedRisk } from "./findings";
import { migration } from "./migration";

export const meshSummary = z.object({
  id: z.string(),
  slug: z.string(),
  name: z.string(),
  version: z.int(),
  /** The caller's highest role here. */
  role: role.nullable(),
  /** Actions the caller may do here. */
  permissions: z.array(z.string()),
  services: z.int(),
  latestRevision: z.int().nullable(),
  /** True while its proxies are drained, after which it is gone; nothing of it can be changed then. */
  isBeingDeleted: z.boolean(),
  /** That run, or are being drained. */
  proxies: z.int(),
  updatedAt: timestamp,
});
/** draining: so many proxies are being ended, then the mesh goes; its events tell the progress. */
export const meshDeletion = z.object({ state: z.enum(["draining", "deleted"]), proxies: z.int() });
export type MeshSummary = z.infer<typeof meshSummary>;
export const newMesh = z.strictObject({
  slug,
  name: z.string().min(1).max(120),
  trustDomain: z
    .string()
    .max(255)
    .regex(/^[a-z0-9._-]+$/)
    .optional(),
});
export const meshPatch = z.strictObject({ name: z.string().min(1).max(120) });

export const draft = z.object({
  version: z.int(),
  document: meshDocument,
  positions,
  digest: z.string(),
  updatedAt: timestamp,
  updatedBy: z.string().nullable(),
});
export type Draft = z.infer<typeof draft>;

const clientId = z.string().min(1).max(64);
export const draftCommands = z.strictObject({ commands: z.array(commandSchema).min(1).max(1_000), clientId });
export const draftStep = z.strictObject({ clientId });
export const draftAnswer = z.object({
  version: z.int(),
  digest: z.string(),
  /** True when others had changed the draft since the version in If-Match; read it again. */
  merged: z.boolean(),
  canUndo: z.boolean(),
  canRedo: z.boolean(),
});
export type DraftAnswer = z.infer<typeof draftAnswer>;
/** What a 409 on the draft carries beside the problem. */
export const draftConflict = z.object({
  version: z.int(),
  conflicts: z.array(z.object({ key: z.string(), by: z.string(), at: timestamp })),
});
export const historyEntry = z.object({
  seq: z.string(),
  version: z.int(),
  at: timestamp,
  by: z.string(),
  kind: z.enum(["edit", "undo", "redo"]),
  touched: z.array(z.string()),
  isUndone: z.boolean(),
  isMine: z.boolean(),
});
export const historyQuery = z.strictObject({
  clientId: clientId.optional(),
  cursor: z.string().max(64).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

export const atQuery = z.strictObject({ at: at.default("draft") });

export const finding = z.object({
  /** Stays the same over renames and until the object or the place changes. */
  id: z.string(),
  code: z.string(),
  title: z.string(),
  area: z.enum(["broken", "access", "encryption", "routing", "resilience", "ownership"]),
  severity: z.enum(["error", "warning", "info"]),
  message: z.string(),
  cause: z.string(),
  refs: z.array(z.string()),
  path: z.string().optional(),
  fixes: z.array(z.object({ title: z.string(), command: commandSchema })).optional(),
  /** Its risk is accepted for now: it is shown, and not counted. */
  accepted: acceptedRisk.omit({ isInForce: true }).optional(),
});
export type FindingDto = z.infer<typeof finding>;
export const findings = z.object({
  at: z.string(),
  digest: z.string(),
  counts: z.object({ error: z.int(), warning: z.int(), info: z.int(), accepted: z.int() }),
  items: z.array(finding),
});

export const importRequest = z.strictObject({
  /** auto: every resource is taken for what its apiVersion and kind say. */
  dialect: z.enum(IMPORT_CHOICES).default("auto"),
  text: designText,
  file: z.string().max(256).optional(),
  defaultNamespace: z.string().max(63).optional(),
  /** False shows what would happen; true changes the draft. */
  apply: z.boolean().default(false),
  clientId: clientId.default("import"),
});
const readProduct = z.object({ dialect: z.string(), versions: z.array(z.string()), documents: z.int() });
export const importAnswer = z.object({
  /** What the documents were of, with the versions of its API that they named. */
  products: z.array(readProduct),
  understood: z.array(z.unknown()),
  kept: z.array(z.unknown()),
  warnings: z.array(z.unknown()),
  findings: z.array(z.unknown()),
  violations: z.array(violation),
  commands: z.array(z.unknown()),
  applied: z.boolean(),
  version: z.int(),
});
export const importSummary = z.object({
  /** Of the draft that the import made; its name. */
  version: z.int(),
  /** As it was asked for: auto, or a product. */
  dialect: z.string(),
  products: z.array(readProduct),
  /** Name of the file, where there was one. */
  source: z.string().nullable(),
  characters: z.int(),
  understood: z.int(),
  kept: z.int(),
  changes: z.int(),
  warnings: z.int(),
  /** Of the warnings, those by which calls get another answer. */
  changesMeaning: z.int(),
  by: z.string(),
  at: timestamp,
  /** It was taken back, and not repeated. */
  isUndone: z.boolean(),
  /** Number of the first revision that was frozen after it; null: none yet. */
  revision: z.int().nullable(),
});
export type ImportSummaryDto = z.infer<typeof importSummary>;
export const importReport = importSummary.extend({
  /** Those that change the meaning first; at most 1,000, and what there is room for. */
  warnings: z.array(
    z.object({
      source: z.string(),
      path: z.string(),
      message: z.string(),
      fix: z.string(),
      line: z.int(),
      file: z.string().optional(),
      verdict: z.enum(["exact", "approximate", "moved", "escape", "lost", "ignored"]),
      changesMeaning: z.boolean(),
    }),
  ),
  /** How many there were. */
  warningsTotal: z.int(),
});
export type ImportReportDto = z.infer<typeof importReport>;
export const exportQuery = z.strictObject({
  at: at.default("draft"),
  format: z.enum(["yaml", "json", ...EXPORT_IDS]).default("yaml"),
  /** Variant of the product, where it has several; absent: its first. */
  channel: z.enum(CHANNELS).optional(),
  /** true: also the files of a bundle. */
  bundle: z.enum(["true", "false"]).default("false"),
});
export const reportEntry = z.object({
  key: z.string(),
  path: z.string(),
  verdict: z.enum(["exact", "approximate", "moved", "escape", "lost", "ignored"]),
  reason: z.string(),
  /** A call gets another answer than the design says. */
  changesMeaning: z.boolean().optional(),
  target: z.string().optional(),
});
export const exportAnswer = z.object({
  format: z.string(),
  at: z.string(),
  digest: z.string(),
  /** All of it as one text; empty where a bundle of files that are no manifests was asked for. */
  text: z.string(),
  losses: z.array(reportEntry),
  /** Every part of the design with its verdict; empty for yaml and json. */
  report: z.array(reportEntry),
  files: z.array(z.object({ path: z.string(), text: z.string() })).optional(),
  /** With a bundle: what a person has to decide before it is applied. */
  migration: migration.optional(),
});

/** The whole draft at once, as the CLI pushes it. Runs as commands, so it can be undone. */
export const draftReplace = z.strictObject({
  text: designText,
  clientId: clientId.default("push"),
});

export const revision = z.object({
  id: z.string(),
  number: z.int(),
  digest: z.string(),
  message: z.string(),
  createdAt: timestamp,
  author: z.string(),
});
export type Revision = z.infer<typeof revision>;
export const newRevision = z.strictObject({ message: z.string().max(2_000).default("") });
export const revisionFull = revision.extend({ document: meshDocument, positions });

export const diffQuery = z.strictObject({ from: at, to: at.default("draft") });
export const semanticChange = z.looseObject({
  kind: z.enum(["added", "removed", "changed", "renamed"]),
  key: objectKeyText,
  sentence: z.string(),
});
export const diff = z.object({
  from: z.string(),
  to: z.string(),
  fromDigest: z.string(),
  toDigest: z.string(),
  changes: z.array(semanticChange),
});
