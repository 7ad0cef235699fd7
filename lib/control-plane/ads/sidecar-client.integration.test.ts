// The sidecar's own first contact and configuration against the real servers: join token, certificate, mutual TLS,
// delta ADS, refusal, bundle and deny list, with nothing between them faked but the stores.

import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import {
  BootstrapSchema,
  Cluster_DiscoveryType,
  Cluster_LbPolicy,
  ClusterLoadAssignmentSchema,
  ClusterSchema,
  HttpConnectionManagerSchema,
  ListenerSchema,
  NodeSchema,
  RouteConfigurationSchema,
  RouterSchema,
  SecretSchema,
} from "@meshwright/proxy/contract";
import type { ProxyPlan } from "@meshwright/proxy/plan";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { silentLogger } from "@/lib/observability/logger";
import { IdentityProvider } from "../../../proxy/src/identity/identity-provider";
import { AdsSource } from "../../../proxy/src/xds/ads-source";
import type { DenyList } from "../../../proxy/src/xds/config-source";
import { deltaWire } from "../../../proxy/src/xds/wire";
import { Authority } from "../ca/authority";
import { EnrollServer } from "../ca/enroll-server";
import { newJoinToken } from "../ca/join-tokens";
import { snapshotOf } from "../testing/fake-client";
import { MemoryCaStore, MemoryEnrollStore } from "../testing/memory-stores";
import { type Recorded, recordingDirectory } from "../testing/recording-directory";
import { AdsServer } from "./ads-server";
import { CLUSTER, ENDPOINT, LISTENER, ResourcePool, ROUTE, SECRET, type Snapshot } from "./snapshot";

const SPIFFE_ID = "spiffe://mesh.test/ns/production/sa/cart";
const CONTROL_PLANE = "spiffe://mesh.test/meshwright/control-plane";
const ads = { configSourceSpecifier: { case: "ads" as const, value: {} } };

let authority: Authority;
let store: MemoryEnrollStore;
let enroll: EnrollServer;
let server: AdsServer;
let home: string;
let enrollPort: number;
let adsPort: number;
let snapshot: Snapshot;
let recorded: Recorded;
let fatal: { message: string; exitCode: number }[];
let stops: (() => Promise<void> | void)[];

beforeEach(async () => {
  const clock = { now: () => Date.now() };
  const logger = silentLogger();
  authority = new Authority({
    store: new MemoryCaStore(),
    sealingKey: randomBytes(32),
    trustDomain: "mesh.test",
    clock,
  });
  await authority.load();
  store = new MemoryEnrollStore();
  const row = { proxyRowId: "p1", proxyKey: "production/cart/0", environmentId: "e1", certificateTtlMs: 3_600_000 };
  store.proxies.set("p1", { ...row, spiffeId: SPIFFE_ID });
  const identity = await authority.issueServerIdentity();
  enroll = new EnrollServer({ authority, store, denyList: { isDenied: () => false }, clock, logger }, identity);
  enrollPort = await enroll.listen(0, "127.0.0.1");
  fatal = [];
  const { directory, ...rest } = recordingDirectory(
    () => snapshot,
    (spiffeId) => spiffeId === SPIFFE_ID,
  );
  recorded = rest;
  server = new AdsServer({ clock, logger, directory }, identity, authority.bundlePem());
  adsPort = await server.listen(0, "127.0.0.1");
  home = mkdtempSync(join(tmpdir(), "sidecar-"));
  stops = [];
  snapshot = world({});
});

afterEach(async () => {
  for (const stop of stops) {
    await stop();
  }
  server.close();
  await enroll.close();
  rmSync(home, { recursive: true });
});

function world({ lbPolicy = Cluster_LbPolicy.ROUND_ROBIN, port = 1001, denied = [] as string[] }): Snapshot {
  const pool = new ResourcePool();
  const address = (portValue: number) => ({
    address: {
      case: "socketAddress" as const,
      value: { address: "127.0.0.1", portSpecifier: { case: "portValue" as const, value: portValue } },
    },
  });
  const manager = create(HttpConnectionManagerSchema, {
    statPrefix: "outbound",
    routeSpecifier: { case: "rds", value: { configSource: ads, routeConfigName: "outbound" } },
    httpFilters: [
      { name: "router", configType: { case: "typedConfig", value: anyPack(RouterSchema, create(RouterSchema)) } },
    ],
  });
  const listener = create(ListenerSchema, {
    name: "outbound",
    address: address(0),
    filterChains: [
      {
        filters: [
          { name: "http", configType: { case: "typedConfig", value: anyPack(HttpConnectionManagerSchema, manager) } },
        ],
      },
    ],
  });
  const route = create(RouteConfigurationSchema, {
    name: "outbound",
    virtualHosts: [
      {
        name: "all",
        domains: ["*"],
        routes: [
          {
            match: { pathSpecifier: { case: "prefix", value: "/" } },
            action: { case: "route", value: { clusterSpecifier: { case: "cluster", value: "payment" } } },
          },
        ],
      },
    ],
  });
  const cluster = create(ClusterSchema, {
    name: "payment",
    clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.EDS },
    edsClusterConfig: { edsConfig: ads },
    lbPolicy,
  });
  const assignment = create(ClusterLoadAssignmentSchema, {
    clusterName: "payment",
    endpoints: [{ lbEndpoints: [{ hostIdentifier: { case: "endpoint", value: { address: address(port) } } }] }],
  });
  const text = (value: string) => ({ specifier: { case: "inlineString" as const, value } });
  const bundle = create(SecretSchema, {
    name: "bundle",
    type: { case: "validationContext", value: { trustedCa: text(authority.bundlePem()) } },
  });
  const denyList = create(SecretSchema, {
    name: "denylist",
    type: { case: "genericSecret", value: { secret: text(JSON.stringify({ serials: denied, spiffeIds: [] })) } },
  });
  return snapshotOf(
    [
      pool.intern(LISTENER, "outbound", toBinary(ListenerSchema, listener)),
      pool.intern(ROUTE, "outbound", toBinary(RouteConfigurationSchema, route)),
      pool.intern(CLUSTER, "payment", toBinary(ClusterSchema, cluster)),
      pool.intern(ENDPOINT, "payment", toBinary(ClusterLoadAssignmentSchema, assignment)),
      pool.intern(SECRET, "bundle", toBinary(SecretSchema, bundle)),
      pool.intern(SECRET, "denylist", toBinary(SecretSchema, denyList)),
    ],
    ["payment"],
  );
}

