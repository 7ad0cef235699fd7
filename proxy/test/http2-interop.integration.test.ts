// Our HTTP/2 against other people's: Node's http2 (nghttp2) as client and as server, and Envoy in both places when
// ENVOY_BIN is set. Random header lists are drawn with a printed seed (SEED=N repeats a run).

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type ClientHttp2Session, connect, createServer, type IncomingHttpHeaders } from "node:http2";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { pairIdentities, secretsOf, type TestCa, type TestLeaf } from "./support/certificates";
import { inboundH2Plan, outboundH2Plan } from "./support/http2";
import { call, cleanUp, listenerPort, onCleanUp, portOf, startDataPlane, startOrigin } from "./support/network";
import { chain, cluster, endpoint, forward, http, listener, proxyPlan, route, routes } from "./support/plans";

afterEach(cleanUp);

const seed = Number(process.env["SEED"] ?? Date.now() & 0x7fffffff);
let state = seed;
const random = (below: number): number => {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
  return state % below;
};

/** A plaintext listener; `upstream` speaks HTTP/2 with prior knowledge when `isH2Upstream`. */
async function startProxy(upstream: number, isH2Upstream: boolean): Promise<number> {
  const base = cluster("app", []).http;
  const plane = await startDataPlane(
    proxyPlan({
      listeners: [listener("inbound", { filterChains: [chain({ network: http({ serverHeader: "pass-through" }) })] })],
      clusters: [
        cluster("app", [endpoint(upstream)], { http: { ...base, protocol: isH2Upstream ? "http2" : "http1" } }),
      ],
      routes: [routes([route(forward([{ name: "app" }]))])],
    }),
  );
  return listenerPort(plane, "inbound");
}

function session(port: number): ClientHttp2Session {
  const client = connect(`http://127.0.0.1:${port}`);
  client.on("error", () => {});
  onCleanUp(() => client.destroy());
  return client;
}

