import { expect, test } from "vitest";
import { boundEdge, HTTPS_PORT, httpsEdgeMesh } from "@/lib/compile/testing/https-edge";
import { object } from "@/lib/compile/testing/rich";
import type { MeshDocument } from "@/lib/mesh";
import { type Answer, ask, buildScene, callsOf } from ".";
import { madeUpWorld } from "./world";

const GATEWAY = "Gateway/production/edge";
const asked = (host: string, port?: number) => ({
  from: { kind: "outside" as const, gateway: GATEWAY },
  to: port === undefined ? { host } : { host, port },
  method: "GET",
  path: "/",
  headers: {},
});
const answer = (host: string, port?: number, document: MeshDocument = httpsEdgeMesh()): Answer =>
  ask(buildScene(document), asked(host, port));
const services = ({ destinations }: Answer) => destinations.map(({ service }) => service.split("/").at(-1));

test("a request in TLS goes by the listener that has its name, and its route", () => {
  const shop = answer("shop.example.com", HTTPS_PORT);
  expect([shop.outcome, services(shop)]).toEqual(["forwarded", ["storefront"]]);
  expect(shop.hops[0]).toMatchObject({ direction: "gateway", listener: `gateway-edge-${HTTPS_PORT}` });
  for (const host of ["a.example.com", "example.org"]) expect(services(answer(host, HTTPS_PORT))).toEqual(["catalog"]);
});

test("a name without a certificate is closed before a route is looked for", () => {
  for (const [host, whom] of [
    ["shop.example.net", '"shop.example.net"'],
    ["192.0.2.7", "TLS without a server name"],
  ] as const) {
    const closed = answer(host, HTTPS_PORT);
    expect(closed).toMatchObject({ outcome: "no-route", status: null, destinations: [] });
    expect(closed.sentence).toContain(`it has no certificate for ${whom} at listener`);
  }
});

test("what is for TLS is not there in plain HTTP, and what is open is", () => {
  expect(answer("shop.example.com", 8080)).toMatchObject({ outcome: "no-route", status: 404 });
  expect(services(answer("status.example.com", 8080))).toEqual(["catalog"]);
  expect(services(answer("status.example.com"))).toEqual(["catalog"]);
});

test("a redirect keeps the scheme, which TLS makes https", () => {
  const document = httpsEdgeMesh();
  const redirect = object("Route", "edge-shop", {
    target: { kind: "Gateway", name: "edge" },
    hosts: ["shop.example.com"],
    rules: [{ matches: [], action: { type: "redirect", path: "/new" } }],
  });
  const objects = document.objects.map((each) => (each.metadata.name === "edge-shop" ? redirect : each));
  expect(answer("shop.example.com", HTTPS_PORT, { objects }).sentence).toContain("to https://shop.example.com");
});

test("comparisons ask a rule for https through TLS, also where the host is served without it", () => {
  const route = object("Route", "edge-status", {
    target: { kind: "Gateway", name: "edge" },
    hosts: ["status.example.com"],
    rules: [
      {
        matches: [{ scheme: "https" }, { path: { type: "exact", value: "/plain" } }],
        action: { type: "forward", destinations: [{ service: { name: "catalog" }, weight: 1 }] },
      },
    ],
  });
  const objects = [...httpsEdgeMesh().objects.filter(({ kind }) => kind !== "Route"), route];
  const calls = callsOf({ objects }).filter(({ caller, origin }) => caller === GATEWAY && origin === "policy");
  expect(calls.map(({ host, port, path }) => [host, port, path])).toEqual([
    ["status.example.com", HTTPS_PORT, "/"],
    ["status.example.com", 8080, "/plain"],
  ]);
});

test("an environment that does not say where the certificate is does not serve the listener", () => {
  const document = httpsEdgeMesh();
  const world = madeUpWorld(document);
  const gateways = [boundEdge({ listenerPorts: { shop: HTTPS_PORT, rest: HTTPS_PORT } })];
  const scene = buildScene(document, { ...world, binding: { ...world.binding, gateways } });
  expect(ask(scene, asked("shop.example.com", HTTPS_PORT)).sentence).toBe(
    `edge does not serve listener shop (port ${HTTPS_PORT}): the environment does not say where its certificate is.`,
  );
});

test("comparisons ask for each route at the port that serves its host", () => {
  const calls = callsOf(httpsEdgeMesh()).filter(({ caller }) => caller === GATEWAY);
  expect(calls.map(({ host, port }) => `${host}:${port}`)).toEqual(
    expect.arrayContaining([`shop.example.com:${HTTPS_PORT}`, "status.example.com:8080"]),
  );
});
