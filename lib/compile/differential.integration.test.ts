// Real Envoy and our proxy with the same compiled configuration give the same answers: status, headers, body, what reached the callee.
// The rule: differences that are meant are in docs/reference/envoy-differences.md and taken out by name here, nowhere else.
import { readFileSync } from "node:fs";
import type { OutgoingHttpHeaders } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { importIstio } from "@/lib/dialects/istio";
import { applyCommand, demoMesh, type MeshDocument } from "@/lib/mesh";
import { FORGED } from "./testing/envoy-differences";
import { richMesh } from "./testing/rich";
import {
  type Answer,
  type Call,
  callsTo,
  callsToRichInventory,
  comparable,
  differences,
  isEcho,
  send,
  unknownHosts,
} from "./testing/scripted-calls";
import { bundleProxy, type Programs, type Side, type Surroundings, startSides, surround } from "./testing/side-by-side";

const envoy = process.env["ENVOY_BIN"];
/** Four standard deviations of a share of 0.1 in so many calls: wrong once in 15,000 runs. */
const SPLIT_CALLS = 400;
const SPLIT_TOLERANCE = 0.06;
const total = { requests: 0, same: 0 };
const worlds: { seed?: Surroundings; rich?: Surroundings; broken?: Surroundings } = {};
let programs: Programs;

beforeAll(async () => {
  if (!envoy) return;
  worlds.seed = await surround(seedMesh());
  worlds.rich = await surround(richMesh());
  worlds.broken = await surround(seedMesh(), { impostors: ["cart-v1"], absent: ["checkout-v1"] });
  programs = { envoy, bundle: await bundleProxy(worlds.seed.folder) };
});
afterAll(() => {
  for (const world of Object.values(worlds)) world.close();
  if (envoy) console.log(`${total.same} of ${total.requests} requests were answered alike`);
});

