// Two sidecars: client -> A =mTLS=> B -> app, with what is refused and what a listener on the wire can read.

import { connect as connectPlain, createServer } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { normalizeSerial } from "../src/identity/svid";
import type { Secret } from "../src/plan/types";
import { createCa, secretsOf, spiffe, type TestCa, type TestLeaf } from "./support/certificates";
import {
  call,
  cleanUp,
  keepAliveAgent,
  listenerPort,
  onCleanUp,
  portOf,
  startDataPlane,
  startNamedOrigin,
  startOrigin,
} from "./support/network";
import {
  allowPrincipal,
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
  upstreamTls,
  uriMatcher,
} from "./support/plans";

afterEach(cleanUp);

let ca: TestCa;
let foreign: TestCa;
let caller: TestLeaf;
let app: TestLeaf;
beforeAll(async () => {
  ca = await createCa("mesh");
  foreign = await createCa("mesh");
  caller = await ca.issue([spiffe("checkout")]);
  app = await ca.issue([spiffe("payment-service")]);
});

function inboundPlan(appPort: number, allowed = spiffe("checkout"), withPlain = false): ReturnType<typeof proxyPlan> {
  const network = http({ rbac: [allowPrincipal(allowed)] });
  const chains = [chain({ tls: downstreamTls(), network })];
  if (withPlain) chains.push(chain({ network: http() }));
  return proxyPlan({
    listeners: [listener("inbound", { tlsInspector: true, filterChains: chains })],
    clusters: [cluster("inbound|8080", [endpoint(appPort)])],
    routes: [routes([route(forward([{ name: "inbound|8080" }]))])],
  });
}

function outboundPlan(port: number, isTls = true): ReturnType<typeof proxyPlan> {
  const tls = isTls ? upstreamTls({ sanMatchers: [uriMatcher(spiffe("payment-service"))] }) : null;
  return proxyPlan({
    workload: "checkout",
    listeners: [listener("outbound", { trafficDirection: "outbound" })],
    clusters: [cluster("payment", [endpoint(port)], { tls })],
    routes: [routes([route(forward([{ name: "payment" }]))])],
  });
}

function withLists(secrets: Map<string, Secret>, crlPems: readonly string[]): Map<string, Secret> {
  const bundle = secrets.get("bundle");
  return bundle?.kind === "validation" ? new Map([...secrets, ["bundle", { ...bundle, crlPems }]]) : secrets;
}

/** Copies bytes between two sidecars and keeps them. */
async function startRecorder(target: number): Promise<{ port: number; bytes: () => Buffer }> {
  const chunks: Buffer[] = [];
  const server = createServer((socket) => {
    const next = connectPlain(target, "127.0.0.1");
    for (const [from, to] of [
      [socket, next],
      [next, socket],
    ] as const) {
      from.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        to.write(chunk);
      });
      from.on("error", () => {});
      from.on("close", () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onCleanUp(() => void server.close());
  return { port: portOf(server), bytes: () => Buffer.concat(chunks) };
}

/** Speaks TLS to the listener and tells what came back for one request. */
function speakTls(port: number, options: { cert?: string; key?: string }): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false, ...options });
    let text = "";
    socket.on("secureConnect", () => socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.on("error", (error) => resolve(`error ${error.message}`));
    socket.on("close", () => resolve(text));
  });
}

