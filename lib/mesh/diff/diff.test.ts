import { expect, test } from "vitest";
import { applyCommand } from "../commands/apply";
import type { Command } from "../commands/schema";
import { demoMesh } from "../samples/demo";
import { API_VERSION } from "../schema/document";
import type { MeshDocument, MeshObject } from "../types";
import { diffDocuments } from "./diff";
import { durationText } from "./words";

function after(commands: Command[], document = demoMesh()): MeshDocument {
  const result = applyCommand(document, {}, { type: "batch", commands });
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  return result.document;
}
const sentences = (commands: Command[]) => diffDocuments(demoMesh(), after(commands)).map((change) => change.sentence);
const subset = (name: string): MeshObject => ({
  apiVersion: API_VERSION,
  kind: "Subset",
  metadata: { name: `payment-service-${name}`, namespace: "production" },
  spec: { service: { name: "payment-service" }, name, labels: { version: name } },
});
const payment = (v1: number, v2: number): Command => ({
  type: "patchSpec",
  key: "Route/production/payment-service",
  path: ["rules", 0, "action", "destinations"],
  value: [
    { service: { name: "payment-service" }, subset: "v1", weight: v1 },
    { service: { name: "payment-service" }, subset: "v2", weight: v2 },
  ],
});

test("the same design has no changes, whatever the order of its objects", () => {
  expect(diffDocuments(demoMesh(), { objects: demoMesh().objects.reverse() })).toEqual([]);
});

test("a canary reads as shares of the calls", () => {
  expect(sentences([{ type: "addObject", object: subset("v2") }, payment(90, 10)])).toEqual([
    "Subset v2 of payment-service is added (version=v2).",
    'Calls to payment-service, rule "default": payment-service goes from 100 % to 0 %, v1 goes from 0 % to 90 %, v2 goes from 0 % to 10 %.',
  ]);
  const [change] = diffDocuments(after([payment(90, 10)]), after([payment(50, 50)]));
  expect(change?.sentence).toBe(
    'Calls to payment-service, rule "default": v1 goes from 90 % to 50 %, v2 goes from 10 % to 50 %.',
  );
});

test("dependencies read as who may call whom", () => {
  expect(sentences([{ type: "removeObject", key: "Dependency/production/checkout-to-shipping" }])).toEqual([
    "checkout may no longer call shipping.",
  ]);
});

test("an authorization policy reads as who may do what, and a changed rule as the old and the new one", () => {
  const key = "AuthorizationPolicy/production/refunds";
  const rule = (values: string[]) => ({
    to: [{ paths: ["/refund"], headers: [{ name: "x-role", type: "exact" as const, values, invert: true }] }],
  });
  const policy: MeshObject = {
    apiVersion: API_VERSION,
    kind: "AuthorizationPolicy",
    metadata: { name: "refunds", namespace: "production" },
    spec: { target: { service: "payment-service" }, action: "deny", rules: [rule(["staff"])] },
  };
  const subject = "Authorization policy refunds (deny) on payment-service";
  const words = (values: string) => `Nobody may use /refund of payment-service when header x-role is not ${values}`;
  expect(sentences([{ type: "addObject", object: policy }])).toEqual([`${subject} is added: ${words("staff")}.`]);
  const before = after([{ type: "addObject", object: policy }]);
  const now = after([{ type: "patchSpec", key, path: ["rules", 0], value: rule(["staff", "owner"]) }], before);
  expect(diffDocuments(before, now).map((change) => change.sentence)).toEqual([
    `${subject}: a rule is added: ${words("staff or owner")}.`,
    `${subject}: a rule is removed: ${words("staff")}.`,
  ]);
});

