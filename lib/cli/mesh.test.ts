import { expect, test } from "vitest";
import { runCli } from "./testing/run-cli";

const found = { slug: "shop", name: "Shop", services: 7, latestRevision: 3, isBeingDeleted: false, proxies: 2 };
const gone = { code: "not-found", detail: 'There is no mesh "shop".' };

/** Answers of the server, one after the other; what it was asked is kept. */
function server(...answers: { status?: number; body: unknown }[]) {
  const asked: string[] = [];
  const answer: typeof fetch = (input, init) => {
    const ifMatch = new Headers(init?.headers).get("if-match");
    asked.push(`${init?.method ?? "GET"} ${new URL(String(input)).pathname}${ifMatch ? ` if ${ifMatch}` : ""}`);
    const { status = 200, body } = answers.shift() ?? { body: null };
    return Promise.resolve(Response.json(body, { status, headers: { etag: '"v5"' } }));
  };
  const env = { MESHWRIGHT_URL: "http://mesh.test", MESHWRIGHT_TOKEN: "mw_x" };
  return { asked, cli: (...args: string[]) => runCli(["mesh", ...args], { cwd: "/", env, fetch: answer }) };
}

test("without --yes it says what would go, and asks for nothing to be deleted", async () => {
  const { asked, cli } = server({ body: found });
  expect(await cli("delete", "shop")).toMatchObject({
    code: 1,
    out: "Would delete Shop: 7 services, 3 revisions, 2 running proxies.\n",
    notes: expect.stringContaining("--yes"),
  });
  expect(asked).toEqual(["GET /api/v1/meshes/shop"]);
});

test("it deletes the version that was read, and waits until the proxies are drained and the mesh is gone", async () => {
  const { asked, cli } = server(
    { body: found },
    { status: 202, body: { state: "draining", proxies: 2 } },
    { body: { ...found, isBeingDeleted: true, proxies: 1 } },
    { status: 404, body: gone },
  );
  expect(await cli("delete", "shop", "--yes")).toMatchObject({
    code: 0,
    out: "shop is deleted.\n",
    notes: "2 proxies to drain\n1 proxy left\n",
  });
  expect(asked[1]).toBe('DELETE /api/v1/meshes/shop if "v5"');
  expect(asked).toHaveLength(4);
});

test("it may return while the proxies are drained, and tells a mesh that goes at once", async () => {
  const draining = server({ body: found }, { status: 202, body: { state: "draining", proxies: 2 } });
  expect(await draining.cli("delete", "shop", "--yes", "--no-wait")).toMatchObject({
    code: 0,
    out: "shop is being deleted.\n",
  });
  const atOnce = server({ body: { ...found, proxies: 0 } }, { status: 202, body: { state: "deleted", proxies: 0 } });
  expect((await atOnce.cli("delete", "shop", "-y", "--json")).out).toContain('"state": "deleted"');
});

test("a refusal is the server's own, and wrong use is said before anything is asked", async () => {
  const detail = "A deployment of this mesh is under way.";
  const busy = server({ body: found }, { status: 409, body: { code: "conflict", detail } });
  expect(await busy.cli("delete", "shop", "--yes")).toMatchObject({ code: 3, notes: expect.stringContaining(detail) });
  const wrong = server();
  expect((await wrong.cli("delete")).code).toBe(2);
  expect((await wrong.cli("remove", "shop", "--yes")).code).toBe(2);
  expect((await wrong.cli("delete", "shop", "cart", "--yes")).code).toBe(2);
  expect(wrong.asked).toEqual([]);
});
