// A gateway that passes TLS on by server name and takes TCP, in front of real sidecars with real apps; the same configuration on a real
// Envoy where there is one (ENVOY_BIN).
// The rule: the TLS is the app's own: what proves where a connection went is the certificate that comes back, and the bytes.
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, buildScene } from "@/lib/simulate";
import { EDGE_TCP_PORT, EDGE_TLS_PORT, edgeMesh, edgeRoute } from "./testing/edge";
import { object } from "./testing/rich";
import { bundleProxy, freePorts, type Side, type Surroundings, startSide, surround } from "./testing/side-by-side";

const envoy = process.env["ENVOY_BIN"];
const RULES = [
  { matches: [{ serverNames: ["archive.example.com"] }], destinations: [{ service: { name: "archive" }, weight: 1 }] },
  {
    matches: [{ serverNames: ["*.example.com"] }],
    destinations: [{ service: { name: "ledger" }, subset: "v1", weight: 1 }],
  },
  { matches: [{ port: EDGE_TCP_PORT }], destinations: [{ service: { name: "archive" }, weight: 1 }] },
];
const CALLEES = ["ledger-v1", "archive-v1"];

const apps: Server[] = [];
const running: Side[] = [];
let world: Surroundings;
type Edge = Side & { tls: number; tcp: number };
const edges: Edge[] = [];
/** At the archive's second host nobody listens: without another try every second connection would be closed. */
const document = edgeMesh(
  edgeRoute(RULES),
  object("Workload", "archive-v2", { service: "archive", version: "v2" }),
  object("TrafficPolicy", "archive", {
    service: { name: "archive" },
    connectionPool: { maxConnectAttempts: 2, tcpIdleTimeoutMs: 7_200_000 },
    loadBalancing: { policy: "round-robin" },
  }),
);

/** By workload: speaks TLS itself, with a certificate of its own name, and in plain text where it is spoken to so. */
async function startApp(name: string): Promise<number> {
  const identity = await world.identityOf(`spiffe://app.example/${name}`);
  const secure = createTlsServer({ cert: identity.certPem, key: identity.keyPem }, (socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => socket.end(`${name} for ${socket.servername || "nobody"}: ${chunk}`));
  });
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on("error", () => {});
    socket.once("readable", () => {
      const first: Buffer | null = socket.read();
      if (first === null) return void socket.end();
      socket.unshift(first);
      if (first[0] === 0x16) secure.emit("connection", socket);
      else socket.on("data", (chunk: Buffer) => socket.end(`${name} in plain text: ${chunk}`));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  apps.push(server);
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  const made = await surround(document);
  world = made;
  const places = new Map<string, { inbound: number; outbound: number; admin: number; app: number }>();
  for (const name of CALLEES) places.set(name, { ...(await freePorts()), app: await startApp(name) });
  places.set("archive-v2", { ...(await freePorts()), app: 1 });
  const endpoints = made.input.endpoints.map((each) => {
    const place = places.get(each.workload);
    return place ? { ...each, inboundPort: place.inbound, appPort: place.app } : each;
  });
  const instances = made.input.binding.instances.map((each) =>
    places.has(each.workload.name) ? { ...each, app: { kind: "echo" as const } } : each,
  );
  const bundle = await bundleProxy(world.folder);
  const commandOf = (name: Side["name"]) =>
    name === "ours"
      ? [process.execPath, bundle]
      : [envoy ?? "", "--use-dynamic-base-id", "--concurrency", "1", "-l", "error"];
  world = { ...made, input: { ...made.input, endpoints, binding: { ...made.input.binding, instances } } };
  for (const workload of CALLEES) {
    running.push(await startSide(world, `production/${workload}/0`, "ours", commandOf("ours"), places.get(workload)));
  }
  const programs: Side["name"][] = envoy ? ["ours", "envoy"] : ["ours"];
  for (const name of programs) {
    const [ports, { inbound: tls, outbound: tcp }] = [await freePorts(), await freePorts()];
    const own = { namespace: "production", name: "edge", listenerPorts: { secure: tls, raw: tcp } };
    const binding = { ...world.input.binding, gateways: [own] };
    const around = { ...world, input: { ...world.input, binding } };
    const side = await startSide(around, "production/edge/0", name, commandOf(name), ports);
    running.push(side);
    edges.push({ ...side, tls, tcp });
  }
}, 120_000);

