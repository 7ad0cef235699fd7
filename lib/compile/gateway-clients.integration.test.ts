// A gateway that asks clients for certificates, and sends plain HTTP on to HTTPS, as our proxy serves it and as a real Envoy does
// where there is one (ENVOY_BIN).
// The rule: each answer of a proxy is compared with what the design says, and with the simulator's word for the same client.
import { createHash, X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { request as plainRequest } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, buildScene, type QuestionCertificate } from "@/lib/simulate";
import { PARTNER_NAMES, pinningEdgeMesh } from "./testing/client-edge";
import { boundEdge } from "./testing/https-edge";
import { createPublicAuthority, type PublicCertificate } from "./testing/public-authority";
import { bundleProxy, freePorts, type Side, type Surroundings, startSide, surround } from "./testing/side-by-side";

type ClientCertificate = { cert: string; key: string };

const envoy = process.env["ENVOY_BIN"];
let document: ReturnType<typeof pinningEdgeMesh>;
let world: Surroundings;
const edges: (Side & { https: number; deep: number; http: number })[] = [];
/** What a client may show, and what the simulator is told of it. */
const clients = new Map<string, { files?: ClientCertificate; told?: QuestionCertificate }>([["nobody", {}]]);

const pinOf = ({ chainPem }: PublicCertificate): string => new X509Certificate(chainPem).fingerprint256;
const keyPinOf = ({ chainPem }: PublicCertificate): string =>
  createHash("sha256")
    .update(new X509Certificate(chainPem).publicKey.export({ type: "spki", format: "der" }))
    .digest("base64");
const filesOf = ({ chainPem, keyPem }: PublicCertificate): ClientCertificate => ({ cert: chainPem, key: keyPem });

beforeAll(async () => {
  const [ours, other] = [await createPublicAuthority(), await createPublicAuthority()];
  const [uri = "", dns = "", email = "", ip = ""] = PARTNER_NAMES;
  const url = "url" as const;
  const known = {
    nameless: [],
    uri: [{ type: url, value: uri }],
    dns: [{ type: "dns" as const, value: dns }],
    wildcard: [{ type: "dns" as const, value: "*.partners.example" }],
    email: [{ type: "email" as const, value: email }],
    ip: [{ type: "ip" as const, value: ip }],
    "one of several": [
      { type: url, value: "spiffe://partners.example/two" },
      { type: url, value: uri },
    ],
    another: [
      { type: url, value: "spiffe://partners.example/two" },
      { type: "dns" as const, value: "two.partners.example" },
    ],
    "another kind": [{ type: url, value: `https://${dns}` }],
  };
  for (const [name, names] of Object.entries(known)) {
    clients.set(name, { files: filesOf(await ours.issue(names)), told: { names: names.map(({ value }) => value) } });
  }
  clients.set("a stranger", { files: filesOf(await other.issue(known.uri)), told: { names: [uri], isForged: true } });
  const pinned = { key: await ours.issue([]), certificate: await ours.issue([]), revoked: await ours.issue([]) };
  for (const [name, certificate] of Object.entries(pinned)) {
    const told = { names: [], ...(name === "revoked" ? { isRevoked: true } : {}) };
    clients.set(`a pinned ${name}`, { files: filesOf(certificate), told });
  }
  document = pinningEdgeMesh({
    pinnedKeys: [keyPinOf(pinned.key), keyPinOf(pinned.revoked)],
    pinnedCertificates: [pinOf(pinned.certificate)],
  });
  world = await surround(document);
  const server = await ours.issue(["*.example.com"]);
  const file = (name: string) => join(world.folder, name);
  writeFileSync(file("wild.pem"), server.chainPem);
  writeFileSync(file("wild-key.pem"), server.keyPem, { mode: 0o600 });
  writeFileSync(file("partners.pem"), ours.rootPem);
  writeFileSync(file("revoked.pem"), await ours.revoke([pinned.revoked]));
  const certificates = {
    wild: {
      ...{ chain: file("wild.pem"), key: file("wild-key.pem"), ca: file("partners.pem") },
      crl: file("revoked.pem"),
    },
  };
  const bundle = await bundleProxy(world.folder);
  const commands: [Side["name"], string[]][] = [["ours", [process.execPath, bundle]]];
  if (envoy) commands.push(["envoy", [envoy, "--use-dynamic-base-id", "--concurrency", "1", "-l", "error"]]);
  for (const [name, command] of commands) {
    const [ports, { inbound: https, outbound: http, admin: deep }] = [await freePorts(), await freePorts()];
    const listenerPorts = { shop: https, partners: https, either: https, open: https, pinned: https, deep };
    const own = boundEdge({ publicPort: http, listenerPorts, certificates });
    const input = { ...world.input, binding: { ...world.input.binding, gateways: [own] } };
    edges.push({
      ...(await startSide({ ...world, input }, "production/edge/0", name, command, ports)),
      https,
      deep,
      http,
    });
  }
}, 120_000);

afterAll(async () => {
  await Promise.all(edges.map((side) => side.stop()));
  world?.close();
});

/** The status, or "refused" where TLS does not come to a request. */
function get(port: number, host: string, files?: ClientCertificate): Promise<number | "refused"> {
  return new Promise((resolve) => {
    const options = {
      host: "127.0.0.1",
      port,
      path: "/",
      servername: host,
      headers: { host },
      rejectUnauthorized: false,
    };
    const asked = request({ ...options, ...files, agent: false }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode ?? 0));
    });
    asked.on("error", () => resolve("refused"));
    asked.end();
  });
}