async function joinToken(): Promise<string> {
  const { token, hash } = newJoinToken();
  await store.saveJoinToken(hash, "p1", new Date(Date.now() + 600_000));
  return token;
}

function identityOf(token: string | null): IdentityProvider {
  const provider = new IdentityProvider({
    file: {
      proxyId: "production/cart/0",
      home,
      enrollUrl: `https://127.0.0.1:${enrollPort}`,
      joinToken: token,
      spiffeId: SPIFFE_ID,
      controlPlaneSpiffeId: CONTROL_PLANE,
      trustBundlePem: authority.bundlePem(),
      supervisorPid: null,
      supervisorStart: null,
      accessLogPath: null,
      reports: false,
      adminNonce: "",
    },
    log: () => undefined,
    onFatal: (message, exitCode) => fatal.push({ message, exitCode }),
  });
  stops.push(() => provider.stop());
  return provider;
}

class Consumer {
  plans: ProxyPlan[] = [];
  denied: DenyList | null = null;
  onPlan(plan: ProxyPlan) {
    this.plans.push(plan);
    return Promise.resolve({ ok: true as const });
  }
  onSecrets() {}
  onDenyList(denied: DenyList) {
    this.denied = denied;
  }
}

async function sidecar(consumer: Consumer): Promise<AdsSource> {
  const source = new AdsSource({
    bootstrap: create(BootstrapSchema),
    wire: deltaWire,
    node: create(NodeSchema, { id: "production/cart/0", cluster: "cart" }),
    admin: null,
    clusterName: "xds",
    address: { address: "127.0.0.1", port: adsPort },
    identity: identityOf(await joinToken()),
    controlPlaneSpiffeId: CONTROL_PLANE,
    lastKnownGoodPath: join(home, "last-known-good.json"),
    log: () => undefined,
  });
  stops.push(() => source.stop());
  await source.start(consumer);
  return source;
}

function push(next: Snapshot): void {
  snapshot = next;
  recorded.connections.at(-1)?.push(next);
}

describe("a sidecar", () => {
  it("enrolls, connects by mutual TLS, and reports the digest the control plane computed", async () => {
    const consumer = new Consumer();
    const source = await sidecar(consumer);
    expect(consumer.plans).toHaveLength(1);
    await vi.waitFor(() => expect(source.status().digest).toBe(snapshot.digest));
    await vi.waitFor(() => expect(recorded.synced).toContain(snapshot.digest));
    expect(statSync(join(home, "identity", "key.pem")).mode & 0o777).toBe(0o600);
  });

  it("takes new endpoints and the deny list, and refuses what it does not support by name", async () => {
    const consumer = new Consumer();
    const source = await sidecar(consumer);
    push(world({ port: 1002, denied: ["0abc"] }));
    await vi.waitFor(() => expect(consumer.plans.at(-1)?.clusters.get("payment")?.endpoints[0]?.port).toBe(1002));
    await vi.waitFor(() => expect(consumer.denied?.serials).toEqual(new Set(["abc"])));
    const good = source.status().digest;
    push(world({ port: 1002, denied: ["0abc"], lbPolicy: Cluster_LbPolicy.CLUSTER_PROVIDED }));
    await vi.waitFor(() => expect(recorded.rejected).toHaveLength(1));
    expect(JSON.stringify(recorded.rejected[0])).toContain("payment");
    expect(source.status()).toMatchObject({
      digest: good,
      lastNack: { message: expect.stringContaining("lb_policy") },
    });
  });

  it("keeps its certificate for the next start and needs no token then", async () => {
    const first = identityOf(await joinToken());
    await first.start();
    const serial = first.current()?.svid.serial;
    first.stop();
    const second = identityOf(null);
    await second.start();
    expect(second.current()?.svid.serial).toBe(serial);
  });

  it("renews at half life with a new key, and tells who uses the identity", async () => {
    const row = store.proxies.get("p1");
    if (!row) throw new Error("no proxy");
    store.proxies.set("p1", { ...row, certificateTtlMs: 2_000 });
    const provider = identityOf(await joinToken());
    await provider.start();
    const first = provider.current();
    const told: string[] = [];
    provider.onChange(({ svid }) => told.push(svid.serial));
    await vi.waitFor(() => expect(told).toHaveLength(1), { timeout: 4_000 });
    expect(provider.current()?.svid.serial).toBe(told[0]);
    expect(provider.current()?.privateKeyPem).not.toBe(first?.privateKeyPem);
    expect(fatal).toEqual([]);
  });

  it("says that it needs a fresh token when the one it has was used", async () => {
    const token = await joinToken();
    await identityOf(token).start();
    rmSync(join(home, "identity"), { recursive: true });
    void identityOf(token).start();
    await vi.waitFor(() =>
      expect(fatal).toMatchObject([{ exitCode: 75, message: expect.stringContaining("fresh join token") }]),
    );
  });
});
