// TCP between services as it is run: design, deployment, real sidecars, and what the signals then say of it.
// The rule: a connection is told by which app answers on it; one that is refused gives nothing and ends.

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { MeshDocument } from "@/lib/mesh";
import { dependenciesSeen, goldenSignals, type Scope, type TcpSignals, versionShares } from "@/lib/signals";
import { type LiveRig, startLiveRig } from "./probe/testing/live-rig";
import { dependency, object, shop, workload } from "./testing/test-document";

const PORT = 5432;
/** No HTTP parser would take it. */
const QUERY = Buffer.from([0, 1, 2, 0xff, 10, 13, 10, 0]);
const key = (name: string) => `Service/production/${name}`;
const LEDGER = key("ledger");
const BANK = "ExternalService/production/bank";
const BANK_HOST = `bank.example:${PORT}`;

/** web and shipping call the ledger, shipping in vain; all connections go to version `to`. web may call the bank outside. */
function design(to: "v1" | "v2"): MeshDocument {
  const bank = { kind: "ExternalService", name: "bank" };
  const share = (subset: string) => ({ service: { name: "ledger" }, subset, weight: subset === to ? 100 : 0 });
  return shop({ web: 1, shipping: 1 }, [
    object("Service", "ledger", { ports: [{ name: "db", port: PORT, protocol: "tcp" }] }),
    ...["v1", "v2"].flatMap((version) => [
      workload("ledger", 1, version),
      object("Subset", `ledger-${version}`, { service: { name: "ledger" }, name: version, labels: { version } }),
    ]),
    dependency("web", "ledger"),
    dependency("shipping", "ledger"),
    object("TcpRoute", "ledger", {
      service: { name: "ledger" },
      rules: [{ matches: [], destinations: [share("v1"), share("v2")] }],
    }),
    object("AuthorizationPolicy", "no-shipping", {
      target: { service: "ledger" },
      action: "deny",
      rules: [{ from: [{ services: [{ kind: "Service", name: "shipping" }] }] }],
    }),
    object("ExternalService", "bank", {
      hosts: ["bank.example"],
      ports: [{ name: "tcp", port: PORT, protocol: "tcp" }],
    }),
    dependency("web", "bank", { to: bank }),
    object("Egress", "bank", { to: bank }),
  ]);
}

const apps = new Map<string, { server: Server; port: number }>();
let rig: LiveRig;

/** Answers what it is sent with its name before it. */
async function startApp(name: string): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk) => socket.write(Buffer.concat([Buffer.from(`${name}:`), chunk])));
    socket.on("end", () => socket.end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  apps.set(name, { server, port: (server.address() as AddressInfo).port });
}

beforeAll(async () => {
  for (const name of ["ledger-v1", "ledger-v2", "bank"]) await startApp(name);
  rig = await startLiveRig();
});

afterAll(async () => {
  await rig?.stop();
  for (const { server } of apps.values()) server.close();
});

const deploy = (to: "v1" | "v2") =>
  rig.deploy(design(to), [], new Map([...apps].map(([name, { port }]) => [name, port])));

const entryOf = (proxy: string) =>
  rig.plane.registry.inEnvironment(rig.environmentId).find((entry) => entry.proxyKey === `production/${proxy}`)!;

/** Reads until `isEnough` or the end of the connection. */
async function read(socket: Socket, isEnough: (text: string) => boolean): Promise<string> {
  let text = "";
  await new Promise<void>((resolve) => {
    const done = () => {
      socket.off("data", take);
      resolve();
    };
    const take = (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (isEnough(text)) done();
    };
    socket.on("data", take);
    socket.once("close", done);
  });
  return text;
}