interface H2Reply {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

function ask(client: ClientHttp2Session, headers: Record<string, string | string[]>, body?: Buffer): Promise<H2Reply> {
  return new Promise((resolve, reject) => {
    const stream = client.request(headers, { endStream: body === undefined });
    let received: IncomingHttpHeaders = {};
    const chunks: Buffer[] = [];
    stream.on("response", (answer) => {
      received = answer;
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => resolve({ headers: received, body: Buffer.concat(chunks) }));
    stream.on("error", reject);
    if (body !== undefined) stream.end(body);
  });
}

const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join("");

/** Names repeat, values repeat sometimes: both sides' tables fill, hit and evict. */
function randomHeaders(): Record<string, string> {
  const headers: Record<string, string> = {};
  const count = 1 + random(20);
  for (let i = 0; i < count; i++) {
    const length = [0, 3, 10, 40, 300, 1500][random(6)] ?? 0;
    let value = "";
    for (let k = 0; k < length; k++) value += printable[random(95)];
    headers[`x-name-${random(40)}`] = random(3) === 0 ? `constant-${random(8)}` : value.trim();
  }
  return headers;
}

async function startH2Origin(): Promise<number> {
  const server = createServer();
  server.on("stream", (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on("error", () => {});
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      const echoed = Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith("x-name-")));
      stream.respond({ ":status": 200, ...echoed, "x-seen": JSON.stringify({ ...headers }) });
      stream.end(Buffer.concat(chunks));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onCleanUp(() => void server.close());
  return portOf(server);
}

describe(`HTTP/2 with Node's http2, seed ${seed}`, () => {
  it("carries random header lists through both HPACK directions of both sides unchanged", async () => {
    const client = session(await startProxy(await startH2Origin(), true));
    for (let round = 0; round < 300; round++) {
      const headers = randomHeaders();
      const reply = await ask(client, { ":path": `/r${random(5)}`, ...headers });
      expect(reply.headers[":status"]).toBe(200);
      const { "x-seen": seen, ":status": _status, date: _date, ...echoed } = reply.headers;
      const upstream = JSON.parse(String(seen)) as Record<string, string>;
      for (const [name, value] of Object.entries(headers)) {
        expect(upstream[name], `round ${round} ${name}`).toBe(value);
        expect(echoed[name], `round ${round} ${name}`).toBe(value);
      }
    }
  });

  it("carries bodies of all sizes and concurrent streams from an h2 client to an h2 server", async () => {
    const client = session(await startProxy(await startH2Origin(), true));
    const sizes = [0, 1, 16_383, 16_384, 16_385, 65_535, 65_536, 400_000, 2_000_000];
    const replies = await Promise.all(
      [...sizes, ...sizes].map((size) =>
        ask(client, { ":method": "POST", ":path": "/" }, Buffer.alloc(size, 97 + (size % 26))),
      ),
    );
    [...sizes, ...sizes].forEach((size, index) => {
      expect(replies[index]?.body.equals(Buffer.alloc(size, 97 + (size % 26))), `${size}`).toBe(true);
    });
  });

  it("serves an h2 client from an HTTP/1.1 app", async () => {
    const { port } = await startOrigin((incoming, response) => {
      response.setHeader("x-host", incoming.headers.host ?? "");
      incoming.pipe(response);
    });
    const client = session(await startProxy(port, false));
    const reply = await ask(client, { ":method": "POST", ":path": "/", ":authority": "callee" }, Buffer.from("body"));
    expect([reply.headers[":status"], reply.headers["x-host"], reply.body.toString()]).toEqual([200, "callee", "body"]);
  });

  it("serves an HTTP/1.1 client from an h2 server", async () => {
    const port = await startProxy(await startH2Origin(), true);
    const reply = await call(port, { method: "PUT", headers: { "x-name-1": "a" }, body: "hello" });
    expect([reply.status, reply.headers["x-name-1"], reply.body]).toEqual([200, "a", "hello"]);
  });

  it("answers PING, obeys a smaller window and ends cleanly", async () => {
    const client = session(await startProxy(await startH2Origin(), true));
    await new Promise<void>((resolve) => client.once("connect", () => resolve()));
    client.settings({ initialWindowSize: 1000 });
    await new Promise<void>((resolve, reject) => client.ping((error) => (error ? reject(error) : resolve())));
    const reply = await ask(client, { ":method": "POST", ":path": "/" }, Buffer.alloc(200_000, 1));
    expect(reply.body.length).toBe(200_000);
    await new Promise<void>((resolve) => client.close(resolve));
  });

  it("resets only the stream of a request that the peer cancels", async () => {
    const { port } = await startOrigin((incoming, response) => {
      if (incoming.url !== "/never") response.end("ok");
    });
    const client = session(await startProxy(port, false));
    const cancelled = client.request({ ":path": "/never" });
    cancelled.on("error", () => {});
    const good = await ask(client, { ":path": "/" });
    cancelled.close(8);
    expect(good.body.toString()).toBe("ok");
    expect((await ask(client, { ":path": "/" })).body.toString()).toBe("ok");
  });

  it("repeats a request that the server refused and reports one that it reset", async () => {
    let streams = 0;
    const server = createServer();
    server.on("stream", (stream, headers) => {
      stream.on("error", () => {});
      if (headers[":path"] === "/reset") stream.close(2);
      else if (++streams === 1) stream.close(7);
      else {
        stream.respond({ ":status": 200 });
        stream.end("second try");
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onCleanUp(() => void server.close());
    const port = await startProxy(portOf(server), true);
    expect((await call(port, { method: "POST", body: "x" })).body).toBe("second try");
    const reset = await call(port, { path: "/reset" });
    expect([reset.status, reset.body]).toEqual([
      503,
      "upstream connect error or disconnect/reset before headers. reset reason: remote reset",
    ]);
  });

  it("moves to a new connection when the server says GOAWAY", async () => {
    const server = createServer();
    let sessions = 0;
    server.on("session", (one) => {
      sessions++;
      one.on("error", () => {});
    });
    server.on("stream", (stream) => {
      stream.respond({ ":status": 200 });
      stream.end("ok");
      if (sessions === 1) stream.session?.close();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onCleanUp(() => void server.close());
    const port = await startProxy(portOf(server), true);
    for (let i = 0; i < 5; i++) expect((await call(port)).body).toBe("ok");
    expect(sessions).toBe(2);
  });
});

const envoy = process.env["ENVOY_BIN"];

describe.skipIf(!envoy)("HTTP/2 with Envoy over mTLS", () => {
  let ca: TestCa;
  let caller: TestLeaf;
  let callee: TestLeaf;
  beforeAll(async () => {
    ({ ca, caller, callee } = await pairIdentities());
  });

  async function freePort(): Promise<number> {
    const { port, server } = await startOrigin(() => {});
    await new Promise((resolve) => server.close(resolve));
    return port;
  }

  function tls(kind: "Upstream" | "Downstream", leaf: TestLeaf): string {
    const pem = (text: string): string => JSON.stringify({ inline_string: text });
    return `
    transport_socket:
      name: tls
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.${kind}TlsContext
        ${kind === "Downstream" ? "require_client_certificate: true" : "sni: callee"}
        common_tls_context:
          tls_params: {tls_minimum_protocol_version: TLSv1_3, tls_maximum_protocol_version: TLSv1_3}
          alpn_protocols: [h2, http/1.1]
          tls_certificates: [{certificate_chain: ${pem(leaf.certPem)}, private_key: ${pem(leaf.keyPem)}}]
          validation_context: {trusted_ca: ${pem(ca.pem)}}`;
  }

  /** One Envoy between a port and an upstream; TLS and HTTP/2 on one of its sides. */
  async function startEnvoy(upstream: number, side: "caller" | "callee"): Promise<number> {
    const port = await freePort();
    const text = `
static_resources:
  listeners:
  - address: {socket_address: {address: 127.0.0.1, port_value: ${port}}}
    filter_chains:
    - filters:
      - name: http
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: main
          codec_type: AUTO
          http_filters: [{name: router, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}]
          route_config: {virtual_hosts: [{name: all, domains: ["*"], routes: [{match: {prefix: /}, route: {cluster: next, timeout: 0s}}]}]}
${side === "callee" ? tls("Downstream", callee).replaceAll("\n    ", "\n      ") : ""}
  clusters:
  - name: next
    load_assignment: {cluster_name: next, endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: ${upstream}}}}}]}]}
${
  side === "caller"
    ? `${tls("Upstream", caller)}
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: {http2_protocol_options: {}}`
    : ""
}
`;
    const folder = mkdtempSync(join(tmpdir(), "meshwright-envoy-"));
    const file = join(folder, "envoy.yaml");
    writeFileSync(file, text);
    const args = ["-c", file, "--concurrency", "1", "-l", "error", "--disable-hot-restart"];
    const child: ChildProcess = spawn(envoy as string, args, { stdio: ["ignore", "inherit", "inherit"] });
    onCleanUp(async () => {
      child.kill("SIGKILL");
      await new Promise((resolve) => child.once("exit", resolve));
      rmSync(folder, { recursive: true, force: true });
    });
    await expect.poll(() => isOpen(port), { timeout: 15_000 }).toBe(true);
    return port;
  }

  function isOpen(port: number): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connectTcp(port, "127.0.0.1");
      socket.once("connect", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
  }

  async function exercise(port: number): Promise<void> {
    const sizes = [0, 5, 20_000, 1_000_000];
    for (let round = 0; round < 20; round++) {
      const headers = randomHeaders();
      const body = Buffer.alloc(sizes[round % 4] ?? 0, 98);
      const reply = await call(port, { method: "POST", path: `/p${round % 3}`, headers, body });
      expect(reply.status, reply.body.slice(0, 200)).toBe(200);
      expect(reply.body).toBe(body.toString());
      const seen = JSON.parse(String(reply.headers["x-seen"])) as Record<string, string>;
      for (const [name, value] of Object.entries(headers)) expect(seen[name]).toBe(value);
    }
    const replies = await Promise.all(Array.from({ length: 100 }, () => call(port, { method: "POST", body: "x" })));
    expect(replies.every((reply) => reply.status === 200 && reply.body === "x")).toBe(true);
  }

  async function startEcho(): Promise<number> {
    const { port } = await startOrigin((incoming, response) => {
      response.setHeader("x-seen", JSON.stringify(incoming.headers));
      incoming.pipe(response);
    });
    return port;
  }

  it("Envoy calls us", async () => {
    const b = await startDataPlane(inboundH2Plan(await startEcho()), secretsOf(callee, ca));
    const port = await startEnvoy(listenerPort(b, "inbound"), "caller");
    await exercise(port);
    expect(b.telemetry.downstreamConnections).toBe(1);
  });

  it("we call Envoy", async () => {
    const port = await startEnvoy(await startEcho(), "callee");
    const a = await startDataPlane(outboundH2Plan([port], {}), secretsOf(caller, ca));
    await exercise(listenerPort(a, "outbound"));
    expect(a.clusters.get("callee")?.totalConnections).toBe(1);
  });
});
