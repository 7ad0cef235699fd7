// Consistent hashing on real proxies: the same compiled configuration on ours and, with ENVOY_BIN, on Envoy.
// The rule: which host a key is for depends on the hosts alone, so both sides say the same, and say it again when they are asked again.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { HashKey, LoadBalancing } from "@/lib/mesh";
import { type Answer, send } from "./testing/scripted-calls";
import { bundleProxy, type Side, startSide, surround } from "./testing/side-by-side";
import { STOCK_CALLER, STOCK_HOST, stockMesh } from "./testing/stock";

const envoy = process.env["ENVOY_BIN"];
const USER: HashKey = { type: "header", name: "x-user", terminal: true };
const QUERY: HashKey = { type: "query", name: "user" };
const USERS = Array.from({ length: 40 }, (_, i) => `user-${i}`);
type Request = { path?: string; headers?: Record<string, string> };

let folder = "";
let bundle = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "meshwright-hashing-"));
  bundle = await bundleProxy(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Asking = (request: Request) => Promise<Answer>;

/** What each side finds out, in front of the same hosts. */
async function onEachSide<T>(loadBalancing: LoadBalancing, find: (ask: Asking) => Promise<T>, absent: string[] = []) {
  const world = await surround(stockMesh({ loadBalancing }), { absent });
  const commands: [Side["name"], string[]][] = [["ours", [process.execPath, bundle]]];
  if (envoy) commands.push(["envoy", [envoy, "--use-dynamic-base-id", "--concurrency", "1", "-l", "error"]]);
  const found: T[] = [];
  try {
    for (const [name, command] of commands) {
      const side = await startSide(world, STOCK_CALLER, name, command);
      const ask: Asking = ({ path = "/", headers = {} }) =>
        send(side.ports.outbound, { port: "outbound", path, headers: { host: STOCK_HOST, ...headers } });
      try {
        found.push(await find(ask));
      } finally {
        await side.stop();
      }
    }
  } finally {
    world.close();
  }
  const [ours, theirs = ours] = found;
  expect(theirs).toEqual(ours);
  return ours as T;
}

const whose = (answer: Answer): string =>
  "refused" in answer ? "nobody" : String((answer.body as { callee?: string }).callee ?? answer.status);
async function each<T>(items: readonly T[], ask: (item: T) => Promise<Answer>): Promise<string[]> {
  const found: string[] = [];
  for (const item of items) found.push(whose(await ask(item)));
  return found;
}
const byHeader = (ask: Asking) => each(USERS, (user) => ask({ headers: { "x-user": user } }));

test.each<[LoadBalancing]>([
  [{ policy: "ring-hash", hash: [USER] }],
  [{ policy: "ring-hash", hash: [USER], ringHash: { minimumRingSize: 64, maximumRingSize: 64 } }],
  [{ policy: "maglev", hash: [USER] }],
  [{ policy: "maglev", hash: [USER], maglev: { tableSize: 131 } }],
])(
  "%j: a key has its host, whoever asks",
  async (balancing) => {
    const [once, again] = await onEachSide(balancing, async (ask) => [await byHeader(ask), await byHeader(ask)]);
    expect(again).toEqual(once);
    expect(new Set(once).size).toBeGreaterThan(1);
  },
  120_000,
);

test("a terminal key decides alone, and the next one where it is not there", async () => {
  const hash = [USER, QUERY];
  const found = await onEachSide({ policy: "ring-hash", hash }, async (ask) => ({
    together: await each(USERS, (user) => ask({ path: `/?user=${user}`, headers: { "x-user": "same" } })),
    query: await each(USERS, (user) => ask({ path: `/?user=${user}` })),
  }));
  expect(new Set(found.together).size).toBe(1);
  expect(new Set(found.query).size).toBeGreaterThan(1);
  const both = [{ ...USER, terminal: false }, QUERY];
  const together = await onEachSide({ policy: "ring-hash", hash: both }, (ask) =>
    each(USERS, (user) => ask({ path: `/?user=${user}`, headers: { "x-user": "same" } })),
  );
  expect(new Set(together).size).toBeGreaterThan(1);
}, 120_000);

test("who has no cookie is given one, and stays at its host", async () => {
  const cookie: HashKey = { type: "cookie", name: "sid", ttlSeconds: 60, path: "/", attributes: [{ name: "Secure" }] };
  const found = await onEachSide({ policy: "maglev", hash: [cookie] }, async (ask) => {
    const first = await ask({});
    const [given = ""] = ("refused" in first ? undefined : first.headers["set-cookie"]) ?? [];
    const headers = { cookie: given.split(";")[0] ?? "" };
    const hosts = [whose(first), ...(await each(USERS, () => ask({ headers })))];
    return { given: given.replace(/"\w+"/, "VALUE"), stays: new Set(hosts).size };
  });
  expect(found).toEqual({ given: "sid=VALUE; Max-Age=60; Path=/; Secure; HttpOnly", stays: 1 });
}, 120_000);

test("behind a sidecar the caller's address is the app's own: every call meets at one host", async () => {
  const found = await onEachSide({ policy: "ring-hash", hash: [{ type: "sourceIp" }] }, byHeader);
  expect(new Set(found).size).toBe(1);
}, 120_000);

test("a retry stays at the host of its key: where that is away, its keys fail and no others", async () => {
  const balancing: LoadBalancing = { policy: "ring-hash", hash: [USER] };
  const found = await onEachSide(balancing, byHeader, ["stock-near"]);
  expect([...new Set(found)].sort()).toEqual(["503", "stock-far", "stock-region"]);
}, 120_000);