test("a rename is one change, and a new object under the old name is new", () => {
  const document = after([{ type: "renameObject", key: "Service/production/cart", name: "basket" }]);
  const changes = diffDocuments(demoMesh(), document);
  expect(changes.filter((change) => change.kind === "renamed").map((change) => change.sentence)).toEqual([
    "Service cart is renamed to basket.",
  ]);
  expect(changes.filter((change) => change.kind === "added" || change.kind === "removed")).toEqual([]);
  const cart = demoMesh().objects.find((object) => object.kind === "Service" && object.metadata.name === "cart")!;
  const both = diffDocuments(demoMesh(), after([{ type: "addObject", object: cart }], document));
  expect(
    both
      .filter((change) => change.key.startsWith("Service/"))
      .map((change) => change.kind)
      .sort(),
  ).toEqual(["added", "renamed"]);
});

test("numbers carry their unit", () => {
  const path = ["outlierDetection", "baseEjectionTimeMs"];
  expect(sentences([{ type: "patchSpec", key: "TrafficPolicy/production/catalog", path, value: 90_000 }])).toEqual([
    "Traffic policy of catalog: shortest ejection changes from 30 s to 90 s.",
  ]);
});

test("a health check is told by what it is", () => {
  const key = "TrafficPolicy/production/catalog";
  const checked = after([
    { type: "patchSpec", key, path: ["healthCheck"], value: { type: "http", path: "/up", intervalMs: 5000 } },
  ]);
  const slower = after([{ type: "patchSpec", key, path: ["healthCheck", "intervalMs"], value: 10_000 }], checked);
  expect(diffDocuments(checked, slower).map((change) => change.sentence)).toEqual([
    "Traffic policy of catalog: interval of the health check changes from 5 s to 10 s.",
  ]);
});

test("localities are told whole, as they were and as they are", () => {
  const key = "TrafficPolicy/production/catalog";
  const place = { type: "patchSpec" as const, key, path: ["locality"] };
  const nearest = after([{ ...place, value: { enabled: true } }]);
  const shared = after([{ ...place, value: { distribute: [{ from: "*", to: { eu: 70, us: 30 } }] } }], nearest);
  const told = (a: MeshDocument, b: MeshDocument) => diffDocuments(a, b).map(({ sentence }) => sentence);
  expect(told(demoMesh(), nearest)).toEqual([
    "Traffic policy of catalog: now the nearest hosts are called first, by subzone, zone and region (all hosts alike before).",
  ]);
  expect(told(nearest, shared)).toEqual([
    "Traffic policy of catalog: now callers in any place send 70 % to eu, 30 % to us (the nearest hosts are called first, by subzone, zone and region before).",
  ]);
  const moved = {
    type: "patchSpec" as const,
    key: "Workload/production/catalog-v1",
    path: ["locality"],
    value: "eu/a",
  };
  expect(told(demoMesh(), after([moved]))).toEqual(["Workload catalog-v1: where it runs is set to eu/a."]);
});

test("rate limits and faults are told in their numbers", () => {
  const key = "RateLimit/production/cart";
  const limit = { requests: 100, perMs: 1000, burst: 200 };
  const metadata = { name: "cart", namespace: "production" };
  const object = {
    apiVersion: API_VERSION,
    kind: "RateLimit",
    metadata,
    spec: { service: { name: "cart" }, limits: [limit] },
  };
  const before = after([{ type: "addObject", object: object as never }]);
  expect(diffDocuments(demoMesh(), before).map(({ sentence }) => sentence)).toEqual([
    "Rate limit of cart is added: each instance takes at most 100 requests per second (200 at once).",
  ]);
  const now = after([{ type: "patchSpec", key, path: ["limits", 0, "requests"], value: 50 }], before);
  expect(diffDocuments(before, now).map(({ sentence }) => sentence)).toEqual([
    "Rate limit of cart: each instance takes at most 50 requests per second (200 at once) (100 requests per second (200 at once) before).",
  ]);
  const rate = { connections: 50, perMs: 1000, burst: 80 };
  const [both, only] = [
    after([{ type: "patchSpec", key, path: ["connectionRate"], value: rate }], before),
    after([{ type: "patchSpec", key, path: [], value: { service: { name: "cart" }, connectionRate: rate } }], before),
  ];
  expect(diffDocuments(before, both).map(({ sentence }) => sentence)).toEqual([
    "Rate limit of cart: each instance takes at most 50 new connections per second (80 at once) (any number of new connections before).",
  ]);
  expect(diffDocuments(both, only).map(({ sentence }) => sentence)).toEqual([
    "Rate limit of cart: each instance takes any number of requests (100 requests per second (200 at once) before).",
  ]);
  expect(diffDocuments(demoMesh(), both).map(({ sentence }) => sentence)).toEqual([
    "Rate limit of cart is added: each instance takes at most 100 requests per second (200 at once); each instance takes at most 50 new connections per second (80 at once).",
  ]);
  const fault = { delay: { percent: 10, fixedDelayMs: 2000 }, abort: { percent: 0.5, httpStatus: 503 } };
  const faulty = [
    { type: "patchSpec" as const, key: "Route/production/shop-gateway", path: ["rules", 0, "fault"], value: fault },
  ];
  expect(sentences(faulty)).toEqual([
    expect.stringContaining("the fault changes from none to 10 % wait 2 s, 0.5 % are aborted with 503."),
  ]);
});

