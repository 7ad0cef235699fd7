import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createCa } from "../../test/support/certificates";
import { BootstrapSchema, NodeSchema } from "../contract/messages";
import type { ProxyPlan } from "../plan/types";
import { AdsSource } from "./ads-source";
import type { ApplyResult, ConfigConsumer, DenyList } from "./config-source";
import { FakeAdsServer, resource } from "./testing/fake-ads-server";
import { deltaWire, sotwWire, type Wire } from "./wire";

class Consumer implements ConfigConsumer {
  plans: ProxyPlan[] = [];
  secretChanges: string[][] = [];
  secrets: readonly unknown[] = [];
  denied: DenyList | null = null;
  answer: ApplyResult = { ok: true };
  onPlan(plan: ProxyPlan): Promise<ApplyResult> {
    if (this.answer.ok) {
      this.plans.push(plan);
    }
    return Promise.resolve(this.answer);
  }
  onSecrets(secrets: ReadonlyMap<string, unknown>, changed: readonly string[]): void {
    this.secrets = [...secrets.values()];
    this.secretChanges.push([...changed]);
  }
  onDenyList(denied: DenyList): void {
    this.denied = denied;
  }
  get last(): ProxyPlan | undefined {
    return this.plans.at(-1);
  }
}

const ADS = { ads: {}, resource_api_version: "V3" };
const cluster = (name: string, version = "1", extra = {}) =>
  resource("cluster", name, { name, type: "EDS", eds_cluster_config: { eds_config: ADS }, ...extra }, version);
const endpoints = (name: string, port: number, version = "1") =>
  resource(
    "endpoint",
    name,
    {
      cluster_name: name,
      endpoints: [
        { lb_endpoints: [{ endpoint: { address: { socket_address: { address: "127.0.0.1", port_value: port } } } }] },
      ],
    },
    version,
  );
const listener = (extra = {}, version = "1", chainExtra = {}) =>
  resource(
    "listener",
    "outbound",
    {
      name: "outbound",
      address: { socket_address: { address: "127.0.0.1", port_value: 0 } },
      filter_chains: [
        {
          ...chainExtra,
          filters: [
            {
              name: "http",
              typed_config: {
                "@type":
                  "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                stat_prefix: "outbound",
                rds: { config_source: ADS, route_config_name: "outbound" },
                http_filters: [
                  {
                    name: "envoy.filters.http.router",
                    typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
                  },
                ],
                ...extra,
              },
            },
          ],
        },
      ],
    },
    version,
  );
const routes = (target: string, version = "1") =>
  resource(
    "route",
    "outbound",
    {
      name: "outbound",
      virtual_hosts: [
        { name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: target } }] },
      ],
    },
    version,
  );

let server: FakeAdsServer;
let home: string;
let port: number;
const sources: AdsSource[] = [];

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "ads-source-"));
  server = new FakeAdsServer();
  port = await server.listen();
});

afterEach(async () => {
  await Promise.all(sources.splice(0).map((source) => source.stop()));
  await server.close();
  rmSync(home, { recursive: true });
});

function open(options: { wire?: Wire; warmingMs?: number; port?: number; logged?: string[] } = {}): AdsSource {
  const source = new AdsSource({
    bootstrap: create(BootstrapSchema),
    wire: options.wire ?? deltaWire,
    node: create(NodeSchema, { id: "production/checkout/0", cluster: "checkout" }),
    admin: null,
    address: { address: "127.0.0.1", port: options.port ?? port },
    clusterName: "xds",
    identity: null,
    controlPlaneSpiffeId: "",
    lastKnownGoodPath: join(home, "last-known-good.json"),
    log: (message) => void options.logged?.push(message),
    ...(options.warmingMs === undefined ? {} : { warmingMs: options.warmingMs }),
  });
  sources.push(source);
  return source;
}

/** Starts and feeds the first configuration: cluster a, its endpoint, one listener, its routes. */
async function started(consumer: Consumer, options: Parameters<typeof open>[0] = {}): Promise<AdsSource> {
  const before = server.requests.length;
  const source = open(options);
  const start = source.start(consumer);
  await vi.waitFor(() => expect(server.requests.slice(before).some(({ kind }) => kind === "listener")).toBe(true));
  server.send("cluster", [cluster("a")]);
  server.send("endpoint", [endpoints("a", 1001)]);
  server.send("listener", [listener()]);
  server.send("route", [routes("a")]);
  await start;
  return source;
}

