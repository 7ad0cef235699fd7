// Who else is looking at a mesh. A browser says every some seconds where it is; who stops saying so is gone.
// The rule: nothing is kept beyond seconds, nobody is listed longer than they are there, and the list has an end.
import type { Principal } from "@/lib/auth/permissions";
import { AppError } from "@/lib/errors";
import { accessMesh } from "./access";
import type { Database } from "./client";

/** Three missed signs of life, at one each 15 s. */
const EXPIRES_MS = 45_000;
const MAX_LISTED = 50;
/** Windows of one person on one mesh; more are somebody's script. */
const MAX_WINDOWS = 20;

export interface PresenceRow {
  name: string;
  screen: string;
  selection: string | null;
  seenAt: Date;
  isMe: boolean;
}

export async function listPresence(
  database: Database,
  principal: Principal,
  slug: string,
): Promise<{ rows: PresenceRow[]; more: number }> {
  const mesh = await accessMesh(database, principal, slug, "mesh.read");
  const rows = await database.presence.findMany({
    where: { meshId: mesh.id, seenAt: { gt: new Date(Date.now() - EXPIRES_MS) } },
    orderBy: { seenAt: "desc" },
    take: 1_000,
  });
  // A person with three windows is one person, at the place they looked at last.
  const people = new Map<string, (typeof rows)[number]>();
  for (const row of rows) if (!people.has(row.userId)) people.set(row.userId, row);
  const all = [...people.values()].map(({ userId, name, screen, selection, seenAt }) => ({
    name,
    screen,
    selection,
    seenAt,
    isMe: userId === principal.userId,
  }));
  return { rows: all.slice(0, MAX_LISTED), more: Math.max(0, all.length - MAX_LISTED) };
}

export async function notePresence(
  database: Database,
  principal: Principal,
  { slug, clientId, screen, selection }: { slug: string; clientId: string; screen: string; selection: string | null },
): Promise<void> {
  const mesh = await accessMesh(database, principal, slug, "mesh.read");
  const key = { meshId: mesh.id, userId: principal.userId, clientId };
  const now = new Date();
  await database.presence.deleteMany({
    where: { meshId: mesh.id, seenAt: { lt: new Date(now.getTime() - EXPIRES_MS) } },
  });
  const windows = await database.presence.count({
    where: { meshId: mesh.id, userId: principal.userId, clientId: { not: clientId } },
  });
  if (windows >= MAX_WINDOWS) {
    throw new AppError("conflict", { detail: `You have ${MAX_WINDOWS} windows on this mesh: close some of them.` });
  }
  const place = { name: principal.name, screen, selection, seenAt: now };
  await database.presence.upsert({
    where: { meshId_userId_clientId: key },
    create: { ...key, ...place },
    update: place,
  });
}

export async function endPresence(
  database: Database,
  principal: Principal,
  { slug, clientId }: { slug: string; clientId: string },
): Promise<void> {
  const mesh = await accessMesh(database, principal, slug, "mesh.read");
  await database.presence.deleteMany({ where: { meshId: mesh.id, userId: principal.userId, clientId } });
}
