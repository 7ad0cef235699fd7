// What stands before a gateway's listeners, as our proxy does it and as a real Envoy does where there is one (ENVOY_BIN): the header of a
// balancer that says who connects, and how many connections may be open.
import { writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Listener } from "@/lib/mesh";
import { boundEdge, httpsEdgeMesh } from "./testing/https-edge";
import { withListeners } from "./testing/listeners";
import { bundleProxy, freePorts, type Side, type Surroundings, startSide, surround } from "./testing/side-by-side";

const envoy = process.env["ENVOY_BIN"];
const MOST = 2;
const OF: Record<string, Partial<Listener>> = {
  web: { proxyProtocol: "optional" },
  shop: { proxyProtocol: "required" },
  rest: { connectionLimit: { maxConnections: MOST } },
};
const document = withListeners(httpsEdgeMesh(), (all) => all.map((each) => ({ ...each, ...OF[each.name] })));

let world: Surroundings;
const edges: (Side & { http: number; shop: number; rest: number })[] = [];

beforeAll(async () => {
  world = await surround(document);
  const certificates: Record<string, { chain: string; key: string }> = {};
  for (const name of ["shop", "wild.example.com"]) {
    const { certPem, keyPem } = await world.identityOf(`spiffe://certificates.example/${name}`);
    const files = { chain: join(world.folder, `${name}.pem`), key: join(world.folder, `${name}-key.pem`) };
    writeFileSync(files.chain, certPem);
    writeFileSync(files.key, keyPem, { mode: 0o600 });
    certificates[name] = files;
  }
  const bundle = await bundleProxy(world.folder);
  const commands: [Side["name"], string[]][] = [["ours", [process.execPath, bundle]]];
  if (envoy) commands.push(["envoy", [envoy, "--use-dynamic-base-id", "--concurrency", "1", "-l", "error"]]);
  for (const [name, command] of commands) {
    const [ports, { inbound: shop, outbound: http, admin: rest }] = [await freePorts(), await freePorts()];
    const own = boundEdge({ publicPort: http, listenerPorts: { shop, rest }, certificates });
    const input = { ...world.input, binding: { ...world.input.binding, gateways: [own] } };
    edges.push({
      ...(await startSide({ ...world, input }, "production/edge/0", name, command, ports)),
      ...{ http, shop, rest },
    });
  }
  // each has found its callees
  for (const { http } of edges)
    await vi.waitFor(async () => {
      expect(await ask(await open(http, HEADER), "status.example.com")).toMatch(/^\d+\./);
    }, 20_000);
}, 120_000);

afterAll(async () => {
  await Promise.all(edges.map((side) => side.stop()));
  world?.close();
});

/** What the app heard as the client's address; the status where another than 200 came, "closed" where nothing did. */
function ask(socket: Socket, host: string): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    socket.on("error", () => resolve("closed"));
    socket.on("close", () => resolve("closed"));
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      const heard = /"x-forwarded-for":"([^"]*)"/.exec(text);
      if (heard?.[1] !== undefined) resolve(heard[1]);
      else if (!text.startsWith("HTTP/1.1 200")) resolve(text.slice(0, 12));
    });
    socket.write(`GET / HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
  });
}

/** @param header before everything, as a balancer writes it */
async function open(port: number, header: string): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  if (header !== "") socket.write(header);
  return socket;
}

/** In TLS above it; null: no handshake was made. */
function secured(socket: Socket, servername: string): Promise<Socket | null> {
  return new Promise((resolve) => {
    const inTls = connectTls({ socket, servername, rejectUnauthorized: false }, () => resolve(inTls));
    inTls.on("error", () => resolve(null));
    inTls.on("close", () => resolve(null));
    socket.on("close", () => resolve(null));
  });
}

const HEADER = "PROXY TCP4 203.0.113.7 198.51.100.1 40000 443\r\n";

/** Of who connects from this machine: Envoy tells its own address then. */
async function own(rest: number): Promise<string> {
  const inTls = await secured(await open(rest, ""), "a.example.com");
  const heard = inTls ? await ask(inTls, "a.example.com") : "closed";
  inTls?.destroy();
  return heard;
}

test("where the PROXY protocol is optional the client is who the header says, and without one who connects", async () => {
  for (const { name, http, rest } of edges) {
    const host = "status.example.com";
    expect(await ask(await open(http, HEADER), host), name).toBe("203.0.113.7");
    const heard = await ask(await open(http, ""), host);
    expect(heard, name).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    expect(heard, name).toBe(await own(rest));
  }
});

test("where it is required TLS begins after it, and nothing is answered without it", async () => {
  for (const { name, shop } of edges) {
    const host = "shop.example.com";
    const behind = await secured(await open(shop, HEADER), host);
    expect(behind && (await ask(behind, host)), name).toBe("203.0.113.7");
    expect(await secured(await open(shop, ""), host), name).toBeNull();
  }
});

test("one connection more than the limit is closed, and one that ends makes room", async () => {
  for (const { name, rest } of edges) {
    const host = "a.example.com";
    const held: Socket[] = [];
    // the proxy may not have noticed yet that those of the test before are closed
    while (held.length < MOST) {
      const one = await secured(await open(rest, ""), host);
      if (one) held.push(one);
    }
    for (const heard of await Promise.all(held.map((one) => ask(one, host)))) expect(heard, name).toMatch(/^\d+\./);
    expect(await secured(await open(rest, ""), host), name).toBeNull();
    held.pop()?.destroy();
    await expect.poll(async () => (await secured(await open(rest, ""), host)) !== null, { timeout: 10_000 }).toBe(true);
    for (const one of held) one.destroy();
  }
});