describe("mutual TLS between two sidecars", () => {
  it("hides a marker in header and body that plain text shows", async () => {
    const marker = "M4rk3r-0123456789abcdef-0123456789";
    const { port } = await startOrigin((incoming, response) => {
      incoming.resume();
      incoming.on("end", () => response.end(`answer ${marker}`));
    });
    for (const isTls of [true, false]) {
      const inbound = await startDataPlane(inboundPlan(port, undefined, true), secretsOf(app, ca));
      const recorder = await startRecorder(listenerPort(inbound, "inbound"));
      const outbound = await startDataPlane(outboundPlan(recorder.port, isTls), secretsOf(caller, ca));
      const reply = await call(listenerPort(outbound, "outbound"), {
        method: "POST",
        headers: { "x-marker": marker },
        body: marker,
      });
      expect(reply.status).toBe(200);
      expect(reply.body).toContain(marker);
      expect(recorder.bytes().length).toBeGreaterThan(200);
      expect(recorder.bytes().includes(marker)).toBe(!isTls);
    }
  });

  it("tells the app who called, and nothing the caller made up", async () => {
    const { port } = await startOrigin((incoming, response) => response.end(JSON.stringify(incoming.headers)));
    const inbound = await startDataPlane(inboundPlan(port), secretsOf(app, ca));
    const outbound = await startDataPlane(outboundPlan(listenerPort(inbound, "inbound")), secretsOf(caller, ca));
    const reply = await call(listenerPort(outbound, "outbound"), {
      headers: {
        "x-forwarded-client-cert": "URI=spiffe://mesh.local/ns/production/sa/admin",
        "x-envoy-retry-on": "5xx",
      },
    });
    const headers = JSON.parse(reply.body) as Record<string, string>;
    expect(headers["x-forwarded-client-cert"]).toMatch(
      /^By=spiffe:\/\/mesh\.local\/ns\/production\/sa\/payment-service;Hash=[0-9a-f]{64};URI=spiffe:\/\/mesh\.local\/ns\/production\/sa\/checkout$/,
    );
    expect(headers["x-envoy-retry-on"]).toBeUndefined();
    expect(headers["x-forwarded-proto"]).toBe("http");
  });

  it("refuses callers without, with a foreign, a wrong and a doubled identity, and lets the right one in", async () => {
    const origin = await startNamedOrigin("app");
    const inbound = await startDataPlane(inboundPlan(origin.port), secretsOf(app, ca));
    const port = listenerPort(inbound, "inbound");
    const as = async (leaf: TestLeaf): Promise<string> => speakTls(port, { cert: leaf.certPem, key: leaf.keyPem });
    expect(await speakTls(port, {})).not.toContain("HTTP/1.1 200");
    expect(await as(await foreign.issue([spiffe("checkout")]))).not.toContain("HTTP/1.1");
    expect(await as(await ca.issue([spiffe("intruder")]))).toContain("HTTP/1.1 403");
    expect(await as(await ca.issue([spiffe("checkout"), spiffe("admin")]))).not.toContain("HTTP/1.1");
    expect(await as(await ca.issue([spiffe("checkout", "other.domain")]))).not.toContain("HTTP/1.1");
    expect(await as(await ca.issue([]))).not.toContain("HTTP/1.1");
    expect(await as(await ca.issue([spiffe("checkout")], { isCa: true }))).not.toContain("HTTP/1.1");
    expect(await as(caller)).toContain("HTTP/1.1 200");
    expect(origin.count()).toBe(1);
    const reasons = inbound.telemetry.handshakeFailures;
    expect(reasons.get("several_uri_sans")).toBe(1);
    expect(reasons.get("foreign_trust_domain")).toBe(1);
    expect(inbound.telemetry.rbacDenied).toBe(1);
  });

  it("refuses plain text on a strict listener", async () => {
    const origin = await startNamedOrigin("app");
    const inbound = await startDataPlane(inboundPlan(origin.port), secretsOf(app, ca));
    await expect(call(listenerPort(inbound, "inbound"))).rejects.toThrow();
    expect(origin.count()).toBe(0);
  });

  it("does not send a request to a server with the wrong SPIFFE ID", async () => {
    const origin = await startNamedOrigin("app");
    const impostor = await ca.issue([spiffe("impostor")]);
    const inbound = await startDataPlane(inboundPlan(origin.port), secretsOf(impostor, ca));
    const outbound = await startDataPlane(outboundPlan(listenerPort(inbound, "inbound")), secretsOf(caller, ca));
    const reply = await call(listenerPort(outbound, "outbound"));
    expect(reply.status).toBe(503);
    expect(origin.count()).toBe(0);
    expect(outbound.telemetry.handshakeFailures.get("san_not_matched")).toBe(1);
  });

  it("drops a revoked caller's live connection within a second and refuses the next", async () => {
    const origin = await startNamedOrigin("app");
    const inbound = await startDataPlane(inboundPlan(origin.port), secretsOf(app, ca));
    const port = listenerPort(inbound, "inbound");
    const socket = connectTls({
      host: "127.0.0.1",
      port,
      rejectUnauthorized: false,
      cert: caller.certPem,
      key: caller.keyPem,
    });
    socket.on("error", () => {});
    await new Promise<void>((resolve) => socket.once("secureConnect", resolve));
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await new Promise((resolve) => socket.once("data", resolve));
    const closed = new Promise<number>((resolve) => socket.once("close", () => resolve(performance.now())));
    const from = performance.now();
    inbound.onDenyList({ serials: new Set([normalizeSerial(caller.serial)]), spiffeIds: new Set() });
    expect((await closed) - from).toBeLessThan(1000);
    expect(await speakTls(port, { cert: caller.certPem, key: caller.keyPem })).not.toContain("HTTP/1.1");
    expect(inbound.telemetry.handshakeFailures.get("peer_on_deny_list")).toBe(1);
  });

  it("asks a renewed list of revoked certificates on new connections, and lets open ones be", async () => {
    const origin = await startNamedOrigin("app");
    const inbound = await startDataPlane(
      inboundPlan(origin.port),
      withLists(secretsOf(app, ca), [await ca.revoke([])]),
    );
    const outbound = await startDataPlane(outboundPlan(listenerPort(inbound, "inbound")), secretsOf(caller, ca));
    const port = listenerPort(outbound, "outbound");
    expect((await call(port)).status).toBe(200);
    inbound.onSecrets(withLists(secretsOf(app, ca), [await ca.revoke([caller.serial])]));
    expect((await call(port)).status).toBe(200);
    const other = await startDataPlane(outboundPlan(listenerPort(inbound, "inbound")), secretsOf(caller, ca));
    expect((await call(listenerPort(other, "outbound"))).status).toBe(503);
    expect(inbound.telemetry.handshakeFailures.get("certificate_revoked")).toBe(1);
    inbound.onSecrets(withLists(secretsOf(app, ca), [await ca.revoke([], -1)]));
    expect((await call(listenerPort(other, "outbound"))).status).toBe(503);
    expect(inbound.telemetry.handshakeFailures.get("no_revocation_list_in_force")).toBe(1);
    inbound.onSecrets(secretsOf(app, ca));
    expect((await call(listenerPort(other, "outbound"))).status).toBe(200);
  });

  it("asks a renewed list of revoked servers on new connections", async () => {
    const origin = await startNamedOrigin("app");
    const inbound = await startDataPlane(inboundPlan(origin.port), secretsOf(app, ca));
    const lists = [await ca.revoke([app.serial])];
    const outbound = await startDataPlane(
      outboundPlan(listenerPort(inbound, "inbound")),
      withLists(secretsOf(caller, ca), lists),
    );
    const port = listenerPort(outbound, "outbound");
    expect((await call(port)).status).toBe(503);
    outbound.onSecrets(withLists(secretsOf(caller, ca), [await ca.revoke([])]));
    expect((await call(port)).status).toBe(200);
  });

  it("rotates its certificate under load without a failed request", async () => {
    const origin = await startNamedOrigin("app");
    const inbound = await startDataPlane(inboundPlan(origin.port), secretsOf(app, ca));
    const outbound = await startDataPlane(outboundPlan(listenerPort(inbound, "inbound")), secretsOf(caller, ca));
    const agent = keepAliveAgent(8);
    const port = listenerPort(outbound, "outbound");
    let failed = 0;
    let done = 0;
    const worker = async (): Promise<void> => {
      while (done < 600) {
        done++;
        const reply = await call(port, { agent });
        if (reply.status !== 200) failed++;
        if (done % 100 === 0) {
          inbound.onSecrets(secretsOf(await ca.issue([spiffe("payment-service")]), ca));
          outbound.onSecrets(secretsOf(await ca.issue([spiffe("checkout")]), ca));
        }
      }
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    expect(failed).toBe(0);
  });
});
