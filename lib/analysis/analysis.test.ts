import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  API_VERSION,
  type Authorizer,
  applyCommand,
  type Command,
  demoMesh,
  emptyMesh,
  type HashKey,
  type MeshDocument,
  type MeshObject,
  type ObjectOf,
  objectKey,
  parsePath,
  pathText,
  type RouteRule,
  referencesOf,
  type SpecOf,
  validateDocument,
  valueAt,
  valuesToYaml,
} from "@/lib/mesh";
import { analyze, analyzers, type Finding } from ".";
import {
  add,
  authorization,
  calmMesh,
  changed,
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
} from "./testing/calm";

const TODAY = "2026-11-21";
const payment = (...weights: [string, number][]) => ({ action: forward("payment-service", ...weights) });
const both = add(subset("v1"), subset("v2"));
const imported = (flag: boolean): Command[] => [
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
        ...(flag ? { namespaceDefaulted: true } : {}),
      },
    },
  },
];
const from = (...names: string[]) => [{ services: names.map(svc) }];
const allow = (name: string, list: ObjectOf<"AuthorizationPolicy">["spec"]["rules"]) =>
  authorization(name, { rules: list });
const deny = (name: string, list: ObjectOf<"AuthorizationPolicy">["spec"]["rules"]) =>
  authorization(name, { action: "deny", rules: list });
const boundary = make("TrustBoundary", "pci", {
  members: [{ service: { namespace: "production", name: "payment-service" } }],
});
const disabled = make("MutualTls", "payment-service", { target: { service: "payment-service" }, mode: "disable" });
const chain = ["a", "b", "c"].flatMap((name) => add(...service(name), timedRoute(name, 500)));
const tokensOf = (name: string, rule: object = {}) =>
  make("RequestAuthentication", `${name}-tokens`, {
    target: { service: name },
    jwtRules: [{ issuer: "https://issuer.example", jwksUri: "https://issuer.example/keys", ...rule }],
  });
const withoutToken = (name: string, more: object = {}) =>
  make("AuthorizationPolicy", `${name}-without-token`, {
    target: { service: name },
    action: "deny",
    rules: [{ from: [{ notRequestPrincipals: ["*"] }] }],
    ...more,
  });
const GETS = { matches: [{ methods: ["GET"] }] } satisfies Partial<RouteRule>;
const SHOP = { type: "exact", value: "https://shop.example" } as const;
const LOCAL = { type: "prefix", value: "http://localhost:" } as const;
const USER: HashKey = { type: "header", name: "x-user" };
const SID: HashKey = { type: "cookie", name: "sid" };
const raw = (...protocols: ("tcp" | "http")[]) =>
  service("raw", { ports: protocols.map((protocol, i) => ({ name: `${protocol}-${i}`, port: 9000 + i, protocol })) });
/** With what the other findings about hashing ask for. */
const hashing = (name: string, ...hash: HashKey[]) =>
  make("TrafficPolicy", `${name}-hash`, {
    service: { name },
    loadBalancing: { policy: "maglev", hash },
    healthCheck: { type: "tcp" },
  });
const ring = (minimumRingSize: number) =>
  paymentPolicy({ loadBalancing: { policy: "ring-hash", hash: [USER], ringHash: { minimumRingSize } } });
/** Of one version. */
const own = (...hash: HashKey[]) =>
  make("TrafficPolicy", "payment-v2", {
    service: { name: "payment-service" },
    subset: "v2",
    loadBalancing: { policy: "maglev", hash },
  });
const EJECTING = { outlierDetection: { consecutive5xxErrors: 5, maxEjectionPercent: 100 } };
/** Workloads of payment-service in two regions, and these callers beside the first. */
const spread = (...callers: string[]): Command[] => [
  ...patch("Workload/production/payment-service-v1", ["locality"], "eu/a"),
  ...patch("Workload/production/payment-service-v2", ["locality"], "us/a"),
  ...callers.flatMap((name) => patch(`Workload/production/${name}`, ["locality"], "eu/a")),
];
const shared = (to: Record<string, number>) => ({ locality: { distribute: [{ from: "eu", to }] } });
const sync = { interaction: "sync" } as const;
const AT_GATEWAY = { gateway: "shop-gateway" };
const optOut = (rest: object) =>
  patch("Service/production/cart", ["optOut"], { reason: "old", owner: "orders", ...rest });

