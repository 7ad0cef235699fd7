// When idle connections to hosts are probed, as the kernel has it: on our proxy, and on Envoy where ENVOY_BIN names it. Rule: what is
// asserted is the timer of the proxy's own end of the connection (/proc/net/tcp, Linux only); no test waits for a probe.

import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { type AddressInfo, createServer as createRawServer, type Server } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { bootstrapOf, kinds, startConfigured } from "./support/both-proxies";
import { createCa } from "./support/certificates";
import { cleanUp, onCleanUp, startOrigin } from "./support/network";
import { send } from "./support/send";

afterEach(cleanUp);

const TYPES = "type.googleapis.com/envoy";
const NONE = "00";
const KEEPALIVE = "02";
/** What the kernel counts these timers in: USER_HZ. */
const TICKS_PER_SECOND = 100;

/** The timer of the connection that has this local port and leads to this one. */
function timerOf(localPort: number, remotePort: number): { kind: string; seconds: number } {
  const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, "0");
  for (const line of readFileSync("/proc/net/tcp", "utf8").split("\n")) {
    const [, local, remote, , , timer] = line.trim().split(/\s+/);
    if (!local?.endsWith(`:${hex(localPort)}`) || !remote?.endsWith(`:${hex(remotePort)}`)) continue;
    const [kind = "", ticks = ""] = timer?.split(":") ?? [];
    return { kind, seconds: Number.parseInt(ticks, 16) / TICKS_PER_SECOND };
  }
  throw new Error(`no connection from port ${localPort} to port ${remotePort}`);
}

/** @returns the timer of the proxy's connection to the app, after one request */
async function timerWith(
  kind: (typeof kinds)[number],
  app: Server,
  port: number,
  cluster: { transport_socket?: object; upstream_connection_options?: object },
) {
  let from = 0;
  app.on("connection", (socket) => {
    from = socket.remotePort ?? 0;
  });
  const proxy = await startConfigured(kind, (at) =>
    bootstrapOf(at, [{ match: { prefix: "/" }, route: { cluster: "app" } }], {
      app: { port, options: { http_protocol_options: {} }, ...cluster },
    }),
  );
  expect((await send(proxy, "/")).status).toBe(200);
  return () => timerOf(from, port);
}

async function plainApp() {
  return startOrigin((_request, response) => response.end("yes"));
}

/** Takes the header of the PROXY protocol off and hands the rest of the connection on. */
const behindHeader = (app: Server): Server =>
  createRawServer((socket) =>
    socket.once("data", (bytes) => {
      socket.pause();
      socket.unshift(bytes.subarray(bytes.indexOf("\r\n") + 2));
      app.emit("connection", socket);
    }),
  );

const keepalive = (value: object) => ({ upstream_connection_options: { tcp_keepalive: value } });

describe.runIf(process.platform === "linux").each(kinds)("%s", (kind) => {
  test.each([
    [90, { keepalive_time: 90 }],
    [4000, { keepalive_time: 4000, keepalive_interval: 1, keepalive_probes: 10 }],
    [7200, {}],
  ])("probes a connection that is idle for %d s", { timeout: 30_000 }, async (seconds, value) => {
    const { port, server } = await plainApp();
    const timer = await timerWith(kind, server, port, keepalive(value));
    // Until the last answer is acknowledged it is the timer of that.
    await expect.poll(() => timer().kind).toBe(KEEPALIVE);
    expect(timer().seconds).toBeLessThanOrEqual(seconds);
    expect(timer().seconds).toBeGreaterThan(seconds / 2);
  });

  test("probes nobody where nothing says so", { timeout: 30_000 }, async () => {
    const { port, server } = await plainApp();
    const timer = await timerWith(kind, server, port, {});
    await expect.poll(() => timer().kind).toBe(NONE);
  });

  test.each(["TLS", "TLS behind a PROXY protocol header"])(
    "probes a connection by %s as well",
    { timeout: 30_000 },
    async (by) => {
      const ca = await createCa("apps");
      const leaf = await ca.issue([], { dns: ["app.test"] });
      const app = createServer({ cert: leaf.certPem, key: leaf.keyPem }, (_request, response) => response.end("yes"));
      const isProxied = by !== "TLS";
      const listening = isProxied ? behindHeader(app) : app;
      await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
      onCleanUp(() => void listening.close());
      const { port } = listening.address() as AddressInfo;
      const tls = {
        name: "tls",
        typed_config: {
          "@type": `${TYPES}.extensions.transport_sockets.tls.v3.UpstreamTlsContext`,
          common_tls_context: { validation_context: { trusted_ca: { inline_string: ca.pem } } },
          sni: "app.test",
        },
      };
      const type = `${TYPES}.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport`;
      const proxied = { name: "proxied", typed_config: { "@type": type, transport_socket: tls } };
      const timer = await timerWith(kind, listening, port, {
        ...keepalive({ keepalive_time: 90 }),
        transport_socket: isProxied ? proxied : tls,
      });
      await expect.poll(() => timer().kind).toBe(KEEPALIVE);
      expect(timer().seconds).toBeLessThanOrEqual(90);
    },
  );
});
