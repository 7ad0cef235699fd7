// Meshes that wait for the control plane to empty them, and their end.
// The rule: a mesh goes with its mark and its event in one transaction, so that it is never half deleted.
import type { Database } from "../client";
import { fromJson } from "../json";
import { type DeletionMark, deletionKey, deletionPrefix } from "../mesh-deletion";
import { appendEvent } from "./events";

export function meshDeletions(database: Database) {
  return {
    async list(): Promise<DeletionMark[]> {
      const rows = await database.setting.findMany({
        where: { key: { startsWith: deletionPrefix } },
        orderBy: { updatedAt: "asc" },
      });
      return rows.map(({ value }) => fromJson<DeletionMark>(value));
    },
    /** Also right when the mesh is gone already. */
    async finish({ meshId, actorId, actorName }: DeletionMark, proxies: number): Promise<void> {
      await database.$transaction(async (connection) => {
        const mesh = await connection.mesh.findUnique({ where: { id: meshId }, include: { environments: true } });
        const scraped = (mesh?.environments ?? []).map(({ id }) => `telemetry:${id}`);
        await connection.setting.deleteMany({ where: { key: { in: [deletionKey(meshId), ...scraped] } } });
        if (!mesh) return;
        await connection.mesh.delete({ where: { id: meshId } });
        const payload = { slug: mesh.slug, proxies };
        await appendEvent(connection, {
          meshId,
          actorId,
          actorName,
          kind: "mesh.deleted",
          subject: mesh.name,
          payload,
        });
      });
    },
  };
}

export type { DeletionMark } from "../mesh-deletion";
