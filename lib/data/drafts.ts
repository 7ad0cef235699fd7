// The draft of a mesh: one document that several people change by commands.
// The rule: every change locks the draft's row, goes through lib/mesh, raises the version by one and is kept with its inverse.
// An edit on an older version is merged when no object that others changed since is touched; otherwise it is refused by name.
import type { Principal } from "@/lib/auth/permissions";
import { can } from "@/lib/auth/permissions";
import { AppError } from "@/lib/errors";
import {
  applyCommand,
  type Command,
  conflictsBetween,
  type ObjectKey,
  parseKey,
  type Touched,
  touchedBetween,
  touchedKeys,
} from "@/lib/mesh";
import { accessMesh, forbidden, type MeshRef } from "./access";
import type { Connection, Database } from "./client";
import { type DraftRow, draftDigest, draftOf, lockDraft, rememberDraft, writeDraft } from "./draft-store";
import { fromJson, toJson } from "./json";

/** `null`: the caller sent `If-Match: *` and takes whatever is there. */
export type BaseVersion = number | null;

export interface DraftChange {
  version: number;
  digest: string;
  merged: boolean;
}

/** The undone edit keeps its place; these say what is done to it. */
export type ChangeKind = "edit" | "undo" | "redo";

const CHANGE_TIMEOUT = { maxWait: 10_000, timeout: 20_000 };

export async function readDraft(database: Connection, principal: Principal, slug: string): Promise<DraftRow> {
  const mesh = await accessMesh(database, principal, slug, "mesh.read");
  return draftOf(database, mesh.id);
}

interface EditInput {
  slug: string;
  base: BaseVersion;
  clientId: string;
  commands: readonly Command[];
  /** Refuse instead of merging when the draft has moved on. */
  exact?: boolean;
  /** What stands or falls with the change: runs in its transaction, after it. */
  also?: (connection: Connection, made: { mesh: MeshRef; version: number }) => Promise<void>;
}

export async function editDraft(database: Database, principal: Principal, input: EditInput): Promise<DraftChange> {
  const { row, merged } = await database.$transaction(async (connection) => {
    const mesh = await accessMesh(connection, principal, input.slug, "draft.write");
    const draft = await lockDraft(connection, mesh.id);
    const base = checkBase(draft, input.base, input.exact ?? false);
    const [only] = input.commands;
    const command: Command =
      only && input.commands.length === 1 ? only : { type: "batch", commands: [...input.commands] };
    const theirs = await changesSince(connection, mesh.id, { version: base, notClient: input.clientId });
    const made = await change(connection, {
      principal,
      mesh,
      draft,
      command,
      theirs,
      clientId: input.clientId,
      kind: "edit",
      base,
    });
    await input.also?.(connection, { mesh, version: made.row.version });
    return made;
  }, CHANGE_TIMEOUT);
  return settled(row, merged);
}

/** What is in force now. */
function settled({ meshId, ...row }: DraftRow & { meshId: string }, merged: boolean): DraftChange {
  rememberDraft(meshId, row);
  return { version: row.version, digest: row.digest, merged };
}

/** Takes the client's newest edit back, or repeats the one it took back last. */
export async function stepDraft(
  database: Database,
  principal: Principal,
  {
    slug,
    base,
    clientId,
    direction,
  }: { slug: string; base: BaseVersion; clientId: string; direction: "undo" | "redo" },
): Promise<DraftChange> {
  const { row, merged } = await database.$transaction(async (connection) => {
    const mesh = await accessMesh(connection, principal, slug, "draft.write");
    const draft = await lockDraft(connection, mesh.id);
    const from = checkBase(draft, base, false);
    const { undo, redo } = await stepsOf(connection, mesh.id, clientId, principal.userId);
    const edit = direction === "undo" ? undo : redo;
    if (!edit) throw new AppError(direction === "undo" ? "nothing-to-undo" : "nothing-to-redo");
    const theirs = await changesSince(connection, mesh.id, { version: edit.version, notClient: clientId });
    const command = await commandOf(connection, edit.seq, direction);
    const result = await change(connection, {
      principal,
      mesh,
      draft,
      command,
      theirs,
      clientId,
      kind: direction,
      base: from,
      ofSeq: edit.seq,
    });
    await connection.draftCommand.update({
      where: { seq: edit.seq },
      data: direction === "undo" ? { undoneAt: new Date() } : { undoneAt: null, inverse: toJson(result.inverse) },
    });
    return result;
  }, CHANGE_TIMEOUT);
  return settled(row, merged);
}

/** What undo and redo of this window would turn: edits live on a stack, a new edit cuts off what was undone. */
export async function stepsOf(connection: Connection, meshId: string, clientId: string, userId: string) {
  const mine = { meshId, clientId, userId, kind: "edit" };
  const select = { seq: true, version: true };
  const undo = await connection.draftCommand.findFirst({
    where: { ...mine, undoneAt: null },
    orderBy: { seq: "desc" },
    select,
  });
  const redo = await connection.draftCommand.findFirst({
    where: { ...mine, undoneAt: { not: null }, ...(undo ? { seq: { gt: undo.seq } } : {}) },
    orderBy: { seq: "asc" },
    select,
  });
  return { undo, redo };
}

