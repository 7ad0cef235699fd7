// The event log as people read it.
import type { Principal } from "@/lib/auth/permissions";
import { accessMesh } from "./access";
import type { Database } from "./client";
import type { Event as EventRow } from "./generated/client";

export type { EventRow };

export interface EventListRow extends EventRow {
  environmentName: string | null;
}

export async function listEvents(
  database: Database,
  principal: Principal,
  input: {
    slug: string;
    environment?: string | undefined;
    kind?: string | undefined;
    before?: bigint | undefined;
    limit: number;
  },
): Promise<EventListRow[]> {
  const mesh = await accessMesh(database, principal, input.slug, "mesh.read");
  const environments = await database.environment.findMany({
    where: { meshId: mesh.id },
    select: { id: true, name: true },
  });
  const names = new Map(environments.map(({ id, name }) => [id, name]));
  const wanted = environments.filter(({ name }) => name === input.environment).map(({ id }) => id);
  const rows = await database.event.findMany({
    where: {
      meshId: mesh.id,
      ...(input.environment ? { environmentId: { in: wanted } } : {}),
      ...(input.kind ? { kind: { startsWith: input.kind } } : {}),
      ...(input.before === undefined ? {} : { seq: { lt: input.before } }),
    },
    orderBy: { seq: "desc" },
    take: input.limit,
  });
  return rows.map((row) => ({
    ...row,
    environmentName: row.environmentId ? (names.get(row.environmentId) ?? null) : null,
  }));
}

/** Marks on charts: what was done to an environment in a stretch of time. */
export function eventsBetween(
  database: Database,
  { environmentId, from, to, kinds }: { environmentId: string; from: Date; to: Date; kinds: readonly string[] },
): Promise<EventRow[]> {
  return database.event.findMany({
    where: { environmentId, at: { gte: from, lt: to }, kind: { in: [...kinds] } },
    orderBy: { at: "asc" },
    take: 500,
  });
}
