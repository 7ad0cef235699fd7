// replay: recorded requests of files and of the server, asked of two designs.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toYaml } from "@/lib/mesh";
import { seedMesh, splitOf, withObjects, without } from "@/lib/simulate/testing/designs";
import { MAX_RECORDED, readAccessLog } from "./access-log";
import { runCli } from "./testing/run-cli";

let cwd = "";
const write = (name: string, text: string) => writeFileSync(path.join(cwd, name), text);
const lines = (...each: unknown[]) => each.map((value) => JSON.stringify(value)).join("\n");

const PAY = {
  listener: "outbound",
  method: "POST",
  authority: "payment-service",
  path: "/pay/1",
  user_agent: "curl/8",
};
const OF_STOREFRONT = {
  listener: "inbound",
  method: "GET",
  authority: "cart",
  path: "/cart",
  downstream_peer: "spiffe://shop.mesh.local/ns/production/sa/storefront",
};

beforeAll(() => {
  cwd = mkdtempSync(path.join(tmpdir(), "meshwright-replay-"));
  write("mesh.yaml", toYaml(seedMesh()));
  write("split.yaml", toYaml(withObjects(seedMesh(), splitOf(25))));
  write("closed.yaml", toYaml(without(seedMesh(), "Dependency/production/storefront-to-cart")));
  write("pay.log", lines(PAY, PAY, { ...PAY, path: "/pay/2" }));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const replay = (args: string[], stdin = "") => runCli(["replay", ...args], { cwd, stdin });
const CHECKOUT = ["--from", "production/checkout-v1"];

test("equal designs answer every recorded request alike", async () => {
  const { code, out, notes } = await replay(["mesh.yaml", "mesh.yaml", "--log", "pay.log", ...CHECKOUT]);
  expect([code, out]).toEqual([0, ""]);
  expect(notes).toContain("3 requests (2 different ones) asked, 0 would be answered differently.");
});

test("paths that differ in the same way are one difference with its number of requests", async () => {
  const { code, out } = await replay(["mesh.yaml", "split.yaml", "--log", "pay.log", ...CHECKOUT]);
  expect(code).toBe(1);
  expect(out).toMatch(
    /^~ 3 requests: checkout.* → payment-service POST \/pay\/1: .*25 % now goes to v2 \(10 % before\)/,
  );
  expect(out).toContain("And 1 more path alike.");
  const level = await replay(["mesh.yaml", "split.yaml", "--log", "pay.log", ...CHECKOUT, "--fail-on", "access"]);
  expect(level.code).toBe(0);
});

test("a callee's log names the caller by its identity; what would fail is of access", async () => {
  const stdin = lines(OF_STOREFRONT);
  const args = ["mesh.yaml", "closed.yaml", "--log", "-", "--fail-on", "access"];
  const { code, out } = await replay(args, stdin);
  expect([code, out]).toEqual([
    1,
    expect.stringMatching(/^! 1 request: storefront.* → cart GET \/cart: would fail\. /),
  ]);
});

test("the text formats of Envoy and Istio are read", async () => {
  const envoy = `[2026-11-22T10:00:00.000Z] "POST /pay/1 HTTP/1.1" 200 - 0 11 5 4 "-" "curl/8" "id-1" "payment-service" "10.0.0.3:8080"`;
  const istio = `[2026-11-22T10:00:00.000Z] "POST /pay/1 HTTP/1.1" 200 - via_upstream - "-" 0 11 5 4 "-" "curl/8" "id-2" "payment-service" "10.0.0.3:8080" outbound|8080|v1|payment-service.production.svc.cluster.local 10.0.0.2:1 10.0.0.3:8080 10.0.0.2:2 - default`;
  const { notes } = await replay(["mesh.yaml", "split.yaml", "--log", "-", ...CHECKOUT], `${envoy}\n${istio}\n`);
  expect(notes).toContain("2 requests (1 different one) asked, 2 would be answered differently.");
});

test("the JSON answer has counts, what was not asked, and both answers", async () => {
  const log = [JSON.stringify(PAY), "garbage", JSON.stringify({ ...PAY, method: "-" }), JSON.stringify(OF_STOREFRONT)];
  const stranger = JSON.stringify({ ...OF_STOREFRONT, downstream_peer: "spiffe://elsewhere/ns/a/sa/b" });
  const args = ["mesh.yaml", "split.yaml", "--log", "-", ...CHECKOUT, "--json"];
  const { code, out } = await replay(args, [...log, stranger].join("\n"));
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    ok: false,
    requests: 2,
    calls: 2,
    skipped: [
      { why: "lines that are neither JSON nor a text format of Envoy or Istio", count: 1 },
      { why: "lines without a request of HTTP", count: 1 },
      { why: "lines that do not say who called", count: 1 },
    ],
    differences: [
      {
        caller: "Workload/production/checkout-v1",
        host: "payment-service",
        count: 1,
        before: { outcome: "forwarded", destinations: [{ subset: "v1" }, { subset: "v2" }] },
        after: { outcome: "forwarded" },
      },
    ],
  });
});

