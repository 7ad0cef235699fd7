// TCP between services through real sidecars, and the same compiled configuration on a real Envoy where there is one (ENVOY_BIN).
// The rule: a connection is told by what comes back of its bytes; one that is refused gives nothing and ends.
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessMatrix, buildScene } from "@/lib/simulate";
import type { Identity } from "./testing/echo-server";
import { LEDGER_HOST, LEDGER_PORT, ledgerMesh, ledgerRoute } from "./testing/ledger";
import { object } from "./testing/rich";
import { bundleProxy, freePorts, type Side, type Surroundings, startSide, surround } from "./testing/side-by-side";

const envoy = process.env["ENVOY_BIN"];
/** Bytes that no HTTP parser would take. */
const BYTES = Buffer.from([0x16, 0x03, 0x01, 0x00, 0xff, 0x0a, 0x00]);
const CALLEES = ["ledger-v1", "ledger-v2", "archive-v1"];
/** Of two versions with half of the connections each, one would be missed by so many once in 2^199 runs. */
const MOST_TRIES = 200;

const apps: Server[] = [];
const running: Side[] = [];
let world: Surroundings;
/** By workload: the sidecars in front of an app, ours and, where there is one, Envoy. */
const callees = new Map<string, Side[]>();
const callers = new Map<string, Side[]>();

/** Answers with its name, then with what it is sent. */
async function startApp(name: string): Promise<number> {
  const server = createServer((socket: Socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => socket.write(Buffer.concat([Buffer.from(`${name}:`), chunk])));
    socket.on("end", () => socket.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  apps.push(server);
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  const half = (subset: string) => ({ service: { name: "ledger" }, subset, weight: 1 });
  const rules = [
    {
      matches: [{ caller: { labels: { version: "v2" } } }],
      destinations: [{ service: { name: "archive" }, weight: 1 }],
    },
    { matches: [], destinations: [half("v1"), half("v2")] },
  ];
  const deny = object("AuthorizationPolicy", "no-shipping", {
    target: { service: "ledger" },
    action: "deny",
    rules: [{ from: [{ services: [{ kind: "Service", name: "shipping" }] }] }],
  });
  const drawn = object("Dependency", "shipping-to-ledger", {
    from: { kind: "Service", name: "shipping" },
    to: { kind: "Service", name: "ledger" },
  });
  // a second host of the archive, at which nobody listens
  const dead = object("Workload", "archive-v2", { service: "archive", version: "v2" });
  const patient = object("TrafficPolicy", "archive", {
    service: { name: "archive" },
    connectionPool: { maxConnectAttempts: 2 },
    loadBalancing: { policy: "round-robin" },
  });
  const made = await surround(ledgerMesh(ledgerRoute(rules), deny, drawn, dead, patient));
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
  world = { ...made, input: { ...made.input, endpoints, binding: { ...made.input.binding, instances } } };
  const bundle = await bundleProxy(world.folder);
  const ours = [process.execPath, bundle];
  const start = async (workload: string, name: Side["name"], ports?: Side["ports"]) => {
    const args = ["--use-dynamic-base-id", "--concurrency", "1", "-l", "error"];
    const command = name === "ours" ? ours : [envoy ?? "", ...args];
    const side = await startSide(world, `production/${workload}/0`, name, command, ports);
    running.push(side);
    return side;
  };
  const programs: Side["name"][] = envoy ? ["ours", "envoy"] : ["ours"];
  for (const workload of CALLEES) callees.set(workload, [await start(workload, "ours", places.get(workload))]);
  for (const workload of envoy ? ["ledger-v1", "archive-v1"] : [])
    callees.get(workload)?.push(await start(workload, "envoy"));
  for (const workload of ["storefront-v1", "storefront-v2"]) {
    const sides: Side[] = [];
    for (const name of programs) sides.push(await start(workload, name));
    callers.set(workload, sides);
  }
}, 120_000);

afterAll(async () => {
  await Promise.all(running.map((side) => side.stop()));
  world?.close();
  for (const app of apps) app.close();
});

/** What the app asks its sidecar for: the status, and what comes back until the end or the echo. */
function tunnel(port: number, target: string): Promise<{ status: number; heard: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () =>
      socket.write(`CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\n\r\n`),
    );
    let read = Buffer.alloc(0);
    let status = 0;
    const end = () => {
      const heard = read.subarray(read.indexOf("\r\n\r\n") + 4);
      socket.destroy();
      resolve({ status, heard: status === 200 ? heard.toString("latin1") : "" });
    };
    socket.on("error", (error) => (status === 0 ? reject(error) : end()));
    socket.on("close", end);
    socket.on("data", (chunk) => {
      read = Buffer.concat([read, chunk]);
      const head = read.indexOf("\r\n\r\n");
      if (head < 0) return;
      if (status === 0) {
        status = Number(read.subarray(9, 12));
        if (status !== 200) end();
        else socket.write(BYTES);
      }
      if (read.subarray(head + 4).includes(BYTES)) end();
    });
  });
}

