// Zone-aware routing where everything comes by ADS: the cluster that is called and the one that the proxy belongs to, whose endpoints
// say in which zones they are, and change one without the other. Rule: all, none or exactly half is the answer, so no chance is in it.

import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { viewOf } from "../src/admin/view";
import { BootstrapSchema, NodeSchema } from "../src/contract/messages";
import { DataPlane } from "../src/listener/data-plane";
import { AdsSource } from "../src/xds/ads-source";
import { FakeAdsServer, type FakeResource, resource } from "../src/xds/testing/fake-ads-server";
import { deltaWire, sotwWire, type Wire } from "../src/xds/wire";
import { call, cleanUp, listenerPort, onCleanUp, startNamedOrigin } from "./support/network";

const ADS = { ads: {}, resource_api_version: "V3" };
const TYPE = "type.googleapis.com/envoy.extensions.filters";
const LOCALITY = { region: "r", sub_zone: "s" };
/** Ports of the endpoints by zone; a negative one is not healthy. */
type Zones = Readonly<Record<string, readonly number[]>>;

const at = (port: number) => ({ socket_address: { address: "127.0.0.1", port_value: port } });
const cluster = (name: string, common = {}): FakeResource =>
  resource("cluster", name, { name, type: "EDS", eds_cluster_config: { eds_config: ADS }, ...common });
const app = cluster("app", {
  common_lb_config: { zone_aware_lb_config: { routing_enabled: { value: 100 }, min_cluster_size: 2 } },
});
const listener = resource("listener", "main", {
  name: "main",
  address: at(0),
  filter_chains: [
    {
      filters: [
        {
          name: "http",
          typed_config: {
            "@type": `${TYPE}.network.http_connection_manager.v3.HttpConnectionManager`,
            stat_prefix: "main",
            route_config: {
              virtual_hosts: [
                { name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: "app" } }] },
              ],
            },
            http_filters: [{ name: "router", typed_config: { "@type": `${TYPE}.http.router.v3.Router` } }],
          },
        },
      ],
    },
  ],
});

let version = 0;
function endpoints(name: string, zones: Zones): FakeResource {
  version += 1;
  const assignment = {
    cluster_name: name,
    endpoints: Object.entries(zones).map(([zone, ports]) => ({
      locality: { ...LOCALITY, zone },
      lb_endpoints: ports.map((port) => ({
        endpoint: { address: at(Math.abs(port)) },
        health_status: port < 0 ? "UNHEALTHY" : "HEALTHY",
      })),
    })),
  };
  return resource("endpoint", name, assignment, `${version}`);
}

let server: FakeAdsServer;
let a = 0;
let b = 0;

beforeEach(async () => {
  server = new FakeAdsServer();
  onCleanUp(() => server.close());
  a = (await startNamedOrigin("a")).port;
  b = (await startNamedOrigin("b")).port;
});
afterEach(cleanUp);

/** A proxy of cluster home, in zone a, whose control plane is `server`. */
async function open(wire: Wire): Promise<{ dataPlane: DataPlane; started: Promise<void> }> {
  const dataPlane = new DataPlane();
  const source = new AdsSource({
    bootstrap: create(BootstrapSchema),
    wire,
    node: create(NodeSchema, { id: "home/0", cluster: "home", locality: { region: "r", zone: "a", subZone: "s" } }),
    admin: null,
    localCluster: "home",
    address: { address: "127.0.0.1", port: await server.listen() },
    clusterName: "xds",
    identity: null,
    controlPlaneSpiffeId: "",
    lastKnownGoodPath: null,
    log: () => {},
  });
  onCleanUp(async () => {
    await source.stop();
    for (const each of dataPlane.listeners.values()) each.destroy();
    for (const each of dataPlane.clusters.values()) each.close();
    dataPlane.closeLogs();
  });
  const started = source.start(dataPlane);
  await vi.waitFor(() => expect(server.requests.some(({ kind }) => kind === "listener")).toBe(true));
  return { dataPlane, started };
}

