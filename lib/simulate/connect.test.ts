import { expect, test } from "vitest";
import { EDGE_TCP_PORT, EDGE_TLS_PORT, edgeMesh, edgeRoute } from "@/lib/compile/testing/edge";
import { object } from "@/lib/compile/testing/rich";
import type { MeshDocument } from "@/lib/mesh";
import { type Answer, ask, buildScene, callsOf, consequencesOf } from ".";

const GATEWAY = "Gateway/production/edge";
function connect(document: MeshDocument, host: string, port: number, draw?: number): Answer {
  return ask(buildScene(document), {
    from: { kind: "outside", gateway: GATEWAY },
    to: { host, port },
    method: "CONNECT",
    path: "/",
    headers: {},
    ...(draw === undefined ? {} : { draw }),
  });
}

test("TLS at a gateway goes where its server name says, in the shares of the rule", () => {
  const document = edgeMesh(edgeRoute());
  const one = connect(document, "archive.example.com", EDGE_TLS_PORT);
  expect(one).toMatchObject({ outcome: "forwarded", status: null });
  expect(one.hops).toMatchObject([
    { direction: "gateway", mtls: "mutual", rule: { object: "TcpRoute/production/edge", path: "spec.rules[0]" } },
    { direction: "inbound", authorization: { allowed: true, policy: "Dependency/production/edge-to-archive" } },
  ]);
  expect(one.sentence).toBe(
    'edge reaches archive in mutual TLS, by rule "archive" of TcpRoute edge; the drawn dependency edge-to-archive allows it.',
  );
  const other = connect(document, "a.b.example.com", EDGE_TLS_PORT);
  expect(other.destinations.map(({ subset, probability }) => [subset, probability])).toEqual([
    ["v1", 0.75],
    ["v2", 0.25],
  ]);
  expect(other.hops[0]?.considered.map(({ path, matched, why }) => [path, matched, why])).toEqual([
    ["spec.rules[0]", false, "it is for TLS for archive.example.com"],
    ["spec.rules[1]", true, "takes the connection"],
  ]);
  const drawn = (draw: number) => connect(document, "a.example.com", EDGE_TLS_PORT, draw).hops[0]?.cluster;
  expect([0, 0.74, 0.76].map(drawn)).toEqual([
    "outbound|5432|v1|ledger.production",
    "outbound|5432|v1|ledger.production",
    "outbound|5432|v2|ledger.production",
  ]);
});

test("a server name that no rule takes, and TLS without one, are closed without a status", () => {
  const document = edgeMesh(edgeRoute());
  const named = connect(document, "db.example.net", EDGE_TLS_PORT);
  expect(named).toMatchObject({ outcome: "no-route", status: null, destinations: [] });
  expect(named.sentence).toBe(
    'edge closes the connection: nothing is called "db.example.net" at listener secure (port 8443).',
  );
  expect(named.hops[0]?.considered).toHaveLength(3);
  expect(connect(document, "192.0.2.7", EDGE_TLS_PORT).sentence).toBe(
    "edge closes the connection: TLS without a server name is nobody's at listener secure (port 8443).",
  );
});

test("TCP at a gateway's port needs no name", () => {
  const answer = connect(edgeMesh(edgeRoute()), "192.0.2.7", EDGE_TCP_PORT);
  expect(answer).toMatchObject({ outcome: "forwarded", destinations: [{ service: "Service/production/archive" }] });
  expect(answer.hops[0]?.rule).toMatchObject({ path: "spec.rules[2]", name: "raw" });
});

test("requests at the gateway's HTTP port are asked as before", () => {
  const answer = ask(buildScene(edgeMesh(edgeRoute())), {
    from: { kind: "outside", gateway: GATEWAY },
    to: { host: "shop.example.com", port: 8080 },
    method: "GET",
    path: "/",
    headers: {},
  });
  expect(answer).toMatchObject({ outcome: "forwarded", destinations: [{ service: "Service/production/storefront" }] });
});

test("a callee that denies the gateway closes its connections, and a change of the route is told with the names", () => {
  const deny = object("AuthorizationPolicy", "no-edge", {
    target: { service: "archive" },
    action: "deny",
    rules: [{ from: [{ services: [{ kind: "Gateway", name: "edge" }] }] }],
  });
  const denied = connect(edgeMesh(edgeRoute(), deny), "archive.example.com", EDGE_TLS_PORT);
  expect(denied).toMatchObject({ outcome: "denied", status: null });
  const document = edgeMesh(edgeRoute());
  const calls = callsOf(document).filter(({ caller, method }) => caller === GATEWAY && method === "CONNECT");
  expect(calls.map(({ callee, host, port }) => [callee, host, port])).toEqual([
    ["Service/production/ledger", "www.example.com", EDGE_TLS_PORT],
    ["Service/production/archive", "archive.example.com", EDGE_TLS_PORT],
    ["Service/production/archive", "any.example", EDGE_TCP_PORT],
  ]);
  const without = edgeMesh(edgeRoute(edgeRoute().spec.rules.slice(1)));
  const lost = consequencesOf(buildScene(document), buildScene(without));
  expect(lost.map(({ kind, caller, callee }) => [kind, caller, callee])).toContainEqual([
    "destination",
    GATEWAY,
    "Service/production/archive",
  ]);
});
