// Every row of hostile-proxy-protocol.ts against a running proxy, and TLS behind a header. Rule: what is no header ends the
// connection before anybody reads what follows, and after each the next caller is served.

import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { DataPlane } from "../src/listener/data-plane";
import { hostileHeaders } from "./hostile-proxy-protocol";
import { createCa, secretsOf } from "./support/certificates";
import { cleanUp, listenerPort, startDataPlane, startOrigin } from "./support/network";
import {
  chain,
  cluster,
  downstreamTls,
  endpoint,
  forward,
  http,
  listener,
  matching,
  proxyPlan,
  route,
  routes,
} from "./support/plans";

const GET = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const proxyProtocol = { statPrefix: "", allowsV1: true, allowsV2: true, allowsWithout: false, tlvs: null };
const network = http({ useRemoteAddress: true, skipXffAppend: false });
let plane: DataPlane;
let reached = 0;

beforeAll(async () => {
  const ca = await createCa("mesh");
  const own = await ca.issue(["spiffe://mesh.local/ns/production/sa/payment-service"]);
  const { port } = await startOrigin((incoming, response) => {
    reached++;
    response.end(`from ${incoming.headers["x-forwarded-for"]}`);
  });
  const tls = downstreamTls({ validationSecret: null, requireClientCertificate: false });
  plane = await startDataPlane(
    proxyPlan({
      listeners: [
        listener("inbound", { proxyProtocol, filterChains: [chain({ network })] }),
        listener("secure", {
          proxyProtocol,
          tlsInspector: true,
          filterChains: [chain({ tls, network, match: matching({ transportProtocol: "tls" }) })],
        }),
        listener("slow", { proxyProtocol, listenerFiltersTimeoutMs: 50, filterChains: [chain({ network })] }),
      ],
      clusters: [cluster("app", [endpoint(port)])],
      routes: [routes([route(forward([{ name: "app" }]))])],
    }),
    secretsOf(own, ca),
  );
});
afterAll(cleanUp);
beforeEach(() => {
  reached = 0;
});

/** All that comes back until the peer closes. */
function heard(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(text));
  });
}

function send(parts: readonly string[], name = "inbound"): Promise<string> {
  const socket = connect(listenerPort(plane, name), "127.0.0.1", () => {
    socket.setNoDelay(true);
    for (const part of parts) socket.write(Buffer.from(part, "latin1"));
  });
  return heard(socket);
}

const good = `PROXY TCP4 10.1.2.3 10.1.2.4 1234 80\r\n`;

describe("PROXY protocol headers", () => {
  it.each(hostileHeaders)("$name", async ({ bytes, caller }) => {
    const text = await send(typeof bytes === "string" ? [bytes + GET] : [...bytes, GET]);
    if (caller === null) expect(text).toBe("");
    else expect(text).toMatch(new RegExp(`from ${caller === "direct" ? "127.0.0.1" : caller}$`));
    expect(reached).toBe(caller === null ? 0 : 1);
    expect(await send([good + GET])).toMatch(/from 10\.1\.2\.3$/);
  });

  it("a header behind a header is no request", async () => {
    expect(await send([good + good + GET])).toMatch(/^HTTP\/1\.1 400 /);
    expect(reached).toBe(0);
  });

  it.each(["PROXY TCP4 10.1", "\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff"])("%j and no more ends in time", async (part) => {
    expect(await send([part], "slow")).toBe("");
    expect(reached).toBe(0);
  });

  it("stands before TLS, and names the caller behind it", async () => {
    const socket = connect(listenerPort(plane, "secure"), "127.0.0.1");
    socket.write(good);
    const secure = connectTls({ socket, rejectUnauthorized: false }, () => secure.write(GET));
    expect(await heard(secure)).toMatch(/from 10\.1\.2\.3$/);
  });

  it("is forgotten with its connection, behind TLS too", async () => {
    // Nobody outside can tell: a port of a caller is not used again at will.
    const told = () =>
      ["inbound", "secure"].map((name) => plane.listeners.get(name) as unknown as { told: Map<string, unknown> });
    await vi.waitFor(() => expect(told().map((one) => one.told.size)).toEqual([0, 0]));
  });
});
