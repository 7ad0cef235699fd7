// Handshakes that no well-meaning peer makes. Rule: none reaches the app, and after each a caller with a good certificate does.

import { type ConnectionOptions, connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCa, secretsOf, type TestCa, type TestLeaf } from "./support/certificates";
import { cleanUp, listenerPort, startDataPlane, startNamedOrigin } from "./support/network";
import {
  chain,
  cluster,
  downstreamTls,
  endpoint,
  forward,
  http,
  listener,
  proxyPlan,
  route,
  routes,
} from "./support/plans";

const CALLER = "spiffe://mesh.local/ns/production/sa/checkout";
let ca: TestCa;
let good: TestLeaf;
let port = 0;
let count: () => number;

beforeAll(async () => {
  ca = await createCa("mesh");
  good = await ca.issue([CALLER]);
  const origin = await startNamedOrigin("app");
  count = origin.count;
  const own = await ca.issue(["spiffe://mesh.local/ns/production/sa/payment-service"]);
  const tls = downstreamTls({ alpn: ["h2", "http/1.1"] });
  const plane = await startDataPlane(
    proxyPlan({
      listeners: [listener("inbound", { tlsInspector: true, filterChains: [chain({ tls, network: http() })] })],
      clusters: [cluster("app", [endpoint(origin.port)])],
      routes: [routes([route(forward([{ name: "app" }]))])],
    }),
    secretsOf(own, ca),
  );
  port = listenerPort(plane, "inbound");
});
afterAll(cleanUp);

interface Heard {
  readonly text: string;
  /** The last ticket. */
  readonly session: Buffer | null;
  readonly isReused: boolean;
}

/** What comes back for one request, "" when nothing does. */
function speak(leaf: TestLeaf | null, options: ConnectionOptions = {}): Promise<Heard> {
  return new Promise((resolve) => {
    const identity = leaf === null ? {} : { cert: leaf.certPem, key: leaf.keyPem };
    const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...identity, ...options });
    let text = "";
    let session: Buffer | null = null;
    let isReused = false;
    socket.on("secureConnect", () => {
      isReused = socket.isSessionReused();
      socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    });
    socket.on("session", (ticket: Buffer) => {
      session = ticket;
    });
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve({ text, session, isReused }));
  });
}

describe("hostile handshakes", () => {
  it.each<[string, () => Promise<TestLeaf | null>, ConnectionOptions?]>([
    ["no certificate", async () => null],
    ["an expired certificate", () => ca.issue([CALLER], { valid: [-120, -60] })],
    ["a certificate that is not yet valid", () => ca.issue([CALLER], { valid: [30, 50] })],
    ["an unknown authority of the same name", async () => (await createCa("mesh")).issue([CALLER])],
    ["no SAN", () => ca.issue([])],
    ["a DNS name for a SAN", () => ca.issue([], { dns: ["checkout.production"] })],
    ["two URI SANs", () => ca.issue([CALLER, "spiffe://mesh.local/ns/production/sa/admin"])],
    ["another trust domain", () => ca.issue(["spiffe://other.domain/ns/production/sa/checkout"])],
    ["an authority's certificate", () => ca.issue([CALLER], { isCa: true })],
    ["TLS 1.2", async () => good, { maxVersion: "TLSv1.2" }],
    ["ALPN that we do not speak", async () => good, { ALPNProtocols: ["h3"] }],
  ])("%s is not let in", async (_name, issue, options) => {
    const before = count();
    expect((await speak(await issue(), options)).text).not.toContain("HTTP/1.1 200");
    expect(count()).toBe(before);
    expect((await speak(good)).text).toContain("HTTP/1.1 200");
  });

  it("resumes no session: the certificate is looked at each time", async () => {
    const { session } = await speak(good);
    const again = await speak(good, session === null ? {} : { session });
    expect(again.text).toContain("HTTP/1.1 200");
    expect(again.isReused).toBe(false);
  });
});
