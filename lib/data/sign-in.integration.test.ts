import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hashPassword, newApiToken } from "@/lib/auth/secrets";
import { startTestPostgres, type TestPostgres } from "@/lib/start/testing/postgres";
import { type Database, openDatabase } from "./client";
import { deletionKey, markForDeletion } from "./mesh-deletion";
import { seedDemo, seedEmpty } from "./seed/design";
import { linkFor, linksForNewcomers, seedBootstrapToken, seedPeople } from "./seed/people";
import { type OidcPerson, signInWithLink, signInWithOidc, signInWithPassword } from "./sign-in";
import { principalOfSession, principalOfToken } from "./tokens";

let server: TestPostgres;
let database: Database;
const PASSWORD = "correct horse battery";
const WEB = "http://localhost:3000";
const tokenOf = (url: string) => new URL(url).searchParams.get("token") ?? "";

beforeAll(async () => {
  server = await startTestPostgres();
  database = openDatabase({ url: server.url });
  await seedPeople(database, { demo: true });
  await database.user.create({
    data: { email: "pat@example.org", name: "Pat", passwordHash: await hashPassword(PASSWORD) },
  });
});
afterAll(async () => {
  await database?.$disconnect();
  await server?.stop();
});

describe("a password", () => {
  const attempt = (password: string, { email = "pat@example.org", address = "10.0.0.1", at = 0 } = {}) =>
    signInWithPassword(database, { email, password, address, now: new Date(1_000_000 + at) });

  test("lets in who has it, and nobody else", async () => {
    expect(await attempt(PASSWORD)).toMatchObject({ email: "pat@example.org" });
    expect(await attempt("wrong")).toBeNull();
    expect(await attempt(PASSWORD, { email: "admin@meshwright.local" })).toBeNull();
    expect(await attempt(PASSWORD, { email: "nobody@example.org" })).toBeNull();
  });

  test("guessing ends after five attempts, also all at once and with the right one last; a quarter of an hour later it goes on", async () => {
    await database.throttle.deleteMany();
    const guesses = await Promise.all(Array.from({ length: 12 }, (_, i) => attempt(`guess ${i}`)));
    expect(guesses.filter((result) => result === null)).toHaveLength(5);
    expect(guesses.filter((result) => result === "throttled")).toHaveLength(7);
    expect(await attempt(PASSWORD)).toBe("throttled");
    expect(await attempt(PASSWORD, { at: 15 * 60_000 + 1 })).toMatchObject({ name: "Pat" });
  });

  test("one address may not try many accounts", async () => {
    await database.throttle.deleteMany();
    const results: unknown[] = [];
    for (let i = 0; i < 51; i++) {
      await database.throttle.upsert({
        where: { key: "address 10.9.9.9" },
        create: { key: "address 10.9.9.9", hits: 50, windowEnd: new Date(9_000_000) },
        update: { hits: 50 },
      });
      results.push(await attempt("x", { email: `p${i}@example.org`, address: "10.9.9.9" }));
      if (results.at(-1) === "throttled") break;
    }
    expect(results.at(-1)).toBe("throttled");
  });

  test("of somebody who was disabled is worth nothing", async () => {
    await database.throttle.deleteMany();
    await database.user.update({ where: { email: "pat@example.org" }, data: { disabledAt: new Date() } });
    expect(await attempt(PASSWORD)).toBeNull();
    await database.user.update({ where: { email: "pat@example.org" }, data: { disabledAt: null } });
  });
});

describe("a one-time link", () => {
  const use = (token: string, now = new Date()) => signInWithLink(database, { token, address: "10.0.0.2", now });

  test("works once, even for two who come at the same moment", async () => {
    const { url } = await linkFor(database, "author@meshwright.local", WEB);
    const results = await Promise.all([use(tokenOf(url)), use(tokenOf(url))]);
    expect(results.filter(Boolean)).toHaveLength(1);
  });

  test("ends after a day, and when a newer one is made", async () => {
    const old = await linkFor(database, "reviewer@meshwright.local", WEB);
    const fresh = await linkFor(database, "reviewer@meshwright.local", WEB);
    expect(await use(tokenOf(old.url))).toBeNull();
    expect(await use(tokenOf(fresh.url), new Date(Date.now() + 86_400_001))).toBeNull();
    expect(await use(tokenOf(fresh.url))).toMatchObject({ email: "reviewer@meshwright.local" });
  });

  test("is printed at a start for those who never came in only", async () => {
    const emails = (await linksForNewcomers(database, WEB)).map(({ email }) => email);
    expect(emails).toContain("operator@meshwright.local");
    expect(emails).not.toContain("author@meshwright.local");
  });

  test("for nobody names those that there are", async () => {
    await expect(linkFor(database, "ghost@example.org", WEB)).rejects.toThrow(/admin@meshwright.local/);
  });
});

