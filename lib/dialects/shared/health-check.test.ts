import { expect, test } from "vitest";
import { API_VERSION, demoMesh, type HealthCheck, type MeshObject } from "@/lib/mesh";
import { EXPORT_IDS, exportDocument, lossesOf } from "..";
import { schemaErrors } from "../gateway-api/testing/schemas";
import { imported, specOf } from "../testing/imported";

const KEY = "TrafficPolicy/production/cart";
const checked = (healthCheck: HealthCheck) => {
  const policy = {
    apiVersion: API_VERSION,
    kind: "TrafficPolicy",
    metadata: { name: "cart", namespace: "production" },
    spec: { service: { name: "cart" }, healthCheck },
  } as MeshObject;
  return { objects: [...demoMesh().objects.filter(({ kind }) => kind !== "TrafficPolicy"), policy] };
};
const WHOLE: HealthCheck = {
  type: "http",
  path: "/healthz",
  expectedStatuses: [200, 204],
  headers: { "x-from": "mesh" },
  intervalMs: 7000,
  timeoutMs: 2500,
  unhealthyThreshold: 4,
  healthyThreshold: 3,
  jitterPercent: 20,
  initialJitterMs: 500,
  noTrafficIntervalMs: 30_000,
  reuseConnection: false,
};

/** What is beside Kuma's resources in a cluster. */
const GROUND = `
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: production }
spec: { ports: [{ name: http, port: 8080, appProtocol: http }], selector: { app: cart } }
`;
const SAYS_IT = new Set(["kuma", "app-mesh", "envoy"]);

test.each(EXPORT_IDS)("%s says a health check, or tells that it is lost", (id) => {
  const { report } = exportDocument(id, checked({ ...WHOLE, method: "HEAD" }));
  const said = report.filter(
    ({ key, path }) => key === KEY && (path === "spec" || path.startsWith("spec.healthCheck")),
  );
  expect(said.length).toBeGreaterThan(0);
  const lost = lossesOf(report).filter(({ key, path }) => key === KEY && path.startsWith("spec.healthCheck"));
  if (id === "envoy") expect(lost).toEqual([]);
  else if (SAYS_IT.has(id)) expect(lost.map(({ path }) => path)).toContain("spec.healthCheck.method");
  else expect(lossesOf(report).some(({ key }) => key === KEY)).toBe(true);
});

test.each([[WHOLE], [{ type: "tcp", send: "50494e47", receive: ["2b504f4e47"] }]] as HealthCheck[][])(
  "%j comes back from Kuma as it went out",
  (check) => {
    const made = exportDocument("kuma", checked(check as HealthCheck), { channel: "2.x" });
    expect(schemaErrors(made.resources, "kuma-2.x")).toEqual([]);
    expect(made.resources.filter(({ kind }) => kind === "MeshHealthCheck")).toHaveLength(1);
    const { document } = imported("kuma", [{ text: `${GROUND}---\n${made.text}` }]);
    expect(specOf(document, KEY)).toMatchObject({ healthCheck: check });
  },
);

test("Kuma's own defaults are written down, and a kind that the ports do not speak is not taken", () => {
  const text = `
apiVersion: v1
kind: Service
metadata: { name: kv, namespace: shop }
spec: { ports: [{ name: main, port: 5050, appProtocol: http }], selector: { app: kv } }
---
apiVersion: kuma.io/v1alpha1
kind: MeshHealthCheck
metadata: { name: kv, namespace: shop, labels: { kuma.io/mesh: default } }
spec:
  to:
  - targetRef: { kind: MeshService, name: kv }
    default: { grpc: {}, http: { path: /up }, failTrafficOnPanic: true }
`;
  const { document } = imported("kuma", [{ text }]);
  const policy = document.objects.find(({ kind }) => kind === "TrafficPolicy");
  expect(policy?.spec).toMatchObject({
    healthCheck: {
      type: "http",
      path: "/up",
      intervalMs: 60_000,
      timeoutMs: 15_000,
      unhealthyThreshold: 5,
      healthyThreshold: 1,
      jitterPercent: 0,
    },
  });
});

test("App Mesh's bounds are kept, and what is brought into them is told", () => {
  const { resources, report } = exportDocument("app-mesh", checked({ type: "http", path: "/up", intervalMs: 1000 }));
  const nodes = JSON.stringify(resources);
  expect(nodes).toContain(
    '"healthCheck":{"protocol":"http","path":"/up","intervalMillis":5000,"timeoutMillis":3000,"unhealthyThreshold":3,"healthyThreshold":2}',
  );
  expect(report).toContainEqual(
    expect.objectContaining({ key: KEY, path: "spec.healthCheck.intervalMs", verdict: "approximate" }),
  );
});
