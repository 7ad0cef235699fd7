// Health checks that the proxy answers itself, on ours, and on Envoy where ENVOY_BIN names it: the same answers and log lines.
// Rule: every expectation was seen on Envoy 1.40; failing is told by the admin interface of each.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { OutgoingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { bootstrapOf, filter, freePort, kinds, logging, ROUTER, startConfigured } from "./support/both-proxies";
import { cleanUp, onCleanUp, startOrigin } from "./support/network";
import { send } from "./support/send";

afterAll(cleanUp);

const HTTP1 = { http_protocol_options: {} };
const check = (path: string, clusters: Record<string, number> = {}, passThrough = false) =>
  filter(path, "health_check.v3.HealthCheck", {
    pass_through_mode: passThrough,
    headers: [{ name: ":path", string_match: { exact: path } }],
    cluster_min_healthy_percentages: Object.fromEntries(
      Object.entries(clusters).map(([name, value]) => [name, { value }]),
    ),
  });

const address = (port: number) => ({ socket_address: { address: "127.0.0.1", port_value: port } });
const endpoint = (port: number, health = "HEALTHY") => ({
  endpoint: { address: address(port) },
  health_status: health,
});
const cluster = (name: string, ...endpoints: object[]) => ({
  name,
  type: "STATIC",
  load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: endpoints }] },
});

/** The head of an answer, with what it says of health. */
async function ask(port: number, path: string, headers: OutgoingHttpHeaders = {}, method = "GET") {
  const { status, body, headers: said } = await send(port, path, headers, method);
  return {
    status,
    body,
    checked: said["x-envoy-upstream-healthchecked-cluster"],
    fails: said["x-envoy-immediate-health-check-fail"],
    grpcStatus: said["grpc-status"],
  };
}

describe.each(kinds)("health checks on %s", (kind) => {
  let port = 0;
  let admin = 0;
  let log = "";
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), "meshwright-health-"));
    onCleanUp(() => rmSync(folder, { recursive: true, force: true }));
    log = join(folder, "access.log");
    admin = await freePort();
    const app = await startOrigin((_, response) => void response.end("app"));
    const routes = [
      { match: { prefix: "/direct" }, direct_response: { status: 200 } },
      { match: { prefix: "/" }, route: { cluster: "app" } },
    ];
    const listener = {
      http_filters: [
        check("/ok"),
        check("/pass", {}, true),
        check("/nowhere", { nowhere: 1 }),
        check("/empty", { empty: 1 }),
        check("/empty/none", { empty: 0.9 }),
        check("/half", { half: 50.9 }),
        check("/half/more", { half: 51 }),
        check("/both", { half: 51, app: 100 }),
        ROUTER,
      ],
      ...logging(log, "%REQ(:PATH)% %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %UPSTREAM_CLUSTER%"),
    };
    port = await startConfigured(kind, (at) => {
      const bootstrap = JSON.parse(bootstrapOf(at, routes, { app: { port: app.port, options: HTTP1 } }, listener));
      bootstrap.admin = { address: address(admin) };
      bootstrap.static_resources.clusters.push(
        cluster("empty"),
        cluster("half", endpoint(1), endpoint(2, "UNHEALTHY")),
      );
      return JSON.stringify(bootstrap);
    });
  });

  const expectLogged = (line: string) =>
    vi.waitFor(() => expect(readFileSync(log, "utf8").split("\n")).toContain(line));

  const cases: [path: string, status: number, details: string][] = [
    ["/ok", 200, "ok"],
    ["/nowhere", 503, "failed_no_cluster_found"],
    ["/empty", 503, "failed_cluster_empty"],
    ["/empty/none", 200, "ok_cluster_healthy"],
    ["/half", 200, "ok_cluster_healthy"],
    ["/half/more", 503, "failed_cluster_unhealthy"],
    ["/both", 503, "failed_cluster_unhealthy"],
  ];
  test.each(cases)("%s is answered %i (%s)", async (path, status, details) => {
    expect(await ask(port, path)).toMatchObject({ status, body: "", checked: "both", fails: undefined });
    await expectLogged(`${path} ${status} ${status === 200 ? "-" : "LH"} health_check_${details} app`);
  });

  test("what is no check goes on, and so does a check that only a failing proxy answers", async () => {
    expect(await ask(port, "/ok?x")).toMatchObject({ body: "app", checked: undefined });
    expect(await ask(port, "/pass")).toMatchObject({ body: "app", checked: "both" });
  });

  test("a proxy that was told to fail says so to everybody, answers all else, and takes it back", async () => {
    expect(await ask(admin, "/healthcheck/fail", {}, "POST")).toMatchObject({ status: 200, body: "OK\n" });
    expect((await ask(admin, "/ready")).status).toBe(503);
    for (const path of ["/ok", "/pass", "/empty/none"]) {
      expect(await ask(port, path)).toMatchObject({ status: 503, body: "", checked: "both", fails: "true" });
    }
    const grpc = { "content-type": "application/grpc" };
    expect(await ask(port, "/ok", grpc)).toMatchObject({ status: 200, grpcStatus: "14" });
    expect(await ask(port, "/x")).toMatchObject({ body: "app", checked: undefined, fails: "true" });
    expect(await ask(port, "/direct")).toMatchObject({ status: 200, fails: "true" });
    await expectLogged("/pass 503 LH health_check_failed app");
    expect((await ask(admin, "/healthcheck/ok", {}, "POST")).status).toBe(200);
    expect(await ask(port, "/ok")).toMatchObject({ status: 200, fails: undefined });
    expect((await ask(admin, "/healthcheck/fail")).status).toBe(405);
  });
});
