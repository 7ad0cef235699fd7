// What must be refused, with an answer that says so (RFC 9457), and with nothing lost or changed.

import { encode } from "next-auth/jwt";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { sessionCookieName } from "@/lib/auth/session-cookie";
import { manualClock } from "@/lib/clock";
import { dispatch } from "./dispatch";
import { LIMITS, RateLimiter } from "./rate-limit";
import { routes } from "./registry";
import type { Draft } from "./schema";
import { ORIGIN, startTestApi, type TestApi } from "./testing/api";

let api: TestApi;
let token: string;
let before: Draft;
beforeAll(async () => {
  api = await startTestApi();
  token = await api.tokenFor("administrator");
});
afterAll(() => api?.stop());

const draft = async () => (await api.call<Draft>("GET", "/meshes/shop/draft", { token })).body;
beforeEach(async () => {
  before = await draft();
});

function expectProblem(
  answer: { status: number; headers: Headers; body: Record<string, unknown> },
  status: number,
  code: string,
) {
  expect([answer.status, answer.body["code"]]).toEqual([status, code]);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(answer.body).toMatchObject({
    status,
    title: expect.any(String),
    detail: expect.stringMatching(/\w/),
    requestId: answer.headers.get("x-request-id"),
  });
  expect(answer.body["type"]).toMatch(/^https:\/\//);
}

const edit = { clientId: "c", commands: [{ type: "removeObject", key: "Service/production/cart" }] };

describe("writes without If-Match", () => {
  test.each(routes.filter(({ ifMatch }) => ifMatch === "required").map((route) => [route.id, route] as const))(
    "%s",
    async (_, route) => {
      const path = route.path.replace("{mesh}", "shop").replace("{environment}", "local").replace("{user}", "x");
      const answer = await api.call(route.method, path, { token, ...(route.body ? { body: edit } : {}) });
      expectProblem(answer, 428, "precondition-required");
      expect(await draft()).toEqual(before);
    },
  );

  test("an import that would change the draft needs it, one that only looks does not", async () => {
    const body = { dialect: "istio", text: "kind: Nothing", apply: true };
    expectProblem(await api.call("POST", "/meshes/shop/import", { token, body }), 428, "precondition-required");
    expect((await api.call("POST", "/meshes/shop/import", { token, body: { ...body, apply: false } })).status).toBe(
      200,
    );
  });

  test.each(['"v0x"', "v1 ", '"abc"', '""'])("an If-Match that is no version: %s", async (ifMatch) => {
    const answer = await api.call("POST", "/meshes/shop/draft/commands", {
      token,
      body: edit,
      headers: { "if-match": ifMatch },
    });
    expectProblem(answer, 412, "version-mismatch");
  });

  test("a version from the future", async () => {
    const answer = await api.call("POST", "/meshes/shop/draft/commands", {
      token,
      body: edit,
      headers: { "if-match": '"v999999"' },
    });
    expectProblem(answer, 412, "version-mismatch");
    expect(await draft()).toEqual(before);
  });
});

describe("bodies", () => {
  const send = (rawBody: string, headers: Record<string, string> = {}) =>
    api.call("POST", "/meshes/shop/draft/commands", { token, rawBody, headers: { "if-match": "*", ...headers } });

  test("one byte over the limit, declared or not", async () => {
    const text = JSON.stringify({ ...edit, clientId: "x".repeat(1_048_576) });
    expectProblem(await send(text), 413, "body-too-large");
    const chunks = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(32)),
    });
    const request = new Request(`${ORIGIN}/api/v1/meshes/shop/import`, {
      method: "POST",
      body: chunks,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      duplex: "half",
    } as RequestInit);
    expect((await dispatch(request, api.runtime)).status).toBe(413);
  });

  test.each([
    ["not JSON", "{"],
    ["nothing", ""],
    ["not UTF-8", "\udfff".repeat(2)],
    ["nested beyond reason", `${"[".repeat(200_000)}${"]".repeat(200_000)}`],
  ])("%s", async (_, text) => {
    const answer = await send(text);
    expect(answer.status).toBe(400);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
  });

  test("a form, as a foreign page could send it", async () => {
    expectProblem(
      await send("a=b", { "content-type": "application/x-www-form-urlencoded" }),
      415,
      "unsupported-media-type",
    );
    expectProblem(await send("{}", { "content-type": "text/plain" }), 415, "unsupported-media-type");
  });

  test("unknown fields are named, all at once", async () => {
    const answer = await send(
      JSON.stringify({ ...edit, force: true, commands: [{ type: "removeObject", key: 7 }, { type: "explode" }] }),
    );
    expectProblem(answer, 400, "invalid-request");
    const paths = (answer.body["violations"] as { path: string }[]).map(({ path }) => path);
    expect(paths.length).toBeGreaterThan(1);
    expect(paths.some((path) => path.startsWith("body.commands[0]"))).toBe(true);
  });

  test("a prototype is not something to write to", async () => {
    await send(
      '{"clientId":"c","commands":[{"type":"patchSpec","key":"Service/production/cart","path":["__proto__","polluted"],"value":true}]}',
    );
    await send(
      '{"clientId":"c","commands":[{"type":"replaceSpec","key":"Service/production/cart","spec":{"__proto__":{"polluted":true},"ports":[]}}]}',
    );
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect((await draft()).document).toEqual(before.document);
  });

  test("batches nested beyond their depth", async () => {
    const nest = (depth: number): unknown =>
      depth === 0 ? edit.commands[0] : { type: "batch", commands: [nest(depth - 1)] };
    expectProblem(await send(JSON.stringify({ clientId: "c", commands: [nest(40)] })), 400, "invalid-request");
  });
});

