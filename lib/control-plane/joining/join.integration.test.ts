// A machine that has only Node and the packed proxy joins a mesh that runs: with a token that works once, by a pinned root, over mutual
// TLS from its first configuration on; it comes back without a token, is missed when it is silent, and is out when it is revoked.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as tlsConnect } from "node:tls";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Principal } from "@/lib/auth/permissions";
import { type Database, openDatabase } from "@/lib/data/client";
import { revokeIdentity } from "@/lib/data/revocations";
import { readTrust } from "@/lib/data/trust";
import { createWorkloadJoinToken } from "@/lib/data/workload-join-tokens";
import { Caller, statusCounts } from "@/lib/start/testing/load";
import { type LiveRig, startLiveRig } from "../probe/testing/live-rig";
import { dependency, shop } from "../testing/test-document";

const LIMIT_MS = 60_000;
/** Loopback has more addresses than one: the mesh and the machine meet as they would over a network. */
const MESH = "127.0.0.2";
const MACHINE = "127.0.0.3";
const documentWith = (timeoutMs: number) =>
  shop({ web: 1, cart: 1 }, [dependency("cart", "web"), dependency("web", "cart", { timeoutMs })]);

const operator: Principal = {
  kind: "person",
  userId: "operator",
  tokenId: null,
  name: "Olga Operator",
  email: "olga@test.local",
  bindings: [{ role: "operator", meshId: null, namespace: null }],
  limit: null,
};

let rig: LiveRig;
let database: Database;
let app: Server;
let appPort = 0;
let machine: string;
let command: string;
let fingerprint = "";
let inboundPort = 0;
let outboundPort = 0;
let adminPort = 0;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  rig = await startLiveRig(MESH);
  database = openDatabase({ url: rig.databaseUrl, poolSize: 2 });
  app = createServer((_call, response) => response.end("from the machine"));
  await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
  appPort = (app.address() as AddressInfo).port;
  machine = mkdtempSync(join(tmpdir(), "meshwright-machine-"));
  command = unpackProxy(machine, join(rig.home, "proxy.mjs"));
  expect(await rig.deploy(documentWith(5_000), ["cart-v1"])).toBe("done");
  fingerprint = (await readTrust(database)).roots[0]?.fingerprint ?? "";
  [inboundPort, outboundPort, adminPort] = [await freePort(), await freePort(), await freePort()];
});
afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  await rig?.stop();
  await database?.$disconnect();
  app?.closeAllConnections();
  app?.close();
  rmSync(machine, { recursive: true, force: true });
});

/** `npm pack` and nothing else: what a machine is handed. */
function unpackProxy(folder: string, bundle: string): string {
  const source = fileURLToPath(new URL("../../../proxy/", import.meta.url));
  const packed = join(folder, "packed");
  mkdirSync(join(packed, "dist"), { recursive: true });
  for (const name of ["package.json", "README.md", "ARCHITECTURE.md", "bin"]) {
    cpSync(join(source, name), join(packed, name), { recursive: true });
  }
  cpSync(bundle, join(packed, "dist", "meshwright-proxy.mjs"));
  const tarball = execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], {
    cwd: packed,
    encoding: "utf8",
  });
  execFileSync("tar", ["xzf", join(folder, tarball.trim()), "-C", folder]);
  return join(folder, "package", "bin", "meshwright-proxy.mjs");
}

async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const makeToken = async (name = "cart-v1", minutes = 10) => {
  const asked = { slug: "shop", environment: "local", workload: { namespace: "production", name }, minutes };
  return (await createWorkloadJoinToken(database, operator, { ...asked, now: new Date() })).token;
};

interface Run {
  child: ChildProcess;
  text(): string;
  /** Exit code, or the signal. */
  ended: Promise<number | string>;
}