test("redirects that are followed are told with their limit and statuses", () => {
  const key = "Route/production/shop-gateway";
  const value = { max: 2, codes: [303, 307], crossScheme: "any", copyHeaders: ["x-session"] };
  expect(sentences([{ type: "patchSpec", key, path: ["rules", 0, "internalRedirects"], value }])).toEqual([
    expect.stringContaining(
      "redirects that the proxy follows change from none to at most 2 with 303 or 307, also to the other scheme, with the answer's x-session.",
    ),
  ]);
});

test("copies of requests are told with their share and where they go", () => {
  const key = "Route/production/shop-gateway";
  const path = ["rules", 0, "mirrors"];
  const mirror = (percent: number) => [{ service: { name: "payment-service" }, subset: "v2", percent }];
  const patch = (value: unknown) => ({ type: "patchSpec" as const, key, path, value });
  const now = "10 % are also sent to payment-service v2";
  expect(sentences([patch(mirror(10))])).toEqual([expect.stringContaining(`: now ${now}.`)]);
  const before = after([patch(mirror(10))]);
  const said = (value: unknown) => diffDocuments(before, after([patch(value)], before)).map(({ sentence }) => sentence);
  expect(said(mirror(50))).toEqual([
    expect.stringContaining(`: now 50 % are also sent to payment-service v2 (${now} before).`),
  ]);
  expect(said(undefined)).toEqual([expect.stringContaining(`: copies are no longer made (${now} before).`)]);
});

test("retries, rewrites and header changes are told in words, as they are and as they were", () => {
  const key = "Route/production/payment-service";
  const patch = (field: string, value: unknown): Command => ({
    type: "patchSpec",
    key,
    path: ["rules", 0, field],
    value,
  });
  const said = (field: string, was: unknown, now: unknown) => {
    const before = after([patch(field, was)]);
    return diffDocuments(before, after([patch(field, now)], before)).map(
      ({ sentence, path }) => `${path}: ${sentence}`,
    );
  };
  const at = (field: string) => `spec.rules[0].${field}: Calls to payment-service, rule "default":`;
  const headers = { request: { set: { "x-a": "1" }, remove: ["x-b"] }, response: { add: { "x-c": "2" } } };
  const text = "requests: remove x-b, set x-a to 1; answers: add x-c: 2";
  expect(said("headers", undefined, headers)).toEqual([`${at("headers")} header changes: ${text} (none before).`]);
  expect(said("headers", headers, { request: { set: { "x-a": "2" } } })).toEqual([
    `${at("headers")} header changes: requests: set x-a to 2 (${text} before).`,
  ]);
  expect(said("headers", { request: {} }, undefined)).toEqual([
    `${at("headers")} header changes: written differently; what happens stays.`,
  ]);
  const backoff = { baseMs: 100, maxMs: 2000 };
  expect(said("retries", { attempts: 0 }, { attempts: 3, on: ["5xx"], perTryTimeoutMs: 1500, backoff })).toEqual([
    `${at("retries")} retries: up to 3 retries on 5xx, each try up to 1.5 s, waiting up to 100 ms at first, up to 2 s at most (no retries before).`,
  ]);
  expect(said("retries", { attempts: 1, ignorePreviousHosts: false }, undefined)).toEqual([
    `${at("retries")} retries: the default (up to 1 retry, at hosts that were tried too before).`,
  ]);
  const pathRegex = { match: "^/v1", substitution: "/v2" };
  expect(said("rewrite", { path: "/new" }, { pathRegex, host: "pay.example.com" })).toEqual([
    `${at("rewrite")} rewrite: ^/v1 in the path becomes "/v2", host becomes pay.example.com (matched path becomes /new before).`,
  ]);
});

