// The evaluation of mesh products of a mesh: one row, its version its ETag.
// The rule: who said an own verdict or the decision, and on which day, is the server's to say and stays while nobody changes it.
import type { Principal } from "@/lib/auth/permissions";
import { AppError } from "@/lib/errors";
import type { Choices, Decision, Override } from "@/lib/selection";
import type { SelectionRequest } from "@/lib/selection/choices";
import { accessMesh } from "./access";
import { type Database, isUniqueViolation } from "./client";
import type { BaseVersion } from "./drafts";
import type { Selection as SelectionModel } from "./generated/client";
import { fromJson, toJson, toNullableJson } from "./json";
import { actor } from "./meshes";
import { appendEvent } from "./system/events";

export type StoredSelection = Choices & {
  version: number;
  notes: string;
  decision: Decision | null;
  updatedAt: string | null;
  updatedBy: string | null;
};

const NONE: StoredSelection = {
  version: 0,
  weights: {},
  constraints: {},
  overrides: [],
  notes: "",
  decision: null,
  updatedAt: null,
  updatedBy: null,
};

function toSelection(row: SelectionModel): StoredSelection {
  return {
    version: row.version,
    weights: fromJson<Choices["weights"]>(row.weights),
    constraints: fromJson<Choices["constraints"]>(row.constraints),
    overrides: fromJson<Override[]>(row.overrides),
    notes: row.notes,
    decision: fromJson<Decision | null>(row.decision),
    updatedAt: row.updatedAt.toISOString(),
    updatedBy: row.updatedByName,
  };
}

export async function readSelection(database: Database, principal: Principal, slug: string): Promise<StoredSelection> {
  const mesh = await accessMesh(database, principal, slug, "mesh.read");
  const row = await database.selection.findUnique({ where: { meshId: mesh.id } });
  return row ? toSelection(row) : NONE;
}

export async function saveSelection(
  database: Database,
  principal: Principal,
  { slug, body, version, now }: { slug: string; body: SelectionRequest; version: BaseVersion; now: number },
): Promise<StoredSelection> {
  try {
    return await database.$transaction(async (connection) => {
      const mesh = await accessMesh(connection, principal, slug, "draft.write");
      const row = await connection.selection.findUnique({ where: { meshId: mesh.id } });
      const before = row ? toSelection(row) : NONE;
      if (version !== null && version !== before.version) throw changedMeanwhile(before.version);
      const by = { by: principal.name, on: new Date(now).toISOString().slice(0, 10) };
      const overrides = body.overrides.map((each) => ({
        ...each,
        ...(signed(each, before.overrides) ?? by),
      }));
      const decision = body.decision && { ...body.decision, ...(signed(body.decision, [before.decision]) ?? by) };
      const data = {
        weights: toJson(body.weights),
        constraints: toJson(body.constraints),
        overrides: toJson(overrides),
        notes: body.notes,
        decision: toNullableJson(decision),
        updatedById: principal.userId,
        updatedByName: principal.name,
        updatedAt: new Date(now),
      };
      if (row) {
        const where = { meshId: mesh.id, version: row.version };
        const { count } = await connection.selection.updateMany({
          where,
          data: { ...data, version: { increment: 1 } },
        });
        if (count === 0) throw changedMeanwhile(row.version);
      } else await connection.selection.create({ data: { ...data, meshId: mesh.id } });
      const isDecided = decision !== null && signed(decision, [before.decision]) === undefined;
      await appendEvent(connection, {
        ...actor(principal),
        meshId: mesh.id,
        kind: isDecided ? "selection.decided" : "selection.saved",
        subject: isDecided ? decision.product : mesh.name,
        payload: { weights: body.weights, constraints: body.constraints, overrides, decision },
      });
      return toSelection(await connection.selection.findUniqueOrThrow({ where: { meshId: mesh.id } }));
    });
  } catch (error) {
    // two people's first
    if (isUniqueViolation(error)) throw changedMeanwhile(1);
    throw error;
  }
}

type Said = { product: string; reason: string; criterion?: string; verdict?: string };

/** By whom and when the same was said before. */
function signed(
  said: Said,
  before: readonly ((Said & { by: string; on: string }) | null)[],
): { by: string; on: string } | undefined {
  const same = before.find(
    (each) =>
      each?.product === said.product &&
      each.reason === said.reason &&
      each.criterion === said.criterion &&
      each.verdict === said.verdict,
  );
  return same ? { by: same.by, on: same.on } : undefined;
}

const changedMeanwhile = (version: number) =>
  new AppError("version-mismatch", {
    detail: "The evaluation was changed meanwhile: read it again.",
    extra: { version },
  });
