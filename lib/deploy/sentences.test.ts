import { expect, test } from "vitest";
import { compile, encodeResources } from "@/lib/compile";
import { demoInput, inputFor } from "@/lib/compile/testing/inputs";
import { ledgerMesh, ledgerRoute } from "@/lib/compile/testing/ledger";
import { object, seedObjects, withMode, withObjects } from "@/lib/compile/testing/rich";
import { demoMesh, type MeshDocument } from "@/lib/mesh";
import { changeSentences } from "./sentences";

function resources(document: MeshDocument, proxyId: string) {
  const result = compile(inputFor(document, bindingOf(document)), proxyId);
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  return encodeResources(result.resources);
}
/** What the demo does not bind is bound as a deployment would. */
const bindingOf = (document: MeshDocument) => {
  const { binding } = demoInput();
  const known = new Set(binding.instances.map(({ id }) => id));
  const more = inputFor(document).binding.instances.filter(({ id }) => !known.has(id));
  return { ...binding, instances: [...binding.instances, ...more] };
};
const between = (before: MeshDocument, after: MeshDocument, proxyId: string) =>
  changeSentences(resources(before, proxyId), resources(after, proxyId));

const CHECKOUT = "production/checkout-v1/0";
const PAYMENT = "production/payment-service-v1/0";
const demo = demoMesh();
const seed = withObjects(demo, seedObjects());

test("says nothing when nothing changes", () => {
  expect(between(demo, demo, CHECKOUT)).toEqual([]);
});

test("says how a split changes, and which rule is new", () => {
  expect(between(demo, seed, CHECKOUT)).toEqual([
    "calls to payment-service change from 100 % all of payment-service to 90 % v1, 10 % v2",
    "calls to payment-service get the rule payment-service/beta: 100 % v2",
  ]);
  expect(between(seed, demo, CHECKOUT)).toContain("calls to payment-service lose the rule payment-service/beta");
});

test("says what a removed line takes away, on both sides", () => {
  const cut = { objects: demo.objects.filter((o) => o.metadata.name !== "checkout-to-payment-service") };
  expect(between(demo, cut, CHECKOUT)).toEqual(["may no longer call payment-service"]);
  expect(between(demo, cut, PAYMENT)).toEqual([
    "no longer lets callers in by Dependency/production/checkout-to-payment-service",
  ]);
});

test("says what a step of adoption changes", () => {
  expect(between(withMode(demo, "payment-service", "permissive"), demo, PAYMENT)).toContain(
    "accepts TLS instead of TLS and plain text",
  );
});

test("says what TCP ports get: shares of a caller's connections, and who may open one, port by port", () => {
  const before = ledgerMesh();
  const after = ledgerMesh(
    ledgerRoute(),
    object("AuthorizationPolicy", "no-cart", {
      target: { service: "ledger" },
      action: "deny",
      rules: [{ from: [{ services: [{ kind: "Service", name: "cart" }] }], to: [{ ports: [5432] }] }],
    }),
  );
  expect(between(before, after, "production/storefront-v1/0")).toEqual([
    "calls to ledger change from 100 % all of ledger to 75 % v1, 25 % v2",
  ]);
  expect(between(before, after, "production/ledger-v1/0")).toEqual([
    "refuses calls by AuthorizationPolicy/production/no-cart#0 on TCP port 5432",
  ]);
  const open = ledgerMesh(object("MutualTls", "archive", { target: { service: "archive" }, mode: "permissive" }));
  expect(between(before, open, "production/archive-v1/0")[0]).toBe(
    "accepts TLS for TCP port 5432 and plain text for TCP port 5432 instead of TLS for TCP port 5432",
  );
});

test("says whose tokens are taken", () => {
  const tokens = withObjects(demo, [
    object("RequestAuthentication", "tokens", {
      target: { service: "payment-service" },
      jwtRules: [{ issuer: "https://issuer.test", jwks: '{"keys":[{"kty":"EC"}]}' }],
    }),
  ]);
  const taken = "takes tokens of https://issuer.test by RequestAuthentication/production/tokens#0";
  expect(between(demo, tokens, PAYMENT)).toEqual([taken]);
  expect(between(tokens, demo, PAYMENT)).toEqual([`no longer ${taken}`]);
});

test("names what of a traffic policy changes", () => {
  const tuned = withObjects(demo, [
    object("TrafficPolicy", "cart", { service: { name: "cart" }, connectionPool: { maxRequests: 3 } }),
  ]);
  expect(between(demo, tuned, "production/storefront-v1/0")).toEqual(["limits of calls to cart change"]);
});

