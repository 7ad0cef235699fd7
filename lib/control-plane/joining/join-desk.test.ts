import { describe, expect, test } from "vitest";
import type { ProxyRow, SystemData, WorkloadJoinTokenRow } from "@/lib/data/system";
import { API_VERSION, type MeshDocument } from "@/lib/mesh";
import { hashJoinToken } from "../ca/join-tokens";
import { Refusal } from "../http-json";
import type { Journal } from "../journal";
import type { Design, Designs } from "../registry/designs";
import type { ProxyEntry } from "../registry/proxy-entry";
import type { Registry } from "../registry/registry";
import type { World } from "../registry/world";
import { Attempts } from "./attempts";
import { JoinDesk } from "./join-desk";
import type { JoinAsked } from "./join-request";

const NOW = Date.UTC(2026, 0, 1);
const TOKEN = "mwjoin_of-the-test";
const object = (kind: string, name: string, spec: unknown) => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name, namespace: "production" },
  spec,
});
const document = {
  objects: [
    { apiVersion: API_VERSION, kind: "Mesh", metadata: { name: "shop" }, spec: { trustDomain: "shop.test" } },
    object("Service", "cart", { ports: [] }),
    object("Workload", "cart-v1", { service: "cart", version: "v1" }),
    object("Workload", "nightly", { version: "v2" }),
    object("Service", "old", { ports: [], optOut: { reason: "r", owner: "o" } }),
    object("Workload", "old-v1", { service: "old", version: "v1" }),
  ],
} as unknown as MeshDocument;

interface Ground {
  token?: Partial<WorkloadJoinTokenRow>;
  isUsable?: boolean;
  openDeployments?: { environmentId: string }[];
  lastDone?: { id: string } | null;
  entries?: { row: Partial<ProxyRow>; connections: { size: number }; proxyKey: string }[];
}

function deskOf({
  token = {},
  isUsable = true,
  openDeployments = [],
  lastDone = { id: "d1" },
  entries = [],
}: Ground = {}) {
  const created: Record<string, unknown>[] = [];
  const row = {
    id: "t1",
    environmentId: "e1",
    namespace: "production",
    workload: "cart-v1",
    createdByName: "Olga",
    expiresAt: new Date(NOW + 60_000),
    usedAt: null,
    withdrawnAt: null,
    proxyKey: null,
    ...token,
  };
  const data = {
    workloadJoinTokens: {
      findByHash: async (hash: string) => (hash === hashJoinToken(TOKEN) ? row : null),
      use: async () => isUsable,
    },
    deployments: { listOpen: async () => openDeployments, lastDone: async () => lastDone },
    proxies: {
      create: async (values: Record<string, unknown>) => {
        created.push(values);
        return { ...values, id: "p1" };
      },
    },
  } as unknown as SystemData;
  const patched: { key: string; patch: unknown }[] = [];
  const registry = {
    all: () => entries,
    patch: (entry: ProxyEntry, patch: unknown) => patched.push({ key: entry.proxyKey, patch }),
    flush: async () => {},
  } as unknown as Registry;
  const design = { deploymentId: "d1", revisionNumber: 4, document, certificateTtlMs: 3_600_000 } as Design;
  const desk = new JoinDesk({
    data,
    registry,
    world: { environment: () => ({}), refreshProxies: async () => {} } as unknown as World,
    designs: { load: async () => design } as unknown as Designs,
    journal: { append: () => {} } as unknown as Journal,
    adsPort: () => 15_010,
    now: () => NOW,
  });
  return { desk, created, patched };
}

const asked = (change: Partial<JoinAsked> = {}): JoinAsked => ({
  joinToken: TOKEN,
  csrPem: "csr",
  workload: { namespace: "production", name: "cart-v1" },
  address: "10.0.0.7",
  ports: { inbound: 15006, outbound: 15001, admin: 15000 },
  app: { host: "127.0.0.1", port: 9000 },
  version: "0.1.0",
  peerAddress: "10.0.0.7",
  ...change,
});

async function refusal(
  world: Ground,
  change: Partial<JoinAsked> = {},
): Promise<{ code: string; status: number; message: string }> {
  const { desk, created } = deskOf(world);
  const error = await desk.admit(asked(change)).catch((thrown: unknown) => thrown);
  expect(created, "no row is made").toEqual([]);
  if (!(error instanceof Refusal)) throw error;
  return error;
}