/** What violates it (with the number of findings and their severity), what complies beside it. `settles: false`: it has no safe fix. */
type Row = {
  violating: Command[];
  count?: number;
  severity: Finding["severity"];
  compliant: Command[];
  settles?: false;
};
const TABLE: Record<string, Row> = {
  MW1001: { violating: imported(true), severity: "warning", compliant: imported(false) },
  MW1002: {
    violating: add(paymentPolicy({ outlierDetection: { legacyConsecutiveErrors: 7, maxEjectionPercent: 100 } })),
    severity: "warning",
    compliant: add(paymentPolicy({ outlierDetection: { consecutive5xxErrors: 7, maxEjectionPercent: 100 } })),
  },
  MW1003: {
    violating: add(paymentPolicy({ outlierDetection: { consecutive5xxErrors: 5 } })),
    severity: "warning",
    compliant: add(paymentPolicy({ outlierDetection: { consecutive5xxErrors: 5, maxEjectionPercent: 34 } })),
  },
  MW1004: {
    violating: [...add(subset("v3")), ...rules(payment(["v3", 1]))],
    severity: "error",
    compliant: [...add(subset("v2")), ...rules(payment(["v2", 1]))],
  },
  MW1005: {
    violating: [...both, ...rules(payment(["v1", 2], ["v2", 1]))],
    severity: "info",
    compliant: [...both, ...rules(payment(["v1", 90], ["v2", 10]))],
  },
  MW1006: {
    violating: rules(
      { matches: [{ path: { type: "prefix", value: "/pay" } }] },
      { matches: [{ path: { type: "exact", value: "/payout" } }] },
      {},
    ),
    severity: "warning",
    compliant: rules(
      { matches: [{ path: { type: "pathPrefix", value: "/pay" } }] },
      { matches: [{ path: { type: "exact", value: "/payout" } }] },
      {},
    ),
  },
  MW1007: {
    violating: add(deny("no", [{ from: from("checkout") }])),
    severity: "error",
    compliant: add(deny("no", [{ from: from("cart") }])),
  },
  MW1008: {
    violating: [
      ...patch("ExternalService/production/carrier-api", ["owner"]),
      ...patch("Egress/production/carrier-api", ["owner"]),
    ],
    severity: "warning",
    compliant: [],
  },
  MW1009: {
    violating: add(dependency("inventory", "checkout", sync)),
    severity: "warning",
    compliant: add(dependency("inventory", "checkout")),
  },
  MW1010: {
    violating: [
      ...add(timedRoute("storefront", 9000, { retries: { attempts: 2, on: ["5xx"] } })),
      ...patch("Route/production/shop-gateway", ["rules", 0, "retries"], { attempts: 2, on: ["503"] }),
    ],
    severity: "warning",
    compliant: [
      ...add(timedRoute("storefront", 9000, { retries: { attempts: 2 } })),
      ...patch("Route/production/shop-gateway", ["rules", 0, "retries"], { attempts: 2 }),
    ],
  },
  MW1011: { violating: rules({ timeoutMs: 9000 }), severity: "warning", compliant: rules({ timeoutMs: 7000 }) },
  MW1012: {
    violating: rules({ timeoutMs: 1000, retries: { attempts: 2, perTryTimeoutMs: 1000 } }),
    severity: "warning",
    compliant: rules({ timeoutMs: 1000, retries: { attempts: 2, perTryTimeoutMs: 300 } }),
  },
  MW1013: { violating: remove("Workload/production/cart-v1"), severity: "warning", compliant: [] },
  MW1014: {
    violating: patch("Workload/production/cart-v1", ["serviceAccount"], "checkout"),
    severity: "warning",
    compliant: patch("Workload/production/cart-v1", ["serviceAccount"], "basket"),
    settles: false,
  },
  MW1015: {
    violating: add(authorization("lost", { target: { service: "nobody" } })),
    severity: "error",
    compliant: add(authorization("found", { target: { service: "cart" } })),
  },
  MW1016: {
    violating: add(
      make("Route", "again", {
        target: svc("cart"),
        rules: [{ matches: [], action: forward("cart"), timeoutMs: 900 }],
      }),
    ),
    severity: "error",
    compliant: [],
  },
  MW1017: {
    violating: rules({ matches: [{ path: { type: "prefix", value: "/pay" } }] }),
    severity: "warning",
    compliant: rules({ matches: [{ path: { type: "prefix", value: "/pay" } }] }, {}),
  },
  MW1018: {
    violating: add(
      ...service("queue", { ports: [{ name: "raw", port: 5672, protocol: "tcp" }] }),
      make("AuthorizationPolicy", "queue", {
        target: { service: "queue" },
        action: "deny",
        rules: [{ to: [{ methods: ["GET"] }] }],
      }),
    ),
    severity: "error",
    compliant: add(
      ...service("queue", { ports: [{ name: "raw", port: 5672, protocol: "tcp" }] }),
      make("AuthorizationPolicy", "queue", {
        target: { service: "queue" },
        action: "deny",
        rules: [{ from: from("cart") }],
      }),
    ),
    settles: false,
  },
  MW1019: {
    violating: add(allow("open", [{ from: [{ principals: ["*"] }] }])),
    severity: "error",
    compliant: add(allow("open", [{ from: from("checkout") }])),
  },
  MW1020: {
    violating: add(allow("wild", [{ from: [{ principals: ["*/sa/checkout"] }] }])),
    severity: "warning",
    compliant: add(allow("exact", [{ from: [{ principals: ["shop.mesh.local/ns/production/sa/checkout"] }] }])),
    settles: false,
  },
  MW1021: {
    violating: add(
      allow("pay", [{ from: from("checkout"), to: [{ paths: ["/pay/now"], methods: ["POST"] }] }]),
      deny("no-pay", [{ to: [{ paths: ["/pay/*"] }] }]),
    ),
    severity: "warning",
    compliant: add(
      allow("pay", [{ from: from("checkout"), to: [{ paths: ["/pay/now"] }] }]),
      deny("no-pay", [{ to: [{ paths: ["/pay/*"], methods: ["DELETE"] }] }]),
    ),
  },
  MW1022: {
    violating: add(allow("cart", [{ from: from("cart") }])),
    severity: "warning",
    compliant: add(allow("checkout", [{ from: from("checkout") }])),
  },
  MW1023: {
    violating: patch("Mesh//shop", ["defaults", "mutualTls"], "permissive"),
    severity: "warning",
    compliant: [
      ...patch("Mesh//shop", ["defaults", "mutualTls"], "permissive"),
      ...add(make("MutualTls", "all", { target: { namespace: "production" }, mode: "strict" })),
    ],
  },
  MW1024: { violating: add(boundary, disabled), severity: "error", compliant: add(boundary), settles: false },
  MW1025: {
    violating: [
      ...patch("ExternalService/production/carrier-api", ["ports", 1], { name: "http", port: 80, protocol: "http" }),
      ...patch("Dependency/production/shipping-to-carrier-api", ["port"], 80),
    ],
    severity: "warning",
    compliant: patch("ExternalService/production/carrier-api", ["ports", 1], {
      name: "http",
      port: 80,
      protocol: "http",
    }),
    settles: false,
  },
  MW1026: {
    violating: rules({ matches: [{ methods: ["POST"] }], retries: { attempts: 1, on: ["5xx"] } }, {}),
    severity: "warning",
    compliant: rules({ matches: [{ methods: ["PUT"] }], retries: { attempts: 1, on: ["5xx"] } }, {}),
  },
  MW1027: {
    violating: add(paymentPolicy({ connectionPool: { maxRetries: 500 } })),
    severity: "warning",
    compliant: add(paymentPolicy({ connectionPool: { maxRetries: 5 } })),
  },
  MW1028: {
    violating: [
      ...patch("Dependency/production/checkout-to-payment-service", ["expectedRequestsPerSecond"], 500),
      ...add(paymentPolicy({ connectionPool: { maxRequests: 20 } })),
    ],
    severity: "warning",
    compliant: [
      ...patch("Dependency/production/checkout-to-payment-service", ["expectedRequestsPerSecond"], 50),
      ...add(paymentPolicy({ connectionPool: { maxRequests: 20 } })),
    ],
  },
  MW1029: {
    violating: patch("Service/production/checkout", ["slo", "availability"], 0.9999),
    severity: "warning",
    compliant: patch("Service/production/checkout", ["slo", "availability"], 0.9995),
    settles: false,
  },
  MW1030: {
    violating: patch("Workload/production/checkout-v1", ["replicas"], 1),
    severity: "warning",
    compliant: patch("Workload/production/checkout-v1", ["replicas"], 3),
  },
  MW1031: {
    violating: patch("Service/production/payment-service", ["owner"]),
    severity: "warning",
    compliant: patch("Service/production/payment-service", ["owner"], "anybody"),
  },
  MW1032: {
    violating: patch("Workload/production/cart-v1", ["sidecar"], { cpuMillicores: 50 }),
    severity: "info",
    compliant: patch("Workload/production/cart-v1", ["sidecar"], { cpuMillicores: 50, memoryMb: 32 }),
  },
  MW1033: {
    violating: optOut({ expiresOn: "2026-01-01" }),
    severity: "warning",
    compliant: optOut({ expiresOn: "2027-01-01" }),
  },
  MW1034: {
    violating: add(
      make("Namespace", "empty", {}),
      make("MutualTls", "empty", { target: { namespace: "empty" }, mode: "strict" }),
    ),
    severity: "warning",
    compliant: add(make("MutualTls", "full", { target: { namespace: "production" }, mode: "strict" })),
  },
  MW1035: {
    violating: add(allow("a", [{ from: from("checkout") }]), allow("b", [{ from: from("checkout") }])),
    severity: "info",
    compliant: add(allow("a", [{ from: from("checkout") }])),
  },
  MW1036: {
    violating: patch("Mesh//shop", ["certificateTtlHours"], 720),
    severity: "warning",
    compliant: patch("Mesh//shop", ["certificateTtlHours"], 48),
  },
  MW1037: {
    violating: patch("Service/production/cart", ["ports", 0, "protocol"], "tcp"),
    severity: "warning",
    compliant: patch("Service/production/cart", ["ports", 0, "protocol"], "http2"),
  },
  MW1038: {
    violating: rules(
      { matches: [{ path: { type: "prefix", value: "/a" } }], action: { type: "redirect", path: "/a/b" } },
      {},
    ),
    severity: "error",
    compliant: rules(
      { matches: [{ path: { type: "exact", value: "/a" } }], action: { type: "redirect", path: "/a/b" } },
      {},
    ),
  },
  MW1039: {
    violating: remove("Route/production/inventory"),
    severity: "warning",
    compliant: [],
  },
  MW1040: {
    violating: [
      ...chain,
      ...add(dependency("inventory", "a", sync), dependency("a", "b", sync), dependency("b", "c", sync)),
    ],
    severity: "info",
    compliant: [...chain, ...add(dependency("inventory", "a", sync), dependency("a", "b"), dependency("b", "c", sync))],
    settles: false,
  },
  MW1041: {
    violating: patch("Mesh//shop", ["defaults", "authorization"], "allow"),
    severity: "warning",
    compliant: patch("Mesh//shop", ["defaults", "authorization"], "drawn"),
  },
  MW1042: {
    violating: patch("ExternalService/production/carrier-api", ["hosts", 0], "*.example"),
    severity: "error",
    compliant: patch("ExternalService/production/carrier-api", ["hosts", 0], "*.carrier.example"),
    settles: false,
  },
  MW1043: {
    violating: [
      ...patch("Gateway/production/shop-gateway", ["listeners", 0, "hosts"], ["shop.example"]),
      ...patch("Route/production/shop-gateway", ["hosts"], ["store.example"]),
    ],
    severity: "warning",
    compliant: patch("Route/production/shop-gateway", ["hosts"], ["store.example"]),
  },
  MW1044: {
    violating: add(subset("v2")),
    severity: "info",
    compliant: [...both, ...rules(payment(["v1", 1], ["v2", 99]))],
    settles: false,
  },
  MW1045: {
    violating: rules(
      { matches: [{ path: { type: "prefix", value: "/x" } }], action: { type: "respond", status: 503 } },
      {},
    ),
    severity: "warning",
    compliant: rules(
      { matches: [{ path: { type: "prefix", value: "/x" } }], action: { type: "respond", status: 404 } },
      {},
    ),
  },
  MW1046: {
    violating: [
      ...patch("Service/production/cart", ["mode"], "strict"),
      ...add(make("MutualTls", "cart", { target: { service: "cart" }, mode: "permissive" })),
    ],
    severity: "warning",
    compliant: [
      ...patch("Service/production/cart", ["mode"], "strict"),
      ...add(make("MutualTls", "cart", { target: { service: "cart" }, mode: "strict" })),
    ],
  },
  MW1047: {
    violating: patch("Egress/production/carrier-api", ["from", 1], svc("cart")),
    severity: "info",
    compliant: patch("Egress/production/carrier-api", ["from"]),
  },
  MW1048: {
    violating: rules({ cors: { allowOrigins: [SHOP, { type: "exact", value: "*" }], allowCredentials: true } }),
    severity: "warning",
    compliant: rules({ cors: { allowOrigins: [SHOP, LOCAL], allowCredentials: true } }),
  },
  MW1049: {
    violating: rules({ matches: [{ methods: ["PUT"] }], cors: { allowOrigins: [SHOP] } }, {}),
    severity: "warning",
    compliant: rules({ matches: [{ methods: ["PUT", "OPTIONS"] }], cors: { allowOrigins: [SHOP] } }, {}),
  },
  MW1050: {
    violating: rules({ cors: { allowOrigins: [SHOP, { type: "exact", value: "https://shop.example/" }] } }),
    severity: "warning",
    compliant: rules({ cors: { allowOrigins: [SHOP, LOCAL, { type: "exact", value: "null" }] } }),
  },
  MW1051: {
    violating: add(tokensOf("cart")),
    severity: "warning",
    compliant: add(tokensOf("cart"), withoutToken("cart")),
  },
  MW1052: {
    violating: add(withoutToken("cart")),
    severity: "error",
    compliant: add(withoutToken("cart"), tokensOf("cart")),
  },
  MW1053: {
    violating: add(paymentPolicy({ healthCheck: { type: "grpc", intervalMs: 5000 } })),
    severity: "warning",
    compliant: add(paymentPolicy({ healthCheck: { type: "http", path: "/healthz", intervalMs: 5000 } })),
  },
  MW1054: {
    violating: mirrored({ matches: [{ methods: ["POST"] }] }, "payment-service", "v2"),
    severity: "warning",
    compliant: mirrored({ matches: [{ methods: ["GET"] }] }, "payment-service", "v2"),
  },
  MW1055: {
    violating: mirrored(GETS, "payment-service"),
    severity: "warning",
    compliant: mirrored(GETS, "payment-service", "v2"),
  },
  MW1056: {
    violating: mirrored(GETS, "cart"),
    severity: "warning",
    compliant: [
      ...mirrored(GETS, "cart"),
      ...add(make("Dependency", "checkout-to-cart", { from: svc("checkout"), to: svc("cart") })),
    ],
  },
  MW1057: {
    violating: rules({ matches: [{ caller: { labels: { version: "v9" } } }] }, {}),
    severity: "warning",
    compliant: rules({ matches: [{ caller: { namespace: "production", labels: { version: "v1" } } }] }, {}),
  },
  MW1060: { violating: asking({ address: undefined }), severity: "error", compliant: asking(), settles: false },
  MW1061: {
    violating: asking({}, { target: { service: "shipping" } }),
    severity: "error",
    compliant: asking({}, { target: { service: "checkout" } }),
  },
  MW1062: { violating: asking({ whenAway: "allow" }), severity: "warning", compliant: asking({ whenAway: "deny" }) },
  MW1063: { violating: asking({ timeoutMs: undefined }), severity: "warning", compliant: asking() },
  MW1064: { violating: patch("Mesh//shop", ["authorizers"], [{ name: "opa" }]), severity: "info", compliant: asking() },
  MW1065: {
    violating: asking({}, { target: { service: "inventory" } }),
    severity: "error",
    compliant: asking(),
    settles: false,
  },
  MW1069: {
    violating: asking({}, { target: AT_GATEWAY, rules: [{ from: [{ namespaces: ["production"] }] }] }),
    severity: "error",
    compliant: asking({}, { target: AT_GATEWAY, rules: [{ from: [{ clientAddresses: ["10.0.0.0/8"] }] }] }),
  },
  MW1070: {
    violating: edge([tls("db.example.com", "old.example.com")], edgeRoute("edge", ["db.example.com"])),
    severity: "warning",
    compliant: edge([tls("db.example.com")], edgeRoute("edge", ["db.example.com"])),
  },
  MW1071: {
    violating: edge(
      [tls("*.example.com")],
      edgeRoute("edge-a", ["db.example.com"]),
      edgeRoute("edge-b", ["db.example.com"], 8443),
    ),
    severity: "warning",
    compliant: edge(
      [tls("*.example.com")],
      edgeRoute("edge-a", ["db.example.com"]),
      edgeRoute("edge-b", ["*.example.com"], 8443),
    ),
  },
  MW1072: {
    violating: edge([https("*.com")], edgeWeb("shop.example.com")),
    severity: "warning",
    compliant: edge([https("*.example.com", "*")], edgeWeb("shop.example.com", "a.b.example.org")),
  },
  MW1073: {
    violating: [
      ...edge([tls("db.example.com")], edgeRoute("edge", ["db.example.com"])),
      ...patch("Service/production/ledger", ["ports", 0, "name"], "mysql"),
    ],
    severity: "warning",
    compliant: edge([tls("db.example.com")], edgeRoute("edge", ["db.example.com"])),
    settles: false,
  },
  MW1074: {
    violating: [...edge([tls("db.example.com")]), ...asking({}, { target: { gateway: "edge" } })],
    severity: "warning",
    compliant: [...edge([https("shop.example.com")]), ...asking({}, { target: { gateway: "edge" } })],
    settles: false,
  },
  MW1075: {
    violating: [...edge([https("shop.example.com")]), ...patch("Gateway/production/edge", ["owner"])],
    severity: "warning",
    compliant: edge([https("shop.example.com")]),
  },
  MW1076: {
    violating: [
      ...edge([tls("db.example.com")], edgeRoute("edge", ["db.example.com"])),
      ...patch("Service/production/ledger", ["exposure"], "internal"),
    ],
    severity: "warning",
    compliant: [
      ...edge([tls("db.example.com")], edgeRoute("edge", ["db.example.com"])),
      ...patch("Service/production/ledger", ["exposure"], "partner"),
    ],
    settles: false,
  },
  MW1077: {
    violating: edge([plain("*.example.com"), https("shop.example.com")]),
    severity: "warning",
    compliant: edge([
      plain("status.example.com"),
      { ...plain("*.example.com"), name: "sent-on", httpsRedirect: true },
      https("shop.example.com"),
    ]),
  },
  MW1078: {
    violating: edge([{ ...plain("shop.example.org"), httpsRedirect: true }, https("shop.example.com")]),
    severity: "warning",
    compliant: edge([
      { ...plain("*.example.com", "db.example.org"), httpsRedirect: true },
      https("shop.example.com"),
      tls("*.example.org"),
    ]),
  },
  MW1079: {
    violating: edge([plain("*.example.com"), asked(https("shop.example.com"))]),
    severity: "warning",
    compliant: edge([{ ...plain("*.example.com"), httpsRedirect: true }, asked(https("shop.example.com"))]),
  },
  MW1080: {
    violating: add(...raw("tcp"), hashing("raw", USER)),
    severity: "warning",
    compliant: add(...raw("tcp"), hashing("raw", USER, { type: "sourceIp" })),
  },
  MW1081: {
    violating: add(hashing("payment-service", { type: "sourceIp" })),
    severity: "warning",
    compliant: add(hashing("payment-service", USER, { type: "sourceIp" })),
    settles: false,
  },
  MW1082: {
    violating: add(paymentPolicy({ loadBalancing: { policy: "ring-hash", hash: [USER] } })),
    severity: "warning",
    compliant: add(paymentPolicy({ loadBalancing: { policy: "ring-hash", hash: [USER] }, ...EJECTING })),
  },
  MW1083: {
    violating: add(ring(1_048_576)),
    severity: "warning",
    compliant: add(ring(262_144)),
  },
  MW1084: {
    violating: [...both, ...rules(payment(["v1", 90], ["v2", 10])), ...add(hashing("payment-service", USER), own(SID))],
    severity: "warning",
    compliant: [
      ...both,
      ...rules(payment(["v1", 90], ["v2", 10])),
      ...add(hashing("payment-service", USER), own(USER)),
    ],
    settles: false,
  },
  MW1085: {
    violating: [...spread("checkout-v1"), ...add(paymentPolicy({ locality: { enabled: true } }))],
    severity: "warning",
    compliant: [...spread("checkout-v1"), ...add(paymentPolicy({ locality: { enabled: true }, ...EJECTING }))],
  },
  MW1086: {
    violating: add(paymentPolicy({ locality: { enabled: true }, ...EJECTING })),
    severity: "warning",
    compliant: [...spread("checkout-v1"), ...add(paymentPolicy({ locality: { enabled: true }, ...EJECTING }))],
  },
  MW1087: {
    violating: [...spread("checkout-v1"), ...add(paymentPolicy(shared({ eu: 80, asia: 20 })))],
    severity: "warning",
    compliant: [...spread("checkout-v1"), ...add(paymentPolicy(shared({ eu: 80, us: 20 })))],
  },
  MW1088: {
    violating: [...spread(), ...add(paymentPolicy({ locality: { enabled: true }, ...EJECTING }))],
    severity: "warning",
    compliant: [...spread("checkout-v1"), ...add(paymentPolicy({ locality: { enabled: true }, ...EJECTING }))],
    settles: false,
  },
  MW1089: {
    violating: [
      ...spread("checkout-v1"),
      ...add(
        paymentPolicy({
          locality: { enabled: true },
          outlierDetection: { consecutive5xxErrors: 5, maxEjectionPercent: 34 },
        }),
      ),
    ],
    severity: "warning",
    compliant: [...spread("checkout-v1"), ...add(paymentPolicy({ locality: { enabled: true }, ...EJECTING }))],
  },
  MW1090: {
    violating: add(paymentPolicy({ outlierDetection: { consecutiveLocalOriginFailures: 3, maxEjectionPercent: 100 } })),
    severity: "warning",
    compliant: add(
      paymentPolicy({
        outlierDetection: {
          consecutiveLocalOriginFailures: 3,
          splitExternalLocalOriginErrors: true,
          maxEjectionPercent: 100,
        },
      }),
    ),
  },
  MW1091: {
    violating: [
      ...patch("ExternalService/production/carrier-api", ["ports"], [{ name: "http", port: 80, protocol: "http" }]),
      ...patch("Dependency/production/shipping-to-carrier-api", ["port"], 80),
      ...patch("ExternalService/production/carrier-api", ["tls"], { mode: "simple", insecureSkipVerify: true }),
    ],
    severity: "error",
    compliant: [
      ...patch("ExternalService/production/carrier-api", ["ports"], [{ name: "http", port: 80, protocol: "http" }]),
      ...patch("Dependency/production/shipping-to-carrier-api", ["port"], 80),
      ...patch("ExternalService/production/carrier-api", ["tls"], { mode: "simple" }),
    ],
  },
  MW1098: {
    violating: rules({ matches: [{ methods: ["POST"] }], internalRedirects: { max: 1 } }),
    severity: "warning",
    compliant: rules({ matches: [{ methods: ["POST"] }], internalRedirects: { max: 1, codes: [303, 307] } }),
  },
};

