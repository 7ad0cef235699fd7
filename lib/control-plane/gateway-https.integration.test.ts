// HTTPS at a gateway as it is run: a design, a certificate that a person gives over the API, a deployment, a real gateway and sidecars.
// The rule: which certificate is in force is told by what a client is shown, and who answered by what comes back.

import { once } from "node:events";
import { type Agent, createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { request, Agent as TlsAgent } from "node:https";
import { type AddressInfo, connect } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ControlPlaneClient } from "@/lib/api/control-plane-client";
import { dispatch } from "@/lib/api/dispatch";
import { closeRuntime, createRuntime, type Runtime } from "@/lib/api/runtime";
import type { GatewayCertificateDto } from "@/lib/api/schema";
import { newApiToken } from "@/lib/auth/secrets";
import {
  createPublicAuthority,
  type PublicAuthority,
  type PublicCertificate,
} from "@/lib/compile/testing/public-authority";
import { readEnv } from "@/lib/env";
import type { MeshDocument } from "@/lib/mesh";
import { silentLogger } from "@/lib/observability/logger";
import { goldenSignals } from "@/lib/signals";
import { freePort } from "../start/wait.mjs";
import { SECRET as SECRET_TYPE } from "./ads/snapshot";
import { type LiveRig, SECRET, startLiveRig } from "./probe/testing/live-rig";
import { dependency, object, shop } from "./testing/test-document";

const EDGE = "production/edge/0";
const GATEWAY = "Gateway/production/edge";
const SHOP = "shop.example.com";
const PARTNERS = "partners.example.net";
const gateway = { kind: "Gateway", name: "edge" };

/** storefront for the shop's own name, catalog for every other below and for partners, who show certificates; `isOpen`: plain HTTP beside them. */
function design(isOpen = false): MeshDocument {
  const listener = (name: string, hosts: string[], certificate: string, more: object = {}) => ({
    ...{ name, port: 443, protocol: "https", hosts },
    tls: { certificate, ...more },
  });
  const route = (name: string, hosts: string[]) =>
    object("Route", `edge-${name}`, {
      ...{ target: gateway, hosts },
      rules: [{ matches: [], action: { type: "forward", destinations: [{ service: { name }, weight: 1 }] } }],
    });
  const listeners = [
    listener("shop", [SHOP], "shop"),
    listener("rest", ["*.example.com"], "wild.example.com"),
    listener("partners", [PARTNERS], "partners", { clients: { mode: "required" } }),
    ...(isOpen ? [{ name: "web", port: 80, protocol: "http", hosts: ["status.example.org"] }] : []),
  ];
  const drawn = [
    object("Gateway", "edge", { type: "ingress", owner: "platform", listeners }),
    route("storefront", [SHOP]),
    route("catalog", ["*.example.com", PARTNERS]),
    dependency("edge", "storefront", { from: gateway }),
    dependency("edge", "catalog", { from: gateway }),
  ];
  return shop({ storefront: 1, catalog: 1 }, drawn, {
    defaults: { mutualTls: "strict", authorization: "drawn" },
    certificateTtlHours: 24,
  });
}

const ports = { https: 0, http: 0 };
const apps = new Map<string, number>();
const closing: (() => void)[] = [];
let rig: LiveRig;
let runtime: Runtime;
let token: string;
let authority: PublicAuthority;
/** What the app behind the edge does with a call to /slow: held until the test answers it. */
let held: { answer: ServerResponse; came: Promise<unknown>; note(): void };

const hold = () => {
  let note = () => {};
  const came = new Promise<void>((resolve) => {
    note = resolve;
  });
  held = { answer: undefined as unknown as ServerResponse, came, note };
};