test("who may join gets the identity of the design that runs, and a place among its endpoints", async () => {
  const { desk, created } = deskOf();
  const { who, place } = await desk.admit(asked());
  expect(place).toMatchObject({
    proxyKey: expect.stringMatching(/^production\/cart-v1\/joined-[0-9a-f]{8}$/),
    spiffeId: "spiffe://shop.test/ns/production/sa/cart",
    service: "cart",
    workloadVersion: "v1",
    adsPort: 15_010,
  });
  expect(who).toMatchObject({ proxyRowId: "p1", environmentId: "e1", certificateTtlMs: 3_600_000 });
  expect(created).toEqual([
    expect.objectContaining({
      origin: "joined",
      host: "10.0.0.7",
      inboundPort: 15006,
      deploymentId: "d1",
      appSpec: { kind: "address", host: "127.0.0.1", port: 9000 },
    }),
  ]);
});

test("a workload that only calls joins without an app", async () => {
  const { desk, created } = deskOf({ token: { workload: "nightly" } });
  await desk.admit(asked({ workload: { namespace: "production", name: "nightly" }, app: null }));
  expect(created[0]).toMatchObject({ service: null, appSpec: { kind: "none" } });
});

describe("is refused, with what to do", () => {
  const cases: [what: string, world: Ground, change: Partial<JoinAsked>, code: string, says: string][] = [
    ["an unknown token", {}, { joinToken: "mwjoin_guessed" }, "join_token_unknown", "not known here"],
    [
      "a used one",
      { token: { usedAt: new Date(NOW - 1), proxyKey: "production/cart-v1/joined-1" } },
      {},
      "join_token_used",
      "used by production/cart-v1/joined-1",
    ],
    ["a withdrawn one", { token: { withdrawnAt: new Date(NOW - 1) } }, {}, "join_token_withdrawn", "was withdrawn"],
    ["an expired one", { token: { expiresAt: new Date(NOW) } }, {}, "join_token_expired", "2026-01-01T00:00:00.000Z"],
    ["one that another took meanwhile", { isUsable: false }, {}, "join_token_used", "a moment ago"],
    [
      "one of another workload",
      { token: { workload: "web-v1" } },
      {},
      "join_token_of_other_workload",
      "is for production/web-v1, not for production/cart-v1",
    ],
    ["a deployment under way", { openDeployments: [{ environmentId: "e1" }] }, {}, "deployment_under_way", "Try again"],
    ["nothing deployed", { lastDone: null }, {}, "nothing_deployed", "Deploy a revision"],
    [
      "a workload without sidecars",
      { token: { workload: "old-v1" } },
      { workload: { namespace: "production", name: "old-v1" } },
      "workload_not_running",
      "Revision 4",
    ],
    ["a service without an app", {}, { app: null }, "app_needed", "--app-port"],
    ["a name for an address", {}, { address: "cart.local" }, "address_unusable", "is not an IP address"],
    ["any address", {}, { address: "0.0.0.0" }, "address_unusable", "is not the address of one machine"],
    ["loopback from elsewhere", {}, { address: "127.0.0.1" }, "address_unusable", "from its own machine only"],
    [
      "a place where another listens",
      {
        entries: [
          {
            proxyKey: "production/cart-v1/0",
            connections: { size: 1 },
            row: { host: "10.0.0.7", inboundPort: 15006, desired: "running", origin: "agent" },
          },
        ],
      },
      {},
      "address_taken",
      "where production/cart-v1/0 listens",
    ],
  ];
  test.each(cases)("%s", async (_what, world, change, code, says) => {
    const { code: got, message } = await refusal(world, change);
    expect([got, message]).toEqual([code, expect.stringContaining(says)]);
  });
});

test("an open deployment of another environment holds nobody up, and loopback is fine on one machine", async () => {
  const { desk } = deskOf({ openDeployments: [{ environmentId: "e2" }] });
  await expect(desk.admit(asked({ address: "127.0.0.1", peerAddress: "::ffff:127.0.0.1" }))).resolves.toBeDefined();
});

test("a machine that joins again takes the place of what it was", async () => {
  const { desk, patched } = deskOf({
    entries: [
      {
        proxyKey: "production/cart-v1/joined-old",
        connections: { size: 0 },
        row: { host: "10.0.0.7", inboundPort: 15006, desired: "running", origin: "joined" },
      },
    ],
  });
  await desk.admit(asked());
  expect(patched).toEqual([{ key: "production/cart-v1/joined-old", patch: { desired: "stopped", ready: false } }]);
});

test("twenty refused attempts in a minute are enough for one address, and for no other", () => {
  let now = 0;
  const attempts = new Attempts(() => now);
  for (let i = 0; i < 20; i++) {
    expect(attempts.mayTry("10.0.0.7")).toBe(true);
    attempts.failed("10.0.0.7");
  }
  expect(attempts.mayTry("10.0.0.7")).toBe(false);
  expect(attempts.mayTry("10.0.0.8")).toBe(true);
  now = 60_000;
  expect(attempts.mayTry("10.0.0.7")).toBe(true);
});