/** What turns an edit: that of an import is as large as the design. */
async function commandOf(connection: Connection, seq: bigint, direction: "undo" | "redo"): Promise<Command> {
  const row = await connection.draftCommand.findUniqueOrThrow({
    where: { seq },
    select: { inverse: direction === "undo", command: direction === "redo" },
  });
  return fromJson<Command>(direction === "undo" ? row.inverse : row.command);
}

function checkBase(draft: DraftRow, base: BaseVersion, exact: boolean): number {
  if (base === null) return draft.version;
  if (base > draft.version || (exact && base !== draft.version)) {
    throw new AppError("version-mismatch", { extra: { version: draft.version } });
  }
  return base;
}

interface Others {
  touched: Touched;
  entries: readonly { keys: readonly ObjectKey[]; by: string; at: Date }[];
}

async function changesSince(
  connection: Connection,
  meshId: string,
  { version, notClient }: { version: number; notClient: string },
): Promise<Others> {
  const rows = await connection.draftCommand.findMany({
    where: { meshId, version: { gt: version }, clientId: { not: notClient } },
    select: { touched: true, userName: true, createdAt: true },
    orderBy: { seq: "asc" },
  });
  const touched: Touched = { writes: [], removes: [], reads: [] };
  const entries = rows.map((row) => {
    const each = fromJson<Touched>(row.touched);
    touched.writes.push(...each.writes);
    touched.removes.push(...each.removes);
    touched.reads.push(...each.reads);
    return { keys: [...each.writes, ...each.removes], by: row.userName, at: row.createdAt };
  });
  return { touched, entries };
}

interface ChangeInput {
  principal: Principal;
  mesh: MeshRef;
  draft: DraftRow;
  command: Command;
  theirs: Others;
  clientId: string;
  kind: ChangeKind;
  base: number;
  ofSeq?: bigint;
}

interface Made {
  row: DraftRow & { meshId: string };
  merged: boolean;
  inverse: Command;
}

async function change(connection: Connection, input: ChangeInput): Promise<Made> {
  const { principal, mesh, draft, command, theirs } = input;
  const applied = applyCommand(draft.document, draft.positions, command);
  if (!applied.ok) {
    const changedByOthers = new Set([...theirs.touched.writes, ...theirs.touched.removes]);
    const overlap = touchedKeys(command).filter((key) => changedByOthers.has(key));
    if (overlap.length > 0) throw conflict(draft, theirs, overlap);
    throw new AppError("model-violation", { violations: applied.violations });
  }
  const touched = touchedBetween(draft.document, applied.document);
  const overlap = conflictsBetween(theirs.touched, touched);
  if (overlap.length > 0) throw conflict(draft, theirs, overlap);
  requireNamespaces(principal, mesh, touched);

  const row = {
    version: draft.version + 1,
    document: applied.document,
    positions: applied.positions,
    digest: draftDigest(applied.document),
    updatedAt: new Date(),
    updatedByName: principal.name,
  };
  await writeDraft(connection, mesh.id, draft, { ...row, updatedById: principal.userId });
  await connection.draftCommand.create({
    data: {
      meshId: mesh.id,
      version: row.version,
      userId: principal.userId,
      userName: principal.name,
      clientId: input.clientId,
      command: toJson(command),
      inverse: toJson(applied.inverse),
      touched: toJson(touched),
      kind: input.kind,
      ofSeq: input.ofSeq ?? null,
    },
    select: { seq: true },
  });
  return { row: { ...row, meshId: mesh.id }, merged: input.base < draft.version, inverse: applied.inverse };
}

function conflict(draft: DraftRow, theirs: Others, keys: readonly ObjectKey[]): AppError {
  const conflicts = keys.map((key) => {
    const entry = theirs.entries.findLast((each) => each.keys.includes(key)) ?? theirs.entries.at(-1);
    return { key, by: entry?.by ?? "somebody", at: (entry?.at ?? new Date()).toISOString() };
  });
  const names = conflicts.map(({ key, by }) => `${key} (${by})`).join(", ");
  return new AppError("draft-conflict", {
    detail: `Changed meanwhile: ${names}. Read the draft again and repeat the change where it still holds.`,
    extra: { conflicts, version: draft.version },
  });
}

/** Somebody with a role in some namespaces only may change objects of those only. */
function requireNamespaces(principal: Principal, mesh: MeshRef, touched: Touched): void {
  if (can(principal, "draft.write", { meshId: mesh.id })) return;
  for (const key of [...touched.writes, ...touched.removes]) {
    const namespace = parseKey(key)?.namespace;
    if (!namespace || !can(principal, "draft.write", { meshId: mesh.id, namespace })) {
      throw forbidden("draft.write", ` for ${key}`);
    }
  }
}