describe("wrong use", () => {
  test.each([
    ["no caller", ["mesh.yaml", "split.yaml", "--log", "pay.log"], /do not say who called: name .* by --from/],
    [
      "an unknown caller",
      ["mesh.yaml", "split.yaml", "--log", "pay.log", "--from", "a/b"],
      /no workload or gateway a\/b/,
    ],
    ["no log", ["mesh.yaml", "split.yaml"], /either --log or --questions/],
    [
      "a log that is not there",
      ["mesh.yaml", "split.yaml", "--log", "none.log", ...CHECKOUT],
      /none\.log cannot be read \(ENOENT\)/,
    ],
    ["an empty log", ["mesh.yaml", "split.yaml", "--log", "-", ...CHECKOUT], /there is no line in -/],
    ["one design", ["mesh.yaml", "--log", "pay.log"], /name two designs/],
    ["a server and designs", ["mesh.yaml", "split.yaml", "--mesh", "shop"], /either --mesh or two designs/],
  ])("%s", async (_, args, says) => {
    const { code, notes } = await replay(args);
    expect([code, notes]).toEqual([2, expect.stringMatching(says)]);
  });
});

test("more different requests than can be asked are counted, not dropped in silence", async () => {
  async function* many() {
    for (let i = 0; i < MAX_RECORDED + 5; i++) yield JSON.stringify({ ...PAY, path: `/${i}` });
    yield JSON.stringify({ ...PAY, path: "/0" });
  }
  const own = { kind: "workload", workload: "Workload/production/checkout-v1" } as const;
  const { recorded, lines: total, skipped } = await readAccessLog(many(), { own, byIdentity: new Map() });
  expect([recorded.length, total, [...skipped.values()]]).toEqual([MAX_RECORDED, MAX_RECORDED + 6, [5]]);
  expect(recorded[0]?.count).toBe(2);
});

test("what the server saw is asked of what runs there", async () => {
  const answer = { outcome: "forwarded", status: null, sentence: "goes", hops: [], destinations: [] };
  const difference = {
    caller: "Service/production/storefront",
    callee: "Service/production/cart",
    method: "GET",
    path: "/cart",
    count: 7,
    sentence: "storefront → cart GET /cart: would fail.",
    before: {
      ...answer,
      destinations: [
        { service: "Service/production/cart", workloads: [], probability: 1, outcome: "forwarded", status: null },
      ],
    },
    after: { ...answer, outcome: "denied", status: 403 },
  };
  const asked: unknown[] = [];
  const { code, out, notes } = await runCli(
    [
      "replay",
      "--mesh",
      "shop",
      "--environment",
      "production",
      "--range",
      "6h",
      "--revision",
      "r4",
      "--fail-on",
      "access",
    ],
    {
      cwd,
      env: { MESHWRIGHT_TOKEN: "t", MESHWRIGHT_URL: "http://server" },
      fetch: (url, init) => {
        asked.push([String(url), JSON.parse(String(init?.body))]);
        return Promise.resolve(Response.json({ requests: 9, calls: 2, unknown: 1, differences: [difference] }));
      },
    },
  );
  expect(asked).toEqual([
    ["http://server/api/v1/meshes/shop/replay", { at: "r4", environment: "production", range: "6h" }],
  ]);
  expect([code, out]).toEqual([1, "! 7 requests: storefront → cart GET /cart: would fail.\n"]);
  expect(notes).toContain("not asked: 1 (calls of or to what the design does not know)");
});