const echoOf = (name: string) => `${name}:${BYTES.toString("latin1")}`;

test("connections go to the versions that the route names, and a rule for some callers to those it names", async () => {
  for (const { ports } of callers.get("storefront-v1") ?? []) {
    const heard = new Set<string>();
    for (let i = 0; i < MOST_TRIES && heard.size < 2; i++) {
      const answer = await tunnel(ports.outbound, LEDGER_HOST);
      expect(answer.status).toBe(200);
      heard.add(answer.heard);
    }
    expect([...heard].sort()).toEqual([echoOf("ledger-v1"), echoOf("ledger-v2")]);
  }
  for (const { ports } of callers.get("storefront-v2") ?? [])
    expect(await tunnel(ports.outbound, LEDGER_HOST)).toEqual({ status: 200, heard: echoOf("archive-v1") });
});

test("a connection that is refused is tried at the next host, as often as the policy says", async () => {
  for (const { ports } of callers.get("storefront-v2") ?? [])
    for (let turn = 0; turn < 4; turn++)
      expect(await tunnel(ports.outbound, LEDGER_HOST)).toEqual({ status: 200, heard: echoOf("archive-v1") });
});

test("what was not drawn is no TCP port of the caller", async () => {
  for (const { name, ports } of callers.get("storefront-v1") ?? []) {
    // 405: docs/reference/envoy-differences.md
    const refused = name === "ours" ? 405 : 404;
    expect((await tunnel(ports.outbound, "ledger:5433")).status).toBe(refused);
    expect((await tunnel(ports.outbound, "payment-service:8080")).status).toBe(refused);
  }
});

type Knocking = { as: Identity | null; serverName: string | null; says?: Buffer | string };

/** What a callee's sidecar gives back to who knocks: the echo, or nothing and the end. */
function knock(port: number, { as, serverName, says = BYTES }: Knocking): Promise<string> {
  return new Promise((resolve) => {
    const base = { host: "127.0.0.1", port };
    const socket =
      serverName === null
        ? connect(base)
        : connectTls({
            ...base,
            servername: serverName,
            rejectUnauthorized: false,
            ...(as ? { cert: as.certPem, key: as.keyPem, ca: as.caPem } : {}),
          });
    let heard = "";
    const end = () => {
      socket.destroy();
      resolve(heard);
    };
    socket.once(serverName === null ? "connect" : "secureConnect", () => socket.write(says));
    socket.on("data", (chunk: Buffer) => {
      heard += chunk.toString("latin1");
      if (heard.endsWith(Buffer.from(says).toString("latin1")) || heard.startsWith("HTTP/1.1 ")) end();
    });
    socket.on("error", end);
    socket.on("close", end);
  });
}

const id = (account: string, domain = "shop.mesh.local") => `spiffe://${domain}/ns/production/sa/${account}`;
const NAME = `tcp-${LEDGER_PORT}.ledger.production.svc.cluster.local`;
const deniedBy = async ({ name, ports }: Side): Promise<number> => {
  const page = name === "ours" ? "/stats/prometheus" : "/stats?filter=inbound_tcp.rbac.denied";
  const text = await (await fetch(`http://127.0.0.1:${ports.admin}${page}`)).text();
  const found = name === "ours" ? /^meshwright_rbac_denied_total(?:\{[^}]*\})? (\d+)$/m : /rbac\.denied: (\d+)/;
  return Number(found.exec(text)?.[1] ?? Number.NaN);
};

