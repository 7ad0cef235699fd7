// Connections at a gateway as they are run: design, binding, deployment, a real gateway and sidecars, and what the signals then say of them.
// The rule: which app a connection reached is told by what comes back, in TLS by the app's own; what is closed gives nothing.

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ControlClient } from "@/lib/agent/control-client";
import { createAuthority } from "@/lib/compile/testing/test-authority";
import type { MeshDocument } from "@/lib/mesh";
import { dependenciesSeen, goldenSignals, type Scope, type TcpSignals } from "@/lib/signals";
import { freePort } from "../start/wait.mjs";
import { type LiveRig, SECRET, startLiveRig } from "./probe/testing/live-rig";
import { dependency, object, shop, workload } from "./testing/test-document";

const EDGE = "production/edge/0";
const GATEWAY = "Gateway/production/edge";
/** Who takes TLS; nobody stands behind `empty`. */
const SECURE = ["archive", "vault", "empty"];
const key = (name: string) => `Service/production/${name}`;
const gateway = { kind: "Gateway", name: "edge" };
const hostOf = (name: string) => `${name}.example.com`;

/** The edge takes TCP for the ledger and TLS for those of `names`; the vault lets it in no further. With `isWide`, a listener more. */
function design(names: readonly string[], isWide = false): MeshDocument {
  const listener = (name: string, port: number, protocol: string) => ({ name, port, protocol, hosts: ["*"] });
  const to = (name: string) => [{ service: { name }, weight: 1 }];
  return shop({}, [
    object("Gateway", "edge", {
      type: "ingress",
      listeners: [
        listener("raw", 6000, "tcp"),
        listener("secure", 8443, "tls"),
        ...(isWide ? [listener("second", 6001, "tcp")] : []),
      ],
    }),
    object("TcpRoute", "edge", {
      gateway: { name: "edge" },
      rules: [
        ...names.map((name) => ({ matches: [{ serverNames: [hostOf(name)] }], destinations: to(name) })),
        { matches: [{ port: 6000 }, ...(isWide ? [{ port: 6001 }] : [])], destinations: to("ledger") },
      ],
    }),
    ...["ledger", ...SECURE].flatMap((name) => [
      object("Service", name, { ports: [{ name: "tcp", port: 5432, protocol: "tcp" }] }),
      ...(name === "empty" ? [] : [workload(name)]),
      dependency("edge", name, { from: gateway }),
    ]),
    object("AuthorizationPolicy", "no-edge", {
      target: { service: "vault" },
      action: "deny",
      rules: [{ from: [{ services: [gateway] }] }],
    }),
  ]);
}

const apps = new Map<string, { server: Server; port: number }>();
const ports = { raw: 0, secure: 0, second: 0, other: 0 };
let rig: LiveRig;

async function listen(name: string, server: Server): Promise<void> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  apps.set(name, { server, port: (server.address() as AddressInfo).port });
}

beforeAll(async () => {
  const authority = await createAuthority("app.example");
  const answer = (name: string) => (socket: Socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk) => socket.write(Buffer.concat([Buffer.from(`${name}:`), chunk])));
    socket.on("end", () => socket.end());
  };
  await listen("ledger-v1", createServer({ allowHalfOpen: true }, answer("ledger")));
  for (const name of ["archive", "vault"]) {
    const { certPem, keyPem } = await authority.issue(`spiffe://app.example/${name}`);
    await listen(`${name}-v1`, createTlsServer({ cert: certPem, key: keyPem }, answer(name)));
  }
  for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = await freePort();
  rig = await startLiveRig();
}, 120_000);

afterAll(async () => {
  await rig?.stop();
  for (const { server } of apps.values()) server.close();
});

const bound = () => {
  const { raw, secure, second } = ports;
  return { namespace: "production", name: "edge", listenerPorts: { raw, secure, second } };
};
const deploy = (document: MeshDocument) =>
  rig.deploy(document, [], new Map([...apps].map(([name, { port }]) => [name, port])), [bound()]);
const edge = () => rig.plane.registry.inEnvironment(rig.environmentId).find(({ proxyKey }) => proxyKey === EDGE)!;

/** An open connection on which `hello` was answered; null: it was closed before. */
async function open(port: number, serverName?: string): Promise<{ heard: string; socket: Socket } | null> {
  const base = { host: "127.0.0.1", port };
  const socket =
    serverName === undefined
      ? connect(base)
      : connectTls({ ...base, servername: serverName, rejectUnauthorized: false });
  return new Promise((resolve) => {
    socket.once(serverName === undefined ? "connect" : "secureConnect", () => socket.write("hello"));
    socket.once("data", (chunk: Buffer) => resolve({ heard: chunk.toString("latin1"), socket }));
    socket.on("error", () => {});
    socket.once("close", () => resolve(null));
  });
}

/** What is heard, and the connection is over. */
async function say(port: number, serverName?: string): Promise<string> {
  const opened = await open(port, serverName);
  if (opened === null) return "";
  const gone = once(opened.socket, "close");
  opened.socket.end();
  await gone;
  return opened.heard;
}

const flows = () =>
  (rig.plane.scraper.telemetryOf(rig.environmentId)?.recent.since(0) ?? []).flatMap((window) => window.flows);
const callsTo = (name: string): Scope => ({ kind: "dependency", source: GATEWAY, destination: key(name) });
async function tcpTo(name: string): Promise<TcpSignals | null> {
  await rig.plane.scraper.round();
  return goldenSignals(callsTo(name), flows(), 1).tcp;
}
/** What the gateway itself says. */
const toldByEdge = (name: string) =>
  flows()
    .filter(
      ({ reporter, source, destination }) => reporter === "source" && source === GATEWAY && destination === key(name),
    )
    .reduce((sum, flow) => sum + flow.connections, 0);

