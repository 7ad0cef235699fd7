// People, their roles and invitations.
// The rule: who manages people may not lock everybody out: the last administrator stays one.

import type { Role } from "@/lib/api/schema/common";
import type { Principal } from "@/lib/auth/permissions";
import { hashPassword, hashToken, newLinkToken, verifyPassword } from "@/lib/auth/secrets";
import { AppError } from "@/lib/errors";
import { requireGlobal } from "./access";
import { type Connection, type Database, isUniqueViolation } from "./client";
import type { Prisma } from "./generated/client";
import { actor } from "./meshes";
import { appendEvent } from "./system/events";

const withRoles = { roleBindings: { include: { mesh: { select: { slug: true } } } } } satisfies Prisma.UserInclude;
export type PersonRow = Prisma.UserGetPayload<{ include: typeof withRoles }>;

export interface WantedRole {
  role: Role;
  mesh?: string | null | undefined;
  namespace?: string | null | undefined;
}

export async function listPeople(
  database: Database,
  principal: Principal,
  { after, limit }: { after?: string | undefined; limit: number },
): Promise<PersonRow[]> {
  requireGlobal(principal, "people.manage");
  return database.user.findMany({
    where: after ? { email: { gt: after } } : {},
    orderBy: { email: "asc" },
    take: limit,
    include: withRoles,
  });
}

/** Oneself, or anybody for who manages people. */
export async function readPerson(database: Connection, principal: Principal, userId: string): Promise<PersonRow> {
  if (userId !== principal.userId) requireGlobal(principal, "people.manage");
  const row = await database.user.findUnique({ where: { id: userId }, include: withRoles });
  if (!row) throw new AppError("not-found", { detail: "There is no such person." });
  return row;
}

interface PersonPatch {
  name?: string | undefined;
  isDisabled?: boolean | undefined;
  roles?: readonly WantedRole[] | undefined;
}

/** `check` is called with the row as it is, under lock: it compares the caller's ETag. */
export async function changePerson(
  database: Database,
  principal: Principal,
  { userId, patch, check }: { userId: string; patch: PersonPatch; check(row: PersonRow): void },
): Promise<PersonRow> {
  requireGlobal(principal, "people.manage");
  return database.$transaction(async (connection) => {
    await connection.$queryRaw`SELECT 1 FROM "User" FOR UPDATE`;
    const before = await readPerson(connection, principal, userId);
    check(before);
    const { name, isDisabled, roles } = patch;
    await connection.user.update({
      where: { id: userId },
      data: {
        ...(name === undefined ? {} : { name }),
        ...(isDisabled === undefined ? {} : { disabledAt: isDisabled ? new Date() : null }),
        // Whoever is stopped, is stopped now.
        ...(isDisabled ? { sessionsValidFrom: new Date() } : {}),
      },
    });
    if (roles) await replaceRoles(connection, userId, roles);
    await requireAnAdministrator(connection);
    await appendEvent(connection, {
      ...actor(principal),
      kind: "person.changed",
      subject: before.email,
      payload: { name, isDisabled, roles },
    });
    return readPerson(connection, principal, userId);
  });
}

async function replaceRoles(connection: Connection, userId: string, roles: readonly WantedRole[]): Promise<void> {
  await connection.roleBinding.deleteMany({ where: { userId, origin: "manual" } });
  for (const { role, mesh, namespace } of roles) {
    const meshId = mesh ? await meshIdOf(connection, mesh) : null;
    if (namespace && !meshId)
      throw new AppError("invalid-request", { detail: "A role in a namespace needs its mesh." });
    await connection.roleBinding.create({ data: { userId, role, meshId, namespace: namespace ?? null } });
  }
}

export async function meshIdOf(connection: Connection, slug: string): Promise<string> {
  const mesh = await connection.mesh.findUnique({ where: { slug }, select: { id: true } });
  if (!mesh) throw new AppError("not-found", { detail: `There is no mesh "${slug}".` });
  return mesh.id;
}

async function requireAnAdministrator(connection: Connection): Promise<void> {
  const left = await connection.user.count({
    where: { disabledAt: null, roleBindings: { some: { role: "administrator", meshId: null } } },
  });
  if (left === 0)
    throw new AppError("conflict", { detail: "This is the last administrator: make somebody else one first." });
}

