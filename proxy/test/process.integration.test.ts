// The built proxy as a process: a static file, its admin, validation, and an orderly end.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { call, cleanUp, onCleanUp, startNamedOrigin, startOrigin } from "./support/network";

let folder = "";
let bundle = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwright-proxy-test-"));
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

function configuration(appPort: number): string {
  return `
node: {id: production/app/0, cluster: app, metadata: {WORKLOAD: app, NAMESPACE: production, SERVICE: app, VERSION: v1}}
admin: {address: {socket_address: {address: 127.0.0.1, port_value: 0}}}
static_resources:
  listeners:
  - name: inbound
    traffic_direction: INBOUND
    address: {socket_address: {address: 127.0.0.1, port_value: 0}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: inbound
          access_log:
          - name: envoy.access_loggers.file
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog
              path: ${join(folder, "access.log")}
              log_format: {json_format: {method: "%REQ(:METHOD)%", path: "%REQ(:PATH)%", code: "%RESPONSE_CODE%", flags: "%RESPONSE_FLAGS%", upstream: "%UPSTREAM_HOST%"}}
          route_config:
            name: inbound
            virtual_hosts: [{name: all, domains: ["*"], routes: [{match: {prefix: "/"}, route: {cluster: app}}]}]
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
  clusters:
  - name: app
    type: STATIC
    connect_timeout: 1s
    load_assignment: {cluster_name: app, endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: ${appPort}}}}}]}]}
`;
}

interface Running {
  readonly child: ChildProcess;
  readonly admin: number;
  readonly inbound: number;
  readonly exited: Promise<number | null>;
}

async function run(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [bundle, ...args], { env: { ...process.env, ...env } });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on("exit", resolve));
  return { code, output };
}

async function serve(config: string, env: Record<string, string> = {}): Promise<Running> {
  const file = join(folder, `${Math.random()}.yaml`);
  await writeFile(file, config);
  const child = spawn(process.execPath, [bundle, "-c", file], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  onCleanUp(() => void child.kill("SIGKILL"));
  const exited = new Promise<number | null>((resolve) => child.on("exit", resolve));
  let text = "";
  const ready = new Promise<void>((resolve, reject) => {
    child.stderr?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes("ready, listeners")) resolve();
    });
    void exited.then(() => reject(new Error(text)));
  });
  await ready;
  return {
    child,
    exited,
    admin: Number(/admin on [\d.]+:(\d+)/.exec(text)?.[1]),
    inbound: Number(/inbound:(\d+)/.exec(text)?.[1]),
  };
}