test("the agent's gateway takes TCP and TLS at the ports that were bound for its listeners", async () => {
  expect(await deploy(design(["archive", "vault"]))).toBe("done");
  expect(await say(ports.raw)).toBe("ledger:hello");
  expect(await say(ports.secure, hostOf("archive"))).toBe("archive:hello");
});

test("agents are told which ports are bound for gateways, so that they choose them for no sidecar", async () => {
  const client = new ControlClient(`http://127.0.0.1:${rig.plane.internalPort}`, SECRET, "onlooker");
  const { reservedPorts } = await client.desired("", new AbortController().signal);
  expect(reservedPorts).toEqual([ports.raw, ports.secure, ports.second].sort((a, b) => a - b));
});

test("a server name that no rule takes, and what is no TLS, are closed", async () => {
  expect(await say(ports.secure, hostOf("empty"))).toBe("");
  expect(await say(ports.secure, "archive.example.net")).toBe("");
  expect(await say(ports.secure)).toBe("");
});

test("the callee's network RBAC decides about the gateway by its identity, and counts whom it refuses", async () => {
  expect(await say(ports.secure, hostOf("vault"))).toBe("");
  expect(await tcpTo("vault")).toMatchObject({ connections: 1, failedConnections: 1, failedRatio: 1 });
});

test("connections of the gateway are told as a dependency, in connections and bytes, by both sides, while they are open", async () => {
  expect(await tcpTo("ledger")).toMatchObject({
    ...{ connections: 1, failedConnections: 0 },
    ...{ receivedBytesPerSecond: "hello".length, sentBytesPerSecond: "ledger:hello".length },
  });
  expect(goldenSignals(callsTo("ledger"), flows(), 1)).toMatchObject({ requests: 0, mtlsRatio: 1 });
  expect(toldByEdge("ledger")).toBe(1);
  const held = await open(ports.raw);
  expect(held?.heard).toBe("ledger:hello");
  expect(await tcpTo("ledger")).toMatchObject({ connections: 2, receivedBytesPerSecond: 2 * "hello".length });
  expect(toldByEdge("ledger")).toBe(2);
  held?.socket.destroy();
  expect(dependenciesSeen(flows())).toEqual(
    expect.arrayContaining(["ledger", "archive", "vault"].map((name) => ({ source: GATEWAY, destination: key(name) }))),
  );
});

test("the gateway's access log says each connection with the server name that was asked for", async () => {
  const lines = () => rig.accessLogOf(EDGE);
  await expect
    .poll(() =>
      lines()
        .filter(({ listener }) => listener === "gateway-tcp")
        .map((line) => line.requested_server_name),
    )
    .toEqual(expect.arrayContaining([hostOf("archive"), hostOf("vault"), null]));
  expect(lines().find((line) => line.requested_server_name === hostOf("archive"))).toMatchObject({
    ...{ response_flags: "-", upstream_cluster: expect.stringContaining("archive") },
  });
});

test("a rule that is deployed takes effect; where nobody stands behind it, the gateway tells the failure", async () => {
  expect(await deploy(design(SECURE))).toBe("done");
  expect(await say(ports.secure, hostOf("empty"))).toBe("");
  expect(await tcpTo("empty")).toMatchObject({ connections: 1, failedConnections: 1, failedRatio: 1 });
  expect(await say(ports.secure, hostOf("archive"))).toBe("archive:hello");
});

test("a listener's port that is taken takes the deployment back with the reason, and what was open stays", async () => {
  const squatter = createServer().listen(ports.second, "127.0.0.1");
  await once(squatter, "listening");
  const held = await open(ports.raw);
  const outcome = await deploy(design(SECURE, true));
  expect(outcome).toMatch(/^restored /);
  expect(outcome).toContain(EDGE);
  expect(outcome).toContain(`cannot listen on 127.0.0.1:${ports.second}`);
  expect(outcome).toContain("free the port or choose another");
  const again = once(held!.socket, "data");
  held?.socket.write("still");
  expect(String((await again)[0])).toBe("ledger:still");
  held?.socket.destroy();
  expect(await say(ports.secure, hostOf("archive"))).toBe("archive:hello");
  squatter.close();
  await once(squatter, "close");
  expect(await deploy(design(SECURE, true))).toBe("done");
  expect(await say(ports.second)).toBe("ledger:hello");
});

test("a port that is bound later and taken is a NACK with the reason; another one takes effect without a deployment", async () => {
  const squatter = createServer().listen(0, "127.0.0.1");
  await once(squatter, "listening");
  const taken = (squatter.address() as AddressInfo).port;
  const moved = (second: number) =>
    rig.bind((binding) => ({
      ...binding,
      gateways: [{ ...bound(), listenerPorts: { ...bound().listenerPorts, second } }],
    }));
  await moved(taken);
  await expect.poll(() => edge().row.state, { timeout: 15_000 }).toBe("nack");
  expect(JSON.stringify(edge().row.nack)).toContain(`cannot listen on 127.0.0.1:${taken}`);
  expect(await say(ports.second)).toBe("ledger:hello");
  await moved(ports.other);
  await expect.poll(() => edge().row.state, { timeout: 15_000 }).toBe("ack");
  expect(await say(ports.other)).toBe("ledger:hello");
  squatter.close();
});
