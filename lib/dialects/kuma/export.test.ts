// What goes out to 2.x and to 3.x: the seed, rules of different times, and what one version no longer has.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type MeshDocument, valuesToYaml } from "@/lib/mesh";
import { exportDocument } from "..";
import { schemaErrors } from "../gateway-api/testing/schemas";
import { imported as importedFrom, specOf } from "../testing/imported";
import { all, policy, read, service } from "./testing/resources";

const seed = readFileSync(new URL("../istio/fixtures/seed.yaml", import.meta.url), "utf8");

test.each(["2.x", "3.x"] as const)(
  "the seed goes out to %s, and the report names what is lost on the way",
  (channel) => {
    const { document } = importedFrom("istio", [{ text: seed }]);
    const made = exportDocument("kuma", document, { channel });
    expect(schemaErrors(made.resources, `kuma-${channel}`)).toEqual([]);
    const verdicts = Object.fromEntries(
      made.report
        .filter(({ key }) => key === "TrafficPolicy/production/payment-service")
        .map(({ path, verdict }) => [path.replace("spec.", ""), verdict]),
    );
    expect(verdicts).toEqual({
      "connectionPool.maxConnections": "exact",
      "connectionPool.maxPendingRequests": "exact",
      "connectionPool.maxRequestsPerConnection": "lost",
      "outlierDetection.legacyConsecutiveErrors": "approximate",
      "outlierDetection.intervalMs": "exact",
      "outlierDetection.baseEjectionTimeMs": "exact",
    });
    const rules = made.report.filter(({ key }) => key === "Route/production/payment-service");
    expect(rules.map(({ verdict }) => verdict)).toEqual(["exact", "exact"]);
    const subsets = made.report.filter(({ key }) => key.startsWith("Subset/"));
    expect(subsets.map(({ verdict }) => verdict)).toEqual(
      channel === "2.x" ? ["moved", "moved"] : ["approximate", "approximate"],
    );
    const route = made.resources.find(({ kind }) => kind === "MeshHTTPRoute")?.spec["to"] as {
      rules: { matches: object[]; default: { backendRefs: object[] } }[];
    }[];
    expect(route[0]?.rules.map(({ matches }) => matches)).toEqual([
      [
        {
          path: { type: "PathPrefix", value: "/" },
          headers: [{ type: "Exact", name: "x-user-type", value: "beta-tester" }],
        },
      ],
      [{ path: { type: "PathPrefix", value: "/" } }],
    ]);
    expect(route[0]?.rules[0]?.default.backendRefs).toEqual([
      channel === "2.x"
        ? { kind: "MeshServiceSubset", name: "payment-service_production_svc_80", tags: { version: "v2" }, weight: 100 }
        : {
            kind: "MeshService",
            labels: { "kuma.io/display-name": "payment-service-v2", "k8s.kuma.io/namespace": "production" },
            port: 80,
            weight: 100,
          },
    ]);
    const limits = made.resources.find(({ kind }) => kind === "MeshCircuitBreaker")?.spec["to"] as {
      targetRef: object;
      default: object;
    }[];
    // in 3.x each version is a service, which has to be named
    expect(limits).toHaveLength(channel === "2.x" ? 1 : 3);
    expect(limits[0]?.default).toEqual({
      connectionLimits: { maxConnections: 100, maxPendingRequests: 50 },
      outlierDetection: {
        interval: "30s",
        baseEjectionTime: "30s",
        healthyPanicThreshold: 0,
        detectors: { totalFailures: { consecutive: 5 } },
      },
    });
  },
);

