// The demo shop as a design: what `npm start` seeds, and the document most tests begin from.
// The rule: each drawn dependency is really called by lib/demo; a line without traffic would teach a newcomer the wrong thing.
import { objectKey } from "../refs";
import { API_VERSION } from "../schema/document";
import type { Kind, MeshDocument, MeshObject, ObjectOf, Positions, Ref, SpecOf } from "../types";

const NAMESPACE = "production";
const PORT = 8080;
const apiVersion = API_VERSION;

function object<K extends Kind>(kind: K, name: string, spec: SpecOf<K>): ObjectOf<K> {
  return { apiVersion, kind, metadata: { name, namespace: NAMESPACE }, spec } as unknown as ObjectOf<K>;
}

type ServiceFacts = Omit<SpecOf<"Service">, "ports">;
const service = (name: string, facts: ServiceFacts) =>
  object("Service", name, { ports: [{ name: "http", port: PORT, protocol: "http" }], ...facts });

const workload = (serviceName: string, version: string, replicas: number) =>
  object("Workload", `${serviceName}-${version}`, {
    service: serviceName,
    version,
    replicas,
    sidecar: { cpuMillicores: 100, memoryMb: 64 },
  });

function dependency(from: Ref, to: Ref, expectedRequestsPerSecond: number, purpose: string) {
  return object("Dependency", `${from.name}-to-${to.name}`, {
    from,
    to,
    port: to.kind === "ExternalService" ? 80 : PORT,
    protocol: "http",
    interaction: "sync",
    expectedRequestsPerSecond,
    purpose,
  });
}

const svc = (name: string): Ref => ({ kind: "Service", name });
const GATEWAY: Ref = { kind: "Gateway", name: "shop-gateway" };
const CARRIER: Ref = { kind: "ExternalService", name: "carrier-api" };

const services: MeshObject[] = [
  service("storefront", {
    owner: "web",
    description: "Pages of the shop, put together from the services behind it.",
    criticality: "high",
    dataClass: "internal",
    exposure: "internet",
    slo: { availability: 0.999, latency: { thresholdMs: 500, percentile: 99 }, windowDays: 30 },
  }),
  service("catalog", {
    owner: "catalog",
    description: "Products, prices and search.",
    criticality: "high",
    dataClass: "public",
    exposure: "internal",
  }),
  service("cart", {
    owner: "orders",
    description: "What a customer is about to buy.",
    criticality: "medium",
    dataClass: "internal",
    exposure: "internal",
  }),
  service("checkout", {
    owner: "orders",
    description: "Turns a cart into a paid order.",
    criticality: "critical",
    dataClass: "confidential",
    exposure: "internal",
    slo: { availability: 0.999, latency: { thresholdMs: 800, percentile: 99 }, windowDays: 30 },
  }),
  service("inventory", {
    owner: "logistics",
    description: "What is in stock, and reservations on it.",
    criticality: "high",
    dataClass: "internal",
    exposure: "internal",
  }),
  service("payment-service", {
    owner: "payments",
    description: "Authorises and books payments.",
    criticality: "critical",
    dataClass: "restricted",
    exposure: "internal",
    slo: { availability: 0.9995, latency: { thresholdMs: 400, percentile: 99 }, windowDays: 30 },
  }),
  service("shipping", {
    owner: "shipping",
    description: "Rates and labels, asked of the carrier.",
    criticality: "medium",
    dataClass: "confidential",
    exposure: "internal",
  }),
];

const workloads: MeshObject[] = [
  workload("storefront", "v1", 1),
  workload("catalog", "v1", 2),
  workload("cart", "v1", 1),
  workload("checkout", "v1", 1),
  workload("inventory", "v1", 1),
  workload("payment-service", "v1", 2),
  workload("payment-service", "v2", 1),
  workload("shipping", "v1", 1),
];

