// Accepted risks of a mesh: one per finding, written anew to renew it, ended early by removing it.
// The rule: reason, owner and end are there and the end is in reach; each change is in the audit log, so nothing is forgotten.
import { type AcceptedRisk, MAX_ACCEPTANCE_DAYS } from "@/lib/analysis";
import type { Principal } from "@/lib/auth/permissions";
import { AppError } from "@/lib/errors";
import { accessMesh } from "./access";
import type { Connection, Database } from "./client";
import type { AcceptedRisk as AcceptedRiskRow } from "./generated/client";
import { actor } from "./meshes";
import { appendEvent } from "./system/events";

const MAX_RISKS = 2_000;
const DAY_MS = 86_400_000;

function toRisk(row: AcceptedRiskRow): AcceptedRisk {
  return {
    findingId: row.findingId,
    message: row.message,
    reason: row.reason,
    owner: row.owner,
    expiresAt: row.expiresAt.toISOString(),
    acceptedBy: row.acceptedByName,
    acceptedAt: row.acceptedAt.toISOString(),
  };
}

/** The caller has checked that the mesh may be read. */
export async function acceptedRisksOf(connection: Connection, meshId: string): Promise<AcceptedRisk[]> {
  const rows = await connection.acceptedRisk.findMany({
    where: { meshId },
    orderBy: { expiresAt: "asc" },
    take: MAX_RISKS,
  });
  return rows.map(toRisk);
}

export async function listAcceptedRisks(database: Database, principal: Principal, slug: string) {
  const mesh = await accessMesh(database, principal, slug, "mesh.read");
  return acceptedRisksOf(database, mesh.id);
}

export type NewAcceptedRisk = Pick<AcceptedRisk, "findingId" | "message" | "reason" | "owner" | "expiresAt">;

export async function acceptRisk(
  database: Database,
  principal: Principal,
  { slug, risk, now }: { slug: string; risk: NewAcceptedRisk; now: number },
): Promise<AcceptedRisk> {
  return database.$transaction(async (connection) => {
    const mesh = await accessMesh(connection, principal, slug, "risk.accept");
    checkEnd(risk.expiresAt, now);
    await connection.$queryRaw`SELECT 1 FROM "Mesh" WHERE "id" = ${mesh.id} FOR UPDATE`;
    const where = { meshId_findingId: { meshId: mesh.id, findingId: risk.findingId } };
    const known = await connection.acceptedRisk.findUnique({ where });
    if (!known && (await connection.acceptedRisk.count({ where: { meshId: mesh.id } })) >= MAX_RISKS) {
      throw new AppError("conflict", {
        detail: `A mesh has at most ${MAX_RISKS} accepted risks. End those that are over.`,
      });
    }
    const data = {
      message: risk.message,
      reason: risk.reason,
      owner: risk.owner,
      expiresAt: new Date(risk.expiresAt),
      acceptedById: principal.userId,
      acceptedByName: principal.name,
      acceptedAt: new Date(now),
    };
    const row = await connection.acceptedRisk.upsert({
      where,
      create: { ...data, meshId: mesh.id, findingId: risk.findingId },
      update: data,
    });
    await appendEvent(connection, {
      ...actor(principal),
      meshId: mesh.id,
      kind: "risk.accepted",
      subject: risk.findingId,
      payload: { ...risk },
    });
    return toRisk(row);
  });
}

function checkEnd(expiresAt: string, now: number): void {
  const end = Date.parse(expiresAt);
  const problem =
    end <= now ? "is over already" : end > now + MAX_ACCEPTANCE_DAYS * DAY_MS ? "is more than a year ahead" : undefined;
  if (problem === undefined) return;
  throw new AppError("invalid-request", {
    violations: [{ path: "body.expiresAt", message: problem, fix: "Choose a day from tomorrow to a year ahead." }],
  });
}

export async function endAcceptedRisk(
  database: Database,
  principal: Principal,
  { slug, findingId }: { slug: string; findingId: string },
): Promise<void> {
  await database.$transaction(async (connection) => {
    const mesh = await accessMesh(connection, principal, slug, "risk.accept");
    const { count } = await connection.acceptedRisk.deleteMany({ where: { meshId: mesh.id, findingId } });
    if (count === 0) throw new AppError("not-found", { detail: "The risk of this finding is not accepted." });
    await appendEvent(connection, {
      ...actor(principal),
      meshId: mesh.id,
      kind: "risk.ended",
      subject: findingId,
      payload: {},
    });
  });
}