describe("delta ADS", () => {
  test("offers one whole plan when clusters, endpoints, listeners and routes are there, and acknowledges each", async () => {
    const consumer = new Consumer();
    const source = await started(consumer);
    expect(consumer.plans).toHaveLength(1);
    expect(consumer.last?.clusters.get("a")?.endpoints).toMatchObject([{ port: 1001 }]);
    expect(consumer.last?.routeConfigs.get("outbound")?.virtualHosts).toHaveLength(1);
    await vi.waitFor(() =>
      expect(["n1", "n2", "n3", "n4"].map((nonce) => server.answerTo(nonce))).toEqual([null, null, null, null]),
    );
    expect(server.subscribed("endpoint")).toEqual(["a"]);
    expect(server.subscribed("route")).toEqual(["outbound"]);
    expect(server.subscribed("secret")).toEqual(["bundle", "denylist"]);
    expect(source.status()).toMatchObject({
      configSource: "live",
      connectedToControlPlane: true,
      waitingFor: [],
      lastNack: null,
    });
  });

  test("dumps what is in force as Envoy does, with versions", async () => {
    const source = await started(new Consumer());
    const of = (kind: string) =>
      source.configDump().find((each) => each["@type"] === `type.googleapis.com/envoy.admin.v3.${kind}`);
    const at = "type.googleapis.com/envoy.config";
    expect(of("ClustersConfigDump")).toMatchObject({
      dynamic_active_clusters: [{ version_info: "1", cluster: { "@type": `${at}.cluster.v3.Cluster`, name: "a" } }],
    });
    expect(of("EndpointsConfigDump")).toMatchObject({
      dynamic_endpoint_configs: [{ version_info: "1", endpoint_config: { cluster_name: "a" } }],
    });
    expect(of("ListenersConfigDump")).toMatchObject({
      dynamic_listeners: [
        {
          name: "outbound",
          active_state: { version_info: "1", listener: { "@type": `${at}.listener.v3.Listener`, name: "outbound" } },
        },
      ],
    });
    expect(of("RoutesConfigDump")).toMatchObject({
      dynamic_route_configs: [{ version_info: "1", route_config: { name: "outbound" } }],
    });
  });

  test("sends the node once, on the first message", async () => {
    await started(new Consumer());
    const withNode = server.requests.filter(({ message }) => message.node !== undefined);
    expect(withNode).toHaveLength(1);
    expect(server.requests[0]?.message.node?.id).toBe("production/checkout/0");
  });

  test("refuses an unsupported field by resource and path, keeps the last good, takes the next good one", async () => {
    const consumer = new Consumer();
    const source = await started(consumer);
    const digest = source.status().digest;
    const bad = server.send("listener", [listener({ proxy_status_config: {} }, "2")]);
    await vi.waitFor(() => expect(server.answerTo(bad)).toBeTruthy());
    expect(server.answerTo(bad)).toBe(
      'listener "outbound": filter_chains[0].filters[0].typed_config.proxy_status_config: not supported by this proxy; remove it or run Envoy',
    );
    expect(consumer.plans).toHaveLength(1);
    expect(source.status()).toMatchObject({
      digest,
      lastNack: { message: expect.stringContaining("proxy_status_config") },
    });
    const good = server.send("listener", [listener({ server_name: "mesh" }, "3")]);
    await vi.waitFor(() => expect(server.answerTo(good)).toBeNull());
    expect(consumer.plans).toHaveLength(2);
    expect(source.status().digest).not.toBe(digest);
  });

  test("bytes that are no message are refused, not fatal", async () => {
    const consumer = new Consumer();
    await started(consumer);
    const nonce = server.send("cluster", [{ name: "b", version: "1", bytes: Uint8Array.of(0xff, 0xff, 0xff) }]);
    await vi.waitFor(() => expect(server.answerTo(nonce)).toContain('cluster "b": cannot be decoded'));
    expect(consumer.plans).toHaveLength(1);
  });

  test("a plan that the data path refuses is a NACK", async () => {
    const consumer = new Consumer();
    const source = await started(consumer);
    consumer.answer = {
      ok: false,
      violations: [{ path: "address", message: "port 80 is in use", resource: { kind: "listener", name: "outbound" } }],
    };
    const nonce = server.send("listener", [listener({ server_name: "x" }, "2")]);
    await vi.waitFor(() => expect(server.answerTo(nonce)).toBe('listener "outbound": address: port 80 is in use'));
    expect(source.status().lastNack?.message).toContain("port 80");
  });

  test("what comes while a listener cannot be opened is kept, and in force once it can", async () => {
    const consumer = new Consumer();
    const source = open();
    const start = source.start(consumer);
    await vi.waitFor(() => expect(server.requests.some(({ kind }) => kind === "listener")).toBe(true));
    // As the data path says it.
    consumer.answer = {
      ok: false,
      violations: [{ path: 'listener "outbound": listeners[0].address', message: "cannot listen on 127.0.0.1:80" }],
    };
    const nonces = [
      server.send("cluster", [cluster("a")]),
      server.send("endpoint", [endpoints("a", 1001)]),
      server.send("listener", [listener()]),
      server.send("route", [routes("a")]),
    ];
    await vi.waitFor(() => expect(nonces.map((nonce) => server.answerTo(nonce))).toEqual([null, null, null, null]));
    expect(source.status().lastNack?.message).toContain("cannot listen on");
    expect(consumer.plans).toEqual([]);
    consumer.answer = { ok: true };
    await start;
    expect(consumer.last?.routeConfigs.get("outbound")?.virtualHosts).toHaveLength(1);
    expect(source.status()).toMatchObject({ waitingFor: [], resources: { routes: ["outbound"] } });
    // One whose listener came before is refused by itself.
    consumer.answer = { ok: false, violations: [{ path: 'listener "outbound"', message: "cannot listen" }] };
    const refused = server.send("listener", [listener({ server_name: "x" }, "2")]);
    await vi.waitFor(() => expect(server.answerTo(refused)).toContain("cannot listen"));
  });

  test("a new cluster waits for its endpoints while endpoints of others take effect", async () => {
    const consumer = new Consumer();
    const source = await started(consumer);
    server.send("cluster", [cluster("b")]);
    server.send("route", [routes("b", "2")]);
    server.send("endpoint", [endpoints("a", 1002, "2")]);
    await vi.waitFor(() => expect(consumer.last?.clusters.get("a")?.endpoints).toMatchObject([{ port: 1002 }]));
    expect(consumer.last?.clusters.has("b")).toBe(false);
    expect(source.status().waitingFor).toEqual(['endpoints of cluster "b"']);
    expect(server.subscribed("endpoint")).toEqual(["a", "b"]);
    server.send("endpoint", [endpoints("b", 1003)]);
    await vi.waitFor(() => expect(consumer.last?.clusters.get("b")?.endpoints).toMatchObject([{ port: 1003 }]));
    expect(source.status().waitingFor).toEqual([]);
  });

  test("goes on without endpoints that never come", async () => {
    const consumer = new Consumer();
    await started(consumer, { warmingMs: 50 });
    server.send("cluster", [cluster("b")]);
    await vi.waitFor(() => expect(consumer.last?.clusters.get("b")?.endpoints).toEqual([]));
  });

  test("an answer that a resource does not exist ends the waiting", async () => {
    const consumer = new Consumer();
    await started(consumer);
    server.send("cluster", [cluster("b")]);
    server.send("endpoint", [], ["b"]);
    await vi.waitFor(() => expect(consumer.last?.clusters.get("b")?.endpoints).toEqual([]));
  });

  test("removes what the control plane removes", async () => {
    const consumer = new Consumer();
    const source = await started(consumer);
    server.send("listener", [], ["outbound"]);
    await vi.waitFor(() => expect(consumer.last?.listeners).toEqual([]));
    expect(source.status().resources.listeners).toEqual([]);
    expect(server.subscribed("route")).toEqual([]);
  });

  test("what nobody asks for any more is forgotten with its listener, though no one says that it is gone", async () => {
    const consumer = new Consumer();
    const source = await started(consumer);
    const before = source.status();
    server.send("listener", [], ["outbound"]);
    await vi.waitFor(() => expect(server.subscribed("route")).toEqual([]));
    await vi.waitFor(() => expect(source.status().resources).toMatchObject({ listeners: [], routes: [] }));
    server.send("listener", [listener()]);
    await vi.waitFor(() => expect(server.subscribed("route")).toEqual(["outbound"]));
    expect(source.status().waitingFor).toEqual(['routes "outbound" of listener "outbound"']);
    server.send("route", [routes("a")]);
    await vi.waitFor(() => expect(source.status()).toEqual(before));
    expect(consumer.plans).toHaveLength(3);
  });

  test("reconnects and tells what it has, so that nothing is sent again", async () => {
    const consumer = new Consumer();
    const source = await started(consumer);
    const before = server.requests.length;
    server.dropConnections();
    await vi.waitFor(() => expect(source.status().connectedToControlPlane).toBe(false));
    await vi.waitFor(() => expect(server.connections).toBe(2), { timeout: 5000 });
    await vi.waitFor(() =>
      expect(server.requests.slice(before).filter(({ kind }) => kind === "route")).toHaveLength(1),
    );
    const again = server.requests.slice(before);
    const versions = again.map(({ kind, message }) => [
      kind,
      "initialResourceVersions" in message ? message.initialResourceVersions : {},
    ]);
    expect(Object.fromEntries(versions)).toMatchObject({
      cluster: { a: "1" },
      endpoint: { a: "1" },
      listener: { outbound: "1" },
      route: { outbound: "1" },
    });
    expect(again[0]?.message.node?.id).toBe("production/checkout/0");
    expect(consumer.plans).toHaveLength(1);
  });

  test("delivers the deny list and refuses one that cannot be read", async () => {
    const consumer = new Consumer();
    await started(consumer);
    const list = (text: string, version: string) =>
      resource(
        "secret",
        "denylist",
        { name: "denylist", generic_secret: { secret: { inline_string: text } } },
        version,
      );
    server.send("secret", [list('{"serials":["00AB"],"spiffeIds":["spiffe://mesh.local/ns/a/sa/b"]}', "1")]);
    await vi.waitFor(() => expect(consumer.denied?.serials).toEqual(new Set(["ab"])));
    const bad = server.send("secret", [list("[1]]", "2")]);
    await vi.waitFor(() => expect(server.answerTo(bad)).toContain('secret "denylist": generic_secret.secret'));
    expect(consumer.denied?.spiffeIds.size).toBe(1);
  });

  test("a certificate whose file is gone goes on serving when another secret changes, and is read again when it is back", async () => {
    const consumer = new Consumer();
    const logged: string[] = [];
    await started(consumer, { logged });
    const ca = await createCa("shop");
    const [chain, key] = [join(home, "shop.pem"), join(home, "shop.key")];
    const write = async (): Promise<string> => {
      const leaf = await ca.issue([], { dns: ["shop.example"] });
      writeFileSync(chain, leaf.certPem);
      writeFileSync(key, leaf.keyPem);
      return leaf.certPem;
    };
    const first = await write();
    const tls = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext";
    const files = { certificate_chain: { filename: chain }, private_key: { filename: key } };
    const typed_config = { "@type": tls, common_tls_context: { tls_certificates: [files] } };
    server.send("listener", [listener({}, "2", { transport_socket: { name: "tls", typed_config } })]);
    await vi.waitFor(() => expect(consumer.plans).toHaveLength(2));
    const change = async (version: string): Promise<void> => {
      const before = consumer.secretChanges.length;
      const none = '{"serials":[],"spiffeIds":[]}';
      const secret = { name: "denylist", generic_secret: { secret: { inline_string: none } } };
      server.send("secret", [resource("secret", "denylist", secret, version)]);
      await vi.waitFor(() => expect(consumer.secretChanges.length).toBeGreaterThan(before));
    };
    rmSync(key);
    await change("1");
    expect(consumer.secrets).toContainEqual(expect.objectContaining({ kind: "certificate", chainPem: first }));
    expect(logged.join("\n")).toMatch(/ENOENT.*shop\.key.*the one before goes on serving/);
    const second = await write();
    await change("2");
    expect(consumer.secrets).toContainEqual(expect.objectContaining({ kind: "certificate", chainPem: second }));
  });
});