/** Runs `meshwright-proxy join` on the machine; nothing of this repository is in its environment. */
function runJoin(...args: string[]): Run {
  const child = spawn(process.execPath, [command, "join", ...args], {
    cwd: machine,
    env: { NODE_ENV: "production", PATH: process.env.PATH ?? "" },
  });
  running.add(child);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<number | string>((resolve) => {
    child.once("close", (code, signal) => {
      running.delete(child);
      resolve(code ?? signal ?? "");
    });
  });
  return { child, text: () => text, ended };
}

async function joinWith(token: string, state: string, ...more: string[]): Promise<Run> {
  const where = ["--control-plane", `${MESH}:${rig.plane.enrollPort}`, "--workload", "production/cart-v1"];
  const listening = ["--inbound-port", `${inboundPort}`, "--outbound-port", `${outboundPort}`, "--address", MACHINE];
  const admin = ["--admin-port", `${adminPort}`, "--app-port", `${appPort}`, "--state", state];
  return runJoin(
    ...where,
    "--ca-fingerprint",
    `sha256:${fingerprint}`,
    "--token",
    token,
    ...listening,
    ...admin,
    ...more,
  );
}

const joinedEntry = () => rig.plane.registry.all().find(({ row }) => row.origin === "joined");
const isServing = () => {
  const entry = joinedEntry();
  return entry?.isInForce(entry.row.deploymentId ?? "") ?? false;
};
const serves = (run: Run) =>
  expect.poll(() => isServing() || run.text().slice(-2_000), { timeout: LIMIT_MS, interval: 50 }).toBe(true);

function caller(): Caller {
  const web = rig.plane.registry.all().find(({ proxyKey }) => proxyKey === "production/web-v1/0");
  return new Caller({ port: web?.row.outboundPort ?? 0, host: "cart", path: "/" }, 2);
}

async function expectAnswersFromMachine(): Promise<void> {
  const calls = caller();
  // The caller's sidecar hears of the endpoint a moment after the control plane does.
  await expect
    .poll(async () => statusCounts(await calls.times(5)), { timeout: LIMIT_MS })
    .toEqual({ "200": expect.any(Number) });
  const replies = await calls.times(50);
  calls.close();
  expect(statusCounts(replies)).toEqual({ "200": replies.length });
}

let first: Run;
let proxyKey = "";

test("a control plane of another root gets nothing, and the token stays good", { timeout: LIMIT_MS }, async () => {
  const token = await makeToken();
  const wrong = "0".repeat(64);
  const where = ["--control-plane", `${MESH}:${rig.plane.enrollPort}`, "--workload", "production/cart-v1"];
  const refused = runJoin(...where, "--ca-fingerprint", wrong, "--token", token, "--app-port", "1", "--state", "wrong");
  expect(await refused.ended).toBe(1);
  expect(refused.text()).toContain(`has no root with the fingerprint sha256:${wrong}`);
  expect(refused.text()).toContain("Nothing was sent to it");
  const unpinned = runJoin(...where, "--token", token, "--app-port", "1", "--state", "wrong");
  expect(await unpinned.ended).toBe(2);
  expect(unpinned.text()).toContain("--ca-fingerprint");
  const rows = await rig.sql.query(`SELECT "usedAt" FROM "WorkloadJoinToken"`);
  expect(rows.rows).toEqual([{ usedAt: null }]);
});

test("what is wrong is said before the token is used up", { timeout: LIMIT_MS }, async () => {
  const token = await makeToken("web-v1");
  const other = await joinWith(token, "other");
  expect(await other.ended).toBe(1);
  expect(other.text()).toContain("This join token is for production/web-v1, not for production/cart-v1");
  const taken = await joinWith(await makeToken(), "taken", "--outbound-port", `${appPort}`);
  expect(await taken.ended).toBe(1);
  expect(taken.text()).toContain(
    `127.0.0.1:${appPort} is taken by another process. Choose another with --outbound-port`,
  );
  const elsewhere = await joinWith(await makeToken(), "elsewhere", "--address", "192.0.2.1");
  expect(await elsewhere.ended).toBe(1);
  expect(elsewhere.text()).toContain("192.0.2.1 is not an address of this machine");
  expect((await rig.sql.query(`SELECT 1 FROM "WorkloadJoinToken" WHERE "usedAt" IS NOT NULL`)).rowCount).toBe(0);
});

