// A gateway that ends TLS for two names with two certificates, in front of callees in mutual TLS; the same configuration on a real Envoy
// where there is one (ENVOY_BIN).
// The rule: what proves which listener answered is the certificate that it shows and the callee that was reached.
import { writeFileSync } from "node:fs";
import { request as plainRequest } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { request } from "node:https";
import { connect } from "node:net";
import { join } from "node:path";
import { connect as connectTls, type SecureVersion, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, buildScene } from "@/lib/simulate";
import type { Identity } from "./testing/echo-server";
import { boundEdge, HTTPS_PORT, httpsEdgeMesh } from "./testing/https-edge";
import { bundleProxy, freePorts, type Side, type Surroundings, startSide, surround } from "./testing/side-by-side";

const envoy = process.env["ENVOY_BIN"];
const document = httpsEdgeMesh();
const shown = new Map<string, Identity>();
let world: Surroundings;
const edges: (Side & { https: number; http: number })[] = [];

beforeAll(async () => {
  world = await surround(document);
  const certificates: Record<string, { chain: string; key: string }> = {};
  for (const name of ["shop", "wild.example.com"]) {
    const identity = await world.identityOf(`spiffe://certificates.example/${name}`);
    const files = { chain: join(world.folder, `${name}.pem`), key: join(world.folder, `${name}-key.pem`) };
    writeFileSync(files.chain, identity.certPem);
    writeFileSync(files.key, identity.keyPem, { mode: 0o600 });
    certificates[name] = files;
    shown.set(name, identity);
  }
  const bundle = await bundleProxy(world.folder);
  const commands: [Side["name"], string[]][] = [["ours", [process.execPath, bundle]]];
  if (envoy) commands.push(["envoy", [envoy, "--use-dynamic-base-id", "--concurrency", "1", "-l", "error"]]);
  for (const [name, command] of commands) {
    const [ports, { inbound: https, outbound: http }] = [await freePorts(), await freePorts()];
    const own = boundEdge({ publicPort: http, listenerPorts: { shop: https, rest: https }, certificates });
    const input = { ...world.input, binding: { ...world.input.binding, gateways: [own] } };
    edges.push({ ...(await startSide({ ...world, input }, "production/edge/0", name, command, ports)), https, http });
  }
}, 120_000);

afterAll(async () => {
  await Promise.all(edges.map((side) => side.stop()));
  world?.close();
});

type Heard = { certificate: string; status: number; callee: string; proto: string } | "closed";

/** By HTTP/1.1. `certificate`: which one was shown. */
function get(port: number, servername: string, host = servername): Promise<Heard> {
  return new Promise((resolve) => {
    const options = { host: "127.0.0.1", port, path: "/", servername, headers: { host }, rejectUnauthorized: false };
    const asked = request({ ...options, agent: false }, (response) => {
      const certificate = nameOfShown(response.socket as TLSSocket);
      const body: Buffer[] = [];
      response.on("data", (chunk: Buffer) => body.push(chunk));
      response.on("end", () => {
        const text = Buffer.concat(body).toString();
        resolve({ certificate, status: response.statusCode ?? 0, ...told(text) });
      });
    });
    asked.on("error", () => resolve("closed"));
    asked.end();
  });
}

function nameOfShown(socket: TLSSocket): string {
  const pem = socket.getPeerX509Certificate()?.raw.toString("base64") ?? "none";
  for (const [name, { certPem }] of shown) if (certPem.replaceAll("\n", "").includes(pem)) return name;
  return "another";
}

/** What an echo says of itself and of what reached it; nothing where the gateway answered itself. */
function told(body: string): { callee: string; proto: string } {
  if (!body.startsWith("{")) return { callee: "", proto: "" };
  const { callee, headers } = JSON.parse(body) as { callee: string; headers: Record<string, string> };
  // either version of a service: which one is chance
  return { callee: callee.replace(/-v\d+$/, ""), proto: headers["x-forwarded-proto"] ?? "" };
}

/** Statuses of requests for these hosts on one connection of HTTP/2. */
async function byHttp2(port: number, servername: string, hosts: readonly string[]): Promise<number[]> {
  const options = { servername, rejectUnauthorized: false };
  const session = connectHttp2(`https://127.0.0.1:${port}`, options);
  const statuses: number[] = [];
  for (const host of hosts) {
    statuses.push(
      await new Promise<number>((resolve, reject) => {
        session.on("error", reject);
        const stream = session.request({ ":path": "/", ":authority": host });
        stream.on("response", (headers) => resolve(headers[":status"] ?? 0));
        stream.on("error", reject);
        stream.resume();
        stream.end();
      }),
    );
  }
  session.close();
  return statuses;
}