describe("the proxy process", () => {
  it("serves a static file, tells about itself, and drains on SIGTERM", async () => {
    const app = await startOrigin((_incoming, response) => setTimeout(() => response.end("late"), 300));
    const proxy = await serve(configuration(app.port));
    expect((await call(proxy.inbound, { path: "/orders/12345" })).body).toBe("late");
    expect(await call(proxy.admin, { path: "/ready" })).toMatchObject({ status: 200, body: "LIVE\n" });
    const status = JSON.parse((await call(proxy.admin, { path: "/meshwright/status" })).body) as Record<
      string,
      unknown
    >;
    expect(status).toMatchObject({ ready: true, configSource: "static", draining: false, pid: proxy.child.pid });
    const metrics = (await call(proxy.admin, { path: "/stats/prometheus" })).body;
    expect(metrics).toMatch(
      /istio_requests_total\{reporter="destination",.*destination_service="app\.production",.*response_code="200",response_flags="-"\} 1/,
    );
    expect(metrics).toMatch(/istio_request_duration_milliseconds_bucket\{.*le="500"\} 1/);
    expect(metrics).toMatch(/process_start_time_seconds \d+/);
    const stats = (await call(proxy.admin, { path: "/stats?usedonly" })).body.split("\n");
    expect(stats).toEqual(
      expect.arrayContaining([
        "cluster.app.membership_healthy: 1",
        "cluster.app.upstream_rq_200: 1",
        "cluster.app.upstream_rq_2xx: 1",
        "http.inbound.downstream_rq_total: 1",
      ]),
    );
    expect(stats.join("\n")).not.toContain("upstream_rq_retry");
    const named = JSON.parse((await call(proxy.admin, { path: "/stats?format=json" })).body) as { stats: unknown[] };
    expect(named.stats).toContainEqual({ name: "cluster.app.upstream_rq_retry", value: 0 });
    const shapes = JSON.parse((await call(proxy.admin, { path: "/meshwright/shapes" })).body) as { shapes: unknown[] };
    expect(shapes.shapes).toEqual([
      expect.objectContaining({ method: "GET", pathPattern: "/orders/*", code: 200, count: 1 }),
    ]);
    expect((await call(proxy.admin, { path: "/clusters" })).body).toContain("app::127.0.0.1");
    const last = call(proxy.inbound);
    await new Promise((resolve) => setTimeout(resolve, 50));
    proxy.child.kill("SIGTERM");
    expect(await last).toMatchObject({ status: 200, body: "late" });
    expect(await proxy.exited).toBe(0);
    const lines = (await readFile(join(folder, "access.log"), "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect(lines[0]).toEqual({
      method: "GET",
      path: "/orders/12345",
      code: 200,
      flags: "-",
      upstream: `127.0.0.1:${app.port}`,
    });
    expect(lines).toHaveLength(2);
  });

  it("ends in order when its supervisor is gone", async () => {
    const app = await startNamedOrigin("app");
    const supervisor = spawn("sleep", ["60"]);
    onCleanUp(() => void supervisor.kill());
    const proxy = await serve(configuration(app.port), { MESHWRIGHT_SUPERVISOR_PID: String(supervisor.pid) });
    supervisor.kill("SIGKILL");
    expect(await proxy.exited).toBe(0);
  });

  it("is waited for by another process", async () => {
    const proxy = await serve(configuration(1));
    expect(await run(["wait", "--admin-port", String(proxy.admin)])).toEqual({ code: 0, output: "" });
  });

  it("opens no debugger for who rotates logs before it serves", async () => {
    let wasAsked = (): void => {};
    const notReady = await startOrigin((_call, response) => {
      wasAsked();
      response.writeHead(503).end();
    });
    const asked = () => new Promise<void>((resolve) => (wasAsked = resolve));
    const first = asked();
    const child = spawn(process.execPath, [bundle, "wait", "--admin-port", String(notReady.port)]);
    onCleanUp(() => void child.kill("SIGKILL"));
    let text = "";
    child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
    await first;
    child.kill("SIGUSR1");
    // It goes on, and asks again.
    await asked();
    await asked();
    child.kill("SIGTERM");
    expect([await ended, text]).toEqual([143, ""]);
  });

  it("survives a closed stderr", async () => {
    const app = await startNamedOrigin("app");
    const proxy = await serve(configuration(app.port));
    proxy.child.stderr?.destroy();
    proxy.child.kill("SIGHUP");
    expect((await call(proxy.inbound)).status).toBe(200);
    proxy.child.kill("SIGTERM");
    expect(await proxy.exited).toBe(0);
  });

  it("validates: exit 0 for a good file, 1 with each refused field's path for a bad one", async () => {
    const good = join(folder, "good.yaml");
    await writeFile(good, configuration(1));
    expect(await run(["-c", good, "--mode", "validate"])).toMatchObject({ code: 0 });
    const bad = join(folder, "bad.yaml");
    await writeFile(
      bad,
      configuration(1).replace("type: STATIC", "type: ORIGINAL_DST\n    lb_policy: CLUSTER_PROVIDED"),
    );
    const { code, output } = await run(["-c", bad, "--mode", "validate"]);
    expect(code).toBe(1);
    expect(output).toMatch(/static_resources\.clusters\[0\]\.type/);
    expect(output).toMatch(/static_resources\.clusters\[0\]\.lb_policy/);
  });

  it("says what is wrong with its arguments", async () => {
    expect(await run([])).toMatchObject({ code: 2, output: expect.stringContaining("-c FILE") });
    expect(await run(["-c", "x", "--mode", "dance"])).toMatchObject({
      code: 2,
      output: expect.stringContaining('"dance"'),
    });
    expect(await run(["-c", join(folder, "absent.yaml")])).toMatchObject({
      code: 1,
      output: expect.stringContaining("absent.yaml"),
    });
  });
});