test("a rule that is added says what it changes of requests and answers, and of which destination", () => {
  const key = "Route/production/payment-service";
  const destinations = [
    { service: { name: "payment-service" }, weight: 1, headers: { response: { set: { "x-from": "pay" } } } },
  ];
  const rule = {
    name: "marked",
    matches: [{ path: { type: "exact", value: "/pay" } }],
    action: { type: "forward", destinations },
    rewrite: { path: "/v2/pay" },
    headers: { request: { add: { "x-a": "1" } } },
  };
  const added = after([
    {
      type: "patchSpec",
      key,
      path: ["rules"],
      value: [rule, { matches: [], action: { type: "respond", status: 404 } }],
    },
  ]);
  expect(diffDocuments(demoMesh(), added).map(({ sentence }) => sentence)).toContain(
    "Calls to payment-service: now path = /pay goes to payment-service (matched path becomes /v2/pay; requests: add x-a: 1; of what goes to payment-service, answers: set x-from to pay).",
  );
});

test("limits and detectors of a traffic policy are told by their names, with units", () => {
  const key = "TrafficPolicy/production/catalog";
  const patch = (path: (string | number)[], value: unknown): Command => ({ type: "patchSpec", key, path, value });
  const said = (path: (string | number)[], value: unknown, of = demoMesh()) =>
    diffDocuments(of, after([patch(path, value)], of)).map(({ sentence }) => sentence);
  const subject = "Traffic policy of catalog:";
  expect(said(["connectionPool", "idleTimeoutMs"], 60_000)).toEqual([
    `${subject} idle timeout of connections of HTTP is set to 1 min.`,
  ]);
  expect(said(["connectionPool", "maxRetries"], 3)).toEqual([`${subject} most retries at once is set to 3.`]);
  const judged = after([patch(["outlierDetection", "errorStatuses"], [503, 500, 501])]);
  expect(said(["outlierDetection", "errorStatuses"], [429], judged)).toEqual([
    `${subject} answers that are errors to outlier detection changes from 500 to 501, 503 to 429.`,
  ]);
  expect(said(["outlierDetection", "minHealthPercent"], 40)).toEqual([
    `${subject} share of hosts below which all are called (percent) is set to 40.`,
  ]);
});

test("a CORS policy is told whole, before and after", () => {
  const path = ["rules", 0, "cors"];
  const key = "Route/production/shop-gateway";
  const allowOrigins = [
    { type: "exact", value: "https://shop.example" },
    { type: "prefix", value: "http://localhost:" },
  ];
  const some = { allowOrigins, allowMethods: ["GET", "PUT"], allowCredentials: true };
  const before = after([{ type: "patchSpec", key, path, value: some }]);
  const text =
    "pages of https://shop.example or origins that begin with http://localhost: may call by GET, PUT with credentials";
  expect(diffDocuments(demoMesh(), before).map(({ sentence }) => sentence)).toEqual([
    expect.stringContaining(`the CORS policy changes from none to ${text}.`),
  ]);
  const more = {
    allowOrigins: [{ type: "exact", value: "*" }],
    exposeHeaders: ["x-a"],
    maxAgeSeconds: 600,
    unmatchedPreflights: "ignore",
  };
  const now = after([{ type: "patchSpec", key, path, value: more }], before);
  expect(diffDocuments(before, now).map(({ sentence }) => sentence)).toEqual([
    expect.stringContaining(
      `from ${text} to pages of any origin may call, they may read x-a, preflights hold 10 min, preflights of others end here.`,
    ),
  ]);
});

