// The document over the API: each form, of the draft and of a revision.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DesignDocument } from "@/lib/document";
import { dispatch } from "./dispatch";
import { ORIGIN, startTestApi, type TestApi } from "./testing/api";

let api: TestApi;
let token: string;
beforeAll(async () => {
  api = await startTestApi();
  token = await api.tokenFor("viewer");
});
afterAll(() => api?.stop());

const read = (query: string) =>
  dispatch(
    new Request(`${ORIGIN}/api/v1/meshes/shop/document?${query}`, { headers: { authorization: `Bearer ${token}` } }),
    api.runtime,
  );

test("Markdown carries the digest of the revision at both ends", async () => {
  const revision = await api.call<{ digest: string }>("GET", "/meshes/shop/revisions/1", { token });
  const answer = await read("at=r1&format=md");
  const text = await answer.text();
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/markdown; charset=utf-8"]);
  expect(text.split(revision.body.digest)).toHaveLength(3);
  expect(text).toContain("## 11 Rollout plan");
});

test("the PDF is one, of several pages", async () => {
  const answer = await read("at=r1&format=pdf");
  const bytes = Buffer.from(await answer.arrayBuffer());
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/pdf"]);
  expect(answer.headers.get("content-disposition")).toContain('filename="shop-r1.pdf"');
  const text = bytes.toString("latin1");
  expect(text.startsWith("%PDF-")).toBe(true);
  expect(text.trimEnd().endsWith("%%EOF")).toBe(true);
  expect([...text.matchAll(/\/Type \/Page\b/g)].length).toBeGreaterThan(4);
}, 30_000);

test("its blocks name every control and the proxies of every workload", async () => {
  const { blocks } = (await (await read("at=draft&format=json")).json()) as DesignDocument;
  const cells = blocks.flatMap((block) => (block.kind === "table" ? block.rows.flat() : []));
  for (const name of ["TLS-01", "AZ-06", "PKI-02"]) expect(cells.some((cell) => cell.startsWith(name))).toBe(true);
  expect(cells.some((cell) => cell.startsWith("payment-service-v2"))).toBe(true);
});

test("a revision or a form that is none is refused", async () => {
  expect((await read("at=r99&format=md")).status).toBe(404);
  expect((await read("at=r1&format=docx")).status).toBe(400);
  expect((await read("at=../etc&format=md")).status).toBe(400);
});