/** The version that is spoken, or "closed". */
function handshake(port: number, maxVersion: SecureVersion): Promise<string> {
  return new Promise((resolve) => {
    const options = { host: "127.0.0.1", port, servername: "shop.example.com", rejectUnauthorized: false };
    // level 0: else this side would refuse old versions before the gateway is asked
    const socket = connectTls({ ...options, minVersion: "TLSv1", maxVersion, ciphers: "DEFAULT:@SECLEVEL=0" }, () => {
      resolve(socket.getProtocol() ?? "none");
      socket.destroy();
    });
    socket.on("error", () => resolve("closed"));
  });
}

test("each name gets its certificate and the answer of its own route, and the callee learns that it came by https", async () => {
  const proto = "https";
  for (const { name, https } of edges) {
    const shop = { certificate: "shop", status: 200, callee: "storefront", proto };
    const rest = { certificate: "wild.example.com", status: 200, callee: "catalog", proto };
    expect(await get(https, "shop.example.com"), name).toEqual(shop);
    expect(await get(https, "SHOP.example.com"), name).toEqual(shop);
    expect(await get(https, "a.example.com"), name).toEqual(rest);
    expect(await get(https, "example.org"), name).toEqual(rest);
  }
});

test("an unknown name, TLS without one, and plain HTTP are refused before anything is shown", async () => {
  for (const { name, https } of edges) {
    expect(await get(https, "shop.example.net"), name).toBe("closed");
    expect(await get(https, "", "shop.example.com"), name).toBe("closed");
    const heard = await new Promise<string>((resolve) => {
      const socket = connect(https, "127.0.0.1", () =>
        socket.write("GET / HTTP/1.1\r\nhost: shop.example.com\r\n\r\n"),
      );
      let text = "";
      socket.on("data", (chunk: Buffer) => {
        text += chunk.toString("latin1");
      });
      socket.on("error", () => {});
      socket.on("close", () => resolve(text));
    });
    expect(heard, name).toBe("");
  }
});

test("a name's connection does not answer for a name that another listener serves: 421", async () => {
  for (const { name, https } of edges) {
    expect(await get(https, "a.example.com", "shop.example.com"), name).toMatchObject({ status: 421, callee: "" });
    const hosts = ["shop.example.com", "a.example.com", "elsewhere.example.net"];
    expect(await byHttp2(https, "shop.example.com", hosts), name).toEqual([200, 421, 404]);
  }
});

test("TLS 1.2 and 1.3 are spoken, nothing older", async () => {
  for (const { name, https } of edges) {
    expect(await handshake(https, "TLSv1.3"), name).toBe("TLSv1.3");
    expect(await handshake(https, "TLSv1.2"), name).toBe("TLSv1.2");
    expect(await handshake(https, "TLSv1.1"), name).toBe("closed");
  }
});

test("what is for TLS is not served in plain HTTP beside it", async () => {
  for (const { name, http } of edges) {
    const ask = async (host: string) => {
      const response = await new Promise<number>((resolve, reject) => {
        const asked = plainRequest(
          { host: "127.0.0.1", port: http, path: "/", headers: { host }, agent: false },
          (got) => {
            got.resume();
            resolve(got.statusCode ?? 0);
          },
        );
        asked.on("error", reject);
        asked.end();
      });
      return response;
    };
    expect(await ask("status.example.com"), name).toBe(200);
    expect(await ask("shop.example.com"), name).toBe(404);
    expect(await ask("a.example.com"), name).toBe(404);
  }
});

test("the simulator says of each name what the proxies do", async () => {
  const scene = buildScene(document);
  for (const host of ["shop.example.com", "a.example.com", "example.org", "shop.example.net"]) {
    const from = { kind: "outside" as const, gateway: "Gateway/production/edge" };
    const question = { from, to: { host, port: HTTPS_PORT }, method: "GET", path: "/", headers: {} };
    const { outcome, destinations } = ask(scene, question);
    const service = destinations[0]?.service.split("/").at(-1);
    for (const { name, https } of edges) {
      const heard = await get(https, host);
      if (outcome === "forwarded") expect(heard, `${name}: ${host}`).toMatchObject({ callee: service });
      else expect(heard, `${name}: ${host}`).toBe("closed");
    }
  }
});