afterAll(async () => {
  await Promise.all(running.map((side) => side.stop()));
  world?.close();
  for (const app of apps) app.close();
});

/** What a client hears until the end; "" where it is closed. `serverName` null: plain text. */
function say(port: number, serverName: string | null): Promise<string> {
  return new Promise((resolve) => {
    const base = { host: "127.0.0.1", port };
    const socket =
      serverName === null ? connect(base) : connectTls({ ...base, servername: serverName, rejectUnauthorized: false });
    let heard = "";
    socket.once(serverName === null ? "connect" : "secureConnect", () => socket.write("hello"));
    socket.on("data", (chunk: Buffer) => {
      heard += chunk.toString("latin1");
    });
    const end = () => {
      socket.destroy();
      resolve(heard);
    };
    socket.on("error", end);
    socket.on("close", end);
  });
}

test("TLS goes by its server name to the app that speaks it, untouched", async () => {
  for (const { name, tls } of edges) {
    expect(await say(tls, "archive.example.com"), name).toBe("archive-v1 for archive.example.com: hello");
    expect(await say(tls, "ARCHIVE.example.com"), name).toMatch(/^archive-v1 for archive\.example\.com: hello$/i);
    expect(await say(tls, "a.example.com"), name).toBe("ledger-v1 for a.example.com: hello");
    expect(await say(tls, "a.b.example.com"), name).toBe("ledger-v1 for a.b.example.com: hello");
  }
});

test("a server name that no rule takes, TLS without one, and what is no TLS are closed", async () => {
  for (const { name, tls } of edges) {
    expect(await say(tls, "db.example.net"), name).toBe("");
    expect(await say(tls, "example.com"), name).toBe("");
    expect(await say(tls, ""), name).toBe("");
    expect(await say(tls, null), name).toBe("");
  }
});

test("TCP at a gateway's port goes where its rule says, whatever is spoken on it", async () => {
  for (const { name, tcp } of edges) {
    expect(await say(tcp, null), name).toBe("archive-v1 in plain text: hello");
    expect(await say(tcp, "anything.example.org"), name).toBe("archive-v1 for anything.example.org: hello");
  }
});

test("a connection that is refused is tried at the next host, as often as the policy of the callee says", async () => {
  for (const { name, tcp } of edges)
    for (let turn = 0; turn < 4; turn++) expect(await say(tcp, null), name).toBe("archive-v1 in plain text: hello");
});

test("where the simulator says that a connection goes, it goes; what it says is closed, is closed", async () => {
  const scene = buildScene(document);
  const cases: [string, number, string | null][] = [
    ["archive.example.com", EDGE_TLS_PORT, "archive.example.com"],
    ["x.example.com", EDGE_TLS_PORT, "x.example.com"],
    ["db.example.net", EDGE_TLS_PORT, "db.example.net"],
    ["192.0.2.7", EDGE_TLS_PORT, ""],
    ["192.0.2.7", EDGE_TCP_PORT, null],
  ];
  for (const [host, port, serverName] of cases) {
    const from = { kind: "outside" as const, gateway: "Gateway/production/edge" };
    const { outcome, destinations } = ask(scene, {
      from,
      to: { host, port },
      method: "CONNECT",
      path: "/",
      headers: {},
    });
    const service = destinations[0]?.service.split("/").at(-1);
    for (const { name, tls, tcp } of edges) {
      const heard = await say(port === EDGE_TLS_PORT ? tls : tcp, serverName);
      if (outcome === "forwarded") expect(heard, `${name}: ${host}`).toMatch(new RegExp(`^${service}-v1 `));
      else expect(heard, `${name}: ${host}`).toBe("");
    }
  }
});
