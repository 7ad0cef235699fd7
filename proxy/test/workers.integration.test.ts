// Several processes that serve as one: connections reach each of them, what they count is one number, a swap reaches all, and one that dies is
// replaced. The built proxy, as a process with two workers.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { JsonObject } from "@bufbuild/protobuf";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { FakeAdsServer, resource } from "../src/xds/testing/fake-ads-server";
import { freePort } from "./support/both-proxies";
import { createCa, spiffe } from "./support/certificates";
import { call, cleanUp, onCleanUp, portOf, startNamedOrigin } from "./support/network";

const SOON = { timeout: 30_000, interval: 50 };
const TYPE = "type.googleapis.com/envoy.extensions";
let folder = "";
let bundle = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwright-workers-test-"));
  bundle = join(folder, "proxy.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("../src/main.ts", import.meta.url))],
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    outfile: bundle,
    logLevel: "error",
    banner: {
      js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);',
    },
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(cleanUp);

const at = (port: number) => ({ socket_address: { address: "127.0.0.1", port_value: port } });
const listener = (routes: JsonObject[], more: JsonObject = {}): JsonObject => ({
  name: "main",
  address: at(0),
  filter_chains: [
    {
      filters: [
        {
          name: "http",
          typed_config: {
            "@type": `${TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
            stat_prefix: "main",
            route_config: { virtual_hosts: [{ name: "all", domains: ["*"], routes }] },
            http_filters: [{ name: "router", typed_config: { "@type": `${TYPE}.filters.http.router.v3.Router` } }],
            ...more,
          },
        },
      ],
    },
  ],
});
const cluster = (name: string, port: number, more: JsonObject = {}): JsonObject => ({
  name,
  load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address: at(port) } }] }] },
  ...more,
});
const TO_APP = [{ match: { prefix: "/" }, route: { cluster: "app" } }];
const says = (text: string) => [
  { match: { prefix: "/" }, direct_response: { status: 200, body: { inline_string: text } } },
];

interface Running {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  /** Of the listener, once it says that it is ready. */
  port(): Promise<number>;
  admin(path: string, method?: string): Promise<string>;
  /** Whom an answer of the admin interface is without. */
  silentIn(path: string): Promise<string | undefined>;
  workers(): Promise<number[]>;
  /** Begins a tap; its lines so far. */
  watch(): Promise<() => string[]>;
}

async function serve(bootstrap: object): Promise<Running> {
  const file = join(folder, `${Math.random()}.json`);
  const whole = { node: { id: "app/0", cluster: "app" }, admin: { address: at(0) }, ...bootstrap };
  await writeFile(file, JSON.stringify(whole));
  const child = spawn(process.execPath, [bundle, "-c", file, "--concurrency", "2", "--drain-time-ms", "2000"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  onCleanUp(() => void child.kill("SIGKILL"));
  const exited = new Promise<number | null>((resolve) => child.on("exit", resolve));
  let text = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  const found = (pattern: RegExp): Promise<number> =>
    vi.waitFor(() => {
      const match = pattern.exec(text);
      if (match === null) throw new Error(`not said yet: ${text}`);
      return Number(match[1]);
    }, SOON);
  const adminPort = await found(/admin on [\d.]+:(\d+)/);
  const admin = async (path: string, method = "GET"): Promise<string> => (await call(adminPort, { path, method })).body;
  return {
    child,
    exited,
    port: () => found(/ready, listeners main:(\d+)/),
    admin,
    silentIn: async (path) => {
      const { status, headers } = await call(adminPort, { path });
      expect(status).toBe(200);
      return headers["x-meshwright-silent-workers"] as string | undefined;
    },
    watch: () =>
      new Promise((resolve) => {
        const tap = request({ port: adminPort, path: "/tap", method: "POST" }, (response) => {
          let lines = "";
          response.on("data", (chunk: Buffer) => {
            lines += chunk.toString();
          });
          response.on("error", () => {});
          resolve(() => lines.split("\n").filter((line) => line !== ""));
        });
        tap.on("error", () => {});
        tap.end();
        onCleanUp(() => void tap.destroy());
      }),
    workers: async () => (JSON.parse(await admin("/meshwright/status")) as { workers: number[] }).workers,
  };
}

/** Calls on connections of their own, one after the other: they reach the workers in turn. */
async function calls(port: number, count: number): Promise<string[]> {
  const bodies: string[] = [];
  for (let i = 0; i < count; i++) bodies.push((await call(port)).body);
  return bodies;
}
const statOf = async (proxy: Running, name: string): Promise<number> =>
  Number(new RegExp(`^${name.replaceAll(".", "\\.")}: (\\d+)$`, "m").exec(await proxy.admin("/stats"))?.[1]);
/** Until the kernel says that it stands still. */
async function stop(pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  await vi.waitFor(() => expect(readFileSync(`/proc/${pid}/stat`, "utf8")).toMatch(/\) T /), SOON);
}
const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`);

it("two workers serve and count as one, and end with the first process", async () => {
  const app = await startNamedOrigin("app");
  let connections = 0;
  app.server.on("connection", () => connections++);
  const proxy = await serve({
    static_resources: { listeners: [listener(TO_APP)], clusters: [cluster("app", app.port)] },
  });
  const port = await proxy.port();
  const pids = await proxy.workers();
  expect(pids).toHaveLength(2);
  expect(pids).not.toContain(proxy.child.pid);
  expect(await proxy.admin("/ready")).toBe("LIVE\n");
  expect(await calls(port, 8)).toEqual(Array(8).fill("app"));
  // Each has connections of its own.
  expect(connections).toBeGreaterThanOrEqual(2);
  expect(await statOf(proxy, "http.main.downstream_rq_total")).toBe(8);
  expect(await statOf(proxy, "cluster.app.upstream_rq_2xx")).toBe(8);
  expect(await statOf(proxy, "cluster.app.membership_total")).toBe(1);
  const metrics = await proxy.admin("/stats/prometheus");
  expect(metrics).toMatch(/istio_requests_total\{.*response_code="200",response_flags="-"\} 8\n/);
  expect(metrics).toContain('meshwright_upstream_requests_limit{cluster="app"} 1024\n');
  expect(await proxy.admin("/clusters")).toContain(`app::127.0.0.1:${app.port}::rq_total::8\n`);
  const shapes = JSON.parse(await proxy.admin("/meshwright/shapes")) as { seq: number; shapes: { count: number }[] };
  expect(shapes.shapes.map(({ count }) => count)).toEqual([8]);
  const watcher = await proxy.watch();
  await vi.waitFor(async () => {
    await calls(port, 2);
    expect(watcher().length).toBeGreaterThanOrEqual(4);
  }, SOON);
  expect(watcher()[0]).toContain('"cluster":"app"');
  const total = await statOf(proxy, "http.main.downstream_rq_total");
  const more = JSON.parse(await proxy.admin(`/meshwright/shapes?since=${shapes.seq}`)) as typeof shapes;
  expect(more.shapes.map(({ count }) => count)).toEqual([total]);
  await proxy.admin("/quitquitquit", "POST");
  expect(await proxy.exited).toBe(0);
  await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), SOON);
});

it("a worker that is killed is replaced, serves, and what was told of it is not lost", async () => {
  const app = await startNamedOrigin("app");
  // Any port would be another one when nobody holds it any more.
  const fixed = await freePort();
  const proxy = await serve({
    static_resources: {
      listeners: [{ ...listener(TO_APP), address: at(fixed) }],
      clusters: [cluster("app", app.port)],
    },
  });
  const port = await proxy.port();
  await calls(port, 6);
  expect(await statOf(proxy, "http.main.downstream_rq_total")).toBe(6);
  const [killed = 0, kept = 0] = await proxy.workers();
  process.kill(killed, "SIGKILL");
  await vi.waitFor(async () => {
    const now = await proxy.workers();
    expect(now).toHaveLength(2);
    expect(now).toContain(kept);
    expect(now).not.toContain(killed);
  }, SOON);
  expect(await statOf(proxy, "http.main.downstream_rq_total")).toBe(6);
  expect(await calls(port, 8)).toEqual(Array(8).fill("app"));
  expect(await statOf(proxy, "http.main.downstream_rq_total")).toBe(14);
  const both = await proxy.workers();
  for (const pid of both) process.kill(pid, "SIGKILL");
  await vi.waitFor(async () => {
    const now = await proxy.workers();
    expect(now).toHaveLength(2);
    expect(now.filter((pid) => both.includes(pid))).toEqual([]);
    expect(await proxy.admin("/ready")).toBe("LIVE\n");
  }, SOON);
  expect(await calls(port, 4)).toEqual(Array(4).fill("app"));
  proxy.child.kill("SIGTERM");
  expect(await proxy.exited).toBe(0);
});

it("a connection that was being handed to a worker as it was killed is served by another one", async () => {
  const app = await startNamedOrigin("app");
  const proxy = await serve({
    static_resources: { listeners: [listener(TO_APP)], clusters: [cluster("app", app.port)] },
  });
  const port = await proxy.port();
  await calls(port, 4);
  const [stopped = 0] = await proxy.workers();
  await stop(stopped);
  // One of them is given to the worker that stands still, and waits; the others go to the one that says it has taken them.
  const answers = Array.from({ length: 4 }, () => call(port, { method: "POST", body: "once" }));
  let answered = 0;
  for (const each of answers) void each.then(() => answered++);
  await vi.waitFor(() => expect(answered).toBeGreaterThanOrEqual(3), SOON);
  process.kill(stopped, "SIGKILL");
  expect((await Promise.all(answers)).map(({ status, body }) => [status, body])).toEqual(Array(4).fill([200, "app"]));
  expect(await calls(port, 4)).toEqual(Array(4).fill("app"));
});

it("a worker that stands still is named and holds up no answer, and no end", async () => {
  const app = await startNamedOrigin("app");
  const proxy = await serve({
    static_resources: { listeners: [listener(TO_APP)], clusters: [cluster("app", app.port)] },
  });
  const port = await proxy.port();
  await calls(port, 6);
  const pages = ["/stats", "/stats/prometheus", "/clusters", "/meshwright/shapes"];
  expect(await statOf(proxy, "http.main.downstream_rq_total")).toBe(6);
  for (const page of pages) expect(await proxy.silentIn(page)).toBeUndefined();
  const [stopped = 0] = await proxy.workers();
  const silent = async (): Promise<number[]> =>
    (JSON.parse(await proxy.admin("/meshwright/status")) as { silentWorkers: number[] }).silentWorkers;
  expect(await silent()).toEqual([]);
  await stop(stopped);
  for (const page of pages) expect(await proxy.silentIn(page)).toBe(String(stopped));
  // What it had said stays in the sum.
  expect(await statOf(proxy, "http.main.downstream_rq_total")).toBe(6);
  expect(await silent()).toEqual([stopped]);
  process.kill(stopped, "SIGCONT");
  await vi.waitFor(async () => expect(await silent()).toEqual([]), SOON);
  for (const page of pages) expect(await proxy.silentIn(page)).toBeUndefined();
  expect(await calls(port, 4)).toEqual(Array(4).fill("app"));
  expect(await statOf(proxy, "http.main.downstream_rq_total")).toBe(10);
  await stop(stopped);
  proxy.child.kill("SIGTERM");
  expect(await proxy.exited).toBe(0);
  await vi.waitFor(() => expect(isAlive(stopped)).toBe(false), SOON);
});

it("workers do not outlive the first process", async () => {
  const proxy = await serve({ static_resources: { listeners: [listener(says("here"))] } });
  await proxy.port();
  const pids = await proxy.workers();
  proxy.child.kill("SIGKILL");
  await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), SOON);
});

it("health checks that shall fail do so in each, and a drain lets every request end", async () => {
  const proxy = await serve({
    static_resources: {
      listeners: [
        listener(TO_APP, {
          http_filters: [
            {
              name: "health",
              typed_config: {
                "@type": `${TYPE}.filters.http.health_check.v3.HealthCheck`,
                pass_through_mode: false,
                headers: [{ name: ":path", string_match: { exact: "/healthz" } }],
              },
            },
            { name: "router", typed_config: { "@type": `${TYPE}.filters.http.router.v3.Router` } },
          ],
        }),
      ],
      clusters: [cluster("app", (await startNamedOrigin("app")).port)],
    },
  });
  const port = await proxy.port();
  const statuses = async (): Promise<number[]> => {
    const found: number[] = [];
    for (let i = 0; i < 6; i++) found.push((await call(port, { path: "/healthz" })).status);
    return found;
  };
  expect(await statuses()).toEqual(Array(6).fill(200));
  await proxy.admin("/healthcheck/fail", "POST");
  await vi.waitFor(async () => expect(await statuses()).toEqual(Array(6).fill(503)), SOON);
  expect(await proxy.admin("/ready")).toBe("DRAINING\n");
  await proxy.admin("/healthcheck/ok", "POST");
  await vi.waitFor(async () => expect(await statuses()).toEqual(Array(6).fill(200)), SOON);
  proxy.child.kill("SIGTERM");
  expect(await proxy.exited).toBe(0);
});

const ADS = { ads: {}, resource_api_version: "V3" };

/** A proxy whose listeners and clusters come from an ADS server. */
function serveFrom(adsPort: number): Promise<Running> {
  return serve({
    dynamic_resources: {
      ads_config: {
        api_type: "DELTA_GRPC",
        transport_api_version: "V3",
        grpc_services: [{ envoy_grpc: { cluster_name: "control" } }],
      },
      lds_config: ADS,
      cds_config: ADS,
    },
    static_resources: {
      clusters: [
        cluster("control", adsPort, {
          typed_extension_protocol_options: {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
              "@type": `${TYPE}.upstreams.http.v3.HttpProtocolOptions`,
              explicit_http_config: { http2_protocol_options: {} },
            },
          },
        }),
      ],
    },
  });
}

it("a swap by ADS is in force in each when it is acknowledged, and secrets reach each", async () => {
  const [right, wrong] = [await createCa("right"), await createCa("wrong")];
  const leaf = await right.issue([spiffe("app")]);
  const origin = createTlsServer({ cert: leaf.certPem, key: leaf.keyPem }, (_incoming, response) =>
    response.end("secure"),
  );
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  onCleanUp(() => {
    origin.closeAllConnections();
    origin.close();
  });
  const ads = new FakeAdsServer();
  const adsPort = await ads.listen();
  onCleanUp(() => ads.close());
  const proxy = await serveFrom(adsPort);
  const acknowledged = (nonce: string): Promise<void> => vi.waitFor(() => expect(ads.answerTo(nonce)).toBeNull(), SOON);
  const bundleOf = (pem: string, version: string) =>
    resource(
      "secret",
      "bundle",
      { name: "bundle", validation_context: { trusted_ca: { inline_string: pem } } },
      version,
    );
  const app = cluster("app", portOf(origin), {
    transport_socket: {
      name: "tls",
      typed_config: {
        "@type": `${TYPE}.transport_sockets.tls.v3.UpstreamTlsContext`,
        common_tls_context: { validation_context_sds_secret_config: { name: "bundle", sds_config: ADS } },
      },
    },
  });
  await vi.waitFor(() => expect(ads.subscribed("secret")).toContain("bundle"), SOON);
  ads.send("secret", [bundleOf(wrong.pem, "1")]);
  ads.send("cluster", [resource("cluster", "app", app)]);
  ads.send("listener", [resource("listener", "main", listener(says("one")), "1")]);
  const port = await proxy.port();
  expect(await calls(port, 6)).toEqual(Array(6).fill("one"));
  await acknowledged(ads.send("listener", [resource("listener", "main", listener(TO_APP), "2")]));
  const refused = await calls(port, 6);
  expect(refused.filter((body) => body.includes("upstream connect error"))).toHaveLength(6);
  await acknowledged(ads.send("secret", [bundleOf(right.pem, "2")]));
  await vi.waitFor(async () => expect(await calls(port, 6)).toEqual(Array(6).fill("secure")), SOON);
  const taken = ads.send("listener", [
    resource("listener", "main", { ...listener(says("never")), address: at(adsPort) }, "3"),
  ]);
  await vi.waitFor(() => expect(ads.answerTo(taken)).toContain("cannot listen on"), SOON);
  expect(await calls(port, 6)).toEqual(Array(6).fill("secure"));
  const status = JSON.parse(await proxy.admin("/meshwright/status")) as { connectedToControlPlane: boolean };
  expect(status.connectedToControlPlane).toBe(true);
  expect(ads.connections).toBe(1);
});

it("a worker that stands still holds up no configuration, and has it when it goes on", async () => {
  const ads = new FakeAdsServer();
  const adsPort = await ads.listen();
  onCleanUp(() => ads.close());
  const proxy = await serveFrom(adsPort);
  const main = (text: string) => [resource("listener", "main", listener(says(text)), text)];
  const acknowledged = (nonce: string): Promise<void> => vi.waitFor(() => expect(ads.answerTo(nonce)).toBeNull(), SOON);
  await vi.waitFor(() => expect(ads.requests.map(({ kind }) => kind)).toContain("listener"), SOON);
  ads.send("cluster", [resource("cluster", "app", cluster("app", adsPort))]);
  ads.send("listener", main("one"));
  const port = await proxy.port();
  const [stopped = 0] = await proxy.workers();
  await stop(stopped);
  await acknowledged(ads.send("listener", main("two")));
  // Known by now: the next one is not waited for at all.
  await acknowledged(ads.send("listener", main("three")));
  expect(await proxy.silentIn("/stats")).toBe(String(stopped));
  // What is refused by the one that answers is refused by all.
  const refused = ads.send("listener", [
    resource("listener", "main", { ...listener(says("never")), address: at(adsPort) }, "4"),
  ]);
  await vi.waitFor(() => expect(ads.answerTo(refused)).toContain("cannot listen on"), SOON);
  // One connection may be handed to the worker that stands still; the other worker answers the rest.
  const bodies: string[] = [];
  for (let i = 0; i < 5; i++)
    void call(port).then(
      ({ body }) => bodies.push(body),
      () => {},
    );
  await vi.waitFor(() => expect(bodies.length).toBeGreaterThanOrEqual(3), SOON);
  expect(new Set(bodies)).toEqual(new Set(["three"]));
  process.kill(stopped, "SIGCONT");
  await vi.waitFor(async () => expect(await proxy.silentIn("/stats")).toBeUndefined(), SOON);
  await vi.waitFor(async () => expect(await calls(port, 6)).toEqual(Array(6).fill("three")), SOON);
  expect(await proxy.workers()).toContain(stopped);
  await acknowledged(ads.send("listener", main("five")));
  expect(await calls(port, 6)).toEqual(Array(6).fill("five"));
});