/** Clients have to show a certificate. */
function asked(listener: EdgeListener): EdgeListener {
  return { ...listener, tls: { certificate: "shop", clients: { mode: "required" } } };
}

/** A gateway with these listeners, in front of a ledger that speaks TCP. */
function edge(listeners: SpecOf<"Gateway">["listeners"], ...routes: MeshObject[]): Command[] {
  const lead = make("Dependency", "edge-to-ledger", {
    from: { kind: "Gateway", name: "edge" },
    to: svc("ledger"),
    interaction: "async",
  });
  const ledger = service("ledger", { ports: [{ name: "tls-db", port: 5432, protocol: "tcp" }] });
  return add(...ledger, make("Gateway", "edge", { type: "ingress", owner: "web", listeners }), lead, ...routes);
}

type EdgeListener = SpecOf<"Gateway">["listeners"][number];

function tls(...hosts: string[]): EdgeListener {
  return { name: "secure", port: 8443, protocol: "tls", hosts };
}

function plain(...hosts: string[]): EdgeListener {
  return { name: "plain", port: 80, protocol: "http", hosts };
}

function https(...hosts: string[]): EdgeListener {
  return { name: "web", port: 443, protocol: "https", hosts, tls: { certificate: "shop" } };
}

function edgeRoute(name: string, serverNames: string[], port?: number): MeshObject {
  const match = { serverNames, ...(port === undefined ? {} : { port }) };
  const destinations = [{ service: { name: "ledger" }, weight: 1 }];
  return make("TcpRoute", name, { gateway: { name: "edge" }, rules: [{ matches: [match], destinations }] });
}

