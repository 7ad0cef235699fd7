import { afterEach, beforeEach, expect, test } from "vitest";
import type { ProxyPatch, ProxyRow } from "@/lib/data/system";
import { silentLogger } from "@/lib/observability/logger";
import { Refusal } from "../http-json";
import type { ProxyEntry } from "../registry/proxy-entry";
import { Registry } from "../registry/registry";
import { JoinedProxies, SILENT_AFTER_MS } from "./joined-proxies";

const START = Date.UTC(2026, 0, 1);
const CART = "spiffe://shop.test/ns/production/sa/cart";
const KEY = "production/cart-v1/joined-1";

const row = (change: Partial<ProxyRow> = {}): ProxyRow => ({
  id: "p1",
  environmentId: "e1",
  agentId: null,
  origin: "joined",
  deploymentId: "d1",
  proxyKey: KEY,
  namespace: "production",
  workload: "cart-v1",
  service: "cart",
  serviceAccount: "cart",
  spiffeId: CART,
  workloadVersion: "v1",
  appSpec: {},
  desired: "running",
  host: "10.0.0.7",
  inboundPort: 15006,
  outboundPort: 15001,
  adminPort: 15000,
  appPort: null,
  pid: null,
  state: "ack",
  ready: false,
  draining: false,
  desiredDigest: null,
  runningDigest: null,
  nack: null,
  proxyVersion: null,
  certSerial: "a1",
  certNotAfter: new Date(START + 3_600_000),
  resources: null,
  connectedAt: null,
  lastSeenAt: null,
  ...change,
});

let now: number;
let isLeader: boolean;
let removed: string[];
let registry: Registry;
let joined: JoinedProxies;

beforeEach(() => {
  now = START;
  isLeader = true;
  removed = [];
  registry = new Registry({
    writeProxy: async (_id: string, _patch: ProxyPatch) => null,
    denyList: { isDenied: ({ serial }) => serial === "revoked" },
    proxyOfSerial: (serial) => ({ a1: "p1", b1: "agents" })[serial] ?? null,
    now: () => now,
    logger: silentLogger(),
  });
  joined = new JoinedProxies({
    registry,
    removeProxy: async (entry: ProxyEntry) => {
      removed.push(entry.proxyKey);
    },
    isLeader: () => isLeader,
    now: () => now,
    logger: silentLogger(),
  });
});
afterEach(() => registry.stop());

const peer = { spiffeId: CART, serial: "a1" };
const report = (change: object = {}) => ({
  status: { proxyId: KEY, pid: 7, ready: true, digest: "d", version: "0.1.0", ...change },
  resources: { cpuMillicores: 3, residentBytes: 1e7, privateBytes: null },
});
const entry = () => registry.find("p1");

test("its word counts until it has been silent for fifteen seconds", () => {
  registry.load("e1", [row()]);
  joined.report(peer, report());
  expect(entry()?.row).toMatchObject({ ready: true, runningDigest: "d", resources: { cpuMillicores: 3 } });
  now += SILENT_AFTER_MS;
  joined.look();
  expect(entry()?.row.ready).toBe(true);
  now += 1;
  joined.look();
  expect([entry()?.row.ready, entry()?.status, removed]).toEqual([false, null, []]);
  joined.report(peer, report());
  expect(entry()?.row.ready).toBe(true);
});

test("a control plane that has just started gives everybody as long", () => {
  registry.load("e1", [row({ ready: true, lastSeenAt: new Date(START - 3_600_000) })]);
  joined.look();
  expect(entry()?.row.ready).toBe(true);
  now += SILENT_AFTER_MS + 1;
  joined.look();
  expect(entry()?.row.ready).toBe(false);
});

test("what reports to another control plane is known by its row's heartbeat", () => {
  registry.load("e1", [row({ ready: true })]);
  now += SILENT_AFTER_MS;
  registry.load("e1", [row({ ready: true, lastSeenAt: new Date(now) })]);
  now += SILENT_AFTER_MS;
  joined.look();
  expect(entry()?.row.ready).toBe(true);
});

test("who is to stop, and who can never come back, is removed by the leader alone", async () => {
  registry.load("e1", [row({ desired: "stopped" })]);
  isLeader = false;
  joined.look();
  expect(removed).toEqual([]);
  isLeader = true;
  joined.look();
  expect(removed).toEqual([KEY]);
  await new Promise(setImmediate); // that removal is over
  registry.load("e1", [row({ certNotAfter: new Date(START + 1_000) })]);
  now += SILENT_AFTER_MS + 1;
  joined.look();
  expect(removed).toEqual([KEY, KEY]);
});

test("nobody reports for another, with a revoked certificate, or for what an agent runs", () => {
  registry.load("e1", [row(), row({ id: "agents", proxyKey: "production/cart-v1/0", origin: "agent" })]);
  for (const [who, body] of [
    [{ ...peer, serial: "revoked" }, report()],
    [{ ...peer, serial: "b1" }, report({ proxyId: "production/cart-v1/0" })],
    [peer, report({ proxyId: "production/cart-v1/0" })],
    [peer, { status: { proxyId: KEY } }],
    [peer, { ...report(), resources: { cpuMillicores: -1, residentBytes: 0 } }],
    [peer, "nonsense"],
  ] as const) {
    expect(() => joined.report(who, body), JSON.stringify([who, body])).toThrow(Refusal);
  }
  expect(registry.all().map(({ row: each }) => each.ready)).toEqual([false, false]);
});

test("a page counts as long as it is of now", () => {
  registry.load("e1", [row()]);
  joined.signals(peer, "up 1\n");
  const found = entry();
  if (!found) throw new Error("it is there");
  expect(joined.pageOf(found)).toBe("up 1\n");
  now += 5_001;
  expect(joined.pageOf(found)).toBeNull();
});