const edges: MeshObject[] = [
  object("Gateway", "shop-gateway", {
    type: "ingress",
    owner: "web",
    description: "The shop's front door.",
    listeners: [{ name: "http", port: PORT, protocol: "http", hosts: ["*"] }],
  }),
  object("ExternalService", "carrier-api", {
    hosts: ["api.carrier.example"],
    ports: [{ name: "http", port: 80, protocol: "http" }],
    owner: "shipping",
    description: "The parcel carrier's rates and labels.",
  }),
  dependency(GATEWAY, svc("storefront"), 20, "All visits."),
  dependency(svc("storefront"), svc("catalog"), 20, "Products of each page."),
  dependency(svc("storefront"), svc("cart"), 10, "The cart in the corner of each page."),
  dependency(svc("storefront"), svc("checkout"), 5, "Orders."),
  dependency(svc("catalog"), svc("inventory"), 20, "Stock beside each product."),
  dependency(svc("checkout"), svc("inventory"), 5, "Reserves what is bought."),
  dependency(svc("checkout"), svc("payment-service"), 5, "Takes the money."),
  dependency(svc("checkout"), svc("shipping"), 5, "Price and label of the parcel."),
  dependency(svc("shipping"), CARRIER, 5, "The carrier's offer."),
];

const forward = (name: string): SpecOf<"Route">["rules"][number]["action"] => ({
  type: "forward",
  destinations: [{ service: { name }, weight: 1 }],
});

const policies: MeshObject[] = [
  object("Route", "shop-gateway", {
    target: GATEWAY,
    rules: [
      {
        name: "pages",
        matches: [{ path: { type: "pathPrefix", value: "/" } }],
        action: forward("storefront"),
        timeoutMs: 10_000,
      },
    ],
  }),
  object("Route", "catalog", {
    target: svc("catalog"),
    rules: [
      {
        name: "read",
        matches: [{ methods: ["GET", "HEAD"] }],
        action: forward("catalog"),
        timeoutMs: 2000,
        retries: { attempts: 1, perTryTimeoutMs: 900, on: ["connect-failure", "refused-stream", "gateway-error"] },
      },
      { name: "default", matches: [], action: forward("catalog"), timeoutMs: 2000 },
    ],
  }),
  object("Route", "payment-service", {
    target: svc("payment-service"),
    rules: [{ name: "default", matches: [], action: forward("payment-service"), timeoutMs: 4000 }],
  }),
  object("Route", "checkout", {
    target: svc("checkout"),
    rules: [{ name: "default", matches: [], action: forward("checkout"), timeoutMs: 8000 }],
  }),
  object("TrafficPolicy", "catalog", {
    service: { name: "catalog" },
    loadBalancing: { policy: "least-request" },
    connectionPool: { maxConnections: 100, maxPendingRequests: 100, connectTimeoutMs: 1000 },
    outlierDetection: {
      consecutive5xxErrors: 5,
      intervalMs: 10_000,
      baseEjectionTimeMs: 30_000,
      maxEjectionPercent: 50,
    },
  }),
  object("Egress", "carrier-api", {
    from: [svc("shipping")],
    to: CARRIER,
    owner: "shipping",
    reason: "Parcel rates and labels are made by the carrier.",
  }),
];

/** The demo shop. A new copy at each call: the caller may change it. */
export function demoMesh(): MeshDocument {
  const mesh: MeshObject[] = [
    {
      apiVersion,
      kind: "Mesh",
      metadata: { name: "shop" },
      spec: {
        trustDomain: "shop.mesh.local",
        ownerTeam: "platform",
        product: "meshwright",
        description: "A small web shop: look around, change it, deploy it.",
        defaults: { mutualTls: "strict", authorization: "drawn" },
        certificateTtlHours: 24,
      },
    },
    { apiVersion, kind: "Namespace", metadata: { name: NAMESPACE }, spec: { ownerTeam: "platform" } },
  ];
  return structuredClone({ objects: [...mesh, ...edges, ...services, ...workloads, ...policies] });
}

// Columns and rows of the first picture, chosen so that no two lines cross.
const COLUMN_PX = 360;
const ROW_PX = 160;
const GRID: Record<string, [column: number, row: number]> = {
  "shop-gateway": [0, 1],
  storefront: [1, 1],
  cart: [2, 0],
  catalog: [2, 1],
  checkout: [2, 2],
  inventory: [3, 1],
  "payment-service": [3, 2],
  shipping: [3, 3],
  "carrier-api": [4, 3],
};

/** Where the demo shop's boxes stand, by object key. */
export function demoPositions(): Positions {
  const boxes = [...edges, ...services].filter((candidate) => candidate.kind !== "Dependency");
  return Object.fromEntries(
    boxes.flatMap((box) => {
      const cell = GRID[box.metadata.name];
      return cell ? [[objectKey(box), { x: cell[0] * COLUMN_PX, y: cell[1] * ROW_PX }]] : [];
    }),
  );
}