function edgeWeb(...hosts: string[]): MeshObject {
  const target = { kind: "Gateway" as const, name: "edge" };
  return make("Route", "edge", { target, hosts, rules: [{ matches: [], action: forward("cart"), timeoutMs: 900 }] });
}

/** The inventory decides about the catalog, which calls it. */
function asking(authorizer: Partial<Authorizer> = {}, policy: Partial<SpecOf<"AuthorizationPolicy">> = {}): Command[] {
  const target = { kind: "Service", namespace: "production", name: "inventory" } as const;
  const address = { target, port: 8080, protocol: "http" } as const;
  const opa = { name: "opa", address, timeoutMs: 500, ...authorizer };
  const known = Object.fromEntries(Object.entries(opa).filter(([, each]) => each !== undefined));
  const asks = authorization("ask-opa", {
    target: { service: "catalog" },
    action: "custom",
    authorizer: "opa",
    rules: [{}],
    ...policy,
  });
  return [...patch("Mesh//shop", ["authorizers"], [known]), ...add(asks)];
}

/** A rule with a copy to that service, and one for the rest; the subset is there when it is named. */
function mirrored(rule: Partial<RouteRule>, name: string, version?: string): Command[] {
  const mirror = { service: { name }, ...(version === undefined ? {} : { subset: version }), percent: 10 };
  return [...(version === undefined ? [] : add(subset(version))), ...rules({ ...rule, mirrors: [mirror] }, {})];
}

const of = (code: string, document: MeshDocument): Finding[] =>
  analyze(document, { today: TODAY }).filter((finding) => finding.code === code);

test("codes are unique, in order, and each has its row in the table", () => {
  expect(analyzers.map((analyzer) => analyzer.code)).toEqual(Object.keys(TABLE));
});

test("an empty mesh has no findings; the demo shop has those that a newcomer can learn from", () => {
  expect(analyze(emptyMesh("x"))).toEqual([]);
  const findings = analyze(demoMesh(), { today: TODAY });
  expect(findings.filter((finding) => finding.severity === "error")).toEqual([]);
  expect([...new Set(findings.map((finding) => finding.code))].sort()).toEqual([
    "MW1025",
    "MW1029",
    "MW1030",
    "MW1039",
  ]);
});