test("a workload that serves nothing is told as one, and a service that it gets is a change of it", () => {
  const metadata = { name: "nightly", namespace: "production" };
  const job: MeshObject = { apiVersion: API_VERSION, kind: "Workload", metadata, spec: { version: "v1" } };
  const added = after([{ type: "addObject", object: job }]);
  expect(diffDocuments(demoMesh(), added).map(({ sentence }) => sentence)).toEqual([
    "Workload nightly is added: version v1, which calls and serves nothing.",
  ]);
  const patch: Command = { type: "patchSpec", key: "Workload/production/nightly", path: ["service"], value: "cart" };
  expect(diffDocuments(added, after([patch], added)).map(({ sentence }) => sentence)).toEqual([
    expect.stringContaining("cart"),
  ]);
});

test("callers of a rule are told in words, and a gateway's have none", () => {
  const rules = (caller: object): Command => ({
    type: "patchSpec",
    key: "Route/production/payment-service",
    path: ["rules", 0, "matches"],
    value: [{ caller, path: { type: "prefix", value: "/pay" } }],
  });
  expect(sentences([rules({ namespace: "production", labels: { version: "v1" } })])).toEqual([
    expect.stringContaining("caller in namespace production with version=v1 and path begins with /pay"),
  ]);
  expect(applyCommand(demoMesh(), {}, rules({}))).toMatchObject({ ok: false });
});

test("another way to choose hosts is told whole, with what becomes of equal keys", () => {
  const key = "TrafficPolicy/production/catalog";
  const patch = (value: unknown): Command => ({ type: "patchSpec", key, path: ["loadBalancing"], value });
  const user = { type: "header", name: "x-user", terminal: true };
  const ring = { policy: "ring-hash", hash: [user, { type: "query", name: "user" }] };
  const said = (was: unknown, now: unknown) => {
    const before = after([patch(was)]);
    return diffDocuments(before, after([patch(now)], before)).map(({ sentence }) => sentence);
  };
  const subject = "Traffic policy of catalog: hosts are chosen by";
  const text = "a hash of header x-user, else query user (ring)";
  expect(said(undefined, ring)).toEqual([
    `${subject} ${text} (least request, the default, before); equal keys now stay at one host.`,
  ]);
  expect(said(ring, { policy: "random" })).toEqual([
    `${subject} random (${text} before); equal keys no longer stay at one host.`,
  ]);
  const sized = { ...ring, ringHash: { minimumRingSize: 4096, maximumRingSize: 8192 } };
  const table = { policy: "maglev", hash: ring.hash, maglev: { tableSize: 131 } };
  const keys = "header x-user, else query user";
  expect(said(sized, table)).toEqual([
    `${subject} a hash of ${keys} (Maglev table of 131) (a hash of ${keys} (ring of 4096 entries at least, 8192 at most) before); most keys move to another host once, and what hosts kept of them is not there.`,
  ]);
  const sid = { type: "cookie", name: "sid", ttlSeconds: 0 };
  const other = { policy: "ring-hash", hash: [{ ...user, terminal: false }, sid, { type: "sourceIp" }] };
  expect(said(ring, other)).toEqual([
    `${subject} a hash of header x-user together with cookie sid (given until the browser is closed to who has none) together with the caller's address (ring) (${text} before); every key is another one now, so requests move to other hosts once.`,
  ]);
  expect(said(ring, ring)).toEqual([]);
  expect(said({ policy: "random" }, { policy: "round-robin" })).toEqual([`${subject} round robin (random before).`]);
});

test("times beside each other are in seconds from one second on", () => {
  expect([250, 999, 1000, 2500, 3000, 61_500, 90_000, 120_000, 3_600_000].map(durationText)).toEqual([
    ...["250 ms", "999 ms", "1 s", "2.5 s", "3 s", "61.5 s", "90 s", "2 min", "1 h"],
  ]);
});
