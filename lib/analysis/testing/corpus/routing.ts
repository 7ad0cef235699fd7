// Valid routing about which no analyzer says anything. A new false positive gets its case here first.
import {
  add,
  type Case,
  dependency,
  forward,
  gateway,
  make,
  patch,
  rules,
  service,
  subset,
  svc,
  timedRoute,
} from "../calm";

const both = add(subset("v1"), subset("v2"));
const split = (...weights: [string, number][]) => ({ action: forward("payment-service", ...weights) });

export const routing: Case[] = [
  { name: "a split that sums to 100", commands: [...both, ...rules(split(["v1", 90], ["v2", 10]))] },
  { name: "a new version with weight 0", commands: [...both, ...rules(split(["v1", 100], ["v2", 0]))] },
  {
    name: "a single destination with any weight",
    commands: [...add(subset("v1")), ...rules(split(["v1", 7]))],
  },
  {
    name: "testers by header before everybody else",
    commands: [
      ...both,
      ...rules(
        { matches: [{ headers: [{ name: "x-user-type", type: "exact", value: "beta" }] }], ...split(["v2", 1]) },
        split(["v1", 90], ["v2", 10]),
      ),
    ],
  },
  {
    name: "copies of reads to another version",
    commands: [
      ...add(subset("v2")),
      ...rules(
        {
          matches: [{ methods: ["GET", "HEAD"] }],
          mirrors: [{ service: { name: "payment-service" }, subset: "v2", percent: 10 }],
        },
        {},
      ),
    ],
  },
  {
    name: "the same path for two methods",
    commands: rules(
      { matches: [{ path: { type: "exact", value: "/pay" }, methods: ["GET"] }] },
      { matches: [{ path: { type: "exact", value: "/pay" }, methods: ["POST"] }] },
      {},
    ),
  },
  {
    name: "a longer prefix before a shorter one",
    commands: rules(
      { matches: [{ path: { type: "prefix", value: "/pay/now" } }] },
      { matches: [{ path: { type: "prefix", value: "/pay" } }] },
      {},
    ),
  },
  {
    name: "pages of named origins with credentials, of anybody without, and no preflight for plain calls",
    commands: rules(
      {
        matches: [{ path: { type: "prefix", value: "/account" } }],
        cors: {
          allowOrigins: [
            { type: "exact", value: "https://shop.example" },
            { type: "prefix", value: "http://localhost:" },
            { type: "regex", value: "https://[a-z]+[.]shop[.]example" },
          ],
          allowMethods: ["GET", "PUT"],
          allowCredentials: true,
        },
      },
      {
        matches: [{ path: { type: "prefix", value: "/prices" }, methods: ["GET"] }],
        cors: { allowOrigins: [{ type: "exact", value: "*" }] },
      },
      {},
    ),
  },
  {
    name: "a path by segments does not take a longer word",
    commands: rules(
      { matches: [{ path: { type: "pathPrefix", value: "/pay" } }] },
      { matches: [{ path: { type: "exact", value: "/payout" } }] },
      {},
    ),
  },
  {
    name: "a header beside the path keeps the later rule reachable",
    commands: rules(
      { matches: [{ path: { type: "prefix", value: "/" }, headers: [{ name: "x-canary", type: "present" }] }] },
      { matches: [{ path: { type: "prefix", value: "/pay" } }] },
      {},
    ),
  },
  {
    name: "regexes are not compared",
    commands: rules(
      { matches: [{ path: { type: "regex", value: "/pay/.*" } }] },
      { matches: [{ path: { type: "regex", value: "/pay/[0-9]+" } }] },
      {},
    ),
  },
  {
    name: "upper and lower case are not compared with exact text",
    commands: rules(
      { matches: [{ path: { type: "prefix", value: "/Pay", ignoreCase: true } }] },
      { matches: [{ path: { type: "exact", value: "/pay/now" } }] },
      {},
    ),
  },
  {
    name: "a catch-all by the root prefix",
    commands: rules(
      { matches: [{ path: { type: "exact", value: "/a" } }] },
      { matches: [{ path: { type: "prefix", value: "/" } }] },
    ),
  },
  {
    name: "a catch-all by a regex for everything",
    commands: rules(
      { matches: [{ path: { type: "exact", value: "/a" } }] },
      { matches: [{ path: { type: "regex", value: ".*" } }] },
    ),
  },
  {
    name: "a gateway that serves one path only",
    commands: patch(
      "Route/production/shop-gateway",
      ["rules", 0, "matches"],
      [{ path: { type: "pathPrefix", value: "/shop" } }],
    ),
  },
  {
    name: "a redirect to another path",
    commands: rules(
      {
        matches: [{ path: { type: "exact", value: "/old" } }],
        action: { type: "redirect", path: "/new" },
        timeoutMs: undefined,
      },
      {},
    ),
  },
  {
    name: "a redirect to another host with the same path",
    commands: rules(
      { matches: [{ path: { type: "prefix", value: "/docs" } }], action: { type: "redirect", host: "docs.example" } },
      {},
    ),
  },
  {
    name: "a redirect into a path that an earlier rule takes",
    commands: rules(
      { matches: [{ path: { type: "exact", value: "/pay/v2" } }] },
      { matches: [{ path: { type: "prefix", value: "/pay" } }], action: { type: "redirect", path: "/pay/v2" } },
      {},
    ),
  },
  {
    name: "a redirect from http to https",
    commands: patch("Route/production/shop-gateway", ["rules", 0, "action"], { type: "redirect", scheme: "https" }),
  },
  {
    name: "an answer of its own that is no error",
    commands: rules(
      {
        matches: [{ path: { type: "exact", value: "/robots.txt" } }],
        action: { type: "respond", status: 200, body: "" },
      },
      {},
    ),
  },
  {
    name: "a closed path",
    commands: rules(
      { matches: [{ path: { type: "prefix", value: "/internal" } }], action: { type: "respond", status: 403 } },
      {},
    ),
  },
  {
    name: "a gateway's route for a host of its listener",
    commands: [
      ...patch("Gateway/production/shop-gateway", ["listeners", 0, "hosts"], ["*.shop.example"]),
      ...patch("Route/production/shop-gateway", ["hosts"], ["www.shop.example"]),
    ],
  },
  {
    name: "a wildcard host of a route that meets the listener's",
    commands: [
      ...patch("Gateway/production/shop-gateway", ["listeners", 0, "hosts"], ["www.shop.example"]),
      ...patch("Route/production/shop-gateway", ["hosts"], ["*.shop.example"]),
    ],
  },
  {
    name: "a route for a service that nobody calls yet",
    commands: add(
      ...service("newsletter"),
      make("Route", "newsletter", {
        target: svc("newsletter"),
        rules: [
          { matches: [{ path: { type: "exact", value: "/send" } }], action: forward("newsletter"), timeoutMs: 1000 },
        ],
      }),
    ),
  },
  {
    name: "a route into another namespace",
    commands: add(
      make("Namespace", "billing", { ownerTeam: "money" }),
      ...service("billing/ledger"),
      make("Route", "billing/ledger", {
        target: svc("ledger"),
        rules: [{ matches: [], action: forward("ledger"), timeoutMs: 1000 }],
      }),
      make("Dependency", "checkout-to-ledger", {
        from: svc("checkout"),
        to: { kind: "Service", namespace: "billing", name: "ledger" },
      }),
    ),
  },
  {
    name: "rewrites and header changes",
    commands: rules({
      rewrite: { path: "/v2" },
      headers: { request: { set: { "x-a": "1" }, remove: ["x-b"] } },
    }),
  },
  {
    name: "a second way into the shop",
    commands: add(...service("admin"), make("Dependency", "gateway-to-admin", { from: gateway, to: svc("admin") })),
  },
  {
    name: "two ports of one service",
    commands: add(
      ...service("cache", {
        ports: [
          { name: "http", port: 80, protocol: "http" },
          { name: "raw", port: 6379, protocol: "tcp" },
        ],
      }),
      dependency("cart", "cache"),
    ),
  },
  {
    name: "an external https port is tcp to the mesh",
    commands: patch("ExternalService/production/carrier-api", ["ports", 0, "name"], "https"),
  },
  {
    name: "a timeout for each of two rules",
    commands: [
      ...add(...service("mail"), timedRoute("mail", 700), dependency("checkout", "mail", { interaction: "sync" })),
    ],
  },
  {
    name: "an edge in TLS: names by certificate, TLS by server name, and a port for the rest",
    commands: add(
      ...service("ledger", { ports: [{ name: "tls-db", port: 5432, protocol: "tcp" }], exposure: "partner" }),
      make("Gateway", "edge", {
        type: "ingress",
        owner: "web",
        listeners: [
          ...[
            { name: "web", port: 443, protocol: "https" as const, hosts: ["shop.example.com", "*.shop.example.com"] },
          ].map((each) => ({ ...each, tls: { certificate: "shop" } })),
          { name: "db", port: 8443, protocol: "tls", hosts: ["*.db.example.com"] },
          { name: "raw", port: 6000, protocol: "tcp", hosts: ["*"] },
        ],
      }),
      make("Dependency", "edge-to-ledger", {
        from: { kind: "Gateway", name: "edge" },
        to: svc("ledger"),
        interaction: "async",
      }),
      make("Dependency", "edge-to-cart", {
        from: { kind: "Gateway", name: "edge" },
        to: svc("cart"),
        interaction: "async",
      }),
      make("Route", "edge", {
        target: { kind: "Gateway", name: "edge" },
        hosts: ["shop.example.com", "eu.shop.example.com"],
        rules: [{ matches: [], action: forward("cart"), timeoutMs: 2500 }],
      }),
      make("TcpRoute", "edge", {
        gateway: { name: "edge" },
        rules: [
          {
            matches: [{ serverNames: ["old.db.example.com"] }],
            destinations: [{ service: { name: "ledger" }, weight: 1 }],
          },
          { matches: [], destinations: [{ service: { name: "ledger" }, weight: 1 }] },
        ],
      }),
    ),
  },
];