const REFUSED = "refused";
test.each([
  ["shop", { nobody: REFUSED, nameless: 200, uri: 200, another: 200, "a stranger": REFUSED }],
  [
    "partners",
    {
      ...{ nobody: REFUSED, nameless: REFUSED, another: REFUSED, "another kind": REFUSED, "a stranger": REFUSED },
      ...{ uri: 200, dns: 200, wildcard: 200, email: 200, ip: 200, "one of several": 200 },
    },
  ],
  ["either", { nobody: 200, nameless: 200, uri: 200, "a stranger": REFUSED }],
  [
    "pinned",
    {
      ...{ nobody: REFUSED, "a stranger": REFUSED, "a pinned revoked": REFUSED },
      ...{ "a pinned key": 200, "a pinned certificate": 200 },
    },
  ],
  ["open", { nobody: 200, uri: 200, "a stranger": 200 }],
])("%s: who comes in", async (name, expected) => {
  const host = `${name}.example.com`;
  const scene = buildScene(document);
  for (const [client, answer] of Object.entries(expected)) {
    const { files, told } = clients.get(client) ?? {};
    const from = { kind: "outside" as const, gateway: "Gateway/production/edge" };
    const question = { from, to: { host, port: 443 }, method: "GET", path: "/", headers: {} };
    const simulated = ask(scene, told ? { ...question, certificate: told } : question);
    expect(simulated.outcome, `simulator: ${client}`).toBe(answer === 200 ? "forwarded" : REFUSED);
    for (const side of edges) expect(await get(side.https, host, files), `${side.name}: ${client}`).toBe(answer);
  }
});

test("a certificate without a pin is refused, which a question cannot say and the answer does", async () => {
  const from = { kind: "outside" as const, gateway: "Gateway/production/edge" };
  const to = { host: "pinned.example.com", port: 443 };
  const certificate = { names: [] };
  const { sentence } = ask(buildScene(document), { from, to, certificate, method: "GET", path: "/", headers: {} });
  expect(sentence).toContain("only if it, or its key, is one of the 3 that are pinned");
  for (const side of edges)
    expect(await get(side.https, to.host, clients.get("nameless")?.files), side.name).toBe(REFUSED);
});

test("a connection without a certificate does not answer for a name that asks for one", async () => {
  for (const { name, https } of edges) {
    const heard = await new Promise<number>((resolve, reject) => {
      const headers = { host: "shop.example.com" };
      const options = { host: "127.0.0.1", port: https, servername: "open.example.com", headers, agent: false };
      const asked = request({ ...options, rejectUnauthorized: false }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      asked.on("error", reject);
      asked.end();
    });
    expect(heard, name).toBe(421);
  }
});

/** Status and location of an answer in plain HTTP. */
function plain(port: number, host: string, path = "/a?b=c"): Promise<[number, string | undefined]> {
  return new Promise((resolve, reject) => {
    const asked = plainRequest({ host: "127.0.0.1", port, path, headers: { host }, agent: false }, (response) => {
      response.resume();
      resolve([response.statusCode ?? 0, response.headers.location]);
    });
    asked.on("error", reject);
    asked.end();
  });
}

test("plain HTTP is sent on to the port that serves the host in TLS", async () => {
  for (const { name, http, https, deep } of edges) {
    const to = (host: string) => plain(http, host);
    expect(await to("shop.example.com"), name).toEqual([301, "https://shop.example.com/a?b=c"]);
    expect(await to("SHOP.example.com:80"), name).toEqual([301, "https://SHOP.example.com:443/a?b=c"]);
    expect(await to("unknown.example.com"), name).toEqual([301, "https://unknown.example.com/a?b=c"]);
    expect(await to("deep.example.com"), name).toEqual([301, "https://deep.example.com:8443/a?b=c"]);
    expect(await to("deep.example.com:80"), name).toEqual([301, "https://deep.example.com:8443/a?b=c"]);
    // who comes to the machine's own port, without a forwarding before it
    expect(await to(`shop.example.com:${http}`), name).toEqual([301, `https://shop.example.com:${https}/a?b=c`]);
    expect(await to(`deep.example.com:${http}`), name).toEqual([301, `https://deep.example.com:${deep}/a?b=c`]);
    expect(await to("status.example.com"), name).toEqual([200, undefined]);
    expect(await to("elsewhere.example.net"), name).toEqual([404, undefined]);
  }
});

test("what a client says of the scheme does not keep it in plain HTTP", async () => {
  for (const { name, http } of edges) {
    const heard = await new Promise((resolve, reject) => {
      const headers = { host: "shop.example.com", "x-forwarded-proto": "https" };
      const asked = plainRequest({ host: "127.0.0.1", port: http, path: "/", headers, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asked.on("error", reject);
      asked.end();
    });
    expect(heard, name).toBe(301);
  }
});

test("the simulator says where a request without TLS is sent", () => {
  const scene = buildScene(document);
  const from = { kind: "outside" as const, gateway: "Gateway/production/edge" };
  const question = (host: string, port?: number) =>
    ask(scene, { from, to: port === undefined ? { host } : { host, port }, method: "GET", path: "/a", headers: {} });
  expect(question("shop.example.com", 80)).toMatchObject({ outcome: "redirected", status: 301 });
  expect(question("deep.example.com", 80).sentence).toContain("to https://deep.example.com:8443/a, by Gateway edge");
  expect(question("shop.example.com", 80).hops[0]?.rule).toMatchObject({
    object: "Gateway/production/edge",
    path: "spec.listeners[0].httpsRedirect",
  });
});
