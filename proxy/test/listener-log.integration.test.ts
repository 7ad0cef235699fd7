// The log of a listener where Envoy's words cannot be compared: why handshakes fail, and who a caller with a certificate is.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { createCa, secretsOf, type TestCa, type TestLeaf } from "./support/certificates";
import { cleanUp, listenerPort, onCleanUp, startDataPlane, startNamedOrigin } from "./support/network";
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
const folder = mkdtempSync(join(tmpdir(), "meshwright-listener-log-"));
const path = join(folder, "connections.log");
let ca: TestCa;
let port = 0;

beforeAll(async () => {
  onCleanUp(() => rmSync(folder, { recursive: true, force: true }));
  ca = await createCa("mesh");
  const origin = await startNamedOrigin("app");
  const own = await ca.issue(["spiffe://mesh.local/ns/production/sa/payment-service"]);
  const operators = ["DOWNSTREAM_TRANSPORT_FAILURE_REASON", "DOWNSTREAM_PEER_URI_SAN", "PROTOCOL"] as const;
  const parts = operators.flatMap((operator) => [
    { operator, argument: "", alternative: null, maxLength: null },
    { literal: operator === "PROTOCOL" ? "\n" : " " },
  ]);
  const format = { kind: "text", parts, omitEmptyValues: false } as const;
  const plane = await startDataPlane(
    proxyPlan({
      listeners: [
        listener("inbound", {
          tlsInspector: true,
          accessLogs: [{ filter: null, kind: "file", path, format }],
          filterChains: [chain({ tls: downstreamTls(), network: http() })],
        }),
      ],
      clusters: [cluster("app", [endpoint(origin.port)])],
      routes: [routes([route(forward([{ name: "app" }]))])],
    }),
    secretsOf(own, ca),
  );
  port = listenerPort(plane, "inbound");
});
afterAll(cleanUp);

/** Asks once and waits for the end of the connection. */
function ask(leaf: TestLeaf | null): Promise<void> {
  return new Promise((resolve) => {
    const identity = leaf === null ? {} : { cert: leaf.certPem, key: leaf.keyPem };
    const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...identity });
    socket.on("secureConnect", () => socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    socket.on("error", () => {});
    socket.resume();
    socket.on("close", () => resolve());
  });
}

it("says who came in, and why somebody did not", async () => {
  const expected: string[] = [];
  const next = async (leaf: TestLeaf | null, line: string): Promise<void> => {
    expected.push(line);
    await ask(leaf);
    await vi.waitFor(() => expect(readFileSync(path, "utf8").trimEnd().split("\n")).toEqual(expected), 10_000);
  };
  await next(await ca.issue([CALLER]), `- ${CALLER} HTTP/1.1`);
  await next(null, "no_peer_certificate - -");
  await next(await ca.issue([CALLER], { valid: [-120, -60] }), "certificate_not_valid_now - -");
  await next(await (await createCa("other")).issue([CALLER]), "not_signed_by_trust_bundle - -");
  await next(await ca.issue(["spiffe://elsewhere/ns/production/sa/checkout"]), "foreign_trust_domain - -");
});
