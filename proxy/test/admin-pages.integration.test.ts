// Pages of the admin interface on our proxy, and on Envoy where ENVOY_BIN names it: what a script that reads Envoy's finds here too.
// Rule: every expectation was seen on Envoy 1.40; where Envoy tells more, only what both tell is held against it.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bootstrapOf, filter, freePort, kinds, ROUTER, startConfigured } from "./support/both-proxies";
import { call, cleanUp, startNamedOrigin } from "./support/network";

afterAll(cleanUp);

const HTTP1 = { http_protocol_options: {} };
const ANY = { permissions: [{ any: true }], principals: [{ any: true }] };
const RBAC = filter("rbac", "rbac.v3.RBAC", { rules_stat_prefix: "own", rules: { policies: { all: ANY } } });
const ADMIN = "type.googleapis.com/envoy.admin.v3";
const CLUSTER = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
const LISTENER = "type.googleapis.com/envoy.config.listener.v3.Listener";

describe.each(kinds)("the admin interface of %s", (kind) => {
  let port = 0;
  let admin = 0;
  let app = 0;

  beforeAll(async () => {
    app = (await startNamedOrigin("app")).port;
    admin = await freePort();
    port = await startConfigured(kind, (at) => {
      const routes = [{ match: { prefix: "/" }, route: { cluster: "app" } }];
      const clusters = { app: { port: app, options: HTTP1 }, other: { port: app, options: HTTP1 } };
      const bootstrap = JSON.parse(bootstrapOf(at, routes, clusters, { http_filters: [RBAC, ROUTER] })) as object;
      const address = { socket_address: { address: "127.0.0.1", port_value: admin } };
      return JSON.stringify({ ...bootstrap, admin: { address } });
    });
    expect((await call(port)).body).toBe("app");
  });

  const get = (path: string) => call(admin, { path });
  const json = async (path: string): Promise<unknown> => {
    const { status, headers, body } = await get(path);
    expect([status, headers["content-type"]]).toEqual([200, "application/json"]);
    return JSON.parse(body);
  };

  test("says that it is ready", async () => {
    expect(await get("/ready")).toMatchObject({ status: 200, body: "LIVE\n" });
  });

  test("lists listeners with the ports in use", async () => {
    expect((await get("/listeners")).body).toBe(`main::127.0.0.1:${port}\n`);
    const address = { socket_address: { address: "127.0.0.1", port_value: port } };
    expect(await json("/listeners?format=json")).toEqual({
      listener_statuses: [{ name: "main", local_address: address }],
    });
  });

  test("lists clusters with their hosts", async () => {
    const { cluster_statuses: all } = (await json("/clusters?format=json")) as {
      cluster_statuses: { name: string; host_statuses: { stats: { name: string }[] }[] }[];
    };
    const found = all.find(({ name }) => name === "app");
    expect(found).toMatchObject({
      name: "app",
      observability_name: "app",
      host_statuses: [
        {
          address: { socket_address: { address: "127.0.0.1", port_value: app } },
          health_status: { eds_health_status: "HEALTHY" },
          weight: 1,
          locality: {},
        },
      ],
      circuit_breakers: {},
    });
    expect(found).not.toHaveProperty("added_via_api");
    const stats = found?.host_statuses[0]?.stats ?? [];
    expect(stats).toContainEqual({ name: "rq_total", value: "1" });
    expect(stats).toContainEqual({ name: "rq_active", type: "GAUGE" });
    const { body } = await get("/clusters");
    const at = `app::127.0.0.1:${app}`;
    for (const line of [
      "app::observability_name::app",
      "app::default_priority::max_connections::1024",
      "app::default_priority::max_pending_requests::1024",
      "app::default_priority::max_requests::1024",
      "app::default_priority::max_retries::3",
      "app::added_via_api::false",
      `${at}::rq_total::1`,
      `${at}::rq_active::0`,
      `${at}::hostname::`,
      `${at}::health_flags::healthy`,
      `${at}::weight::1`,
      `${at}::region::`,
      `${at}::zone::`,
      `${at}::sub_zone::`,
      `${at}::canary::false`,
      `${at}::priority::0`,
    ])
      expect(body).toContain(`${line}\n`);
  });

  test("tells which statistics are wanted", async () => {
    expect(await json("/stats?format=json&filter=main\\.rbac")).toEqual({
      stats: [
        { name: "http.main.rbac.own.allowed", value: 1 },
        { name: "http.main.rbac.own.denied", value: 0 },
        { name: "http.main.rbac.shadow_allowed", value: 0 },
        { name: "http.main.rbac.shadow_denied", value: 0 },
      ],
    });
    expect((await get("/stats?filter=main%5C.rbac&usedonly")).body).toBe("http.main.rbac.own.allowed: 1\n");
    expect((await get("/stats?filter=app.upstream_rq_(total|active)$&type=Gauges")).body).toBe(
      "cluster.app.upstream_rq_active: 0\n",
    );
    expect((await get("/stats?filter=app.upstream_rq_(total|active)$&type=Counters")).body).toBe(
      "cluster.app.upstream_rq_total: 1\n",
    );
    expect((await get("/stats?format=yaml")).status).toBe(400);
    expect((await get("/stats?filter=(")).status).toBe(400);
    const prometheus = await get("/stats?format=prometheus");
    expect(prometheus.status).toBe(200);
    expect(prometheus.body).toMatch(/^# TYPE /m);
  });

  test("dumps its configuration by kind", async () => {
    const { configs } = (await json("/config_dump")) as { configs: Record<string, unknown>[] };
    const kindOf = (each: Record<string, unknown>): string => String(each["@type"]).slice(ADMIN.length + 1);
    const present = configs.map(kindOf).filter((each) => each !== "ScopedRoutesConfigDump");
    expect(present).toEqual([
      "BootstrapConfigDump",
      "ClustersConfigDump",
      "ListenersConfigDump",
      "RoutesConfigDump",
      "SecretsConfigDump",
    ]);
    expect(configs.find((each) => kindOf(each) === "BootstrapConfigDump")).toMatchObject({
      bootstrap: { node: { id: "both", cluster: "both" } },
    });
    expect(configs.find((each) => kindOf(each) === "ClustersConfigDump")).toMatchObject({
      static_clusters: [{ cluster: { "@type": CLUSTER, name: "app" } }, { cluster: { name: "other" } }],
    });
    expect(configs.find((each) => kindOf(each) === "RoutesConfigDump")).toMatchObject({
      static_route_configs: [{ route_config: { virtual_hosts: [{ name: "all", domains: ["*"] }] } }],
    });
  });

  test("dumps one field, by name and by mask", async () => {
    const name = (each: string) => ({
      "@type": `${ADMIN}.ClustersConfigDump.StaticCluster`,
      cluster: { "@type": CLUSTER, name: each },
    });
    expect(await json("/config_dump?resource=static_clusters&mask=cluster.name")).toEqual({
      configs: [name("app"), name("other")],
    });
    expect(await json("/config_dump?resource=static_clusters&name_regex=o.*&mask=cluster.name")).toEqual({
      configs: [name("other")],
    });
    expect(await json("/config_dump?resource=static_clusters&name_regex=o")).toEqual({});
    expect(await json("/config_dump?resource=dynamic_listeners")).toEqual({});
    expect(await json("/config_dump?resource=static_listeners&mask=listener.name,listener.address")).toEqual({
      configs: [
        {
          "@type": `${ADMIN}.ListenersConfigDump.StaticListener`,
          listener: {
            "@type": LISTENER,
            name: "main",
            address: { socket_address: { address: "127.0.0.1", port_value: port } },
          },
        },
      ],
    });
    expect(await json("/config_dump?mask=bootstrap.node.id")).toEqual({
      configs: [{ "@type": `${ADMIN}.BootstrapConfigDump`, bootstrap: { node: { id: "both" } } }],
    });
  });

  test("says what it cannot dump", async () => {
    expect(await get("/config_dump?resource=nope")).toMatchObject({
      status: 404,
      body: "nope not found in config dump",
    });
    expect(await get("/config_dump?resource=bootstrap")).toMatchObject({
      status: 400,
      body: "bootstrap is not a repeated field. Use ?mask=bootstrap to get only this field",
    });
    expect(await get("/config_dump?mask=configs")).toMatchObject({
      status: 400,
      body: "FieldMask configs could not be successfully applied to any configs.",
    });
    expect((await get("/config_dump?name_regex=(")).status).toBe(400);
  });

  test("says who it is and since when", async () => {
    const info = (await json("/server_info")) as Record<string, unknown>;
    expect(info).toMatchObject({
      state: "LIVE",
      node: { id: "both", cluster: "both" },
      command_line_options: { concurrency: 1, mode: "Serve" },
    });
    for (const uptime of ["uptime_current_epoch", "uptime_all_epochs"]) expect(info[uptime]).toMatch(/^\d+s$/);
    expect(await json("/certs")).toEqual({ certificates: [] });
  });
});