test("a machine joins, and calls reach it over mutual TLS", { timeout: LIMIT_MS * 2 }, async () => {
  const token = await makeToken();
  first = await joinWith(token, "state");
  await serves(first);
  proxyKey = joinedEntry()?.proxyKey ?? "";
  await expectAnswersFromMachine();

  expect(await peerNames(inboundPort)).toBe("URI:spiffe://shop.test/ns/production/sa/cart");
  await expect(fetch(`http://${MACHINE}:${inboundPort}/`), "plain text is not served").rejects.toThrow();
  expect(readFileSync(join(machine, "state", "meshwright.json"), "utf8")).not.toContain(token);
  const mode = (name: string) => statSync(join(machine, "state", name)).mode & 0o777;
  expect([mode(""), mode("identity"), mode("identity/key.pem"), mode("meshwright.json"), mode("join.json")]).toEqual([
    0o700, 0o700, 0o600, 0o600, 0o600,
  ]);
  const [row] = (
    await rig.sql.query(`SELECT "usedAt", "proxyKey", hash FROM "WorkloadJoinToken" WHERE "usedAt" IS NOT NULL`)
  ).rows;
  expect(row).toMatchObject({ usedAt: expect.any(Date), proxyKey });
  expect(row.hash).not.toContain(token);

  const again = await joinWith(
    token,
    "second",
    "--outbound-port",
    `${await freePort()}`,
    "--inbound-port",
    `${await freePort()}`,
    "--admin-port",
    `${await freePort()}`,
  );
  expect(await again.ended).toBe(75);
  expect(again.text()).toContain(`This join token was used by ${proxyKey}`);
});

test("its app calls the mesh through it, and what is for its own machine is reached from there alone", {
  timeout: LIMIT_MS,
}, async () => {
  const calls = new Caller({ port: outboundPort, host: "web", path: "/" }, 1);
  const [reply] = await calls.times(1);
  calls.close();
  expect([reply?.status, reply?.body]).toEqual([200, "hello"]);
  const web = rig.plane.registry.all().find(({ proxyKey: key }) => key === "production/web-v1/0")?.row;
  expect([web?.host, joinedEntry()?.row.host]).toEqual([MESH, MACHINE]);
  for (const place of [
    `${MACHINE}:${outboundPort}`,
    `${MACHINE}:${adminPort}`,
    `${MESH}:${web?.outboundPort}`,
    `${MESH}:${web?.adminPort}`,
    `${MESH}:${rig.plane.internalPort}`,
  ]) {
    await expect(fetch(`http://${place}/`), place).rejects.toThrow();
  }
});

test("what it measures is counted like everybody's", { timeout: LIMIT_MS }, async () => {
  const recent = () => rig.plane.scraper.telemetryOf(rig.environmentId)?.recent;
  const seen = () => {
    const last = recent()?.last();
    return last && [last.proxiesSeen, last.proxiesTotal];
  };
  await expect.poll(seen, { timeout: LIMIT_MS }).toEqual([3, 3]);
  expect(recent()?.saturation.has(proxyKey)).toBe(true);
  // Only the callee's own side says "destination", and the other instance has answered nothing.
  const counted = () =>
    recent()
      ?.since(0)
      .flatMap(({ flows }) => flows)
      .some(({ reporter, requests }) => reporter === "destination" && requests > 0);
  await expect.poll(counted, { timeout: LIMIT_MS }).toBe(true);
});

