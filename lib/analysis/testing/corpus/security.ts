// Valid protection about which no analyzer says anything. The false positives that Kiali had to mend come first.
import type { SpecOf } from "@/lib/mesh";
import { add, authorization, type Case, dependency, make, patch, service, svc } from "../calm";

const fromCheckout = [{ services: [svc("checkout")] }];

const tokens = (target: object) =>
  make("RequestAuthentication", "tokens", {
    target,
    jwtRules: [{ issuer: "https://issuer.example", jwksUri: "https://issuer.example/keys" }],
  });

/** Somebody who may be asked, and whom nobody asks yet. */
const authorizer = [
  ...add(...service("authz")),
  ...patch(
    "Mesh//shop",
    ["authorizers"],
    [
      {
        name: "authz",
        address: { target: { kind: "Service", namespace: "production", name: "authz" }, port: 8080, protocol: "http" },
        timeoutMs: 500,
      },
    ],
  ),
];
const asking = (
  target: SpecOf<"AuthorizationPolicy">["target"],
  asked: SpecOf<"AuthorizationPolicy">["rules"] = [{}],
) => authorization("ask-authz", { target, action: "custom", authorizer: "authz", rules: asked });

export const security: Case[] = [
  {
    name: "tokens of the whole mesh, and one service that asks for them",
    commands: add(
      tokens({}),
      make("AuthorizationPolicy", "with-token", {
        target: { service: "cart" },
        action: "deny",
        rules: [{ from: [{ notRequestPrincipals: ["*"] }], to: [{ paths: ["/mine*"] }] }],
      }),
    ),
  },
  {
    name: "a Host header pattern in an operation",
    commands: add(authorization("hosts", { rules: [{ from: fromCheckout, to: [{ hosts: ["*.shop.example"] }] }] })),
  },
  {
    name: "a method that HTTP does not know",
    commands: add(authorization("methods", { rules: [{ from: fromCheckout, to: [{ methods: ["PURGE"] }] }] })),
  },
  {
    name: "a path with a wildcard at the end",
    commands: add(authorization("paths", { rules: [{ from: fromCheckout, to: [{ paths: ["/pay/*"] }] }] })),
  },
  {
    name: "a principal of this mesh, in full",
    commands: add(
      authorization("ids", { rules: [{ from: [{ principals: ["shop.mesh.local/ns/production/sa/checkout"] }] }] }),
    ),
  },
  {
    name: "a principal of another trust domain",
    commands: add(
      authorization("partner", { rules: [{ from: [{ principals: ["partner.example/ns/orders/sa/api"] }] }] }),
    ),
  },
  {
    name: "a permission for a drawn caller",
    commands: add(authorization("drawn", { rules: [{ from: fromCheckout }] })),
  },
  {
    name: "a permission for the workload of a drawn caller",
    commands: add(
      authorization("workload", { rules: [{ from: [{ services: [{ kind: "Workload", name: "checkout-v1" }] }] }] }),
    ),
  },
  {
    name: "a permission by namespace",
    commands: add(authorization("namespace", { rules: [{ from: [{ namespaces: ["production"] }] }] })),
  },
  {
    name: "a health page for everybody",
    commands: add(authorization("health", { rules: [{ to: [{ paths: ["/healthz"], methods: ["GET"] }] }] })),
  },
  {
    name: "an allow policy that closes its target",
    commands: add(make("AuthorizationPolicy", "closed", { target: { service: "cart" }, action: "allow", rules: [] })),
  },
  {
    name: "a denial of one path",
    commands: add(
      authorization("no-refund", { action: "deny", rules: [{ from: fromCheckout, to: [{ paths: ["/refund"] }] }] }),
    ),
  },
  {
    name: "a permission for some requests of a drawn caller, by header",
    commands: add(
      authorization("staff", {
        rules: [{ from: fromCheckout, to: [{ headers: [{ name: "x-role", type: "exact", values: ["staff"] }] }] }],
      }),
    ),
  },
  {
    name: "a denial by a header that the permission does not ask for",
    commands: add(
      authorization("pay", { rules: [{ from: fromCheckout, to: [{ paths: ["/pay"] }] }] }),
      authorization("no-bots", {
        action: "deny",
        rules: [{ to: [{ headers: [{ name: "x-kind", type: "prefix", values: ["bot-"] }] }] }],
      }),
    ),
  },
  {
    name: "a denial of somebody who is not drawn",
    commands: add(authorization("no-cart", { action: "deny", rules: [{ from: [{ services: [svc("cart")] }] }] })),
  },
  {
    name: "a denial beside a wider permission",
    commands: add(
      authorization("all-of-checkout", { rules: [{ from: fromCheckout }] }),
      authorization("not-this", { action: "deny", rules: [{ from: fromCheckout, to: [{ methods: ["DELETE"] }] }] }),
    ),
  },
  {
    name: "a denial in shadow changes nothing",
    commands: add(authorization("trial", { action: "deny", shadow: true, rules: [{ from: fromCheckout }] })),
  },
  { name: "an audit of everything", commands: add(authorization("log", { action: "audit", rules: [{}] })) },
  {
    name: "an open permission that is only tried out",
    commands: add(authorization("trial", { shadow: true, rules: [{}] })),
  },
  {
    name: "two policies that differ in their paths",
    commands: add(
      authorization("a", { rules: [{ from: fromCheckout, to: [{ paths: ["/a"] }] }] }),
      authorization("b", { rules: [{ from: fromCheckout, to: [{ paths: ["/b"] }] }] }),
    ),
  },
  {
    name: "HTTP fields on an HTTP port named by number",
    commands: add(
      authorization("port", { rules: [{ from: fromCheckout, to: [{ ports: [8080], methods: ["POST"] }] }] }),
    ),
  },
  {
    name: "HTTP fields on a service with an HTTP port beside a TCP port",
    commands: add(
      ...service("mixed", {
        ports: [
          { name: "http", port: 80, protocol: "http" },
          { name: "raw", port: 9000, protocol: "tcp" },
        ],
      }),
      make("AuthorizationPolicy", "mixed", {
        target: { service: "mixed" },
        action: "deny",
        rules: [{ to: [{ methods: ["DELETE"] }] }],
      }),
    ),
  },
  {
    name: "a rule on a TCP port by callers only",
    commands: add(
      ...service("queue", { ports: [{ name: "raw", port: 5672, protocol: "tcp" }] }),
      make("AuthorizationPolicy", "queue", {
        target: { service: "queue" },
        action: "deny",
        rules: [{ from: fromCheckout, to: [{ ports: [5672] }] }],
      }),
    ),
  },
  {
    name: "strict mutual TLS said again for a service",
    commands: add(make("MutualTls", "payment", { target: { service: "payment-service" }, mode: "strict" })),
  },
  {
    name: "a permissive mesh whose services are all strict by namespace",
    commands: [
      ...patch("Mesh//shop", ["defaults", "mutualTls"], "permissive"),
      ...add(make("MutualTls", "all", { target: { namespace: "production" }, mode: "strict" })),
    ],
  },
  {
    name: "a permissive port that nobody calls",
    commands: [
      ...patch("Service/production/cart", ["ports", 1], { name: "metrics", port: 9090, protocol: "http" }),
      ...add(
        make("MutualTls", "cart", {
          target: { service: "cart" },
          mode: "strict",
          ports: [{ port: 9090, mode: "permissive" }],
        }),
      ),
    ],
  },
  {
    name: "a permissive service that nobody calls",
    commands: add(
      ...service("spare"),
      make("MutualTls", "spare", { target: { service: "spare" }, mode: "permissive" }),
    ),
  },
  {
    name: "a trust boundary that is crossed with mutual TLS",
    commands: add(
      make("TrustBoundary", "pci", { members: [{ service: { namespace: "production", name: "payment-service" } }] }),
    ),
  },
  {
    name: "plain text inside one trust boundary is only said by the step itself",
    commands: add(make("TrustBoundary", "all", { members: [{ namespace: "production" }] })),
  },
  { name: "the last step of adoption", commands: patch("Service/production/payment-service", ["mode"], "enforced") },
  {
    name: "a mode and a policy that agree",
    commands: [
      ...patch("Service/production/cart", ["mode"], "strict"),
      ...add(make("MutualTls", "cart", { target: { service: "cart" }, mode: "strict" })),
    ],
  },
  { name: "certificates of an hour", commands: patch("Mesh//shop", ["certificateTtlHours"], 1) },
  { name: "certificates of three days", commands: patch("Mesh//shop", ["certificateTtlHours"], 72) },
  {
    name: "a mesh that allows, with a permission on each service",
    commands: [
      ...patch("Mesh//shop", ["defaults", "authorization"], "allow"),
      ...add(
        make("AuthorizationPolicy", "all", {
          target: {},
          action: "allow",
          rules: [{ from: [{ namespaces: ["production"] }] }],
        }),
      ),
    ],
  },
  {
    name: "an external service under one owner's domain",
    commands: patch("ExternalService/production/carrier-api", ["hosts"], ["*.carrier.example"]),
  },
  { name: "an egress for a whole namespace that draws it", commands: patch("Egress/production/carrier-api", ["from"]) },
  {
    name: "a service that asks an authorizer within a time limit",
    commands: [
      ...authorizer,
      ...add(dependency("catalog", "authz", { interaction: "sync" }), asking({ service: "catalog" })),
    ],
  },
  {
    name: "a gateway that asks an authorizer about clients by their addresses",
    commands: [
      ...authorizer,
      ...add(
        make("Dependency", "gateway-to-authz", { from: { kind: "Gateway", name: "shop-gateway" }, to: svc("authz") }),
        asking({ gateway: "shop-gateway" }, [{ from: [{ notClientAddresses: ["10.0.0.0/8"] }] }]),
      ),
    ],
  },
];
