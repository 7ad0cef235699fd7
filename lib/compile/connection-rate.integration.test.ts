// How many new connections a callee takes, as our proxy does it and as a real Envoy does where there is one (ENVOY_BIN): one more is closed.
// The rule: a period is an hour, so that no test waits for a token and none depends on how fast the machine is.
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Identity } from "./testing/echo-server";
import { LEDGER_PORT, ledgerMesh } from "./testing/ledger";
import { object } from "./testing/rich";
import { bundleProxy, type Side, type Surroundings, startSide, surround } from "./testing/side-by-side";

const envoy = process.env["ENVOY_BIN"];
const HOUR_MS = 3_600_000;
const MOST = 2;
const GET = "GET / HTTP/1.1\r\nhost: ledger\r\nconnection: close\r\n\r\n";

let world: Surroundings;
let bundle = "";
let storefront: Identity;
let cart: Identity;
const running: Side[] = [];
const sidesOf = async (workload: string): Promise<Side[]> => {
  const sides = [await startSide(world, `production/${workload}/0`, "ours", [process.execPath, bundle])];
  running.push(...sides);
  if (!envoy) return sides;
  const command = [envoy, "--use-dynamic-base-id", "--concurrency", "1", "-l", "error"];
  const real = await startSide(world, `production/${workload}/0`, "envoy", command);
  running.push(real);
  return [...sides, real];
};

beforeAll(async () => {
  const limit = (name: string) =>
    object("RateLimit", name, { service: { name }, connectionRate: { connections: MOST, perMs: HOUR_MS } });
  const permissive = object("MutualTls", "archive", { target: { service: "archive" }, mode: "permissive" });
  const open = object("AuthorizationPolicy", "archive", {
    target: { service: "archive" },
    action: "allow",
    rules: [{}],
  });
  const made = await surround(ledgerMesh(limit("ledger"), limit("archive"), permissive, open));
  const { binding } = made.input;
  const instances = binding.instances.map((each) => ({ ...each, app: { kind: "echo" as const } }));
  world = { ...made, input: { ...made.input, binding: { ...binding, instances } } };
  bundle = await bundleProxy(world.folder);
  const idOf = (account: string) => world.identityOf(`spiffe://shop.mesh.local/ns/production/sa/${account}`);
  [storefront, cart] = [await idOf("storefront"), await idOf("cart")];
}, 120_000);

afterAll(async () => {
  await Promise.all(running.map((side) => side.stop()));
  world?.close();
});

/** The status that the app gave, or "closed". @param as null: in plain text */
function ask(port: number, as: Identity | null, servername = ""): Promise<string> {
  return new Promise((resolve) => {
    const base = { host: "127.0.0.1", port };
    const socket = as
      ? connectTls({ ...base, servername, rejectUnauthorized: false, cert: as.certPem, key: as.keyPem, ca: as.caPem })
      : connect(base);
    let heard = "";
    const end = () => {
      socket.destroy();
      resolve(heard === "" ? "closed" : heard.slice(9, 12));
    };
    socket.once(as ? "secureConnect" : "connect", () => socket.write(GET));
    socket.on("data", (chunk: Buffer) => {
      heard += chunk.toString("latin1");
      if (heard.length >= 12) end();
    });
    socket.on("error", end);
    socket.on("close", end);
  });
}

test("one connection more than the limit is closed, at each TCP port and at the HTTP ports for themselves", async () => {
  const tcp = `tcp-${LEDGER_PORT}.ledger.production.svc.cluster.local`;
  const http = "ledger.production.svc.cluster.local";
  for (const { name, ports } of await sidesOf("ledger-v1")) {
    const heard = { tcp: [] as string[], http: [] as string[] };
    for (let i = 0; i <= MOST; i++) {
      heard.tcp.push(await ask(ports.inbound, storefront, tcp));
      heard.http.push(await ask(ports.inbound, cart, http));
    }
    const expected = ["200", "200", "closed"];
    expect(heard, name).toEqual({ tcp: expected, http: expected });
  }
});

test("connections in mutual TLS and in plain text to one port take from one count", async () => {
  for (const { name, ports } of await sidesOf("archive-v1")) {
    const inTls = () => ask(ports.inbound, storefront, `tcp-${LEDGER_PORT}.archive.production.svc.cluster.local`);
    const inPlain = () => ask(ports.inbound, null);
    expect([await inTls(), await inPlain(), await inTls(), await inPlain()], name).toEqual([
      "200",
      "200",
      "closed",
      "closed",
    ]);
  }
});