test("a rollout waits for its word, and what only stood in for it goes", { timeout: LIMIT_MS * 2 }, async () => {
  expect(await rig.deploy(documentWith(4_000), ["cart-v1"])).toBe("done");
  expect(joinedEntry()?.row.deploymentId).toBe(joinedEntry()?.currentDeploymentId);
  // The deny list that the stand-in leaves behind comes a moment later.
  await expect.poll(isServing, { timeout: LIMIT_MS }).toBe(true);
  expect(
    rig.plane.registry
      .all()
      .map((each) => each.proxyKey)
      .sort(),
  ).toEqual([proxyKey, "production/web-v1/0"].sort());
  await expectAnswersFromMachine();
});

test("a rotation of the root takes it along: it renews by itself, and goes on reporting", {
  timeout: LIMIT_MS * 2,
}, async () => {
  const before = joinedEntry()?.row.certSerial;
  const { rows } = await rig.sql.query(
    `INSERT INTO "RootRotation" (id, "requestedByName") VALUES (gen_random_uuid()::text, 'test') RETURNING id`,
  );
  const state = async () =>
    (await rig.sql.query(`SELECT state, progress FROM "RootRotation" WHERE id = $1`, [rows[0].id])).rows[0];
  await expect.poll(state, { timeout: LIMIT_MS, interval: 50 }).toMatchObject({ state: "done" });
  await expect.poll(isServing, { timeout: LIMIT_MS }).toBe(true);
  expect(joinedEntry()?.row.certSerial).not.toBe(before);
  await expectAnswersFromMachine();
});

test("it comes back without a token, as who it was", { timeout: LIMIT_MS * 2 }, async () => {
  first.child.kill("SIGTERM");
  expect(await first.ended).toBe(0);
  await expect.poll(() => joinedEntry()?.row.ready, { timeout: LIMIT_MS }).toBe(false);
  first = runJoin("--state", "state");
  await serves(first);
  expect(joinedEntry()?.proxyKey).toBe(proxyKey);
  await expectAnswersFromMachine();
});

test("a machine that is silent takes no calls, holds up no rollout, and gets what it missed", {
  timeout: LIMIT_MS * 3,
}, async () => {
  first.child.kill("SIGKILL");
  await first.ended;
  await expect.poll(() => joinedEntry()?.row.ready, { timeout: LIMIT_MS }).toBe(false);
  expect(joinedEntry()?.row.state).toBe("disconnected");
  expect(await rig.deploy(documentWith(3_000), ["cart-v1"])).toBe("done");
  first = runJoin("--state", "state");
  await serves(first);
  expect(joinedEntry()?.row.deploymentId).toBe(joinedEntry()?.currentDeploymentId);
  await expectAnswersFromMachine();
});

test("a revoked machine is out, and does not come back by itself", { timeout: LIMIT_MS * 2 }, async () => {
  await revokeIdentity(database, operator, { slug: "shop", environment: "local", proxyKey, reason: "it was stolen" });
  expect(await first.ended).toBe(77);
  await expect.poll(() => joinedEntry(), { timeout: LIMIT_MS }).toBeUndefined();
  const again = runJoin("--state", "state");
  expect(await again.ended).toBe(75);
  expect(again.text()).toContain("its identity was revoked");
  const calls = caller();
  await expect
    .poll(async () => statusCounts(await calls.times(2)), { timeout: LIMIT_MS })
    .toEqual({ "503 no healthy upstream": 2 });
  calls.close();
  const kinds = (await rig.sql.query(`SELECT kind FROM "Event" WHERE subject = $1 ORDER BY seq`, [proxyKey])).rows.map(
    ({ kind }) => kind,
  );
  expect(kinds).toEqual(
    expect.arrayContaining(["proxy.joined", "certificate.issued", "certificate.revoked", "proxy.removed"]),
  );
});

/** The names in the certificate that the machine's sidecar shows. */
function peerNames(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({ host: MACHINE, port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().subjectaltname ?? "");
      socket.destroy();
    });
    socket.once("error", reject);
  });
}