describe("single sign-on", () => {
  const person = (change: Partial<OidcPerson> = {}): OidcPerson => ({
    subject: "https://id|1",
    email: "sso@example.org",
    isEmailVerified: true,
    name: "Sso",
    roles: [],
    ...change,
  });
  const rolesOf = async (email: string) =>
    (await database.user.findUniqueOrThrow({ where: { email }, include: { roleBindings: true } })).roleBindings
      .map(({ role, origin }) => `${role} ${origin}`)
      .sort();

  test("roles follow the groups of each sign-in; those given by hand stay", async () => {
    await signInWithOidc(database, person({ roles: [{ role: "author", mesh: null }] }), new Date());
    const { id } = await database.user.findUniqueOrThrow({ where: { email: "sso@example.org" } });
    await database.roleBinding.create({ data: { userId: id, role: "operator" } });
    expect(await rolesOf("sso@example.org")).toEqual(["author oidc", "operator manual"]);
    await signInWithOidc(
      database,
      person({
        roles: [
          { role: "reviewer", mesh: null },
          { role: "author", mesh: "not-made-yet" },
        ],
      }),
      new Date(),
    );
    expect(await rolesOf("sso@example.org")).toEqual(["operator manual", "reviewer oidc"]);
  });

  test("an unverified address takes over nobody's account, nor does another subject with a known address", async () => {
    expect(
      await signInWithOidc(
        database,
        person({ subject: "https://id|2", email: "pat@example.org", isEmailVerified: false }),
        new Date(),
      ),
    ).toBeNull();
    expect(await signInWithOidc(database, person({ subject: "https://id|3" }), new Date())).toBeNull();
    expect(
      await signInWithOidc(database, person({ subject: "https://id|2", email: "pat@example.org" }), new Date()),
    ).toMatchObject({ name: "Pat" });
  });
});

describe("seeds", () => {
  test("run twice make one of each, and follow the demo's ports", async () => {
    await seedDemo(database, { gatewayPort: 8081, externalPort: 9001 });
    await seedDemo(database, { gatewayPort: 8082, externalPort: 9002 });
    await seedEmpty(database);
    expect(await database.mesh.count()).toBe(1);
    expect(await database.deployment.count()).toBe(1);
    const [environment] = await database.environment.findMany();
    expect(environment?.bindingVersion).toBe(2);
    expect(environment?.binding).toMatchObject({
      gateways: [{ name: "shop-gateway", publicPort: 8082 }],
      externals: [{ name: "carrier-api", endpoints: [{ host: "127.0.0.1", port: 9002 }] }],
    });
  });

  test("a demo that never came up is deployed again at the next start, one that ran is left alone", async () => {
    await database.deployment.updateMany({ data: { state: "restored" } });
    await seedDemo(database, {});
    await seedDemo(database, {});
    expect(await database.deployment.count({ where: { state: "queued" } })).toBe(1);
    await database.deployment.updateMany({ where: { state: "queued" }, data: { state: "done" } });
    await seedDemo(database, {});
    expect(await database.deployment.count()).toBe(2);
  });

  test("a demo that was deleted stays away, until somebody asks for it again", async () => {
    await database.mesh.deleteMany({ where: { slug: "shop" } });
    expect(await seedDemo(database, {})).toBe(false);
    expect(await database.mesh.count()).toBe(0);
    expect(await seedDemo(database, {}, { isAskedFor: true })).toBe(true);
    expect(await seedDemo(database, {})).toBe(true);
    expect(await database.mesh.count()).toBe(1);
  });

  test("a demo that is being deleted is left alone", async () => {
    const { id: meshId } = await database.mesh.findUniqueOrThrow({ where: { slug: "shop" } });
    await database.deployment.updateMany({ data: { state: "failed" } });
    const before = await database.deployment.count();
    await markForDeletion(database, { meshId, actorId: null, actorName: "Ada" });
    expect(await seedDemo(database, {})).toBe(false);
    expect(await database.deployment.count()).toBe(before);
    await database.setting.deleteMany({ where: { key: deletionKey(meshId) } });
  });

  test("the bootstrap token acts for the administrator, and a revoked one stays revoked", async () => {
    const { id, token } = newApiToken();
    await seedBootstrapToken(database, token);
    await seedBootstrapToken(database, token);
    expect(await principalOfToken(database, token, new Date())).toMatchObject({
      email: "admin@meshwright.local",
      kind: "token",
    });
    await database.apiToken.update({ where: { id }, data: { revokedAt: new Date() } });
    await seedBootstrapToken(database, token);
    expect(await principalOfToken(database, token, new Date())).toBeNull();
  });

  test("a session is nobody's once its person is gone", async () => {
    expect(await principalOfSession(database, { userId: "gone", issuedAtMs: Date.now() })).toBeNull();
  });
});