describe.each(Object.entries(TABLE))("%s", (code, row) => {
  test("is found where it is, and names objects that exist", () => {
    const document = changed(row.violating);
    const findings = of(code, document);
    expect(findings).toHaveLength(row.count ?? 1);
    expect(findings.map((finding) => finding.severity)).toEqual(findings.map(() => row.severity));
    const keys = new Set(
      document.objects.map((object) => `${object.kind}/${object.metadata.namespace ?? ""}/${object.metadata.name}`),
    );
    for (const finding of findings) expect(finding.refs.filter((key) => !keys.has(key))).toEqual([]);
  });
  test("is not found where it is not", () => {
    expect(of(code, changed(row.compliant))).toEqual([]);
    expect(of(code, calmMesh())).toEqual([]);
  });
  test("does not apply where that of which it speaks is not there", () => {
    const document = changed(row.violating);
    const [about = ""] = of(code, document).flatMap(({ refs }) => refs.slice(0, 1));
    const isNamed = (object: MeshObject) => referencesOf(object).some(({ key }) => key === about);
    const without = document.objects.filter((object) => objectKey(object) !== about && !isNamed(object));
    expect(without.length).toBeLessThan(document.objects.length);
    expect(of(code, { objects: without }).filter(({ refs }) => refs.includes(about))).toEqual([]);
    expect(of(code, emptyMesh("shop"))).toEqual([]);
  });
  test("each fix applies, leaves a consistent design and settles it", () => {
    const document = changed(row.violating);
    for (const finding of of(code, document)) {
      for (const fix of finding.fixes ?? []) {
        const result = applyCommand(document, {}, fix.command);
        expect(result, fix.title).toMatchObject({ ok: true });
        if (!result.ok) continue;
        expect(validateDocument(result.document), fix.title).toEqual([]);
        expect(of(code, result.document), fix.title).toEqual([]);
      }
      expect(finding.fixes?.length ?? 0, "fixes").toBeGreaterThanOrEqual(row.settles === false ? 0 : 1);
    }
  });
});

test("redirects of writes are a finding where a browser would ask by GET, and its fix leaves those that say the method", () => {
  const findingOf = (rule: Partial<RouteRule>) => {
    const document = changed(rules(rule));
    return { document, finding: of("MW1098", document)[0] };
  };
  const any = findingOf({ internalRedirects: { max: 1, codes: [301, 302, 308] } });
  expect(any.finding).toMatchObject({ severity: "info", path: "spec.rules[0].internalRedirects" });
  expect(any.finding?.message).toContain("follows 301 and 302 of every method, POST too");
  for (const [rule, codes] of [
    [{ internalRedirects: { max: 1, codes: [301, 302, 308] } }, [308]],
    [{ internalRedirects: { max: 1 } }, [303, 307, 308]],
  ] as const) {
    const { document, finding } = findingOf(rule as unknown as Partial<RouteRule>);
    const command = finding?.fixes?.[0]?.command;
    if (!command) throw new Error("no fix");
    const fixed = applyCommand(document, {}, command);
    if (!fixed.ok) throw new Error(JSON.stringify(fixed));
    expect(command).toMatchObject({ value: codes });
    expect(of("MW1098", fixed.document)).toEqual([]);
  }
  expect(findingOf({ matches: [{ methods: ["GET", "PUT"] }], internalRedirects: { max: 1 } }).finding).toBeUndefined();
});

test("a fault that takes requests is a finding, and its fix removes the fault alone", () => {
  const document = changed(rules({ fault: { abort: { percent: 1, httpStatus: 503 } } }));
  const [finding, ...more] = of("MW1045", document);
  expect(more).toEqual([]);
  expect(finding).toMatchObject({ severity: "warning", path: "spec.rules[0].fault" });
  expect(finding?.message).toContain("makes faults: 1 % are aborted with 503");
  expect(of("MW1045", changed(rules({ fault: { abort: { percent: 0, httpStatus: 503 } } })))).toEqual([]);
  const slow = (percent: number) => changed(rules({ fault: { responseBandwidth: { percent, limitKbps: 8 } } }));
  expect(of("MW1045", slow(5))[0]?.message).toContain("makes faults: 5 % get their answer at 8 KiB/s");
  expect(of("MW1045", slow(0))).toEqual([]);
  const command = finding?.fixes?.[0]?.command;
  if (!command) throw new Error("no fix");
  const fixed = applyCommand(document, {}, command);
  expect(fixed.ok && of("MW1045", fixed.document)).toEqual([]);
  expect(fixed.ok && fixed.document.objects).toHaveLength(document.objects.length);
});

describe("tokens", () => {
  test("who only tells the app what a token says asks for none", () => {
    for (const rule of [{ forward: true }, { outputPayloadToHeader: "x-jwt" }]) {
      expect(of("MW1051", changed(add(tokensOf("cart", rule))))).toEqual([]);
    }
  });

  test("a policy that is not enforced asks for nothing; one of the namespace does", () => {
    expect(of("MW1051", changed(add(tokensOf("cart"), withoutToken("cart", { shadow: true }))))).toHaveLength(1);
    expect(of("MW1051", changed(add(tokensOf("cart"), withoutToken("cart", { action: "audit" }))))).toHaveLength(1);
    expect(of("MW1051", changed(add(tokensOf("cart"), withoutToken("x", { target: {} }))))).toEqual([]);
  });

  test("a grant that needs a token is not for everybody, and a denial by token covers no grant", () => {
    const grant = (source: object) => withoutToken("cart", { action: "allow", rules: [{ from: [source] }] });
    const found = (code: string, source: object, ...more: ReturnType<typeof withoutToken>[]) =>
      of(code, changed(add(tokensOf("cart"), grant(source), ...more))).filter(({ refs }) =>
        refs.includes("AuthorizationPolicy/production/cart-without-token"),
      );
    expect(found("MW1019", { requestPrincipals: ["*"] })).toEqual([]);
    expect(found("MW1019", { claims: [{ claim: ["a"], type: "present" }] })).toEqual([]);
    expect(found("MW1019", { notRequestPrincipals: ["a/b"] })).toHaveLength(1);
    const deny = make("AuthorizationPolicy", "no-token", {
      target: { service: "cart" },
      action: "deny",
      rules: [{ from: [{ notRequestPrincipals: ["*"] }] }],
    });
    expect(found("MW1021", { services: [svc("checkout")] }, deny)).toEqual([]);
    expect(found("MW1021", { notRequestPrincipals: ["*"] }, deny)).toHaveLength(1);
  });

  test("the fix of unasked tokens makes the finding go away", () => {
    const document = changed(add(tokensOf("cart")));
    const command = of("MW1051", document)[0]?.fixes?.[0]?.command;
    const fixed = applyCommand(document, {}, command ?? { type: "moveObjects", positions: {} });
    expect(fixed.ok && of("MW1051", fixed.document)).toEqual([]);
    expect(fixed.ok && of("MW1052", fixed.document)).toEqual([]);
  });

  test("a policy of the whole mesh counts the services where nobody looks, and a grant is no refusal of all", () => {
    const [wide] = of("MW1052", changed(add(tokensOf("cart"), withoutToken("x", { target: {} }))));
    expect(wide?.message).toMatch(/looks at those for \d+ services/);
    expect(wide?.severity).toBe("error");
    const allow = { action: "allow", rules: [{ from: [{ claims: [{ claim: ["a"], type: "present" }] }] }] };
    expect(of("MW1052", changed(add(withoutToken("cart", allow))))).toMatchObject([{ severity: "warning" }]);
  });
});

const exact = (value: string) => ({ type: "exact", value }) as const;
const prefix = (value: string) => ({ type: "prefix", value }) as const;
const regex = (value: string) => ({ type: "regex", value }) as const;
test.each([
  [prefix("https://"), "https://any-page.invalid"],
  [prefix("https://shop.example"), "https://shop.example.any-page.invalid"],
  [regex("https?://.*"), "https://any-page.invalid"],
  [regex("http://.+"), "http://any-page.invalid"],
  [regex("https://[a-z]+[.]shop[.]example"), undefined],
  [prefix("https://shop.example:"), undefined],
  [exact("https://shop.example"), undefined],
])("of strangers %o takes %s", (origin, stranger) => {
  const found = of("MW1048", changed(rules({ cors: { allowOrigins: [origin], allowCredentials: true } })));
  expect(found.map(({ message }) => message)).toEqual(
    stranger === undefined ? [] : [expect.stringContaining(`lets ${stranger} call with credentials`)],
  );
  expect(of("MW1048", changed(rules({ cors: { allowOrigins: [origin] } })))).toEqual([]);
});