test("says where faults are made and when they end, and nothing of the filter that makes them", () => {
  const routeWith = (fault?: { abort: { percent: number; httpStatus: number } }) =>
    withObjects(demo, [
      object("Route", "inventory", {
        target: { kind: "Service", name: "inventory" },
        rules: [
          {
            matches: [],
            action: { type: "forward", destinations: [{ service: { name: "inventory" }, weight: 1 }] },
            ...(fault ? { fault } : {}),
          },
        ],
      }),
    ]);
  const [calm, some, more] = [
    routeWith(),
    routeWith({ abort: { percent: 1, httpStatus: 503 } }),
    routeWith({ abort: { percent: 2, httpStatus: 503 } }),
  ];
  expect(between(calm, some, CHECKOUT)).toEqual(["makes faults in calls to inventory (inventory/0)"]);
  expect(between(some, more, CHECKOUT)).toEqual(["makes other faults in calls to inventory (inventory/0)"]);
  expect(between(more, calm, CHECKOUT)).toEqual(["makes no more faults in calls to inventory (inventory/0)"]);
});

test("says where copies are sent and when that ends", () => {
  const routeWith = (...percents: number[]) =>
    withObjects(demo, [
      object("Route", "inventory", {
        target: { kind: "Service", name: "inventory" },
        rules: [
          {
            matches: [],
            action: { type: "forward", destinations: [{ service: { name: "inventory" }, weight: 1 }] },
            ...(percents.length > 0
              ? { mirrors: percents.map((percent) => ({ service: { name: "payment-service" }, percent })) }
              : {}),
          },
        ],
      }),
    ]);
  const [none, some, more] = [routeWith(), routeWith(1), routeWith(2)];
  const calls = "in calls to inventory (inventory/0)";
  expect(between(none, some, CHECKOUT)).toEqual([`also sends copies ${calls}`]);
  expect(between(some, more, CHECKOUT)).toEqual([`sends other copies ${calls}`]);
  expect(between(more, none, CHECKOUT)).toEqual([`sends no more copies ${calls}`]);
});

test("says which pages may read answers, and nothing of the filter that tells them", () => {
  const routeWith = (...origins: string[]) =>
    withObjects(demo, [
      object("Route", "inventory", {
        target: { kind: "Service", name: "inventory" },
        rules: [
          {
            matches: [],
            action: { type: "forward", destinations: [{ service: { name: "inventory" }, weight: 1 }] },
            ...(origins.length > 0
              ? { cors: { allowOrigins: origins.map((value) => ({ type: "exact" as const, value })) } }
              : {}),
          },
        ],
      }),
    ]);
  const [none, one, any] = [routeWith(), routeWith("https://shop.example"), routeWith("*")];
  const calls = "in calls to inventory (inventory/0)";
  expect(between(none, one, CHECKOUT)).toEqual([`lets pages of other origins read answers ${calls}`]);
  expect(between(one, any, CHECKOUT)).toEqual([`lets pages of other origins read answers otherwise ${calls}`]);
  expect(between(any, none, CHECKOUT)).toEqual([`no longer lets pages of other origins read answers ${calls}`]);
});

test("says which calls are limited, at the callee only", () => {
  const limited = (requests: number) =>
    withObjects(demo, [
      object("RateLimit", "payment-service", {
        service: { name: "payment-service" },
        limits: [{ name: "all", requests, perMs: 1000 }],
      }),
    ]);
  expect(between(demo, limited(5), PAYMENT)).toEqual(["limits calls (payment-service/all)"]);
  expect(between(limited(5), limited(6), PAYMENT)).toEqual(["limits calls otherwise (payment-service/all)"]);
  expect(between(limited(5), demo, PAYMENT)).toEqual(["no longer limits calls (payment-service/all)"]);
  expect(between(demo, limited(5), CHECKOUT)).toEqual([]);
  const few = withObjects(demo, [
    object("RateLimit", "payment-service", {
      service: { name: "payment-service" },
      connectionRate: { connections: 5, perMs: 1000 },
    }),
  ]);
  expect(between(demo, few, PAYMENT)).toEqual(["takes 5 new connections in 1s"]);
  expect(between(few, demo, PAYMENT)).toEqual(["no longer takes 5 new connections in 1s"]);
});