function seedMesh(): MeshDocument {
  const document = demoMesh();
  const text = readFileSync(new URL("../dialects/istio/fixtures/seed.yaml", import.meta.url), "utf8");
  const { commands } = importIstio(text, { document });
  const applied = applyCommand(document, {}, { type: "batch", commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  return applied.document;
}

const id = (account: string, domain = "shop.mesh.local") => `spiffe://${domain}/ns/production/sa/${account}`;
const ACCOUNTS = [
  "storefront",
  "catalog",
  "cart",
  "checkout",
  "inventory",
  "payment-service",
  "shipping",
  "shop-gateway",
];

/** Every identity of the mesh, then those that must not get in, then one allowed caller with all kinds of requests. */
async function inboundCalls(world: Surroundings, allowed: string): Promise<Call[]> {
  const inbound = { port: "inbound" as const, headers: { host: "any.example" } };
  const callers: Call[] = [];
  for (const account of ACCOUNTS) {
    const as = await world.identityOf(id(account));
    const who = { ...inbound, as, who: account };
    callers.push({ ...who, path: "/who" });
    callers.push({ ...who, path: "/who", method: "POST", body: "x" });
  }
  callers.push({ ...inbound, as: await world.identityOf(id("storefront", "other.local")), who: "other domain" });
  callers.push({ ...inbound, as: await world.identityOf(id(allowed), world.otherAuthority), who: "other authority" });
  callers.push({ ...inbound, as: "nobody", who: "no certificate" });
  callers.push({ ...inbound, as: "plain", who: "plain text" });
  const as = await world.identityOf(id(allowed));
  return [...callers, ...callsTo("any.example", "inbound").map((call) => ({ ...call, as, who: allowed }))];
}

async function expectSameAnswers([theirs, ours]: [Side, Side], calls: readonly Call[]): Promise<number[]> {
  const unlike: unknown[] = [];
  const statuses: number[] = [];
  for (const call of calls) {
    const [a, b] = await Promise.all([theirs, ours].map((side) => send(side.ports[call.port], call)));
    const found = differences(comparable(a!, call.method), comparable(b!, call.method));
    total.requests++;
    statuses.push("status" in a! ? a.status : 0);
    // What only a sidecar may say is never believed of an app.
    expect(!call.who && "body" in b! && isEcho(b.body) ? Object.values(b.body.headers) : []).not.toContain(FORGED);
    if (found.length === 0) total.same++;
    else unlike.push(`${describeCall(call)} -> ${found.join("; ")}`);
  }
  expect(unlike, "what Envoy says | what our proxy says").toEqual([]);
  return statuses;
}

const describeCall = ({ port, who = "", method = "GET", path = "/", headers = {} }: Call) =>
  `${port} ${who} ${method} ${path} ${JSON.stringify(headers)}`;

async function withSides(world: Surroundings, proxyId: string, work: (sides: [Side, Side]) => Promise<void>) {
  const sides = await startSides(world, programs, proxyId);
  try {
    await work(sides);
  } finally {
    await Promise.all(sides.map((side) => side.stop()));
  }
}

const BETA = { "x-user-type": "beta-tester" };
const seedCases: [workload: string, caller: string, callees: Call[]][] = [
  ["storefront-v1", "shop-gateway", [...callsTo("catalog"), ...callsTo("cart"), ...callsTo("checkout.production")]],
  ["catalog-v1", "storefront", callsTo("inventory")],
  ["cart-v1", "storefront", []],
  [
    "checkout-v1",
    "storefront",
    [...callsTo("payment-service", "outbound", BETA), ...callsTo("shipping.production.svc")],
  ],
  ["inventory-v1", "checkout", []],
  ["payment-service-v1", "checkout", []],
  ["payment-service-v2", "checkout", []],
  ["shipping-v1", "checkout", callsTo("api.carrier.example")],
];

test.skipIf(!envoy).each(seedCases)(
  "%s answers as Envoy does (skipped without ENVOY_BIN)",
  async (workload, caller, callees) => {
    await withSides(worlds.seed!, `production/${workload}/0`, async (sides) => {
      const calls = [...(await inboundCalls(worlds.seed!, caller)), ...callees, ...unknownHosts()];
      const statuses = await expectSameAnswers(sides, calls);
      expect(statuses).toEqual(expect.arrayContaining([0, 200, 403, 404]));
    });
  },
);

test.skipIf(!envoy)("the gateway answers as Envoy does (skipped without ENVOY_BIN)", async () => {
  await withSides(worlds.seed!, "production/shop-gateway/0", async (sides) => {
    const statuses = await expectSameAnswers(sides, callsTo("shop.example", "inbound"));
    expect(statuses).toEqual(expect.arrayContaining([200, 400, 503]));
  });
});

test.skipIf(!envoy)(
  "the seed's split has the same share, and beta testers the same version (skipped without ENVOY_BIN)",
  async () => {
    await withSides(worlds.seed!, "production/checkout-v1/0", async (sides) => {
      for (const side of sides) {
        const calleesOf = async (headers: OutgoingHttpHeaders, count: number) => {
          const call: Call = { port: "outbound", headers: { host: "payment-service", ...headers } };
          const answers: Answer[] = [];
          const sendSome = async () => {
            while (answers.length < count) answers.push(await send(side.ports.outbound, call));
          };
          await Promise.all([sendSome(), sendSome(), sendSome(), sendSome()]);
          return answers.map((answer) => ("body" in answer && isEcho(answer.body) ? answer.body.callee : "none"));
        };
        expect(new Set(await calleesOf(BETA, 40)), side.name).toEqual(new Set(["payment-service-v2"]));
        const callees = await calleesOf({}, SPLIT_CALLS);
        expect(new Set(callees), side.name).toEqual(new Set(["payment-service-v1", "payment-service-v2"]));
        const share = callees.filter((callee) => callee === "payment-service-v2").length / callees.length;
        expect(share, side.name).toBeGreaterThan(0.1 - SPLIT_TOLERANCE);
        expect(share, side.name).toBeLessThan(0.1 + SPLIT_TOLERANCE);
      }
    });
  },
);

test.skipIf(!envoy)(
  "redirects, rewrites, matches and header changes are Envoy's (skipped without ENVOY_BIN)",
  async () => {
    await withSides(worlds.rich!, "production/catalog-v1/0", async (sides) => {
      const statuses = await expectSameAnswers(sides, [...callsToRichInventory("outbound"), ...callsTo("inventory")]);
      expect(statuses).toEqual(expect.arrayContaining([200, 308, 418]));
    });
  },
);

test.skipIf(!envoy)("written denials refuse whom Envoy refuses (skipped without ENVOY_BIN)", async () => {
  const world = worlds.rich!;
  await withSides(world, "production/inventory-v1/0", async (sides) => {
    const calls: Call[] = [];
    for (const who of ["catalog", "checkout", "cart", "storefront"]) {
      const as = await world.identityOf(id(who));
      calls.push(...callsToRichInventory("inbound").map((call) => ({ ...call, as, who })));
    }
    // 429: the one request an hour that a rate limit grants is spent by then, by somebody who may call.
    expect(await expectSameAnswers(sides, calls)).toEqual(expect.arrayContaining([200, 403, 429]));
  });
});

test.skipIf(!envoy)("callees that are gone or are somebody else fail alike (skipped without ENVOY_BIN)", async () => {
  await withSides(worlds.broken!, "production/storefront-v1/0", async (sides) => {
    const bodies = ["GET", "HEAD", "POST", "DELETE"];
    const calls = ["cart", "checkout"].flatMap((host) =>
      bodies.map((method): Call => ({ port: "outbound", method, path: "/x", headers: { host } })),
    );
    expect(new Set(await expectSameAnswers(sides, calls))).toEqual(new Set([503]));
  });
});

test.skipIf(!envoy)("at least 200 requests were compared (skipped without ENVOY_BIN)", () => {
  expect(total.requests).toBeGreaterThan(200);
  expect(total.same).toBe(total.requests);
});
