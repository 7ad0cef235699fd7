import { beforeEach, describe, expect, it } from "vitest";
import type { ProxyPatch, ProxyRow } from "@/lib/data/system";
import { silentLogger } from "@/lib/observability/logger";
import type { ProxyStatus } from "./proxy-status";
import { Registry, type RegistryEvent } from "./registry";

const CART = "spiffe://shop.test/ns/production/sa/cart";

function row(id: string, change: Partial<ProxyRow> = {}): ProxyRow {
  const empty = {
    agentId: null,
    origin: "agent" as const,
    deploymentId: null,
    outboundPort: 2,
    appPort: null,
    pid: null,
    desiredDigest: null,
    runningDigest: null,
    nack: null,
    proxyVersion: null,
    certSerial: null,
    certNotAfter: null,
    resources: null,
    connectedAt: null,
    lastSeenAt: null,
    workloadVersion: "v1",
  };
  return {
    ...empty,
    id,
    environmentId: "e1",
    proxyKey: `production/cart/${id}`,
    namespace: "production",
    workload: "cart",
    service: "cart",
    serviceAccount: "cart",
    spiffeId: CART,
    appSpec: {},
    desired: "running",
    host: "127.0.0.1",
    inboundPort: 1,
    adminPort: 3,
    state: "pending",
    ready: true,
    draining: false,
    ...change,
  };
}

function status(change: Partial<ProxyStatus> = {}): ProxyStatus {
  return {
    proxyId: "production/cart/a",
    nonce: "n",
    version: "1",
    pid: 1,
    isReady: true,
    digest: "d",
    isDraining: false,
    configSource: "live",
    lastRefusal: null,
    certificateSerial: "s",
    certificateNotAfter: null,
    ...change,
  };
}

let registry: Registry;
let events: RegistryEvent[];
let written: Map<string, ProxyPatch>;
let denied: Set<string>;
let owners: Map<string, string>;

beforeEach(() => {
  events = [];
  written = new Map();
  denied = new Set();
  owners = new Map();
  registry = new Registry({
    writeProxy: async (id, patch) => written.set(id, { ...written.get(id), ...patch }),
    denyList: { isDenied: (peer) => denied.has(peer.serial) },
    proxyOfSerial: (serial) => owners.get(serial) ?? null,
    now: () => 1_000_000,
    logger: silentLogger(),
  });
  registry.load("e1", [row("a"), row("b")]);
  registry.subscribe((event) => events.push(event));
});

const endpointEvents = () => events.filter((event) => event.type === "endpoints");

describe("readiness", () => {
  it("is lost at once when the admin port refuses, and that is urgent", () => {
    registry.probed(registry.find("a")!, "refused");
    expect(registry.find("a")?.row.ready).toBe(false);
    expect(endpointEvents()).toEqual([{ type: "endpoints", environmentId: "e1", isUrgent: true }]);
  });

  it("survives one answer that is late, not two", () => {
    const entry = registry.find("a")!;
    registry.probed(entry, "timeout");
    expect(entry.row.ready).toBe(true);
    registry.probed(entry, "timeout");
    expect(entry.row.ready).toBe(false);
  });

  it("comes back with the proxy's own word, without haste", () => {
    const entry = registry.find("a")!;
    registry.probed(entry, "refused");
    events.length = 0;
    registry.probed(entry, status());
    expect(entry.row).toMatchObject({ ready: true, runningDigest: "d" });
    expect(endpointEvents()).toEqual([{ type: "endpoints", environmentId: "e1", isUrgent: false }]);
  });

  it("is not given to a draining proxy", () => {
    const entry = registry.find("a")!;
    registry.probed(entry, status({ isDraining: true }));
    expect(entry.row).toMatchObject({ ready: false, draining: true });
  });

  it("does not have to change for another address to be told to callers", () => {
    const entry = registry.find("a")!;
    registry.agentReported(entry, true);
    events.length = 0;
    registry.agentReported(entry, true, { host: "127.0.0.1" });
    expect(endpointEvents()).toEqual([]);
    registry.agentReported(entry, true, { host: "192.0.2.1" });
    expect(entry.row.host).toBe("192.0.2.1");
    expect(endpointEvents()).toEqual([{ type: "endpoints", environmentId: "e1", isUrgent: false }]);
  });

  it("ends with the word of the agent that the process is dead", () => {
    registry.agentReported(registry.find("a")!, false);
    expect(registry.find("a")?.row.ready).toBe(false);
  });
});

describe("authorisation of a stream", () => {
  const node = { id: "production/cart/a", metadata: { MESHWRIGHT_PROXY_ROW_ID: "a" } };
  const peer = { spiffeId: CART, serial: "1" };

  it("needs the node, the identity and the certificate to be one proxy's", () => {
    expect(registry.authorize(node, peer)).toBe(registry.find("a"));
    expect(registry.authorize({ ...node, id: "production/cart/b" }, peer)).toContain("no proxy");
    expect(registry.authorize(node, { ...peer, spiffeId: "spiffe://shop.test/ns/production/sa/web" })).toContain(
      "the certificate says",
    );
    owners.set("1", "b");
    expect(registry.authorize(node, peer)).toContain("another instance");
  });

  it("is refused to revoked identities and stopped proxies", () => {
    denied.add("1");
    expect(registry.authorize(node, peer)).toContain("revoked");
    denied.clear();
    registry.load("e1", [row("a", { desired: "stopped" })]);
    expect(registry.authorize(node, peer)).toContain("no proxy");
  });

  it("finds a node without a row id by its key, if only one has it", () => {
    expect(registry.authorize({ id: "production/cart/a", metadata: {} }, peer)).toBe(registry.find("a"));
  });
});

describe("what was learned", () => {
  it("is written once for many changes, and lies over rows read meanwhile", async () => {
    const entry = registry.find("a")!;
    registry.patch(entry, { pid: 5 });
    registry.patch(entry, { pid: 6, ready: false });
    registry.load("e1", [row("a"), row("b")]);
    expect(registry.find("a")?.row).toMatchObject({ pid: 6, ready: false });
    await registry.flush();
    expect(written.get("a")).toEqual({ pid: 6, ready: false });
    registry.load("e1", [row("a"), row("b")]); // read before the write arrived
    expect(registry.find("a")?.row.pid).toBe(6);
  });
});