test("what 3.x has removed is not written there, and told", () => {
  const fault = policy("MeshFaultInjection", "slow", {
    targetRef: { kind: "Dataplane", labels: { app: "kv" } },
    from: [
      {
        targetRef: { kind: "MeshSubset", tags: { "kuma.io/service": "web" } },
        default: { http: [{ abort: { httpStatus: 500, percentage: 5 } }] },
      },
    ],
  });
  const gateway = {
    apiVersion: "kuma.io/v1alpha1",
    kind: "MeshGateway",
    metadata: { name: "edge" },
    spec: {
      selectors: [{ match: { "kuma.io/service": "edge_shop_svc" } }],
      conf: { listeners: [{ port: 80, protocol: "HTTP", hostname: "shop.example" }] },
    },
  };
  const route = policy("MeshHTTPRoute", "edge", {
    targetRef: { kind: "MeshGateway", name: "edge" },
    to: [
      {
        targetRef: { kind: "Mesh" },
        rules: [
          {
            matches: [{ path: { type: "PathPrefix", value: "/" } }],
            default: { backendRefs: [{ kind: "MeshService", name: "kv", namespace: "shop", port: 80 }] },
          },
        ],
      },
    ],
  });
  const times = policy("MeshTimeout", "edge", {
    targetRef: { kind: "MeshGateway", name: "edge" },
    to: [all({ http: { requestTimeout: "4s" } })],
  });
  const { document } = read([service("kv"), fault, gateway, route, times]);
  expect(specOf(document, "Gateway/shop/edge")).toMatchObject({
    listeners: [{ port: 80, protocol: "http", hosts: ["shop.example"] }],
  });
  expect(specOf(document, "Route/shop/edge")).toMatchObject({
    target: { kind: "Gateway", name: "edge" },
    rules: [{ matches: [] }],
  });
  expect(specOf(document, "Route/shop/edge")).toMatchObject({ rules: [{ timeoutMs: 4000, retries: { attempts: 0 } }] });
  const two = exportDocument("kuma", document, { channel: "2.x" });
  expect(schemaErrors(two.resources, "kuma-2.x")).toEqual([]);
  expect(two.resources.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(["MeshFaultInjection", "MeshGateway", "MeshHTTPRoute"]),
  );
  const back = importedFrom("kuma", [{ text: `${valuesToYaml([service("kv")])}---\n${two.text}` }]).document;
  expect(specOf(back, "Route/shop/edge")).toEqual(specOf(document, "Route/shop/edge"));
  const three = exportDocument("kuma", document, { channel: "3.x" });
  expect(schemaErrors(three.resources, "kuma-3.x")).toEqual([]);
  expect(three.resources.filter(({ kind }) => kind === "MeshFaultInjection" || kind === "MeshGateway")).toEqual([]);
  const told = three.report.filter(({ changesMeaning }) => changesMeaning).map(({ reason }) => reason);
  expect(told).toEqual(
    expect.arrayContaining([
      expect.stringContaining("MeshFaultInjection slow says from, which 3.x has removed"),
      expect.stringContaining("Kuma 3.x has no gateway of its own"),
    ]),
  );
});

test("rules that differ in times are routes of their own, which come back as one", () => {
  const rule = (value: string) => ({ matches: [{ path: { type: "PathPrefix", value } }], default: {} });
  const { document } = read([
    service("kv"),
    policy("MeshHTTPRoute", "kv-02", {
      to: [{ targetRef: { kind: "MeshService", name: "kv", namespace: "shop" }, rules: [rule("/slow")] }],
    }),
    policy("MeshHTTPRoute", "kv-01", {
      to: [{ targetRef: { kind: "MeshService", name: "kv", namespace: "shop" }, rules: [rule("/")] }],
    }),
    policy("MeshTimeout", "slow", {
      to: [{ targetRef: { kind: "MeshHTTPRoute", name: "kv-02" }, default: { http: { requestTimeout: "60s" } } }],
    }),
  ]);
  expect(specOf(document, "Route/shop/kv")).toMatchObject({
    rules: [{ timeoutMs: 60_000 }, { matches: [], timeoutMs: 15_000 }],
  });
  for (const channel of ["2.x", "3.x"] as const) {
    const made = exportDocument("kuma", document, { channel });
    expect(schemaErrors(made.resources, `kuma-${channel}`)).toEqual([]);
    expect(made.resources.filter(({ kind }) => kind === "MeshHTTPRoute").map(({ metadata }) => metadata.name)).toEqual([
      "kv-02",
      "kv-01",
    ]);
    const back = importedFrom("kuma", [{ text: `${valuesToYaml([service("kv")])}---\n${made.text}` }]).document;
    const rules = (each: MeshDocument, name: string) =>
      (specOf(each, `Route/shop/${name}`) as { rules: object[] }).rules;
    expect(rules(back, "kv")).toEqual(rules(document, "kv"));
  }
});
