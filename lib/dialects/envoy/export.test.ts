import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { demoMesh, type MeshDocument, objectKey } from "@/lib/mesh";
import { object, richMesh, withObjects } from "../../compile/testing/rich";
import { seedMesh } from "../../simulate/testing/designs";
import { buildBundle, dialectOf, exportDocument } from "..";
import { imported } from "../testing/imported";
import { bootstrapErrors } from "./testing/bootstraps";

const bundle = (document: MeshDocument, channel?: string) => {
  const made = exportDocument("envoy", document, channel === undefined ? {} : { channel });
  return buildBundle({ dialect: dialectOf("envoy"), channel, document, made });
};
const textOf = (files: readonly { path: string; text: string }[], path: string) =>
  files.find((each) => each.path === path)?.text ?? "";
const bootstrapOf = (files: readonly { path: string; text: string }[], path: string) =>
  JSON.parse(textOf(files, path)) as {
    admin: unknown;
    static_resources: Record<"listeners" | "clusters", Record<string, never>[]>;
  };

test.each([undefined, "hosts", "one-machine"])("every file of the demo runs on our proxy as it is (%s)", (channel) => {
  const { resources, report } = exportDocument("envoy", demoMesh(), channel === undefined ? {} : { channel });
  expect(resources.map(({ metadata }) => metadata.name)).toEqual(
    expect.arrayContaining(["storefront-v1", "shop-gateway"]),
  );
  expect(bootstrapErrors(resources)).toEqual([]);
  const judged = new Set(report.map(({ key }) => key));
  expect(
    demoMesh()
      .objects.map(objectKey)
      .filter((key) => !judged.has(key)),
  ).toEqual([]);
});

test("designs with everything that compiles are valid too", () => {
  for (const document of [richMesh(), seedMesh()])
    expect(bootstrapErrors(exportDocument("envoy", document).resources)).toEqual([]);
});

test("on hosts a proxy takes calls from everywhere, and its app and its admin are on the machine only", () => {
  const { admin, static_resources: resources } = bootstrapOf(
    bundle(demoMesh()),
    "manifests/production/storefront-v1.json",
  );
  const address = (value: string, port: number) => ({ socket_address: { address: value, port_value: port } });
  expect(admin).toEqual({ address: address("127.0.0.1", 15_000) });
  const listeners = Object.fromEntries(resources.listeners.map(({ name, address: own }) => [name, own]));
  expect(listeners).toEqual({ inbound: address("0.0.0.0", 15_006), outbound: address("127.0.0.1", 15_001) });
  const callee = resources.clusters.find(({ name }) => String(name).includes("catalog.production"));
  expect(callee).toMatchObject({
    type: "STRICT_DNS",
    load_assignment: {
      endpoints: [{ lb_endpoints: [{ endpoint: { address: address("catalog-v1.production", 15_006) } }] }],
    },
  });
});

test("on one machine every proxy has ports and a certificate of its own", () => {
  const files = bundle(demoMesh(), "one-machine");
  const proxies = files.filter(({ path }) => path.startsWith("manifests/"));
  const ports = proxies.flatMap(({ path }) =>
    bootstrapOf(files, path).static_resources.listeners.map(({ address }) => JSON.stringify(address)),
  );
  expect(new Set(ports).size).toBe(ports.length);
  expect(textOf(files, "manifests/production/cart-v1.json")).toContain('"identity/production/cart-v1/cert.pem"');
});

test("the texts say who each proxy is, where it is looked for, and how it starts", () => {
  const files = bundle(demoMesh());
  expect(textOf(files, "README.md")).toContain("envoy --mode validate -c manifests/production/");
  expect(textOf(files, "manual/certificates.md")).toMatch(
    /\| `production\/cart-v1` \| `spiffe:\/\/[^`]+\/ns\/production\/sa\/cart` \| `\/etc\/envoy\/identity` \|/,
  );
  expect(textOf(files, "manual/addresses.md")).toContain("| `production/cart-v1` | `cart-v1.production` | 15006 |");
  expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining(["report.md", "report.json"]));
});

test("the seed is exact but for the field that Istio ignores as well", () => {
  const text = readFileSync(new URL("../istio/fixtures/seed.yaml", import.meta.url), "utf8");
  const { document } = imported("istio", [{ text }]);
  const { report } = exportDocument("envoy", document);
  const of = (kind: string) =>
    Object.fromEntries(
      report.filter(({ key }) => key.startsWith(`${kind}/`)).map(({ path, verdict }) => [path, verdict]),
    );
  expect(of("Route")).toEqual({ "spec.rules[0]": "exact", "spec.rules[1]": "exact" });
  expect(of("TrafficPolicy")).toEqual({
    "spec.connectionPool.maxConnections": "exact",
    "spec.connectionPool.maxPendingRequests": "exact",
    "spec.connectionPool.maxRequestsPerConnection": "exact",
    "spec.outlierDetection.legacyConsecutiveErrors": "ignored",
    "spec.outlierDetection.intervalMs": "exact",
    "spec.outlierDetection.baseEjectionTimeMs": "exact",
  });
});

test("what no file carries is told once, and what it changes is loud", () => {
  const document = withObjects(seedMesh(), [
    object("Service", "ledger", { ports: [{ name: "db", port: 5432, protocol: "tcp" }], owner: "money" }),
    object("Workload", "ledger-v1", { service: "ledger", version: "v1", replicas: 3 }),
    object("Workload", "ledger-v2", { service: "ledger", version: "v2", replicas: 0 }),
  ]);
  const { report, resources } = exportDocument("envoy", document);
  const judged = (key: string) =>
    report
      .filter((each) => each.key === key)
      .map(({ path, verdict, changesMeaning }) => [path, verdict, changesMeaning]);
  expect(judged("Service/production/ledger")).toEqual([
    ["metadata", "moved", undefined],
    ["spec", "exact", undefined],
  ]);
  expect(judged("Workload/production/ledger-v2")).toEqual([["spec.replicas", "moved", undefined]]);
  expect(resources.map(({ metadata }) => metadata.name)).not.toContain("ledger-v2");
  expect(report.filter(({ key, changesMeaning }) => key.startsWith("Mesh/") && changesMeaning)).toEqual([]);
});