describe("YAML bombs", () => {
  const laughs = `a: &a [x,x,x,x,x,x,x,x,x,x]\n${"bcdefghij"
    .split("")
    .map((name, i) => `${name}: &${name} [${Array(10).fill(`*${"abcdefghij"[i]}`).join(",")}]`)
    .join("\n")}`;
  const deep = `a: ${"[".repeat(50_000)}${"]".repeat(50_000)}`;
  const many = "kind: Service\n---\n".repeat(40_000);
  const merge = `x: &x {${Array.from({ length: 2_000 }, (_, i) => `k${i}: 1`).join(",")}}\n${Array.from({ length: 2_000 }, (_, i) => `y${i}: {<<: *x}`).join("\n")}`;

  test.each([
    ["a billion laughs", laughs],
    ["deep nesting", deep],
    ["forty thousand documents", many],
    ["merge keys", merge],
  ])("%s", async (_, text) => {
    const startedAt = Date.now();
    const imported = await api.call("POST", "/meshes/shop/import", {
      token,
      body: { dialect: "istio", text, apply: true },
      headers: { "if-match": "*" },
    });
    expect(imported.status).toBe(422);
    expect(imported.headers.get("content-type")).toBe("application/problem+json");
    const pushed = await api.call("PUT", "/meshes/shop/draft", { token, body: { text }, headers: { "if-match": "*" } });
    expect(pushed.status).toBe(422);
    expect(Date.now() - startedAt).toBeLessThan(20_000);
    expect(await draft()).toEqual(before);
  });
});

