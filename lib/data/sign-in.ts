// The ways in: password, one-time link, single sign-on. Each returns who came in, or null; none says why not.
import type { Role } from "@/lib/api/schema/common";
import { hashToken, verifyPassword } from "@/lib/auth/secrets";
import { type Database, isMissingRow } from "./client";
import { appendEvent } from "./system/events";
import { ACCOUNT_RULE, ADDRESS_RULE, countAttempt, forgetAttempts } from "./throttle";

export interface SignedIn {
  id: string;
  email: string;
  name: string;
}

export type SignInResult = SignedIn | "throttled" | null;

export async function signInWithPassword(
  database: Database,
  { email, password, address, now }: { email: string; password: string; address: string; now: Date },
): Promise<SignInResult> {
  const account = `account ${email}`;
  const mayTry = await Promise.all([
    countAttempt(database, account, ACCOUNT_RULE, now),
    countAttempt(database, `address ${address}`, ADDRESS_RULE, now),
  ]);
  if (mayTry.includes(false)) return "throttled";
  const person = await database.user.findUnique({ where: { email } });
  const isRight = await verifyPassword(password, person?.passwordHash);
  if (!person || !isRight || person.disabledAt) return null;
  await forgetAttempts(database, account, now);
  return comeIn(database, person, "password", now);
}

/** The link is used up by this call, whoever makes it. */
export async function signInWithLink(
  database: Database,
  { token, address, now }: { token: string; address: string; now: Date },
): Promise<SignInResult> {
  if (!(await countAttempt(database, `address ${address}`, ADDRESS_RULE, now))) return "throttled";
  try {
    const link = await database.signInLink.update({
      where: { tokenHash: hashToken(token), usedAt: null, expiresAt: { gt: now }, user: { disabledAt: null } },
      data: { usedAt: now },
      include: { user: true },
    });
    return await comeIn(database, link.user, "link", now);
  } catch (error) {
    if (isMissingRow(error)) return null;
    throw error;
  }
}

export interface OidcPerson {
  /** `issuer|subject`: the only thing of an identity that never changes. */
  subject: string;
  email: string;
  isEmailVerified: boolean;
  name: string;
  roles: readonly { role: Role; mesh: string | null }[];
}

/**
 * Finds the person by subject, else by verified address, else makes one. Roles from groups follow each sign-in;
 * those that people gave by hand stay.
 */
export async function signInWithOidc(database: Database, person: OidcPerson, now: Date): Promise<SignInResult> {
  const email = person.email.toLowerCase();
  const known = await database.user.findUnique({ where: { oidcSubject: person.subject } });
  const byEmail = known ?? (await database.user.findUnique({ where: { email } }));
  // An address that nobody verified may belong to somebody else here.
  if (byEmail && !known && (!person.isEmailVerified || byEmail.oidcSubject)) return null;
  if (byEmail?.disabledAt) return null;
  const user = await database.$transaction(async (connection) => {
    const row = byEmail
      ? await connection.user.update({ where: { id: byEmail.id }, data: { oidcSubject: person.subject } })
      : await connection.user.create({ data: { email, name: person.name, oidcSubject: person.subject } });
    await connection.roleBinding.deleteMany({ where: { userId: row.id, origin: "oidc" } });
    for (const { role, mesh } of person.roles) {
      const meshRow = mesh ? await connection.mesh.findUnique({ where: { slug: mesh } }) : null;
      // A group may name a mesh that is not made yet.
      if (mesh && !meshRow) continue;
      await connection.roleBinding.create({
        data: { userId: row.id, role, meshId: meshRow?.id ?? null, origin: "oidc" },
      });
    }
    return row;
  });
  return comeIn(database, user, "oidc", now);
}

async function comeIn(database: Database, person: SignedIn, by: string, now: Date): Promise<SignedIn> {
  await database.$transaction(async (connection) => {
    await connection.user.update({ where: { id: person.id }, data: { lastSignInAt: now } });
    await appendEvent(connection, {
      kind: "person.signed-in",
      actorId: person.id,
      actorName: person.name,
      subject: person.email,
      payload: { by },
    });
  });
  return { id: person.id, email: person.email, name: person.name };
}
