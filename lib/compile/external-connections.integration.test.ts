// The PROXY protocol to an external service and one address of its name, on our proxy and on a real Envoy where there is one (ENVOY_BIN),
// with the same compiled configuration.
// The rule: the server answers with what the connection began with, so that a header that is missing or comes twice is seen.
import { writeFileSync } from "node:fs";
import { request as plainRequest } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { createSecureContext, TLSSocket } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demoMesh, type SpecOf } from "@/lib/mesh";
import { createPublicAuthority } from "./testing/public-authority";
import { object, withObjects } from "./testing/rich";
import { bundleProxy, freePorts, type Side, type Surroundings, startSide, surround } from "./testing/side-by-side";

type External = SpecOf<"ExternalService">;
const envoy = process.env["ENVOY_BIN"];
const HTTP: External["ports"] = [{ name: "http", port: 80, protocol: "http" }];
const TCP: External["ports"] = [{ name: "ledger", port: 7000, protocol: "tcp" }];
const TLS: External["tls"] = { mode: "simple", authorities: "environment" };
/** By the first label of the host. */
const DESIGNS: Record<string, Pick<External, "ports" | "proxyProtocol" | "tls" | "resolution">> = {
  v1: { ports: HTTP, proxyProtocol: "v1" },
  v2: { ports: HTTP, proxyProtocol: "v2" },
  "v1-tls": { ports: HTTP, proxyProtocol: "v1", tls: TLS },
  "v2-tls": { ports: HTTP, proxyProtocol: "v2", tls: TLS },
  "v1-tcp": { ports: TCP, proxyProtocol: "v1" },
  "v2-tcp": { ports: TCP, proxyProtocol: "v2" },
  none: { ports: HTTP },
  named: { ports: HTTP, resolution: "dns-round-robin", proxyProtocol: "v1" },
};
const V2_SIGNATURE = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
const V2_HEAD_BYTES = 16;
/** Content type of its records (RFC 8446 section 5.1). */
const TLS_HANDSHAKE = 0x16;

let server: Server;
let world: Surroundings;
const sides: Side[] = [];

/** `v1 127.0.0.1:40000 -> 127.0.0.1:15001`, and the bytes that it took; null: it is not there. */
function headerOf(bytes: Buffer): { said: string; length: number } | null {
  const line = /^PROXY TCP4 (\S+) (\S+) (\d+) (\d+)\r\n/.exec(bytes.toString("latin1"));
  if (line) return { said: `v1 ${line[1]}:${line[3]} -> ${line[2]}:${line[4]}`, length: line[0].length };
  if (!bytes.subarray(0, V2_SIGNATURE.length).equals(V2_SIGNATURE)) return null;
  const [source, destination] = [16, 20].map((at) => [...bytes.subarray(at, at + 4)].join("."));
  const said = `v2 ${source}:${bytes.readUInt16BE(24)} -> ${destination}:${bytes.readUInt16BE(26)}`;
  return { said, length: V2_HEAD_BYTES + bytes.readUInt16BE(14) };
}

beforeAll(async () => {
  const authority = await createPublicAuthority();
  const { chainPem, keyPem } = await authority.issue(["v1-tls.bank.example", "v2-tls.bank.example"]);
  const secureContext = createSecureContext({ cert: chainPem, key: keyPem });
  /** One line or one request is one packet here; its answer is what came before it. */
  const answer = (stream: Socket, said: string) =>
    stream.on("data", (bytes: Buffer) => {
      const isHttp = bytes.toString("latin1").includes(" HTTP/1.1\r\n");
      stream.end(isHttp ? `HTTP/1.1 200 OK\r\ncontent-length: ${said.length}\r\n\r\n${said}` : said);
    });
  server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.once("data", (bytes: Buffer) => {
      socket.pause();
      const header = headerOf(bytes);
      socket.unshift(bytes.subarray(header?.length ?? 0));
      const said = header?.said ?? "nothing";
      // it may come in a packet of its own, behind the header
      const go = () => {
        const first = socket.read() as Buffer | null;
        if (first === null) return void socket.once("readable", go);
        socket.unshift(first);
        const secure = first[0] === TLS_HANDSHAKE ? new TLSSocket(socket, { isServer: true, secureContext }) : socket;
        secure.on("error", () => socket.destroy());
        answer(secure, said).resume();
      };
      go();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  world = await surround(
    withObjects(
      demoMesh(),
      Object.entries(DESIGNS).flatMap(([name, design]) => {
        const to = { kind: "ExternalService" as const, name };
        const address = design.resolution ? "localhost" : "127.0.0.1";
        return [
          object("ExternalService", name, {
            hosts: [`${name}.bank.example`],
            endpoints: [{ address, port }],
            ...design,
          }),
          object("Dependency", `shipping-to-${name}`, { from: { kind: "Service", name: "shipping" }, to }),
          object("Egress", name, { to }),
        ];
      }),
    ),
  );
  const ca = join(world.folder, "bank-ca.pem");
  writeFileSync(ca, authority.rootPem);
  const externals = Object.keys(DESIGNS).map((name) => ({ namespace: "production", name, endpoints: [], tls: { ca } }));
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
  server?.close();
});

type Heard = { said: string; ownPort: number | undefined };

function get(port: number, host: string): Promise<Heard & { status: number | undefined }> {
  return new Promise((resolve, reject) => {
    const asked = plainRequest({ host: "127.0.0.1", port, path: "/", headers: { host }, agent: false }, (response) => {
      const ownPort = asked.socket?.localPort;
      let said = "";
      response.setEncoding("latin1");
      response.on("data", (text) => (said += text));
      response.on("end", () => resolve({ status: response.statusCode, said, ownPort }));
    });
    asked.on("error", reject);
    asked.end();
  });
}

function connect(port: number, path: string): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const asked = plainRequest({ host: "127.0.0.1", port, method: "CONNECT", path, agent: false });
    asked.on("error", reject);
    asked.on("connect", (_, socket) => {
      const ownPort = (socket as Socket).localPort;
      let said = "";
      socket.setEncoding("latin1");
      socket.on("data", (text) => (said += text));
      socket.on("end", () => resolve({ said, ownPort }));
      socket.write("hello\n");
    });
    asked.end();
  });
}

test.each(["v1", "v2", "v1-tls", "v2-tls"])(
  "%s: the server is told the app's connection, before anything else",
  async (name) => {
    for (const side of sides) {
      const { status, said, ownPort } = await get(side.ports.outbound, `${name}.bank.example`);
      const expected = `${name.slice(0, 2)} 127.0.0.1:${ownPort} -> 127.0.0.1:${side.ports.outbound}`;
      expect([status, said], side.name).toEqual([200, expected]);
    }
  },
);

test.each(["v1-tcp", "v2-tcp"])("%s: so it is of a connection that the app asked for by CONNECT", async (name) => {
  for (const side of sides) {
    const { said, ownPort } = await connect(side.ports.outbound, `${name}.bank.example:7000`);
    const expected = `${name.slice(0, 2)} 127.0.0.1:${ownPort} -> 127.0.0.1:${side.ports.outbound}`;
    expect(said, side.name).toBe(expected);
  }
});

test("without it nothing stands before the request, and one address of a name is called as an address is", async () => {
  for (const side of sides) {
    expect(await get(side.ports.outbound, "none.bank.example"), side.name).toMatchObject({
      status: 200,
      said: "nothing",
    });
    const named = await get(side.ports.outbound, "named.bank.example");
    expect([named.status, named.said.slice(0, 3)], side.name).toEqual([200, "v1 "]);
  }
});