async function startApp(name: string): Promise<void> {
  const server = createServer((call, answer) => {
    if (call.url !== "/slow") return answer.end(name);
    answer.write("begun ");
    held.answer = answer;
    held.note();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  apps.set(`${name}-v1`, (server.address() as AddressInfo).port);
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
}

beforeAll(async () => {
  await Promise.all(["storefront", "catalog"].map(startApp));
  for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = await freePort();
  authority = await createPublicAuthority();
  rig = await startLiveRig();
  const env = readEnv(["NEXTAUTH_SECRET"], {
    DATABASE_URL: rig.databaseUrl,
    NEXTAUTH_SECRET: "test-secret-test-secret-test-secret-0",
    MESHWRIGHT_INTERNAL_URL: `http://127.0.0.1:${rig.plane.internalPort}`,
    MESHWRIGHT_INTERNAL_SECRET: SECRET,
  });
  runtime = createRuntime(env, { logger: silentLogger() });
  const made = newApiToken();
  token = made.token;
  await runtime.database.user.create({
    data: {
      ...{ email: "operator@test.local", name: "operator" },
      roleBindings: { create: { role: "operator" } },
      apiTokens: { create: { id: made.id, name: "test", secretHash: made.secretHash, role: "administrator" } },
    },
  });
}, 120_000);

afterAll(async () => {
  if (runtime) await closeRuntime(runtime);
  await rig?.stop();
  for (const close of closing) close();
});

async function api<T>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }> {
  const answer = await dispatch(
    new Request(`http://localhost:3000/api/v1/meshes/shop/environments/local${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
    runtime,
  );
  const text = await answer.text();
  return { status: answer.status, body: (text === "" ? null : JSON.parse(text)) as T };
}

/** As a person does; the answer says which certificate it is. */
async function give(certificate: string, names: string[]): Promise<string> {
  const { chainPem, keyPem } = await authority.issue(names);
  const path = `/gateways/production/edge/certificates/${certificate}`;
  const { status, body } = await api<GatewayCertificateDto>("PUT", path, { chain: chainPem, key: keyPem });
  expect([status, body]).toEqual([200, expect.objectContaining({ names })]);
  return body.fingerprint;
}

const places = (certificates: object) => ({
  ...{ namespace: "production", name: "edge", publicPort: ports.http },
  ...{ listenerPorts: { shop: ports.https, rest: ports.https, partners: ports.https }, ...certificates },
});
const stored = { certificates: { shop: { stored: true as const }, "wild.example.com": { stored: true as const } } };

/** With the design as the draft, which the API holds certificates against. */
async function deploy(document: MeshDocument, certificates: object = {}): Promise<string> {
  await rig.sql.query(
    `INSERT INTO "Draft" ("meshId", document, positions, digest) VALUES ($1, $2, '{}', 'd')
     ON CONFLICT ("meshId") DO UPDATE SET document = $2, version = "Draft".version + 1`,
    [rig.meshId, JSON.stringify(document)],
  );
  return rig.deploy(document, [], apps, [places(certificates)]);
}

interface Heard {
  status: number;
  body: string;
  shown: string;
  isTrusted: boolean;
  /** Its own port: two calls with the same one came on one connection. */
  from: number;
}

/** The answer of the one who is called by this name; "closed": nobody answered. */
function call(
  serverName: string,
  options: { host?: string; path?: string; agent?: Agent; client?: PublicCertificate } = {},
): Promise<Heard | "closed"> {
  return new Promise((resolve) => {
    const { host = serverName, path = "/", agent, client } = options;
    const asked = request({
      ...{ host: "127.0.0.1", port: ports.https, path, servername: serverName, headers: { host } },
      // the name is checked too: no answer without trust
      ...{ ca: authority.rootPem, agent: agent ?? false },
      ...(client ? { cert: client.chainPem, key: client.keyPem } : {}),
    });
    asked.on("error", () => resolve("closed"));
    asked.on("response", (answer: IncomingMessage) => {
      const socket = answer.socket as TLSSocket;
      const shown = socket.getPeerX509Certificate()?.fingerprint256 ?? "none";
      const { authorized: isTrusted, localPort: from = 0 } = socket;
      let body = "";
      answer.on("data", (chunk: Buffer) => {
        body += chunk.toString();
      });
      answer.on("error", () => resolve("closed"));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body, shown, isTrusted, from }));
    });
    asked.end();
  });
}

const shownFor = async (name: string) => {
  const heard = await call(name);
  return heard === "closed" ? heard : heard.shown;
};
const edge = () => rig.plane.registry.inEnvironment(rig.environmentId).find(({ proxyKey }) => proxyKey === EDGE)!;

test("without its certificate a listener is not served; given, it is, without another deployment", async () => {
  expect(await deploy(design())).toBe("done");
  expect(await call(SHOP)).toBe("closed");
  const shown = await give("shop", [SHOP]);
  await expect.poll(() => shownFor(SHOP), { timeout: 20_000 }).toBe(shown);
  expect(await call(SHOP)).toMatchObject({ status: 200, body: "storefront", shown, isTrusted: true });
  const wild = await give("wild.example.com", ["*.example.com"]);
  await expect.poll(() => shownFor("a.example.com"), { timeout: 20_000 }).toBe(wild);
  expect(await call("a.example.com")).toMatchObject({ status: 200, body: "catalog", shown: wild });
  expect(await shownFor(SHOP)).toBe(shown);
}, 90_000);

test("a name that no listener has is closed, plain HTTP too, and a host of another listener gets 421", async () => {
  expect(await call("shop.example.net")).toBe("closed");
  const socket = connect(ports.https, "127.0.0.1", () => socket.write(`GET / HTTP/1.1\r\nhost: ${SHOP}\r\n\r\n`));
  let heard = "";
  socket.on("data", (chunk: Buffer) => {
    heard += chunk.toString();
  });
  socket.on("error", () => {});
  await once(socket, "close");
  expect(heard).toBe("");
  expect(await call("a.example.com", { host: SHOP })).toMatchObject({ status: 421, body: "" });
});

test("a renewed certificate is shown to who comes, and no connection or request that is open ends", async () => {
  const agent = new TlsAgent({ keepAlive: true, maxSockets: 1 });
  hold();
  const before = await call(SHOP, { agent });
  if (before === "closed") throw new Error("the gateway was closed");
  const slow = call(SHOP, { path: "/slow" });
  await held.came;
  const renewed = await give("shop", [SHOP]);
  await expect.poll(() => shownFor(SHOP), { timeout: 20_000 }).toBe(renewed);
  expect(renewed).not.toBe(before.shown);
  const { status, from } = before;
  expect(await call(SHOP, { agent })).toMatchObject({ status, from, body: "storefront" });
  held.answer.end("ended");
  expect(await slow).toMatchObject({ status: 200, body: "begun ended", shown: before.shown });
  expect(edge().row.state).toBe("ack");
  agent.destroy();
}, 60_000);

test("clients show certificates of the authorities that were given, which change without the gateway's own", async () => {
  const path = "/gateways/production/edge/certificates/partners";
  const shown = await give("partners", [PARTNERS]);
  expect(await call(PARTNERS)).toBe("closed"); // nobody said whose signature counts
  const stranger = await createPublicAuthority();
  const [partner, other] = await Promise.all([authority.issue(["partner"]), stranger.issue(["partner"])]);
  const ask = async (client?: PublicCertificate) => {
    const heard = await call(PARTNERS, client ? { client } : {});
    return heard === "closed" ? heard : `${heard.status} ${heard.body} ${heard.shown === shown}`;
  };
  expect((await api("PUT", path, { clientCa: authority.rootPem })).status).toBe(200);
  await expect.poll(() => ask(partner), { timeout: 20_000 }).toBe("200 catalog true");
  expect([await ask(), await ask(other)]).toEqual(["closed", "closed"]);
  expect((await api("PUT", path, { clientCa: stranger.rootPem })).status).toBe(200);
  await expect.poll(() => ask(other), { timeout: 20_000 }).toBe("200 catalog true");
  expect([await ask(), await ask(partner)]).toEqual(["closed", "closed"]);
  expect((await api("DELETE", path)).status).toBe(204);
  await expect.poll(() => ask(other), { timeout: 20_000 }).toBe("closed");
});

test("the key reaches the gateway's proxy alone, and nothing that is read of it tells it", async () => {
  const holders = rig.plane.registry
    .inEnvironment(rig.environmentId)
    .filter(({ current }) =>
      [...(current?.resources[SECRET_TYPE].keys() ?? [])].some((name) => name.includes("gateway")),
    );
  expect(holders.map(({ proxyKey }) => proxyKey)).toEqual([EDGE]);
  expect([...(edge().current?.resources[SECRET_TYPE].keys() ?? [])]).toEqual(
    expect.arrayContaining(["gateway-certificate/production/edge/shop"]),
  );
  const { body } = await api<{ items: GatewayCertificateDto[] }>("GET", "/gateway-certificates");
  expect(body.items.map(({ name }) => name)).toEqual(["shop", "wild.example.com"]);
  const dump = await fetch(`http://127.0.0.1:${edge().row.adminPort}/config_dump`).then((answer) => answer.text());
  expect(dump).toContain("gateway-certificate/production/edge/shop");
  expect(JSON.stringify(body) + dump).not.toContain("PRIVATE KEY");
  const { rows } = await rig.sql.query(`SELECT "sealedKey" FROM "GatewayCertificate"`);
  expect(JSON.stringify(rows)).not.toContain("PRIVATE KEY");
});

test("requests in TLS are in the signals and the access log of the gateway as others are", async () => {
  await rig.plane.scraper.round();
  const flows = (rig.plane.scraper.telemetryOf(rig.environmentId)?.recent.since(0) ?? []).flatMap(({ flows }) => flows);
  const signals = goldenSignals(
    { kind: "dependency", source: GATEWAY, destination: "Service/production/storefront" },
    flows,
    1,
  );
  expect(signals).toMatchObject({ errors: 0, mtlsRatio: 1 });
  expect(signals.requests).toBeGreaterThanOrEqual(5);
  const lines = () => rig.accessLogOf(EDGE);
  await expect.poll(() => lines().find(({ path }) => path === "/slow")).toMatchObject({ response_code: 200 });
});

test("TLS-06 measures what the gateway speaks, fails where plain HTTP is opened, and measures nothing where nothing is served", async () => {
  const live = async () => {
    const { results, evidence } = await rig.check();
    const layer = results.find(({ control }) => control === "TLS-06")?.layers.live;
    const own = layer?.subjects.filter(({ subject }) => subject === GATEWAY) ?? [];
    return { own: own.map(({ state }) => state), told: own.map(({ text }) => text).join("\n"), evidence };
  };
  const sound = await live();
  // partners have no certificate any more
  expect(sound.own.sort()).toEqual(["not-measured", "pass", "pass", "pass"]);
  expect(sound.told).toContain("edge refused TLS 1.0 and 1.1");
  const spoken = sound.evidence.filter(({ kind }) => kind === "public-tls").map(({ sentence }) => sentence);
  expect(spoken.sort()).toEqual([
    expect.stringContaining("edge made no handshake for partners.example.net at partners"),
    ...["edge spoke TLSv1.3 at rest.", "edge spoke TLSv1.3 at shop."],
  ]);

  expect(await deploy(design(true), stored)).toBe("done");
  const open = await live();
  expect(open.own).toContain("fail");
  expect(open.told).toContain("edge answered in plain HTTP");

  expect(await deploy(design(), stored)).toBe("done");
  for (const name of ["shop", "wild.example.com"]) {
    expect((await api("DELETE", `/gateways/production/edge/certificates/${name}`)).status).toBe(204);
  }
  await expect.poll(() => call(SHOP), { timeout: 20_000 }).toBe("closed");
  const gone = await live();
  expect(new Set(gone.own)).toEqual(new Set(["not-measured"]));
}, 120_000);

test("without the control plane nothing is kept, and what is served stays", async () => {
  const { controlPlane } = runtime;
  const shown = await give("shop", [SHOP]);
  await expect.poll(() => shownFor(SHOP), { timeout: 20_000 }).toBe(shown);
  runtime.controlPlane = new ControlPlaneClient("http://127.0.0.1:9", SECRET);
  const { chainPem, keyPem } = await authority.issue([SHOP]);
  const body = { chain: chainPem, key: keyPem };
  expect((await api("PUT", "/gateways/production/edge/certificates/shop", body)).status).toBe(503);
  runtime.controlPlane = controlPlane;
  expect(await shownFor(SHOP)).toBe(shown);
}, 60_000);