/** Own name and password. Who has a password must show it; a changed password ends every other session. */
export async function changeSelf(
  database: Database,
  principal: Principal,
  patch: {
    name?: string | undefined;
    password?: { current?: string | undefined; next: string } | undefined;
    signOutEverywhere?: boolean | undefined;
  },
): Promise<PersonRow> {
  if (principal.kind === "token")
    throw new AppError("forbidden", { detail: "An API token cannot change its owner's account: sign in." });
  const row = await database.user.findUniqueOrThrow({ where: { id: principal.userId } });
  if (patch.password && row.passwordHash && !(await verifyPassword(patch.password.current ?? "", row.passwordHash))) {
    throw new AppError("sign-in-failed", { detail: "The current password is not right." });
  }
  const passwordHash = patch.password ? await hashPassword(patch.password.next) : undefined;
  await database.user.update({
    where: { id: row.id },
    data: {
      ...(patch.name === undefined ? {} : { name: patch.name }),
      ...(passwordHash ? { passwordHash } : {}),
      ...(passwordHash || patch.signOutEverywhere ? { sessionsValidFrom: new Date() } : {}),
    },
  });
  return readPerson(database, principal, row.id);
}

const INVITE_LIFETIME_MS = 7 * 86_400_000;
const withMesh = { mesh: { select: { slug: true } } } satisfies Prisma.InviteInclude;
export type InviteRow = Prisma.InviteGetPayload<{ include: typeof withMesh }>;

export async function listInvites(
  database: Database,
  principal: Principal,
  { before, limit }: { before?: Date | undefined; limit: number },
): Promise<InviteRow[]> {
  requireGlobal(principal, "people.manage");
  return database.invite.findMany({
    where: before ? { createdAt: { lt: before } } : {},
    orderBy: { createdAt: "desc" },
    take: limit,
    include: withMesh,
  });
}

export async function createInvite(
  database: Database,
  principal: Principal,
  { email, role, mesh }: { email: string; role: Role; mesh?: string | null | undefined },
): Promise<{ row: InviteRow; token: string }> {
  requireGlobal(principal, "people.manage");
  const { token, hash } = newLinkToken();
  return database.$transaction(async (connection) => {
    if (await connection.user.findUnique({ where: { email } })) {
      throw new AppError("already-exists", { detail: `${email} has an account: change its roles instead.` });
    }
    const row = await connection.invite.create({
      data: {
        email,
        role,
        meshId: mesh ? await meshIdOf(connection, mesh) : null,
        tokenHash: hash,
        invitedById: principal.userId,
        expiresAt: new Date(Date.now() + INVITE_LIFETIME_MS),
      },
      include: withMesh,
    });
    await appendEvent(connection, {
      ...actor(principal),
      kind: "person.invited",
      subject: email,
      payload: { role, mesh },
    });
    return { row, token };
  });
}

export async function revokeInvite(database: Database, principal: Principal, id: string): Promise<void> {
  requireGlobal(principal, "people.manage");
  const { count } = await database.invite.updateMany({
    where: { id, acceptedAt: null },
    data: { revokedAt: new Date() },
  });
  if (count === 0) throw new AppError("not-found", { detail: "There is no open invitation of this id." });
}

/** The invitation proves who this is; it works once. */
export async function acceptInvite(
  database: Database,
  { token, name, password }: { token: string; name: string; password: string },
): Promise<{ email: string }> {
  const now = new Date();
  const tokenHash = hashToken(token);
  const open = await database.invite.findFirst({
    where: { tokenHash, acceptedAt: null, revokedAt: null, expiresAt: { gt: now } },
  });
  if (!open) throw new AppError("link-used-or-expired");
  const passwordHash = await hashPassword(password);
  try {
    return await database.$transaction(async (connection) => {
      const { count } = await connection.invite.updateMany({
        where: { id: open.id, acceptedAt: null, revokedAt: null, expiresAt: { gt: now } },
        data: { acceptedAt: now },
      });
      if (count === 0) throw new AppError("link-used-or-expired");
      await connection.user.create({
        data: {
          email: open.email,
          name,
          passwordHash,
          roleBindings: { create: { role: open.role, meshId: open.meshId } },
        },
      });
      await appendEvent(connection, {
        actorName: name,
        kind: "person.joined",
        subject: open.email,
        payload: { role: open.role },
      });
      return { email: open.email };
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new AppError("already-exists", { detail: `${open.email} has an account already: sign in.` });
  }
}

const SIGN_IN_LINK_LIFETIME_MS = 86_400_000;

export async function createSignInLink(
  database: Database,
  principal: Principal,
  email: string,
): Promise<{ token: string; expiresAt: Date }> {
  requireGlobal(principal, "people.manage");
  const person = await database.user.findUnique({ where: { email } });
  if (!person || person.disabledAt)
    throw new AppError("not-found", { detail: `Nobody with the address ${email} may sign in.` });
  const { token, hash } = newLinkToken();
  const expiresAt = new Date(Date.now() + SIGN_IN_LINK_LIFETIME_MS);
  await database.$transaction(async (connection) => {
    await connection.signInLink.deleteMany({ where: { userId: person.id, usedAt: null } });
    await connection.signInLink.create({ data: { userId: person.id, tokenHash: hash, expiresAt } });
    await appendEvent(connection, { ...actor(principal), kind: "person.link-made", subject: email });
  });
  return { token, expiresAt };
}
