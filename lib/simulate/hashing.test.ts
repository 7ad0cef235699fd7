import { expect, test } from "vitest";
import { edgeMesh, edgeRoute } from "@/lib/compile/testing/edge";
import { object, withObjects } from "@/lib/compile/testing/rich";
import { STOCK_HOST, stockMesh } from "@/lib/compile/testing/stock";
import type { HashKey, LoadBalancing } from "@/lib/mesh";
import { ask } from "./ask";
import { changesBetween } from "./changes";
import { buildScene } from "./scene";
import type { Question } from "./types";

const USER: HashKey = { type: "header", name: "x-user", terminal: true };
const SID: HashKey = { type: "cookie", name: "sid", ttlSeconds: 60 };
const QUERY: HashKey = { type: "query", name: "user" };
const SOURCE: HashKey = { type: "sourceIp" };

function answerTo(loadBalancing: LoadBalancing | undefined, more: Partial<Question> = {}) {
  const scene = buildScene(stockMesh(loadBalancing ? { loadBalancing } : {}));
  const from = { kind: "workload" as const, workload: "Workload/production/checkout-v1" };
  return ask(scene, { from, to: { host: STOCK_HOST }, method: "GET", path: "/", headers: {}, ...more });
}

test("the answer says which key chooses the host, with its value, until one is enough", () => {
  const balancing: LoadBalancing = { policy: "ring-hash", hash: [USER, SID, QUERY] };
  const answer = answerTo(balancing, { path: "/?user=b", headers: { "x-user": "a" } });
  expect(answer.hops[0]?.hash).toEqual({
    table: "ring",
    keys: [{ key: "header x-user", value: "a" }],
    why: 'the hash of header x-user ("a") chooses the host, the same one for all equal requests',
  });
  expect(answer.sentence).toContain('Hosts are chosen by a hash: the hash of header x-user ("a") chooses the host');
  const without = answerTo(balancing, { path: "/?user=b", headers: { cookie: "sid=s1" } });
  expect(without.hops[0]?.hash).toMatchObject({
    keys: [
      { key: "header x-user", value: null },
      { key: "cookie sid", value: "s1" },
      { key: "query user", value: "b" },
    ],
    why: expect.stringContaining('cookie sid ("s1") and query user ("b")') as string,
  });
});

test("a request without a key may go to any host, and a cookie that it is given brings it back there", () => {
  const none = answerTo({ policy: "maglev", hash: [USER, QUERY] });
  expect(none.hops[0]?.hash).toMatchObject({
    table: "maglev",
    why: "it has no header x-user or query user, so any host may get it",
  });
  const given = answerTo({ policy: "maglev", hash: [USER, SID] });
  expect(given.hops[0]?.hash?.keys).toContainEqual({ key: "cookie sid", value: null, isGiven: true });
  expect(given.sentence).toContain("any host may get it, and it is given cookie sid, by which it comes back there");
});

test("a key is read after the route's changes: a header that it sets is the same for all", () => {
  const route = object("Route", "stock", {
    target: { kind: "Service", name: "stock" },
    rules: [
      {
        matches: [],
        action: { type: "forward", destinations: [{ service: { name: "stock" }, weight: 1 }] },
        headers: { request: { set: { "x-user": "shop" } } },
      },
    ],
  });
  const balancing: LoadBalancing = { policy: "ring-hash", hash: [USER] };
  const scene = buildScene(withObjects(stockMesh({ loadBalancing: balancing }), [route]));
  const from = { kind: "workload" as const, workload: "Workload/production/checkout-v1" };
  const answer = ask(scene, { from, to: { host: STOCK_HOST }, method: "GET", path: "/", headers: { "x-user": "a" } });
  expect(answer.hops[0]?.hash?.keys).toEqual([{ key: "header x-user", value: "shop" }]);
});

test("a caller's address is the app's own behind a sidecar, and what it passes on as x-forwarded-for", () => {
  const balancing: LoadBalancing = { policy: "ring-hash", hash: [SOURCE] };
  expect(answerTo(balancing).hops[0]?.hash?.keys).toEqual([{ key: "the caller's address", value: "127.0.0.1" }]);
  const headers = { "x-forwarded-for": "192.0.2.7" };
  expect(answerTo(balancing, { headers }).hops[0]?.hash?.keys[0]?.value).toBe("192.0.2.7");
});

test("where nothing is hashed, nothing is told of it", () => {
  expect(answerTo(undefined).hops[0]).not.toHaveProperty("hash");
  expect(answerTo({ policy: "random" }).sentence).not.toContain("hash");
});

test("that equal requests stay at one host is a consequence, and so are other keys", () => {
  const [any, user, cookie] = [
    answerTo(undefined),
    answerTo({ policy: "ring-hash", hash: [USER] }),
    answerTo({ policy: "maglev", hash: [USER, SID] }),
  ];
  const texts = (before: typeof any, after: typeof any) =>
    changesBetween(before, after).map(({ kind, severity, text }) => `${kind} ${severity}: ${text}`);
  expect(texts(any, user)).toContain(
    "destination change: hosts chosen by a hash of header x-user (ring) now (no hash before)",
  );
  expect(texts(user, cookie)).toEqual([
    "destination change: hosts chosen by a hash of header x-user, cookie sid (maglev) now (hosts chosen by a hash of header x-user (ring) before)",
  ]);
  expect(texts(user, user)).toEqual([]);
});

test("of a connection the address alone is a key", () => {
  const told = (hash: HashKey[]) => {
    const policy = object("TrafficPolicy", "archive-hash", {
      service: { name: "archive" },
      loadBalancing: { policy: "ring-hash", hash },
    });
    const from = { kind: "outside" as const, gateway: "Gateway/production/edge" };
    const to = { host: "archive.example.com", port: 8443 };
    const question: Question = { from, to, method: "GET", path: "/", headers: {}, address: "192.0.2.9" };
    return ask(buildScene(withObjects(edgeMesh(edgeRoute()), [policy])), question).hops[0]?.hash;
  };
  expect(told([USER, SOURCE])?.keys).toEqual([{ key: "the caller's address", value: "192.0.2.9" }]);
  expect(told([USER])).toMatchObject({ keys: [], why: "nothing of it is hashed, so any host may get it" });
});
