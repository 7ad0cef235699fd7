import { expect, test } from "vitest";
import { API_VERSION, buildIndex, demoMesh, type MeshObject } from "@/lib/mesh";
import type { PolicyObject } from "@/lib/mesh/policies";
import { firstRequest, isConnection, portOf, questionOf } from "./question";

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
