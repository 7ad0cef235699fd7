import { expect, test } from "vitest";
import { API_VERSION, buildIndex, demoMesh, type MeshObject } from "@/lib/mesh";
import type { PolicyObject } from "@/lib/mesh/policies";
import { entryOf, firstRequest, isConnection, listenersAt, portOf, questionOf } from "./question";

const metadata = (name: string) => ({ name, namespace: "production" });
const ledger = { kind: "Service", name: "ledger" } as const;
const route: Extract<MeshObject, { kind: "TcpRoute" }> = {
  apiVersion: API_VERSION,
  kind: "TcpRoute",
  metadata: metadata("ledger"),
  spec: {
    service: { name: "ledger" },
    rules: [{ matches: [], destinations: [{ service: { name: "ledger" }, weight: 1 }] }],
  },
};
const report = { kind: "Workload", name: "nightly-report" } as const;
const demo = demoMesh();
const index = buildIndex({
  ...demo,
  objects: [
    ...demo.objects,
    {
      apiVersion: API_VERSION,
      kind: "Service",
      metadata: metadata("ledger"),
      spec: {
        ports: [
          { name: "web", port: 8080, protocol: "http" },
          { name: "sql", port: 5432, protocol: "tcp" },
          { name: "replica", port: 5433, protocol: "tcp" },
        ],
      },
    },
    { apiVersion: API_VERSION, kind: "Workload", metadata: metadata("nightly-report"), spec: { version: "v1" } },
    {
      apiVersion: API_VERSION,
      kind: "Dependency",
      metadata: metadata("report-to-ledger"),
      spec: { from: report, to: ledger },
    },
    route,
  ],
});
const onPort = (port: number): PolicyObject => ({
  ...route,
  spec: {
    ...route.spec,
    rules: [{ ...route.spec.rules[0], matches: [{ port }] } as (typeof route.spec.rules)[number]],
  },
});

test("a TCP route is tried with a connection to its TCP port, by the one who draws it", () => {
  const fields = firstRequest(route, index);
  expect(fields).toMatchObject({
    from: "Workload/production/nightly-report",
    to: "Service/production/ledger",
    port: 5432,
  });
  expect(isConnection(fields, index)).toBe(true);
  expect(questionOf({ ...fields, path: "pay", headers: "no colon" }, index)).toEqual({
    from: { kind: "workload", workload: "Workload/production/nightly-report" },
    to: { host: "ledger.production", port: 5432 },
    method: "CONNECT",
    path: "/",
    headers: {},
  });
});

test("the port that a rule names is asked, when it is one of TCP", () => {
  expect(portOf(onPort(5433), "Service/production/ledger", index)).toBe(5433);
  expect(portOf(onPort(8080), "Service/production/ledger", index)).toBe(5432);
});

test("every other policy is tried with a request, on a port that carries some", () => {
  const policy = index.get("Route/production/payment-service") as PolicyObject;
  expect(portOf(policy, "Service/production/ledger", index)).toBe(8080);
  const fields = firstRequest(policy, index);
  expect(isConnection(fields, index)).toBe(false);
  expect(questionOf(fields, index)).toMatchObject({
    method: "GET",
    path: "/",
    to: { host: "payment-service.production" },
  });
  expect(questionOf({ ...fields, headers: "no colon" }, index)).toMatch(/needs a colon/);
});

const EDGE = "Gateway/production/edge";
const edgeRoute: Extract<MeshObject, { kind: "TcpRoute" }> = {
  apiVersion: API_VERSION,
  kind: "TcpRoute",
  metadata: metadata("edge-sql"),
  spec: {
    gateway: { name: "edge" },
    rules: [
      {
        matches: [{ serverNames: ["*.db.example.com"] }],
        destinations: [{ service: { name: "ledger" }, port: 5432, weight: 1 }],
      },
    ],
  },
};
const atEdge = buildIndex({
  ...demo,
  objects: [
    ...index.document.objects,
    {
      apiVersion: API_VERSION,
      kind: "Gateway",
      metadata: metadata("edge"),
      spec: {
        type: "ingress",
        listeners: [
          { name: "http", port: 80, protocol: "http", hosts: ["*"] },
          { name: "raw", port: 9432, protocol: "tcp", hosts: ["*"] },
          { name: "secure", port: 9443, protocol: "tls", hosts: ["*.example.com"] },
        ],
      },
    },
    {
      apiVersion: API_VERSION,
      kind: "Dependency",
      metadata: metadata("edge-to-ledger"),
      spec: { from: { kind: "Gateway", name: "edge" }, to: ledger, port: 5432 },
    },
    edgeRoute,
  ],
});

test("a TCP route of a gateway is tried at its listener's port, by a server name that the route takes", () => {
  const fields = firstRequest(edgeRoute, atEdge);
  expect(fields).toMatchObject({ from: EDGE, listener: "secure", serverName: "www.db.example.com" });
  expect(questionOf(fields, atEdge)).toEqual({
    from: { kind: "outside", gateway: EDGE },
    to: { host: "www.db.example.com", port: 9443 },
    method: "CONNECT",
    path: "/",
    headers: {},
  });
  expect(questionOf({ ...fields, serverName: "*.example.com" }, atEdge)).toMatch(/^Write the server name/);
  expect(questionOf({ ...fields, listener: "gone" }, atEdge)).toMatch(/no listener gone/);
});

test("at a listener of plain TCP nobody names a server", () => {
  const fields = { ...firstRequest(edgeRoute, atEdge), ...entryOf(edgeRoute, EDGE, atEdge, "raw") };
  expect(fields.serverName).toBeUndefined();
  expect(questionOf(fields, atEdge)).toMatchObject({ to: { host: "edge.production", port: 9432 } });
});

test("a listener is asked about only by policies of connections, and only at a gateway", () => {
  expect(listenersAt(edgeRoute, EDGE, atEdge)?.map(({ name }) => name)).toEqual(["raw", "secure"]);
  expect(listenersAt(edgeRoute, "Workload/production/nightly-report", atEdge)).toBeNull();
  expect(listenersAt(index.get("Route/production/payment-service") as PolicyObject, EDGE, atEdge)).toBeNull();
  expect(entryOf(route, EDGE, atEdge)).toEqual({ listener: "raw", serverName: undefined });
  expect(entryOf(route, "Workload/production/nightly-report", atEdge)).toEqual({
    listener: undefined,
    serverName: undefined,
  });
});