/** The connection to `host`, or to the ledger, that the app of `caller` gets from its sidecar. */
async function ask(caller: string, host = `ledger:${PORT}`): Promise<{ socket: Socket; head: string }> {
  const socket = connect(entryOf(`${caller}-v1/0`).row.outboundPort!, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(`CONNECT ${host} HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
  return { socket, head: await read(socket, (text) => text.includes("\r\n\r\n")) };
}

/** What comes back of `QUERY`; the connection stays open. */
async function say(socket: Socket): Promise<string> {
  const answer = read(socket, (text) => text.endsWith(QUERY.toString("latin1")));
  socket.write(QUERY);
  return answer;
}

async function hangUp(socket: Socket): Promise<void> {
  const gone = once(socket, "close");
  socket.end();
  await gone;
}

const echoOf = (name: string) => `${name}:${QUERY.toString("latin1")}`;

async function callsTo(name: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const { socket, head } = await ask("web");
    expect(head).toMatch(/^HTTP\/1\.1 200 /);
    expect(await say(socket)).toBe(echoOf(name));
    await hangUp(socket);
  }
}

const flows = () =>
  (rig.plane.scraper.telemetryOf(rig.environmentId)?.recent.since(0) ?? []).flatMap((window) => window.flows);
const tcpOf = (scope: Scope): TcpSignals | null => goldenSignals(scope, flows(), 1).tcp;
const callsOf = (from: string): Scope => ({ kind: "dependency", source: key(from), destination: LEDGER });
const bytesEach = (version: string) => `ledger-${version}:`.length + QUERY.length;

test("connections go where the route says, and elsewhere once another is deployed", async () => {
  expect(await deploy("v1")).toBe("done");
  await callsTo("ledger-v1", 12);
  expect(await deploy("v2")).toBe("done");
  await callsTo("ledger-v2", 6);
});

test("they are told of service, dependency and version, in connections and bytes, over mutual TLS", async () => {
  await rig.plane.scraper.round();
  for (const scope of [{ kind: "mesh" }, { kind: "service", key: LEDGER }, callsOf("web")] as const) {
    expect(goldenSignals(scope, flows(), 1)).toMatchObject({
      ...{ requests: 0, mtlsRatio: 1 },
      tcp: {
        ...{ connections: 18, failedConnections: 0 },
        ...{
          receivedBytesPerSecond: 18 * QUERY.length,
          sentBytesPerSecond: 12 * bytesEach("v1") + 6 * bytesEach("v2"),
        },
      },
    });
  }
  expect(versionShares(LEDGER, flows())).toEqual({ v1: 12 / 18, v2: 6 / 18 });
});

test("what passes on an open connection is told while it is open", async () => {
  const before = tcpOf(callsOf("web"))!;
  const { socket } = await ask("web");
  await say(socket);
  await rig.plane.scraper.round();
  const opened = tcpOf(callsOf("web"))!;
  expect(opened.connections - before.connections).toBe(1);
  expect(opened.receivedBytesPerSecond - before.receivedBytesPerSecond).toBe(QUERY.length);
  await say(socket);
  await rig.plane.scraper.round();
  const more = tcpOf(callsOf("web"))!;
  expect(more.connections).toBe(opened.connections);
  expect(more.sentBytesPerSecond - opened.sentBytesPerSecond).toBe(bytesEach("v2"));
  await hangUp(socket);
});

test("a tunnel to an external service is told by its caller while it is open, and once", async () => {
  const toBank: Scope = { kind: "dependency", source: key("web"), destination: BANK };
  const { socket, head } = await ask("web", BANK_HOST);
  expect(head).toMatch(/^HTTP\/1\.1 200 /);
  expect(await say(socket)).toBe(echoOf("bank"));
  await rig.plane.scraper.round();
  const whole = {
    ...{ connections: 1, failedConnections: 0, receivedBytesPerSecond: QUERY.length },
    ...{ sentBytesPerSecond: echoOf("bank").length },
  };
  expect(tcpOf(toBank)).toMatchObject(whole);
  await hangUp(socket);
  await rig.plane.scraper.round();
  expect(tcpOf(toBank)).toMatchObject(whole);
});

test("who is denied is closed before a byte, and counted as a failed connection of its own", async () => {
  const { socket } = await ask("shipping");
  expect(await say(socket)).toBe("");
  socket.destroy();
  await rig.plane.scraper.round();
  expect(tcpOf(callsOf("shipping"))).toMatchObject({
    ...{ connections: 1, failedConnections: 1, failedRatio: 1 },
    ...{ receivedBytesPerSecond: 0, sentBytesPerSecond: 0 },
  });
  expect(dependenciesSeen(flows())).toEqual(
    expect.arrayContaining([
      { source: key("web"), destination: LEDGER },
      { source: key("shipping"), destination: LEDGER },
    ]),
  );
});

test("an app that is gone is a failed connection", async () => {
  const before = tcpOf({ kind: "service", key: LEDGER })!;
  const app = apps.get("ledger-v2")!.server;
  app.close();
  const { socket } = await ask("web");
  expect(await say(socket)).toBe("");
  socket.destroy();
  await rig.plane.scraper.round();
  const after = tcpOf({ kind: "service", key: LEDGER })!;
  expect(after.connections - before.connections).toBe(1);
  expect(after.failedConnections - before.failedConnections).toBe(1);
});
