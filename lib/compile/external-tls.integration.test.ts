// TLS that a sidecar makes to an external service, on our proxy and on a real Envoy where there is one (ENVOY_BIN), with the same
// compiled configuration and a server in real TLS.
// The rule: a server that the design does not accept gets no byte of a request, and both proxies answer 503.
import { writeFileSync } from "node:fs";
import { request as plainRequest } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demoMesh, type ExternalTls } from "@/lib/mesh";
import { createPublicAuthority } from "./testing/public-authority";
import { object, withObjects } from "./testing/rich";
import { bundleProxy, freePorts, type Side, type Surroundings, startSide, surround } from "./testing/side-by-side";

const envoy = process.env["ENVOY_BIN"];
const OWN = { mode: "simple", authorities: "environment" } as const;
/** By the first label of the host. */
const DESIGNS: Record<string, ExternalTls> = {
  default: OWN,
  "other-name": { ...OWN, sni: "inner.bank.example" },
  "wrong-sni": { ...OWN, sni: "nobody.example" },
  "by-uri": { ...OWN, subjectAltNames: ["spiffe://bank.example/ledger"] },
  "wrong-names": { ...OWN, subjectAltNames: ["elsewhere.example", "spiffe://bank.example/other"] },
  public: { mode: "simple" },
  unverified: { mode: "simple", insecureSkipVerify: true },
  shown: { ...OWN, mode: "mutual" },
  "not-shown": OWN,
  unbound: OWN,
};
const ASKS_FOR_CERTIFICATE = ["shown", "not-shown"];

const servers: Server[] = [];
const heard: { host: string | undefined; serverName: string | false | null; subject: string | undefined }[] = [];
let world: Surroundings;
const sides: Side[] = [];

beforeAll(async () => {
  const authority = await createPublicAuthority();
  const certificate = await authority.issue([
    ...["default.bank.example", "inner.bank.example", "shown.bank.example", "not-shown.bank.example"],
    ...["unbound.bank.example", "public.bank.example"],
    { type: "url", value: "spiffe://bank.example/ledger" },
  ]);
  const caller = await authority.issue(["caller.example"]);
  const listen = async (isMutual: boolean) => {
    const asks = isMutual ? { requestCert: true, rejectUnauthorized: true, ca: authority.rootPem } : {};
    const server = createServer(
      { cert: certificate.chainPem, key: certificate.keyPem, ...asks },
      (request, response) => {
        const socket = request.socket as TLSSocket & { servername?: string | false };
        const { CN } = socket.getPeerCertificate().subject ?? {};
        heard.push({ host: request.headers.host, serverName: socket.servername ?? null, subject: String(CN ?? "") });
        response.end("the bank");
      },
    );
    server.on("tlsClientError", () => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    servers.push(server);
    return (server.address() as AddressInfo).port;
  };
  const [open, mutual] = [await listen(false), await listen(true)];
  world = await surround(
    withObjects(
      demoMesh(),
      Object.entries(DESIGNS).flatMap(([name, tls]) => {
        const to = { kind: "ExternalService" as const, name };
        return [
          object("ExternalService", name, {
            hosts: [`${name}.bank.example`],
            ports: [{ name: "http", port: 80, protocol: "http" }],
            endpoints: [{ address: "127.0.0.1", port: ASKS_FOR_CERTIFICATE.includes(name) ? mutual : open }],
            tls,
          }),
          object("Dependency", `shipping-to-${name}`, { from: { kind: "Service", name: "shipping" }, to }),
          object("Egress", name, { to }),
        ];
      }),
    ),
  );
  const file = (name: string, text: string) => {
    const path = join(world.folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const ca = file("bank-ca.pem", authority.rootPem);
  const tls = { ca, chain: file("caller.pem", caller.chainPem), key: file("caller-key.pem", caller.keyPem) };
  const externals = Object.keys(DESIGNS)
    .filter((name) => name !== "unbound")
    .map((name) => ({ namespace: "production", name, endpoints: [], tls }));
  const input = { ...world.input, binding: { ...world.input.binding, externals } };
  const bundle = await bundleProxy(world.folder);
  const commands: [Side["name"], string[]][] = [["ours", [process.execPath, bundle]]];
  if (envoy) commands.push(["envoy", [envoy, "--use-dynamic-base-id", "--concurrency", "1", "-l", "error"]]);
  for (const [name, command] of commands)
    sides.push(await startSide({ ...world, input }, "production/shipping-v1/0", name, command, await freePorts()));
}, 120_000);

afterAll(async () => {
  await Promise.all(sides.map((side) => side.stop()));
  world?.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

function get(port: number, host: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = plainRequest({ host: "127.0.0.1", port, path: "/", headers: { host }, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text) => (body += text));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    asked.on("error", reject);
    asked.end();
  });
}

test.each([
  ["default", 200, "default.bank.example", ""],
  ["other-name", 200, "inner.bank.example", ""],
  ["by-uri", 200, "by-uri.bank.example", ""],
  ["unverified", 200, "unverified.bank.example", ""],
  ["shown", 200, "shown.bank.example", "caller.example"],
])(
  "%s: the app's plain request comes in TLS to the server that the design accepts",
  async (name, status, asked, subject) => {
    const host = `${name}.bank.example`;
    for (const side of sides) {
      heard.length = 0;
      expect(await get(side.ports.outbound, host), side.name).toEqual({ status, body: "the bank" });
      expect(heard, side.name).toEqual([{ host, serverName: asked, subject }]);
    }
  },
);

test.each([
  ["wrong-sni", 503],
  ["wrong-names", 503],
  ["public", 503],
  ["not-shown", 503],
  // the environment does not say who signs
  ["unbound", 404],
])("%s: no request reaches the server", async (name, status) => {
  for (const side of sides) {
    heard.length = 0;
    expect((await get(side.ports.outbound, `${name}.bank.example`)).status, side.name).toBe(status);
    expect(heard, side.name).toEqual([]);
  }
});
