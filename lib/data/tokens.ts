// API tokens: made by a person for a program, limited to a role and a mesh, kept as a hash.
// The rule: a token never allows more than its owner may do at the moment of the request.
import type { Role } from "@/lib/api/schema/common";
import type { Principal } from "@/lib/auth/permissions";
import { isSameHash, newApiToken, parseApiToken } from "@/lib/auth/secrets";
import { AppError } from "@/lib/errors";
import { accessMesh } from "./access";
import type { Database } from "./client";
import type { Prisma } from "./generated/client";
import { actor } from "./meshes";
import { appendEvent } from "./system/events";

const withMesh = { mesh: { select: { slug: true } } } satisfies Prisma.ApiTokenInclude;
export type TokenRow = Prisma.ApiTokenGetPayload<{ include: typeof withMesh }>;

export function listTokens(
  database: Database,
  principal: Principal,
  { before, limit }: { before?: Date | undefined; limit: number },
): Promise<TokenRow[]> {
  return database.apiToken.findMany({
    where: { userId: principal.userId, ...(before ? { createdAt: { lt: before } } : {}) },
    orderBy: { createdAt: "desc" },
    take: limit,
    include: withMesh,
  });
}

export async function createToken(
  database: Database,
  principal: Principal,
  {
    name,
    role,
    mesh,
    expiresInDays,
  }: { name: string; role: Role; mesh?: string | null | undefined; expiresInDays: number },
): Promise<{ row: TokenRow; token: string }> {
  if (principal.kind === "token") throw new AppError("forbidden", { detail: "A token cannot make tokens: sign in." });
  const meshId = mesh ? (await accessMesh(database, principal, mesh, "mesh.read")).id : null;
  const { id, token, secretHash } = newApiToken();
  const row = await database.$transaction(async (connection) => {
    await appendEvent(connection, {
      ...actor(principal),
      meshId,
      kind: "token.created",
      subject: name,
      payload: { id, role, mesh },
    });
    return connection.apiToken.create({
      data: {
        id,
        userId: principal.userId,
        name,
        secretHash,
        role,
        meshId,
        expiresAt: new Date(Date.now() + expiresInDays * 86_400_000),
      },
      include: withMesh,
    });
  });
  return { row, token };
}

export async function revokeToken(database: Database, principal: Principal, id: string): Promise<void> {
  await database.$transaction(async (connection) => {
    const { count } = await connection.apiToken.updateMany({
      where: { id, userId: principal.userId, revokedAt: null },
      data: { revokedAt: new Date() },
    });
    if (count === 0) throw new AppError("not-found", { detail: "You have no valid token of this id." });
    await appendEvent(connection, { ...actor(principal), kind: "token.revoked", subject: id });
  });
}

const LAST_USED_EVERY_MS = 60_000;

/** The principal behind a token, or null when it is wrong, expired or revoked, or its owner may not sign in. */
export async function principalOfToken(database: Database, text: string, now: Date): Promise<Principal | null> {
  const parsed = parseApiToken(text);
  if (!parsed) return null;
  const row = await database.apiToken.findUnique({
    where: { id: parsed.id },
    include: { user: { include: { roleBindings: true } } },
  });
  if (!row || !isSameHash(row.secretHash, parsed.secretHash)) return null;
  if (row.revokedAt || (row.expiresAt && row.expiresAt <= now) || row.user.disabledAt) return null;
  if (!row.lastUsedAt || now.getTime() - row.lastUsedAt.getTime() > LAST_USED_EVERY_MS) {
    await database.apiToken.updateMany({ where: { id: row.id }, data: { lastUsedAt: now } });
  }
  return {
    kind: "token",
    userId: row.userId,
    tokenId: row.id,
    name: `${row.user.name} (token ${row.name})`,
    email: row.user.email,
    bindings: row.user.roleBindings.map(({ role, meshId, namespace }) => ({ role: role as Role, meshId, namespace })),
    limit: { role: row.role as Role, meshId: row.meshId },
  };
}

/** The principal behind a session, or null when the person is gone, disabled, or the session was made too early. */
export async function principalOfSession(
  database: Database,
  { userId, issuedAtMs }: { userId: string; issuedAtMs: number },
): Promise<Principal | null> {
  const row = await database.user.findUnique({ where: { id: userId }, include: { roleBindings: true } });
  if (!row || row.disabledAt) return null;
  // Sessions know seconds only.
  if (issuedAtMs + 1_000 <= row.sessionsValidFrom.getTime()) return null;
  return {
    kind: "person",
    userId: row.id,
    tokenId: null,
    name: row.name,
    email: row.email,
    bindings: row.roleBindings.map(({ role, meshId, namespace }) => ({ role: role as Role, meshId, namespace })),
    limit: null,
  };
}
