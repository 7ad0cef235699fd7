// A mesh that was asked to be deleted while it runs: marked here, emptied by the control plane, then gone.
// The rule: from the mark on nothing of the mesh changes any more; it can still be read, and asked to be deleted again.
import { AppError } from "@/lib/errors";
import type { Connection } from "./client";
import { toJson } from "./json";

const PREFIX = "mesh-deletion:";

export interface DeletionMark {
  meshId: string;
  actorId: string | null;
  actorName: string;
}

export const deletionKey = (meshId: string): string => `${PREFIX}${meshId}`;
export const deletionPrefix = PREFIX;

export async function isBeingDeleted(connection: Connection, meshId: string): Promise<boolean> {
  return (await connection.setting.count({ where: { key: deletionKey(meshId) } })) > 0;
}

export async function refuseWhileDeleted(connection: Connection, meshId: string): Promise<void> {
  if (await isBeingDeleted(connection, meshId)) {
    throw new AppError("conflict", {
      detail: "This mesh is being deleted: its proxies are drained first. Nothing of it can be changed any more.",
    });
  }
}

/** The first to ask is remembered; the control plane is woken each time. */
export async function markForDeletion(connection: Connection, mark: DeletionMark): Promise<{ isNew: boolean }> {
  const key = deletionKey(mark.meshId);
  const { count } = await connection.setting.createMany({ data: [{ key, value: toJson(mark) }], skipDuplicates: true });
  await connection.$executeRaw`SELECT pg_notify('meshwright_deployment', ${mark.meshId})`;
  return { isNew: count > 0 };
}
