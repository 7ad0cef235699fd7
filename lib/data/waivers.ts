// Waivers of a mesh: granted for a time, withdrawn, never changed. A renewal is a new one, so that the old stays readable.

import type { Principal } from "@/lib/auth/permissions";
import { type Waiver, waiverProblems } from "@/lib/compliance";
import { AppError } from "@/lib/errors";
import { accessMesh } from "./access";
import type { Connection, Database } from "./client";
import type { Waiver as WaiverModel } from "./generated/client";
import { actor } from "./meshes";
import { appendEvent } from "./system/events";

const MAX_WAIVERS = 1_000;

function toWaiver(row: WaiverModel): Waiver {
  return {
    id: row.id,
    control: row.control,
    subject: row.subject,
    reason: row.reason,
    owner: row.owner,
    compensatingControl: row.compensatingControl,
    expiresAt: row.expiresAt.toISOString(),
    grantedBy: row.grantedByName,
    grantedAt: row.grantedAt.toISOString(),
    withdrawnAt: row.withdrawnAt?.toISOString() ?? null,
  };
}

/** The caller has checked that the mesh may be read. */
export async function waiversOf(connection: Connection, meshId: string): Promise<Waiver[]> {
  const rows = await connection.waiver.findMany({
    where: { meshId },
    orderBy: { grantedAt: "desc" },
    take: MAX_WAIVERS,
  });
  return rows.map(toWaiver);
}

export async function listWaivers(database: Database, principal: Principal, slug: string): Promise<Waiver[]> {
  const mesh = await accessMesh(database, principal, slug, "mesh.read");
  return waiversOf(database, mesh.id);
}

export type NewWaiver = Pick<Waiver, "control" | "subject" | "reason" | "owner" | "compensatingControl" | "expiresAt">;

export async function grantWaiver(
  database: Database,
  principal: Principal,
  { slug, waiver, now }: { slug: string; waiver: NewWaiver; now: number },
): Promise<Waiver> {
  return database.$transaction(async (connection) => {
    const mesh = await accessMesh(connection, principal, slug, "waiver.write");
    const problems = waiverProblems(waiver, now);
    if (problems.length > 0) {
      throw new AppError("invalid-request", {
        violations: problems.map((each) => ({ ...each, path: `body.${each.path}` })),
      });
    }
    if ((await connection.waiver.count({ where: { meshId: mesh.id } })) >= MAX_WAIVERS) {
      throw new AppError("conflict", {
        detail: `A mesh has at most ${MAX_WAIVERS} waivers, those that ended included.`,
      });
    }
    const row = await connection.waiver.create({
      data: {
        ...waiver,
        meshId: mesh.id,
        expiresAt: new Date(waiver.expiresAt),
        grantedById: principal.userId,
        grantedByName: principal.name,
        grantedAt: new Date(now),
      },
    });
    await appendEvent(connection, {
      ...actor(principal),
      meshId: mesh.id,
      kind: "waiver.granted",
      subject: waiver.subject ? `${waiver.control} for ${waiver.subject}` : waiver.control,
      payload: { waiverId: row.id, ...waiver },
    });
    return toWaiver(row);
  });
}

export async function withdrawWaiver(
  database: Database,
  principal: Principal,
  { slug, waiverId, now }: { slug: string; waiverId: string; now: number },
): Promise<void> {
  await database.$transaction(async (connection) => {
    const mesh = await accessMesh(connection, principal, slug, "waiver.write");
    const [row] = await connection.waiver.updateManyAndReturn({
      where: { id: waiverId, meshId: mesh.id, withdrawnAt: null },
      data: { withdrawnAt: new Date(now), withdrawnByName: principal.name },
    });
    if (!row) throw new AppError("not-found", { detail: "There is no such waiver in force." });
    await appendEvent(connection, {
      ...actor(principal),
      meshId: mesh.id,
      kind: "waiver.withdrawn",
      subject: row.subject ? `${row.control} for ${row.subject}` : row.control,
      payload: { waiverId },
    });
  });
}