describe("last known good", () => {
  test("starts the proxy while the control plane is away", async () => {
    const first = await started(new Consumer());
    const { digest } = first.status();
    await first.stop();
    await server.close();
    server = new FakeAdsServer();
    await server.listen();
    const consumer = new Consumer();
    const source = open(); // the old port: nobody is there
    await source.start(consumer);
    expect(consumer.last?.clusters.get("a")?.endpoints).toMatchObject([{ port: 1001 }]);
    expect(source.status()).toMatchObject({ configSource: "last-known-good", connectedToControlPlane: false, digest });
    expect(statSync(join(home, "last-known-good.json")).mode & 0o777).toBe(0o600);
  });

  test("a damaged file is not used", async () => {
    const first = await started(new Consumer());
    await first.stop();
    const path = join(home, "last-known-good.json");
    writeFileSync(path, readFileSync(path, "utf8").replace("outbound", "0utbound"));
    const consumer = new Consumer();
    await started(consumer);
    expect(consumer.plans).toHaveLength(1);
  });
});

describe("state of the world", () => {
  test("takes complete lists for clusters and listeners, and refuses with the last version", async () => {
    const consumer = new Consumer();
    const source = open({ wire: sotwWire });
    const start = source.start(consumer);
    await vi.waitFor(() => expect(server.requests.some(({ kind }) => kind === "listener")).toBe(true));
    server.sendFull("cluster", [cluster("a"), cluster("b")], "v1");
    server.sendFull("endpoint", [endpoints("a", 1001), endpoints("b", 1002)], "v1");
    server.sendFull("listener", [listener()], "v1");
    server.sendFull("route", [routes("a")], "v1");
    await start;
    server.sendFull("cluster", [cluster("a")], "v2");
    await vi.waitFor(() => expect([...(consumer.last?.clusters.keys() ?? [])]).toEqual(["a"]));
    const bad = server.sendFull("cluster", [cluster("a", "1", { lb_policy: "CLUSTER_PROVIDED" })], "v3");
    await vi.waitFor(() => expect(server.answerTo(bad)).toContain('cluster "a": lb_policy: "CLUSTER_PROVIDED"'));
    const nack = server.requests.find(({ message }) => message.responseNonce === bad)?.message;
    expect(nack && "versionInfo" in nack ? nack.versionInfo : "").toBe("v2");
  });
});
