// Valid resilience and topology about which no analyzer says anything.
import {
  add,
  type Case,
  dependency,
  forward,
  make,
  patch,
  paymentPolicy,
  remove,
  rules,
  service,
  subset,
  svc,
  timedRoute,
} from "../calm";

const BEFORE_WORK = ["connect-failure", "refused-stream", "reset-before-request"];

const placed = (...places: [workload: string, locality: string][]) =>
  places.flatMap(([name, locality]) => patch(`Workload/production/${name}`, ["locality"], locality));

export const resilience: Case[] = [
  {
    name: "retries of reads after an answer",
    commands: rules(
      { matches: [{ methods: ["GET", "HEAD"] }], retries: { attempts: 2, perTryTimeoutMs: 900, on: ["5xx"] } },
      {},
    ),
  },
  {
    name: "retries of POST before any work",
    commands: rules({ matches: [{ methods: ["POST"] }], retries: { attempts: 2, on: BEFORE_WORK } }, {}),
  },
  { name: "retries turned off", commands: rules({ retries: { attempts: 0 } }) },
  { name: "many hops with the retries that everybody has by default", commands: add(timedRoute("storefront", 9000)) },
  {
    name: "retries at the last hop only",
    commands: patch("Route/production/inventory", ["rules", 0, "retries"], { attempts: 3, on: BEFORE_WORK }),
  },
  {
    name: "a try that leaves time for the next",
    commands: rules({ timeoutMs: 3000, retries: { attempts: 2, perTryTimeoutMs: 900 } }),
  },
  {
    name: "a time for each try and none for all",
    commands: rules({ timeoutMs: undefined, retries: { attempts: 1, perTryTimeoutMs: 1500 } }),
  },
  { name: "an inner timeout shorter than the outer", commands: rules({ timeoutMs: 7999 }) },
  {
    name: "an inner timeout longer than that of an asynchronous caller",
    commands: [...add(...service("batch"), timedRoute("batch", 500), dependency("batch", "payment-service"))],
  },
  {
    name: "a service without a timeout that is only sent to",
    commands: add(...service("events"), dependency("checkout", "events")),
  },
  {
    name: "a service without a timeout that only a gateway calls",
    commands: add(
      ...service("status"),
      make("Dependency", "gateway-to-status", { from: { kind: "Gateway", name: "shop-gateway" }, to: svc("status") }),
    ),
  },
  {
    name: "outlier detection that can eject",
    commands: add(paymentPolicy({ outlierDetection: { consecutive5xxErrors: 5, maxEjectionPercent: 50 } })),
  },
  {
    name: "outlier detection that may always eject one",
    commands: add(paymentPolicy({ outlierDetection: { consecutive5xxErrors: 5, alwaysEjectOneHost: true } })),
  },
  {
    name: "a health check by TCP, which every port answers",
    commands: add(paymentPolicy({ healthCheck: { type: "tcp" } })),
  },
  {
    name: "a health check by gRPC where one of the ports speaks HTTP/2",
    commands: [
      ...patch("Service/production/payment-service", ["ports", 1], { name: "http2", port: 9090, protocol: "http2" }),
      ...add(paymentPolicy({ healthCheck: { type: "grpc" } })),
    ],
  },
  {
    name: "outlier detection on a cluster of ten",
    commands: [
      ...patch("Workload/production/payment-service-v1", ["replicas"], 10),
      ...add(paymentPolicy({ outlierDetection: { intervalMs: 10_000 } })),
    ],
  },
  {
    name: "a single endpoint with outlier detection",
    commands: [
      ...patch("Workload/production/cart-v1", ["replicas"], 1),
      ...add(
        make("TrafficPolicy", "cart", { service: { name: "cart" }, outlierDetection: { consecutive5xxErrors: 5 } }),
      ),
    ],
  },
  {
    name: "a retry budget of a fifth",
    commands: add(paymentPolicy({ retryBudget: { percent: 20, minConcurrency: 3 } })),
  },
  { name: "a few retries at once", commands: add(paymentPolicy({ connectionPool: { maxRetries: 3 } })) },
  {
    name: "many retries at once under a budget",
    commands: add(paymentPolicy({ connectionPool: { maxRetries: 1000 }, retryBudget: { percent: 20 } })),
  },
  {
    name: "a pool that holds the expected load",
    commands: add(paymentPolicy({ connectionPool: { maxConnections: 20, maxRequests: 20 } })),
  },
  {
    name: "a small pool where no load is expected",
    commands: [
      ...patch("Dependency/production/checkout-to-payment-service", ["expectedRequestsPerSecond"]),
      ...add(paymentPolicy({ connectionPool: { maxRequests: 1 } })),
    ],
  },
  {
    name: "a small pool of a service without an SLO",
    commands: add(make("TrafficPolicy", "cart", { service: { name: "cart" }, connectionPool: { maxRequests: 1 } })),
  },
  {
    name: "an SLO as tight as that of what it waits for",
    commands: patch("Service/production/checkout", ["slo", "availability"], 0.9995),
  },
  {
    name: "an SLO tighter than that of what it only sends to",
    commands: add(...service("audit", { slo: { availability: 0.9, windowDays: 30 } }), dependency("checkout", "audit")),
  },
  {
    name: "one instance of something of medium criticality",
    commands: patch("Workload/production/cart-v1", ["replicas"], 1),
  },
  {
    name: "two versions of one instance each",
    commands: [...patch("Workload/production/payment-service-v1", ["replicas"], 1)],
  },
  {
    name: "a canary scaled to zero beside a running version",
    commands: patch("Workload/production/payment-service-v2", ["replicas"], 0),
  },
  {
    name: "a subset by a label of its own",
    commands: [
      ...patch("Workload/production/payment-service-v2", ["labels"], { track: "canary" }),
      ...add(subset("canary", { track: "canary" })),
      ...rules({ action: forward("payment-service", ["canary", 1]) }),
    ],
  },
  { name: "a circle that an asynchronous call breaks", commands: add(dependency("inventory", "checkout")) },
  { name: "a service of its own without any dependency", commands: add(...service("batch")) },
  {
    name: "a service without a workload that is out of the mesh until a day",
    commands: add(
      make("Service", "legacy", {
        ports: [{ name: "http", port: 80, protocol: "http" }],
        owner: "old",
        optOut: { reason: "mainframe", owner: "old", expiresOn: "2099-01-01" },
      }),
    ),
  },
  {
    name: "a workload without a budget outside the mesh",
    commands: add(
      make("Service", "legacy", {
        ports: [{ name: "http", port: 80, protocol: "http" }],
        owner: "old",
        optOut: { reason: "mainframe", owner: "old", expiresOn: "2099-01-01" },
      }),
      make("Workload", "legacy-v1", { service: "legacy", version: "v1" }),
    ),
  },
  {
    name: "its own identity for each version",
    commands: [...patch("Workload/production/payment-service-v2", ["serviceAccount"], "payment-next")],
  },
  { name: "a mesh without an external service", commands: [...remove("ExternalService/production/carrier-api")] },
  { name: "a namespace that is declared and empty", commands: add(make("Namespace", "empty", {})) },
  {
    name: "names that look alike in two namespaces",
    commands: add(make("Namespace", "staging", {}), ...service("staging/cart")),
  },
  {
    name: "an imported object whose namespace was written",
    commands: [
      {
        type: "setMetadata",
        key: "TrafficPolicy/production/catalog",
        metadata: {
          origin: {
            dialect: "istio",
            apiVersion: "v1",
            kind: "DestinationRule",
            name: "catalog",
            namespace: "production",
          },
        },
      },
    ],
  },
  {
    name: "the nearest hosts first, with outlier detection that may empty a place",
    commands: [
      ...placed(["payment-service-v1", "eu/a"], ["payment-service-v2", "us/a"], ["checkout-v1", "eu/b"]),
      ...add(
        paymentPolicy({
          outlierDetection: { consecutive5xxErrors: 5, maxEjectionPercent: 67 },
          locality: { failover: [{ from: "eu", to: "us" }] },
        }),
      ),
    ],
  },
  {
    name: "fixed shares of places where hosts are, whoever calls",
    commands: [
      ...placed(["payment-service-v1", "eu/a"], ["payment-service-v2", "us/a"]),
      ...add(paymentPolicy({ locality: { distribute: [{ from: "*", to: { "eu/*": 70, us: 30 } }] } })),
    ],
  },
  {
    name: "five synchronous hops",
    commands: add(
      ...service("warehouse"),
      timedRoute("warehouse", 900),
      dependency("inventory", "warehouse", { interaction: "sync" }),
    ),
  },
];
