// An xDS client we did not write (@grpc/grpc-js-xds, state of the world) against our ADS: it finds a server through
// listener, route, cluster and endpoints, and refuses what it does not support.

import { create, toBinary } from "@bufbuild/protobuf";
import { type AnySchema, anyPack } from "@bufbuild/protobuf/wkt";
import { Client, credentials, Server, ServerCredentials } from "@grpc/grpc-js";
import {
  Cluster_DiscoveryType,
  Cluster_LbPolicy,
  ClusterLoadAssignmentSchema,
  ClusterSchema,
  HttpConnectionManagerSchema,
  ListenerSchema,
  RouteConfigurationSchema,
  RouterSchema,
} from "@meshwright/proxy/contract";
import { afterEach, beforeEach, expect, it } from "vitest";
import { silentLogger } from "@/lib/observability/logger";
import { snapshotOf } from "../testing/fake-client";
import { type Recorded, recordingDirectory } from "../testing/recording-directory";
import { addAdsServices } from "./ads-server";
import { CLUSTER, ENDPOINT, LISTENER, ResourcePool, ROUTE, type Snapshot } from "./snapshot";

type Any = ReturnType<typeof create<typeof AnySchema>>;
const ads = { configSourceSpecifier: { case: "ads" as const, value: {} } };
const identity = (value: Buffer) => value;
const ECHO = {
  path: "/test.Echo/Say",
  requestStream: false,
  responseStream: false,
  requestSerialize: identity,
  requestDeserialize: identity,
  responseSerialize: identity,
  responseDeserialize: identity,
} as const;

let servers: Server[];
let snapshot: Snapshot;
let recorded: Recorded;

beforeEach(() => {
  servers = [];
});
afterEach(() => {
  for (const server of servers) {
    server.forceShutdown();
  }
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
}

function worldTo(port: number, lbPolicy = Cluster_LbPolicy.ROUND_ROBIN): Snapshot {
  const pool = new ResourcePool();
  const router: Any = anyPack(RouterSchema, create(RouterSchema));
  const manager = create(HttpConnectionManagerSchema, {
    statPrefix: "echo",
    routeSpecifier: { case: "rds", value: { configSource: ads, routeConfigName: "echo-route" } },
    httpFilters: [{ name: "router", configType: { case: "typedConfig", value: router } }],
  });
  const listener = create(ListenerSchema, {
    name: "echo",
    apiListener: { apiListener: anyPack(HttpConnectionManagerSchema, manager) },
  });
  const route = create(RouteConfigurationSchema, {
    name: "echo-route",
    virtualHosts: [
      {
        name: "all",
        domains: ["*"],
        routes: [
          {
            match: { pathSpecifier: { case: "prefix", value: "" } },
            action: { case: "route", value: { clusterSpecifier: { case: "cluster", value: "echo-cluster" } } },
          },
        ],
      },
    ],
  });
  const cluster = create(ClusterSchema, {
    name: "echo-cluster",
    clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.EDS },
    edsClusterConfig: { edsConfig: ads },
    lbPolicy,
  });
  const socketAddress = { address: "127.0.0.1", portSpecifier: { case: "portValue" as const, value: port } };
  const endpoint = { address: { address: { case: "socketAddress" as const, value: socketAddress } } };
  const assignment = create(ClusterLoadAssignmentSchema, {
    clusterName: "echo-cluster",
    endpoints: [
      {
        locality: { region: "local" },
        loadBalancingWeight: 1,
        lbEndpoints: [
          { hostIdentifier: { case: "endpoint", value: endpoint }, healthStatus: 1, loadBalancingWeight: 1 },
        ],
      },
    ],
  });
  return snapshotOf(
    [
      pool.intern(LISTENER, "echo", toBinary(ListenerSchema, listener)),
      pool.intern(ROUTE, "echo-route", toBinary(RouteConfigurationSchema, route)),
      pool.intern(CLUSTER, "echo-cluster", toBinary(ClusterSchema, cluster)),
      pool.intern(ENDPOINT, "echo-cluster", toBinary(ClusterLoadAssignmentSchema, assignment)),
    ],
    ["echo-cluster"],
  );
}

async function startWorld(): Promise<void> {
  const { directory, ...rest } = recordingDirectory(() => snapshot);
  recorded = rest;
  const control = new Server();
  const peer = { ok: true, peer: { spiffeId: "spiffe://test/client", serial: "1" } } as const;
  addAdsServices(control, { directory, clock: { now: () => Date.now() }, logger: silentLogger() }, () => peer);
  const controlPort = await listen(control);
  process.env.GRPC_XDS_BOOTSTRAP_CONFIG = JSON.stringify({
    xds_servers: [
      { server_uri: `127.0.0.1:${controlPort}`, channel_creds: [{ type: "insecure" }], server_features: ["xds_v3"] },
    ],
    node: { id: "third-party", locality: { region: "local" } },
  });
  (await import("@grpc/grpc-js-xds")).register();
}

it("finds a server, follows it to another, and refuses a policy it does not know", async () => {
  const echo = (name: string) => {
    const server = new Server();
    server.addService(
      { say: ECHO },
      { say: (_call: unknown, done: (error: null, reply: Buffer) => void) => done(null, Buffer.from(name)) },
    );
    return listen(server);
  };
  const [first, second] = [await echo("first"), await echo("second")];
  snapshot = worldTo(first);
  await startWorld();
  const client = new Client("xds:///echo", credentials.createInsecure());
  const say = () =>
    new Promise<string>((resolve) => {
      const deadline = Date.now() + 10_000;
      client.makeUnaryRequest(ECHO.path, identity, identity, Buffer.from("hi"), { deadline } as never, (error, reply) =>
        resolve(error ? error.message : String(reply)),
      );
    });
  expect(await say()).toBe("first");
  expect(new Set(recorded.acked)).toEqual(new Set([LISTENER, ROUTE, CLUSTER, ENDPOINT]));

  snapshot = worldTo(second);
  recorded.connections.at(-1)?.push(snapshot);
  await expect.poll(say, { timeout: 10_000 }).toBe("second");

  snapshot = worldTo(second, Cluster_LbPolicy.MAGLEV);
  recorded.connections.at(-1)?.push(snapshot);
  await expect.poll(() => recorded.rejected.length, { timeout: 10_000 }).toBe(1);
  expect(recorded.rejected[0]).toMatchObject({ typeUrl: CLUSTER });
  recorded.connections.at(-1)?.push(snapshot);
  expect(await say()).toBe("second");
  expect(recorded.rejected).toHaveLength(1);
  client.close();
});