test("a rule that takes every method is split so that reads alone are copied", () => {
  const document = changed(mirrored({}, "payment-service", "v2"));
  const [finding] = of("MW1054", document);
  expect(finding).toMatchObject({ severity: "info", fixes: [{ title: "Copy reads only" }] });
  const fixed = changed([finding?.fixes?.[0]?.command as Command], document);
  expect(of("MW1054", fixed)).toEqual([]);
  const route = fixed.objects.find((each) => each.kind === "Route" && each.metadata.name === "payment-service");
  expect(route).toMatchObject({
    spec: {
      rules: [{ matches: [{ methods: ["GET", "HEAD", "OPTIONS"] }], mirrors: [{ subset: "v2" }] }, { matches: [] }, {}],
    },
  });
});

test("a share of 0 copies nothing, so nothing is said of it", () => {
  const mirrors = [{ service: { name: "payment-service" }, percent: 0 }];
  const document = changed(rules({ mirrors }));
  for (const code of ["MW1054", "MW1055", "MW1056"]) expect(of(code, document)).toEqual([]);
});

test.each([
  ["HTTPS://Shop.example/x", "https://shop.example"],
  ["https://Shop.example", "https://shop.example"],
  ["https://shop.example:443", "https://shop.example"],
  ["https://shop.example:8443", null],
  ["shop.example", "https://shop.example"],
  ["app://local", null],
  ["not an origin", undefined],
  ["https://", undefined],
] as const)("of origins %s is written %s", (value, sent) => {
  const found = of("MW1050", changed(rules({ cors: { allowOrigins: [exact(value)] } })));
  expect(found).toHaveLength(sent === null ? 0 : 1);
  if (sent !== null) expect(found[0]?.fixes?.[0]?.title).toBe(sent && `Write ${sent}`);
});

test("preflights that another rule with a policy takes pass by nobody", () => {
  const cors = { allowOrigins: [SHOP], allowMethods: ["PUT"] };
  const path = { type: "exact", value: "/pay" } as const;
  const puts = { matches: [{ path, methods: ["PUT"] }], cors };
  expect(of("MW1049", changed(rules(puts, {})))).toHaveLength(1);
  expect(of("MW1049", changed(rules(puts, { matches: [{ path, methods: ["OPTIONS"] }], cors }, {})))).toEqual([]);
  expect(of("MW1049", changed(rules(puts, { cors })))).toEqual([]);
  expect(of("MW1049", changed(rules({ ...puts, cors: { allowOrigins: [SHOP] } }, {})))).toHaveLength(1);
  const gets = { matches: [{ path, methods: ["GET"] }], cors: { allowOrigins: [SHOP] } };
  expect(of("MW1049", changed(rules(gets, {})))).toEqual([]);
});

describe("headers", () => {
  const header = (name: string, values?: string[], invert?: true) => ({
    to: [
      {
        headers: [
          {
            name,
            ...(values ? { type: "exact" as const, values } : { type: "present" as const }),
            ...(invert ? { invert } : {}),
          },
        ],
      },
    ],
  });
  const ofPay = { from: from("checkout"), ...header("x-role", ["guest"]) };

  test("a permission for whoever sends a header is open, one step milder; with its callers it is not", () => {
    const [finding] = of("MW1019", changed(add(allow("open", [header("x-key", ["s3cret"])]))));
    expect(finding).toMatchObject({ severity: "warning", message: expect.stringContaining("writes its headers") });
    expect(of("MW1019", changed(add(allow("named", [ofPay]))))).toEqual([]);
  });

  test.each([
    ["the same header in other letters, more values", ofPay, header("X-Role", ["guest", "bot"]), 1],
    ["any value", ofPay, header("x-role"), 1],
    ["not some other value", { ...ofPay, ...header("x-role", undefined, true) }, header("x-role", ["owner"], true), 1],
    ["one of the values only", { ...ofPay, ...header("x-role", ["guest", "bot"]) }, header("x-role", ["guest"]), 0],
    ["another header", ofPay, header("x-kind", ["guest"]), 0],
    ["a header that the permission does not ask for", { from: from("checkout") }, header("x-role"), 0],
    ["the opposite", ofPay, header("x-role", ["guest"], true), 0],
  ])("a denial of %s", (_what, permitted, denied, count) => {
    expect(of("MW1021", changed(add(allow("pay", [permitted]), deny("no-pay", [denied]))))).toHaveLength(count);
  });

  test("on a TCP port there are none to read", () => {
    const queue = service("queue", { ports: [{ name: "raw", port: 5672, protocol: "tcp" }] });
    const policy = make("AuthorizationPolicy", "queue", {
      target: { service: "queue" },
      action: "deny",
      rules: [header("x-role", ["guest"])],
    });
    expect(of("MW1018", changed(add(...queue, policy)))).toHaveLength(1);
  });
});

test("every id is there once, and survives a rename of its object", () => {
  const document = changed([...TABLE["MW1003"]!.violating, ...TABLE["MW1031"]!.violating]);
  const before = analyze(document);
  expect(new Set(before.map((finding) => finding.id)).size).toBe(before.length);
  const renamed = changed(
    [{ type: "renameObject", key: "TrafficPolicy/production/payment-service", name: "pay" }],
    document,
  );
  const id = (list: Finding[]) => list.find((finding) => finding.code === "MW1003")?.id;
  expect(id(analyze(renamed))).toBe(id(before));
});

test("small clusters are judged by the endpoints that run, when they are known", () => {
  const document = changed(add(paymentPolicy({ outlierDetection: { consecutive5xxErrors: 5 } })));
  const endpointsPerWorkload = {
    "Workload/production/payment-service-v1": 10,
    "Workload/production/payment-service-v2": 0,
  };
  expect(analyze(document, { endpointsPerWorkload })).toEqual([]);
});

test("a mesh that denies by default needs a policy for each drawn dependency", () => {
  const document = changed(patch("Mesh//shop", ["defaults", "authorization"], "deny"));
  const findings = of("MW1007", document);
  expect(findings.map((finding) => finding.message)).toContain(
    "checkout -> payment-service is drawn, but nothing allows it: the call gets 403.",
  );
  const allowed = changed(add(allow("a", [{ from: from("checkout") }])), document);
  expect(of("MW1007", allowed)).toHaveLength(findings.length - 1);
});

test("a list of callers that is only counted is a hint, not an error", () => {
  const document = changed([
    ...patch("Mesh//shop", ["defaults", "authorization"], "deny"),
    ...patch("Service/production/payment-service", ["mode"], "strict"),
  ]);
  const finding = of("MW1007", document).find((each) => each.refs.includes("Service/production/payment-service"));
  expect(finding).toMatchObject({ severity: "info", message: expect.stringContaining("would get 403") });
});

test("a drawn call to an external service needs an egress", () => {
  const document = changed(remove("Egress/production/carrier-api"));
  const [finding] = of("MW1007", document);
  expect(finding?.message).toBe(
    "shipping -> carrier-api is drawn, but no egress opens the way out: the call gets 404.",
  );
  expect(of("MW1007", changed([finding!.fixes![0]!.command], document))).toEqual([]);
});

test("a date is judged only when today is known", () => {
  const document = changed(TABLE["MW1033"]!.violating);
  expect(analyze(document).filter((finding) => finding.code === "MW1033")).toEqual([]);
});

test("MW1079: another port in TLS is a way around too, and one that lets clients in without a certificate is none to protect", () => {
  const other = { ...https("*"), name: "other", port: 8443 };
  const found = (...listeners: EdgeListener[]) => of("MW1079", changed(edge(listeners))).map(({ message }) => message);
  expect(found(asked(https("shop.example.com")), other)).toEqual([
    expect.stringContaining("are answered in TLS without one at listener other"),
  ]);
  expect(found(asked(https("shop.example.com")), asked(other))).toEqual([]);
  expect(found(https("shop.example.com"), other)).toEqual([]);
});