test("a callee lets in who was granted the port, and closes what comes of anybody else, and counts it", async () => {
  const own = (account: string) => world.identityOf(id(account));
  const granted: [string, Knocking][] = [["storefront", { as: await own("storefront"), serverName: NAME }]];
  const refused: [string, Knocking][] = [
    ["granted another port", { as: await own("cart"), serverName: NAME }],
    ["granted, and denied by a policy", { as: await own("shipping"), serverName: NAME }],
    ["nobody drew it", { as: await own("catalog"), serverName: NAME }],
  ];
  const strangers: [string, Knocking][] = [
    ["of another domain", { as: await world.identityOf(id("storefront", "other.local")), serverName: NAME }],
    ["of another authority", { as: await world.identityOf(id("storefront"), world.otherAuthority), serverName: NAME }],
    ["without a certificate", { as: null, serverName: NAME }],
    ["in plain text", { as: null, serverName: null, says: "select 1;" }],
  ];
  for (const side of callees.get("ledger-v1") ?? []) {
    const before = await deniedBy(side);
    for (const [who, how] of granted)
      expect(await knock(side.ports.inbound, how), `${side.name}: ${who}`).toBe(echoOf("ledger-v1"));
    for (const [who, how] of [...refused, ...strangers])
      expect(await knock(side.ports.inbound, how), `${side.name}: ${who}`).toBe("");
    expect((await deniedBy(side)) - before, side.name).toBe(refused.length);
  }
});

test("connections that were taken are counted by caller, as Istio counts them", async () => {
  for (const side of callees.get("archive-v1") ?? []) {
    if (side.name === "envoy") continue;
    const as = await world.identityOf(id("storefront"));
    const opened = async () => {
      const text = await (await fetch(`http://127.0.0.1:${side.ports.admin}/stats/prometheus`)).text();
      const line =
        /^istio_tcp_connections_opened_total\{.*source_workload="storefront".*security_policy="mutual_tls"\} (\d+)$/m;
      return Number(line.exec(text)?.[1] ?? 0);
    };
    const before = await opened();
    const serverName = `tcp-${LEDGER_PORT}.archive.production.svc.cluster.local`;
    for (let i = 0; i < 3; i++) expect(await knock(side.ports.inbound, { as, serverName })).toBe(echoOf("archive-v1"));
    expect((await opened()) - before).toBe(3);
  }
});

test("the name of a TCP port leads nowhere else: its HTTP port keeps its own policies and takes no other bytes", async () => {
  const get = "GET /who HTTP/1.1\r\nhost: ledger\r\nconnection: close\r\n\r\n";
  const http = "ledger.production.svc.cluster.local";
  for (const side of callees.get("ledger-v1") ?? []) {
    const cart = await world.identityOf(id("cart"));
    const catalog = await world.identityOf(id("catalog"));
    const status = async (how: Knocking) => (await knock(side.ports.inbound, how)).slice(9, 12);
    expect(await status({ as: catalog, serverName: http, says: get }), side.name).toBe("403");
    // granted HTTP: past authorization, what the app says is no HTTP
    expect(await status({ as: cart, serverName: http, says: get }), side.name).toMatch(/^50[23]$/);
    expect(await knock(side.ports.inbound, { as: cart, serverName: NAME, says: get }), side.name).toBe("");
  }
});

test("whom a real callee lets in is whom the simulator says that it lets in", async () => {
  const { document } = world.input;
  const scene = buildScene(document);
  const key = "Service/production/archive";
  const cells = accessMatrix(scene).cells.filter(
    ({ callee, caller }) => callee === key && caller.startsWith("Service/"),
  );
  expect(new Set(cells.map(({ access }) => access))).toEqual(new Set(["allowed", "denied"]));
  const serverName = `tcp-${LEDGER_PORT}.archive.production.svc.cluster.local`;
  for (const side of callees.get("archive-v1") ?? []) {
    for (const { caller, access } of cells) {
      const account = caller.split("/").at(-1) ?? "";
      const heard = await knock(side.ports.inbound, { as: await world.identityOf(id(account)), serverName });
      expect(heard === echoOf("archive-v1") ? "allowed" : "denied", `${side.name}: ${account}`).toBe(access);
    }
  }
});
