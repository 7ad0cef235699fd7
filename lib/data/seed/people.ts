// The first people, and the links by which they come in.
// The rule: a link is made only for somebody who never signed in, or when it is asked for by name; older unused ones end.
import type { Role } from "@/lib/api/schema/common";
import { newLinkToken, parseApiToken } from "@/lib/auth/secrets";
import type { Database } from "../client";

const DAY_MS = 86_400_000;
export const SIGN_IN_LINK_LIFETIME_MS = DAY_MS;

export interface SeededLink {
  email: string;
  role: Role;
  url: string;
}

interface Person {
  email: string;
  name: string;
  role: Role;
}

const ADMINISTRATOR: Person = { email: "admin@meshwright.local", name: "Ada Admin", role: "administrator" };
const DEMO_PEOPLE: readonly Person[] = [
  { email: "author@meshwright.local", name: "Arthur Author", role: "author" },
  { email: "reviewer@meshwright.local", name: "Rita Reviewer", role: "reviewer" },
  { email: "operator@meshwright.local", name: "Olga Operator", role: "operator" },
];

export async function seedPeople(database: Database, { demo }: { demo: boolean }): Promise<void> {
  for (const { email, name, role } of demo ? [ADMINISTRATOR, ...DEMO_PEOPLE] : [ADMINISTRATOR]) {
    const known = await database.user.findUnique({ where: { email } });
    if (!known) await database.user.create({ data: { email, name, roleBindings: { create: { role } } } });
  }
}

/** Fresh links for people who never signed in and have no password. */
export async function linksForNewcomers(database: Database, webUrl: string): Promise<SeededLink[]> {
  const newcomers = await database.user.findMany({
    where: { lastSignInAt: null, passwordHash: null, oidcSubject: null, disabledAt: null },
    include: { roleBindings: true },
    orderBy: { createdAt: "asc" },
  });
  const links: SeededLink[] = [];
  for (const person of newcomers) {
    links.push({
      email: person.email,
      role: (person.roleBindings[0]?.role ?? "viewer") as Role,
      url: await makeSignInLink(database, person.id, webUrl),
    });
  }
  return links;
}

export async function linkFor(database: Database, email: string, webUrl: string): Promise<SeededLink> {
  const person = await database.user.findUnique({
    where: { email: email.toLowerCase() },
    include: { roleBindings: true },
  });
  if (!person || person.disabledAt) {
    const people = await database.user.findMany({ where: { disabledAt: null }, select: { email: true }, take: 20 });
    throw new Error(
      `Nobody with the address ${email} may sign in. There are: ${people.map((each) => each.email).join(", ")}.`,
    );
  }
  return {
    email: person.email,
    role: (person.roleBindings[0]?.role ?? "viewer") as Role,
    url: await makeSignInLink(database, person.id, webUrl),
  };
}

export const DEFAULT_LINK_EMAIL = ADMINISTRATOR.email;

async function makeSignInLink(database: Database, userId: string, webUrl: string): Promise<string> {
  const { token, hash } = newLinkToken();
  await database.$transaction([
    database.signInLink.deleteMany({ where: { userId, usedAt: null } }),
    database.signInLink.create({
      data: { userId, tokenHash: hash, expiresAt: new Date(Date.now() + SIGN_IN_LINK_LIFETIME_MS) },
    }),
  ]);
  return `${webUrl.replace(/\/$/, "")}/sign-in?token=${token}`;
}

/** The token of automation: acts for the administrator, on everything, until it is revoked. */
export async function seedBootstrapToken(database: Database, token: string): Promise<void> {
  const parsed = parseApiToken(token);
  if (!parsed) throw new Error("MESHWRIGHT_BOOTSTRAP_TOKEN must look like mw_<id>_<secret>.");
  const owner = await database.user.findUniqueOrThrow({ where: { email: ADMINISTRATOR.email } });
  const data = { name: "bootstrap", userId: owner.id, secretHash: parsed.secretHash, role: "administrator" };
  await database.apiToken.upsert({
    where: { id: parsed.id },
    create: { id: parsed.id, ...data },
    update: { secretHash: parsed.secretHash },
  });
}