describe("paths", () => {
  test.each([
    "/meshes/..%2fshop/draft",
    "/meshes/shop%2f..%2fother/draft",
    "/meshes/shop%00/draft",
    "/meshes/%ff/draft",
    "/meshes/shop%5c..%5cusers",
    "/meshes/shop/environments/local/proxies/a/%2e%2e/b",
    "/meshes/shop/environments/local/proxies/a%2f..%2fb/0",
    `/meshes/${"x".repeat(600)}/draft`,
  ])("%s", async (path) => {
    // Built by hand: URL would clean some of it up.
    const request = new Request(`${ORIGIN}/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } });
    const response = await dispatch(request, api.runtime);
    expect([400, 404]).toContain(response.status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
  });

  test("a method that is not offered names those that are", async () => {
    const answer = await api.call("DELETE", "/me", { token });
    expectProblem(answer, 405, "method-not-allowed");
    expect(answer.headers.get("allow")).toBe("GET, PATCH");
  });

  test.each(["/nothing", "/meshes/shop/nothing", "/meshes//draft", "/meshes/shop/draft/"])(
    "%s is not there",
    async (path) => {
      expect((await api.call("GET", path, { token })).status).toBe(404);
    },
  );

  test.each([
    "/meshes?limit=0",
    "/meshes?limit=501",
    "/meshes?limit=1&limit=2",
    "/meshes?surprise=1",
    "/meshes/shop/events?cursor=abc",
    "/meshes/shop/draft/history?cursor=-1",
    "/meshes/shop/topology?at=r0",
    "/meshes/shop/topology?range=forever",
    "/meshes/shop/diff",
    "/meshes/shop/environments/local/signals?scope=service",
  ])("a query that is not valid: %s", async (path) => {
    expectProblem(await api.call("GET", path, { token }), 400, "invalid-request");
  });
});

describe("a browser with a session", () => {
  let cookie: string;
  beforeAll(async () => {
    const person = await api.runtime.database.user.findUniqueOrThrow({ where: { email: "author@meshwright.local" } });
    const value = await encode({
      token: { sub: person.id, signedInAt: Date.now() },
      secret: api.runtime.env.NEXTAUTH_SECRET,
    });
    cookie = `other=1; ${sessionCookieName(ORIGIN)}=${value}`;
  });

  const rename = (headers: Record<string, string>) =>
    api.call("POST", "/meshes/shop/draft/commands", {
      body: {
        clientId: "b",
        commands: [{ type: "moveObjects", positions: { "Service/production/cart": { x: 5, y: 5 } } }],
      },
      headers: { cookie, "if-match": "*", ...headers },
    });

  test("is let in from its own pages", async () => {
    expect((await rename({ origin: ORIGIN, "sec-fetch-site": "same-origin" })).status).toBe(200);
    expect((await rename({ origin: "http://127.0.0.1:3000" })).status).toBe(200);
  });

  test.each([
    { origin: "http://evil.example" },
    { origin: "null" },
    { origin: "http://localhost:3001" },
    { origin: "https://localhost:3000" },
    { origin: "http://localhost.evil.example:3000" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site", origin: ORIGIN },
  ])("is refused from elsewhere: %o", async (headers) => {
    expectProblem(await rename(headers as Record<string, string>), 403, "foreign-origin");
    expect(await draft()).toEqual(before);
  });

  test("is refused with a session of another secret, an altered one, and one from before everybody was signed out", async () => {
    const person = await api.runtime.database.user.findUniqueOrThrow({ where: { email: "author@meshwright.local" } });
    const name = sessionCookieName(ORIGIN);
    const forged = await encode({
      token: { sub: person.id, signedInAt: Date.now() },
      secret: "another-secret-another-secret-00",
    });
    const me = async (value: string) =>
      (await api.call("GET", "/me", { headers: { cookie: `${name}=${value}` } })).status;
    expect(await me(forged)).toBe(401);
    expect(await me("AAAA.BBBB")).toBe(401);
    const good = await encode({
      token: { sub: person.id, signedInAt: Date.now() },
      secret: api.runtime.env.NEXTAUTH_SECRET,
    });
    expect(await me(good)).toBe(200);
    await api.runtime.database.user.update({
      where: { id: person.id },
      data: { sessionsValidFrom: new Date(Date.now() + 5_000) },
    });
    expect(await me(good)).toBe(401);
    await api.runtime.database.user.update({ where: { id: person.id }, data: { sessionsValidFrom: new Date(0) } });
    expect(await me(good)).toBe(200);
    await api.runtime.database.user.update({ where: { id: person.id }, data: { disabledAt: new Date() } });
    expect(await me(good)).toBe(401);
  });
});

describe("tokens", () => {
  test.each(["", "mw_", "mw_x_y", "mw_aaaaaaaaaaaaaaaaaa_" + "b".repeat(43), "' OR 1=1 --"])(
    "a wrong one: %s",
    async (wrong) => {
      const answer = await api.call("GET", "/me", { headers: { authorization: `Bearer ${wrong}` } });
      expectProblem(answer, 401, "invalid-token");
    },
  );

  test("an expired one", async () => {
    const fresh = await api.tokenFor("viewer");
    expect((await api.call("GET", "/me", { token: fresh })).status).toBe(200);
    const id = fresh.split("_")[1] ?? "";
    await api.runtime.database.apiToken.update({ where: { id }, data: { expiresAt: new Date(Date.now() - 1) } });
    expectProblem(await api.call("GET", "/me", { token: fresh }), 401, "invalid-token");
  });
});

describe("repeating", () => {
  const make = (key: string, slug: string) =>
    api.call("POST", "/meshes", { token, body: { slug, name: slug }, headers: { "idempotency-key": key } });

  test("a request with the same key is done once, even when both come together", async () => {
    const answers = await Promise.all([make("k1", "once"), make("k1", "once"), make("k1", "once")]);
    for (const { status, body } of answers) expect(status === 201 || body["code"] === "request-in-progress").toBe(true);
    const again = await make("k1", "once");
    expect(again.status).toBe(201);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
  });

  test("a key belongs to one request", async () => {
    await make("k2", "twice");
    expectProblem(await make("k2", "thrice"), 409, "idempotency-key-reused");
  });

  test("a refused request may be corrected under its key", async () => {
    expect((await make("k3", "once")).status).toBe(409);
    expect((await make("k3", "four")).status).toBe(201);
  });
});

test("a program that runs wild is told to wait", async () => {
  const usual = api.runtime.rateLimiter;
  // A clock that stands still: nothing is refilled, however slow this machine is.
  api.runtime.rateLimiter = new RateLimiter(manualClock());
  try {
    const statuses: number[] = [];
    for (let i = 0; i <= LIMITS.read.burst; i++) statuses.push((await api.call("GET", "/me", { token })).status);
    const last = await api.call("GET", "/me", { token });
    expect(statuses.filter((status) => status === 429)).toHaveLength(1);
    expectProblem(last, 429, "rate-limited");
    expect(Number(last.headers.get("retry-after"))).toBeGreaterThan(0);
  } finally {
    api.runtime.rateLimiter = usual;
  }
});

test("a database that goes away is said to be that, and it is fine again by itself", async () => {
  const sql = new pg.Client({ connectionString: api.postgres.url });
  await sql.connect();
  await sql.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
  );
  await sql.end();
  const first = await api.call("GET", "/health");
  expect([200, 503]).toContain(first.status);
  await expect.poll(async () => (await api.call("GET", "/health")).status, { timeout: 5_000 }).toBe(200);
});