test("MW1080: beside ports of HTTP the address would become a part of the requests' keys, so it is not offered", () => {
  const found = (...protocols: ("tcp" | "http")[]) =>
    of("MW1080", changed(add(...raw(...protocols), hashing("raw", USER))));
  expect(found("tcp", "http")).toMatchObject([{ message: expect.stringContaining("TCP port 9000 of raw"), fixes: [] }]);
  expect(found("http")).toEqual([]);
  expect(of("MW1080", changed(add(...raw("tcp"), paymentPolicy({ loadBalancing: { policy: "random" } }))))).toEqual([]);
});

test("MW1081: a gateway sees its clients' addresses, and what nobody calls sends all callers nowhere", () => {
  const found = (name: string) => of("MW1081", changed(add(...raw("http"), hashing(name, { type: "sourceIp" }))));
  expect(found("raw")).toEqual([]);
  expect(found("storefront")).toEqual([]);
  expect(found("payment-service")).toMatchObject([{ message: expect.stringContaining("checkout") }]);
});

test("MW1082: a version takes what finds failing hosts from its service", () => {
  const found = (spec: object) => of("MW1082", changed([...both, ...add(paymentPolicy(spec), own(USER))]));
  expect(found(EJECTING)).toEqual([]);
  expect(found({})).toMatchObject([{ refs: ["TrafficPolicy/production/payment-v2"] }]);
});

test("MW1084: a destination without hash, without weight or with the service's keys is no other one", () => {
  const found = (weights: [string, number][], ...policies: MeshObject[]) =>
    of(
      "MW1084",
      changed([...both, ...rules(payment(...weights)), ...add(hashing("payment-service", USER), ...policies)]),
    );
  const SPLIT: [string, number][] = [
    ["v1", 90],
    ["v2", 10],
  ];
  const random = make("TrafficPolicy", "payment-v2", {
    service: { name: "payment-service" },
    subset: "v2",
    loadBalancing: { policy: "random" },
  });
  expect(found(SPLIT)).toEqual([]);
  expect(found(SPLIT, random)).toEqual([]);
  expect(
    found(
      [
        ["v1", 100],
        ["v2", 0],
      ],
      own(SID),
    ),
  ).toEqual([]);
  expect(found(SPLIT, own(SID))).toMatchObject([
    { message: expect.stringContaining("v1, which hashes header x-user, and to v2, which hashes cookie sid") },
  ]);
});