/** It is in force by then. */
const acknowledged = (nonce: string): Promise<void> => vi.waitFor(() => expect(server.answerTo(nonce)).toBeNull());

async function zonesOf(dataPlane: DataPlane): Promise<string> {
  const port = listenerPort(dataPlane, "main");
  const bodies: string[] = [];
  for (let i = 0; i < 8; i++) bodies.push((await call(port)).body);
  return bodies.sort().join("");
}

const stayed = async (dataPlane: DataPlane): Promise<number | undefined> =>
  (await viewOf(dataPlane).stats()).get("cluster.app.lb_zone_routing_all_directly");

test("the own zone is preferred as the endpoints of either cluster say, and change", async () => {
  const { dataPlane, started } = await open(deltaWire);
  server.send("cluster", [app, cluster("home")]);
  server.send("endpoint", [endpoints("app", { a: [a], b: [b] }), endpoints("home", { a: [9], b: [10] })]);
  server.send("listener", [listener]);
  await started;
  expect(await zonesOf(dataPlane)).toBe("aaaaaaaa");
  expect(await stayed(dataPlane)).toBe(8);

  // Only the endpoints of the cluster that it belongs to: all callers are in one zone, so none is preferred.
  await acknowledged(server.send("endpoint", [endpoints("home", { a: [9, 10] })]));
  expect(await zonesOf(dataPlane)).toBe("aaaabbbb");
  await acknowledged(server.send("endpoint", [endpoints("home", { a: [9], b: [10] })]));
  expect(await zonesOf(dataPlane)).toBe("aaaaaaaa");

  // Only those of the cluster that is called: its own zone has nobody left, then somebody again.
  await acknowledged(server.send("endpoint", [endpoints("app", { a: [-a], b: [b] })]));
  expect(await zonesOf(dataPlane)).toBe("bbbbbbbb");
  await acknowledged(server.send("endpoint", [endpoints("app", { a: [a], b: [b] })]));
  expect(await zonesOf(dataPlane)).toBe("aaaaaaaa");
  // The proxy's own zone is not among those of its cluster: nothing is known of it.
  await acknowledged(server.send("endpoint", [endpoints("home", { b: [9], c: [10] })]));
  expect(await zonesOf(dataPlane)).toBe("aaaabbbb");
  expect(await stayed(dataPlane)).toBe(24);
});

test("a cluster to belong to that comes later counts from then on, and not once it is removed", async () => {
  const { dataPlane, started } = await open(deltaWire);
  server.send("cluster", [app]);
  server.send("endpoint", [endpoints("app", { a: [a], b: [b] })]);
  server.send("listener", [listener]);
  await started;
  expect(await zonesOf(dataPlane)).toBe("aaaabbbb");
  server.send("cluster", [cluster("home")]);
  await vi.waitFor(() => expect(server.subscribed("endpoint")).toEqual(["app", "home"]));
  await acknowledged(server.send("endpoint", [endpoints("home", { a: [9], b: [10] })]));
  expect(await zonesOf(dataPlane)).toBe("aaaaaaaa");
  await acknowledged(server.send("cluster", [], ["home"]));
  expect(await zonesOf(dataPlane)).toBe("aaaabbbb");
});

test("with complete lists it is the same", async () => {
  const { dataPlane, started } = await open(sotwWire);
  server.sendFull("cluster", [app, cluster("home")], "1");
  const both = (home: Zones) => [endpoints("app", { a: [a], b: [b] }), endpoints("home", home)];
  server.sendFull("endpoint", both({ a: [9], b: [10] }), "1");
  server.sendFull("listener", [listener], "1");
  await started;
  expect(await zonesOf(dataPlane)).toBe("aaaaaaaa");
  await acknowledged(server.sendFull("endpoint", both({ a: [9, 10] }), "2"));
  expect(await zonesOf(dataPlane)).toBe("aaaabbbb");
});
