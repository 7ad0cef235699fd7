import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { designDocument } from "@/lib/document";
import { demoInput } from "@/lib/document/testing/demo-input";
import { runCli } from "./testing/run-cli";

const cwd = mkdtempSync(path.join(tmpdir(), "meshwright-submit-"));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));
const DIGEST = "a".repeat(64);
const sent: { method: string; path: string; ifMatch: string | null; body: unknown }[] = [];

const answer: typeof fetch = async (input, init) => {
  const { pathname, searchParams } = new URL(String(input));
  const local = pathname.replace("/api/v1", "");
  if (local.endsWith("/draft")) return Response.json({ version: 7, document: {}, digest: DIGEST });
  if (local.endsWith("/document")) {
    if (searchParams.get("format") === "pdf") return new Response("%PDF-1.7 made up");
    return Response.json(designDocument(demoInput()));
  }
  sent.push({
    method: init?.method ?? "GET",
    path: local,
    ifMatch: new Headers(init?.headers).get("if-match"),
    body: JSON.parse(String(init?.body)),
  });
  if (local.includes("/9/"))
    return Response.json({ code: "review-closed", detail: "Review #9 is rejected." }, { status: 409 });
  const round = { number: 1, revision: 3, digest: DIGEST };
  return Response.json(
    {
      number: 4,
      title: "t",
      state: "open",
      sentence: "0 of 1 approval.",
      round,
      tests: { total: 3, failed: 1, notRun: 0 },
    },
    { status: 201 },
  );
};

const cli = (...args: string[]) =>
  runCli(args, { cwd, env: { MESHWRIGHT_URL: "http://mesh.test", MESHWRIGHT_TOKEN: "mw_x" }, fetch: answer });

test("submit freezes the version of the draft that was read, and says where to walk through it", async () => {
  const made = await cli(
    "submit",
    "--mesh",
    "shop",
    "--title",
    "A quarter to v2",
    "--why",
    "Faster",
    "--against",
    "r1",
  );
  expect(made).toMatchObject({ code: 0, out: `Review #4, round 1: r3 ${DIGEST}\n` });
  expect(made.notes).toContain("1 of 3 policy tests does not hold.");
  expect(made.notes).toContain("http://mesh.test/meshes/shop/reviews/4/purpose");
  expect(sent.at(-1)).toEqual({
    method: "POST",
    path: "/meshes/shop/reviews",
    ifMatch: '"v7"',
    body: { title: "A quarter to v2", what: "", why: "Faster", against: 1 },
  });
});

test("submit answers a review with its next round, and tells a refusal as the server said it", async () => {
  expect((await cli("submit", "--mesh", "shop", "--review", "4", "--answer", "Done.")).code).toBe(0);
  expect(sent.at(-1)).toMatchObject({ path: "/meshes/shop/reviews/4/rounds", body: { answer: "Done." } });
  const refused = await cli("submit", "--mesh", "shop", "--review", "9");
  expect(refused).toMatchObject({ code: 3, notes: expect.stringContaining("Review #9 is rejected.") });
});

test("submit refuses a draft that is not what was meant", async () => {
  const before = sent.length;
  const other = await cli("submit", "--mesh", "shop", "--title", "x y z", "--digest", "b".repeat(64));
  expect(other).toMatchObject({ code: 3, notes: expect.stringContaining(DIGEST) });
  expect(await cli("submit", "--mesh", "shop")).toMatchObject({ code: 2 });
  expect(await cli("submit", "--mesh", "shop", "--review", "4", "--title", "both")).toMatchObject({ code: 2 });
  expect(sent.length).toBe(before);
});

test("report prints Markdown, and writes files", async () => {
  expect((await cli("report", "--mesh", "shop", "--at", "r3")).out).toContain("# Demo shop: technical design");
  expect(await cli("report", "--mesh", "shop", "--format", "pdf")).toMatchObject({ code: 2 });
  expect(await cli("report", "--mesh", "shop", "--at", "yesterday")).toMatchObject({ code: 2 });
  expect((await cli("report", "--mesh", "shop", "-f", "pdf", "-o", "shop.pdf")).code).toBe(0);
  expect(readFileSync(path.join(cwd, "shop.pdf"), "utf8")).toBe("%PDF-1.7 made up");
});