test("docs/reference/findings.md has a section with cause, fix and this example for every code (refresh it with -u)", async () => {
  const file = "../../docs/reference/findings.md";
  const page = readFileSync(new URL(file, import.meta.url), "utf8");
  const [before = "", list = "", after = ""] = page.split(/^(?=## The list$|## The same in other tools$)/m);
  const sections = list.split(/^(?=### )/m).slice(1);
  expect(sections.map((each) => each.split("\n")[0])).toEqual(
    analyzers.map((each) => `### ${each.code} ${each.title}`),
  );
  expect(sections.filter((each) => !/ \*Why:\* .+ \*Fix:\* ./.test(each))).toEqual([]);
  const made = sections.map((each, i) => {
    const [text = ""] = each.split("\n*Example:*");
    return `${text.trimEnd()}\n\n${exampleOf(analyzers[i]?.code ?? "")}\n`;
  });
  await expect(`${before}## The list\n\n${made.join("\n")}\n${after}`).toMatchFileSnapshot(file);
});

/** The first finding of the violating row: what it says, where it stands, and what is offered. */
function exampleOf(code: string): string {
  const document = changed(TABLE[code]?.violating ?? []);
  const [finding] = of(code, document);
  const [key = ""] = finding?.refs ?? [];
  const holder = document.objects.find((each) => objectKey(each) === key);
  const path = parsePath(finding?.path ?? "spec");
  const at = [path, path.slice(0, -1)].find((each) => typeof valueAt(holder, each) === "object") ?? ["spec"];
  const lines = valuesToYaml([valueAt(holder, at)])
    .trimEnd()
    .split("\n");
  const place = `\`${key}\`, \`${pathText(at)}\``;
  const shown = lines.length > LONGEST ? "" : `\n\n\`\`\`yaml\n${lines.join("\n")}\n\`\`\``;
  const fixes = (finding?.fixes ?? []).map(({ title }) => title);
  const offered = fixes.length > 0 ? ` Offered: ${fixes.join("; ")}.` : "";
  return `*Example:* ${place}: "${finding?.message}"${offered}${shown}`;
}
const LONGEST = 16;

test("a gateway that may not call the authorizer is told, with the line that would let it", () => {
  const document = changed(asking({}, { target: AT_GATEWAY }));
  const [found] = of("MW1061", document);
  expect(found?.message).toContain("shop-gateway may not call inventory");
  const fixed = applyCommand(document, {}, found?.fixes?.[0]?.command ?? { type: "moveObjects", positions: {} });
  expect(fixed.ok && of("MW1061", fixed.document)).toEqual([]);
});

/** near calls far, which calls end: two hops, of which the first is tried again on errors. */
const hops = [
  ...["near", "far", "end"].flatMap((name) => add(...service(name))),
  ...add(
    timedRoute("far", 9000, { retries: { attempts: 2, on: ["5xx"] } }),
    dependency("near", "far", sync),
    dependency("far", "end", sync),
  ),
];
const asksEnd = (target: string) => [
  ...patch(
    "Mesh//shop",
    ["authorizers"],
    [
      {
        name: "opa",
        address: { target: { kind: "Service", namespace: "production", name: "end" }, port: 8080, protocol: "http" },
        timeoutMs: 500,
      },
    ],
  ),
  ...add(authorization("ask-opa", { target: { service: target }, action: "custom", authorizer: "opa", rules: [{}] })),
];

test("retries multiply along a chain, but not where its last call is a connection or a question to an authorizer", () => {
  expect(of("MW1010", changed(hops))).toMatchObject([{ message: expect.stringContaining("can become 9 at the end") }]);
  const tcp = patch("Service/production/end", ["ports", 0, "protocol"], "tcp");
  expect(of("MW1010", changed([...hops, ...tcp]))).toEqual([]);
  expect(of("MW1010", changed([...hops, ...asksEnd("far")]))).toEqual([]);
  expect(of("MW1010", changed([...hops, ...asksEnd("near")]))).toHaveLength(1);
});

test("a rule for other callers multiplies nothing, and neither its times nor its lack of them are theirs", () => {
  const elsewhere = { matches: [{ caller: { namespace: "elsewhere" } }] };
  const others = { name: "others", action: forward("far"), ...elsewhere };
  const named = [...add({ apiVersion: API_VERSION, kind: "Namespace", metadata: { name: "elsewhere" }, spec: {} })];
  const first = patch(
    "Route/production/far",
    ["rules"],
    [
      { ...others, retries: { attempts: 2, on: ["5xx"] } },
      { name: "all", matches: [], action: forward("far"), timeoutMs: 9000 },
    ],
  );
  const document = changed([...hops, ...named, ...first]);
  expect(of("MW1010", document)).toEqual([]);
  expect(of("MW1039", document).map(({ message }) => message)).not.toContainEqual(expect.stringContaining("for far"));
  const longer = patch("Route/production/far", ["rules", 0, "timeoutMs"], 60_000);
  const timed = add(timedRoute("near", 20_000));
  expect(of("MW1011", changed([...hops, ...named, ...first, ...longer, ...timed]))).toEqual([]);
});

test("who only asks an authorizer waits as long as the authorizer's own limit says", () => {
  const waits = (commands: Command[]) =>
    of("MW1039", changed([...hops, ...commands])).filter(({ message }) => message.includes("for end"));
  expect(waits([])).toHaveLength(1);
  expect(waits(asksEnd("far"))).toEqual([]);
});

describe("connections of gateways", () => {
  const messages = (code: string, commands: Command[]) => of(code, changed(commands)).map(({ message }) => message);
  const raw: EdgeListener = { name: "raw", port: 6000, protocol: "tcp", hosts: ["*"] };

  test("one TCP port behind a gateway without a route is meant; of two none is, and the port that is open says so", () => {
    expect(messages("MW1070", edge([raw]))).toEqual([]);
    const two = patch(
      "Service/production/ledger",
      ["ports"],
      [5432, 5433].map((port) => ({ name: `tls-${port}`, port, protocol: "tcp" })),
    );
    const document = changed([...edge([raw]), ...two]);
    expect(of("MW1070", document)).toMatchObject([
      { severity: "error", message: "Listener raw of edge closes every connection to port 6000.", fixes: [] },
    ]);
    expect(analyze(document, { source: "manifests" }).filter(({ code }) => code === "MW1070")).toEqual([]);
  });

  test("a rule for another port leaves a listener of protocol tcp to nobody", () => {
    const only = make("TcpRoute", "edge", {
      gateway: { name: "edge" },
      rules: [{ matches: [{ port: 6000 }], destinations: [{ service: { name: "ledger" }, weight: 1 }] }],
    });
    const other = { ...raw, name: "other", port: 6001 };
    expect(messages("MW1070", edge([raw, other], only))).toEqual([
      "Listener other of edge closes every connection to port 6001.",
    ]);
  });

  test("a name behind a wider one of an earlier rule is told where the whole rule is not; what is closer is no taker", () => {
    const rule = (...serverNames: string[]) => ({
      matches: [{ serverNames }],
      destinations: [{ service: { name: "ledger" }, weight: 1 }],
    });
    const route = (...rules: ReturnType<typeof rule>[]) =>
      make("TcpRoute", "edge", { gateway: { name: "edge" }, rules });
    const listener = tls("*.example.com", "db.example.org");
    const partly = edge([listener], route(rule("*.example.com"), rule("db.example.com", "db.example.org")));
    expect(of("MW1071", changed(partly))).toMatchObject([
      {
        message: "Rule 2 of edge never gets connections for db.example.com: rule 1 of edge takes them.",
        path: "spec.rules[1].matches[0].serverNames[0]",
      },
    ]);
    expect(messages("MW1006", partly)).toEqual([]);
    const wholly = edge([listener], route(rule("*.example.com"), rule("db.example.com")));
    expect([messages("MW1071", wholly).length, messages("MW1006", wholly).length]).toEqual([0, 1]);
    expect(messages("MW1071", edge([listener], route(rule("db.example.com"), rule("*.example.com"))))).toEqual([]);
  });

  test("a certificate's wildcard stands for one label, and the exact name beside it for itself", () => {
    const deep = (...hosts: string[]) => edge([https(...hosts)], edgeWeb("shop.eu.example.com", "example.com"));
    const [found, ...more] = of("MW1072", changed(deep("*.example.com")));
    expect(more).toEqual([]);
    expect(found).toMatchObject({ refs: ["Gateway/production/edge", "Route/production/edge"] });
    expect(found?.message).toContain("takes shop.eu.example.com by *.example.com");
    expect(messages("MW1072", deep("*.eu.example.com"))).toEqual([]);
    expect(messages("MW1072", deep("*.example.com", "Shop.eu.example.com"))).toEqual([]);
    expect(messages("MW1072", deep("*"))).toEqual([]);
  });

  test("TLS for a port that speaks HTTP, at a listener that passes it on only", () => {
    const named = (name: string) => patch("Service/production/ledger", ["ports", 0, "name"], name);
    const passed = edge([tls("db.example.com")], edgeRoute("edge", ["db.example.com"]));
    expect(messages("MW1073", [...passed, ...named("http-admin")])[0]).toContain("speaks HTTP without TLS");
    expect(messages("MW1073", [...passed, ...named("https")])).toEqual([]);
    const toLedger = make("TcpRoute", "edge", {
      gateway: { name: "edge" },
      rules: [{ matches: [], destinations: [{ service: { name: "ledger" }, weight: 1 }] }],
    });
    expect(messages("MW1073", [...edge([raw], toLedger), ...named("mysql")])).toEqual([]);
  });

  test("an egress gateway lets nobody in, and what gets no share is not led to", () => {
    const internal = patch("Service/production/ledger", ["exposure"], "internal");
    const route = edgeRoute("edge", ["db.example.com"]);
    expect(messages("MW1076", [...edge([tls("db.example.com")], route), ...internal])).toHaveLength(1);
    const egress = patch("Gateway/production/edge", ["type"], "egress");
    expect(messages("MW1076", [...edge([tls("db.example.com")], route), ...internal, ...egress])).toEqual([]);
  });
});

describe("localities", () => {
  const found = (code: string, spec: Omit<SpecOf<"TrafficPolicy">, "service">, callers = ["checkout-v1"]) =>
    of(code, changed([...spread(...callers), ...add(paymentPolicy(spec))]));

  test("switched off, a locality is nothing to speak of", () => {
    const off = { locality: { enabled: false, failover: [{ from: "eu", to: "us" }] } };
    for (const code of ["MW1085", "MW1086", "MW1087", "MW1088", "MW1089"]) expect(found(code, off, [])).toEqual([]);
  });

  test("a health check finds failing hosts too, and needs no ejection", () => {
    const checked = { locality: {}, healthCheck: { type: "tcp" as const } };
    expect(found("MW1085", checked)).toEqual([]);
    expect(
      found("MW1089", { ...checked, outlierDetection: { consecutive5xxErrors: 5, maxEjectionPercent: 34 } }),
    ).toEqual([]);
  });

  test("a place with one host is emptied where one host may always be ejected", () => {
    const detection = { consecutive5xxErrors: 5, maxEjectionPercent: 10 };
    const told = (outlierDetection: object) =>
      found("MW1089", { locality: {}, outlierDetection }).map(({ message }) => message);
    expect(told(detection)).toEqual([expect.stringContaining("of 3 hosts 0 may be ejected")]);
    expect(told(detection)[0]).toContain("Callers near eu/a, us/a keep");
    const [first] = told({ ...detection, alwaysEjectOneHost: true });
    expect(first).toContain("of 3 hosts 1 may be ejected");
    expect(first).not.toContain("us/a");
  });

  test("a subset's policy takes outlier detection of the service's", () => {
    const policies = (spec: object) =>
      of(
        "MW1085",
        changed([
          ...spread("checkout-v1"),
          ...add(
            subset("v1"),
            paymentPolicy(spec),
            make("TrafficPolicy", "payment-v1", { service: { name: "payment-service" }, subset: "v1", locality: {} }),
          ),
        ]),
      );
    expect(policies({})).toHaveLength(1);
    expect(policies(EJECTING)).toEqual([]);
  });

  test("labels that a workload has are told, and ask callers for no place", () => {
    expect(found("MW1086", { locality: { failoverPriority: ["version"] } }, [])).toEqual([]);
    expect(found("MW1086", { locality: { failoverPriority: ["track"] } })).toHaveLength(1);
    expect(found("MW1088", { locality: { failoverPriority: ["version"] } }, [])).toEqual([]);
    expect(found("MW1088", { locality: { distribute: [{ from: "*", to: { eu: 100 } }] } }, [])).toEqual([]);
  });

  test("shares without any host leave callers with nobody, and the fix sends them where hosts are", () => {
    const [finding] = found("MW1087", shared({ asia: 100 }));
    expect(finding).toMatchObject({ severity: "error", path: "spec.locality.distribute[0].to" });
    expect(finding?.fixes?.[0]?.command).toMatchObject({ value: { "eu/a": 100 } });
  });

  test("what is left of shares is 100 together", () => {
    const [finding] = found("MW1087", shared({ eu: 33, us: 33, asia: 34 }));
    expect(finding?.fixes?.[0]?.command).toMatchObject({ value: { eu: 50, us: 50 } });
  });

  test("one of several callers without a place is less than all of them", () => {
    const other = [...service("backoffice"), dependency("backoffice", "payment-service")];
    const document = changed([
      ...spread("checkout-v1"),
      ...add(...other, paymentPolicy({ locality: {}, ...EJECTING })),
    ]);
    expect(of("MW1088", document)).toMatchObject([{ severity: "info" }]);
  });
});
