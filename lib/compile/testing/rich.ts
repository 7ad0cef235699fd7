// The demo shop with one of everything that routes, policies and modes can say: what must compile, and run on Envoy and our proxy alike.
import {
  type AccessLog,
  API_VERSION,
  demoMesh,
  type Kind,
  type MeshDocument,
  type MeshObject,
  type ObjectOf,
  type RouteRule,
  type SpecOf,
  type Tracing,
} from "@/lib/mesh";

export function object<K extends Kind>(kind: K, name: string, spec: SpecOf<K>): ObjectOf<K> {
  return { apiVersion: API_VERSION, kind, metadata: { name, namespace: "production" }, spec } as unknown as ObjectOf<K>;
}

const to = (name: string, subset?: string, weight = 1) => ({
  service: { name },
  weight,
  ...(subset ? { subset } : {}),
});

/** The seed's split: beta testers to v2, a tenth of the rest as well. */
export function seedObjects(): MeshObject[] {
  return [
    object("Subset", "payment-service-v1", {
      service: { name: "payment-service" },
      name: "v1",
      labels: { version: "v1" },
    }),
    object("Subset", "payment-service-v2", {
      service: { name: "payment-service" },
      name: "v2",
      labels: { version: "v2" },
    }),
    object("Route", "payment-service", {
      target: { kind: "Service", name: "payment-service" },
      rules: [
        {
          name: "beta",
          matches: [{ headers: [{ name: "x-user-type", type: "exact", value: "beta-tester" }] }],
          action: { type: "forward", destinations: [to("payment-service", "v2", 100)] },
        },
        {
          matches: [],
          action: { type: "forward", destinations: [to("payment-service", "v1", 90), to("payment-service", "v2", 10)] },
        },
      ],
    }),
    object("TrafficPolicy", "payment-service", {
      service: { name: "payment-service" },
      connectionPool: { maxConnections: 100, maxPendingRequests: 50, maxRequestsPerConnection: 2 },
      outlierDetection: { legacyConsecutiveErrors: 5, intervalMs: 30_000, baseEjectionTimeMs: 30_000 },
    }),
  ];
}

/** The demo shop whose callers ask by HTTP, by gRPC and by TCP how hosts are. */
export function checkedMesh(): MeshDocument {
  const base = demoMesh().objects.filter(({ kind }) => kind !== "TrafficPolicy");
  return withObjects({ objects: base }, [
    object("Service", "ledger", { ports: [{ name: "grpc", port: 9090, protocol: "grpc" }] }),
    object("Workload", "ledger-v1", { service: "ledger", version: "v1" }),
    object("Dependency", "checkout-to-ledger", {
      from: { kind: "Service", name: "checkout" },
      to: { kind: "Service", name: "ledger" },
    }),
    object("TrafficPolicy", "ledger", {
      service: { name: "ledger" },
      healthCheck: { type: "grpc", serviceName: "shop.Ledger" },
    }),
    object("TrafficPolicy", "payment-service", {
      service: { name: "payment-service" },
      healthCheck: {
        type: "http",
        path: "/healthz",
        headers: { "x-share": "50%" },
        expectedStatuses: [200, 204],
        unhealthyIntervalMs: 2000,
      },
    }),
    object("TrafficPolicy", "inventory", {
      service: { name: "inventory" },
      healthCheck: { type: "tcp", send: "50494e47", receive: ["2b504f4e47"], reuseConnection: false },
    }),
  ]);
}

const TIMED: RouteRule[] = [
  {
    matches: [{ path: { type: "pathPrefix", value: "/v1" } }],
    action: { type: "forward", destinations: [to("inventory")] },
    idleTimeoutMs: 45_000,
    retries: { attempts: 3, backoff: { baseMs: 100, maxMs: 2000 }, ignorePreviousHosts: false, remoteLocalities: true },
    rewrite: { pathRegex: { match: "^/v(\\d+)/", substitution: "/api/\\1/" } },
    internalRedirects: {
      max: 2,
      codes: [302, 307],
      crossScheme: "safe",
      oncePerRule: true,
      copyHeaders: ["x-session"],
    },
  },
  { matches: [], action: { type: "forward", destinations: [to("inventory")] } },
];

/** The demo shop with a route of times of its own. */
export const timedMesh = (rules: readonly RouteRule[] = TIMED): MeshDocument =>
  withObjects({ objects: demoMesh().objects.filter(({ metadata }) => metadata.name !== "inventory-route") }, [
    object("Route", "inventory", { target: { kind: "Service", name: "inventory" }, rules: [...rules] }),
  ]);

/** The demo shop with every detector, warm-up and limit of a connection. */
export function pooledMesh(): MeshDocument {
  return withObjects({ objects: demoMesh().objects.filter(({ kind }) => kind !== "TrafficPolicy") }, [
    object("TrafficPolicy", "payment-service", {
      service: { name: "payment-service" },
      connectionPool: {
        maxConcurrentStreams: 50,
        maxConnectionDurationMs: 600_000,
        tcpKeepalive: { timeMs: 90_000 },
      },
      outlierDetection: {
        consecutive5xxErrors: 0,
        splitExternalLocalOriginErrors: true,
        consecutiveLocalOriginFailures: 4,
        successRate: { minimumHosts: 3, requestVolume: 20, standardDeviationFactor: 1.5 },
        failurePercentage: { threshold: 60, minimumHosts: 2, requestVolume: 10 },
        maxEjectionPercent: 100,
        errorStatuses: [429, 503],
      },
      loadBalancing: { policy: "round-robin", warmup: { durationMs: 90_000, minimumPercent: 5, aggression: 1.5 } },
    }),
    object("TrafficPolicy", "inventory", {
      service: { name: "inventory" },
      connectionPool: { h2UpgradePolicy: "do-not-upgrade" },
      outlierDetection: {
        errorStatuses: [429],
        splitExternalLocalOriginErrors: true,
        consecutiveLocalOriginFailures: 0,
      },
      loadBalancing: { policy: "least-request", warmup: { durationMs: 30_000 } },
    }),
    object("TrafficPolicy", "catalog", {
      service: { name: "catalog" },
      connectionPool: { h2UpgradePolicy: "upgrade" },
      outlierDetection: { successRate: {}, failurePercentage: {} },
    }),
    object("MutualTls", "catalog", { target: { service: "catalog" }, mode: "disable" }),
  ]);
}

export function richObjects(): MeshObject[] {
  const forward = { type: "forward" as const, destinations: [to("inventory")] };
  return [
    object("Route", "inventory", {
      target: { kind: "Service", name: "inventory" },
      rules: [
        {
          matches: [{ path: { type: "exact", value: "/Exact", ignoreCase: true } }],
          action: forward,
          rewrite: { path: "/new" },
        },
        {
          matches: [{ path: { type: "prefix", value: "/raw" } }],
          action: forward,
          rewrite: { path: "/cooked", host: "other" },
        },
        { matches: [{ path: { type: "pathPrefix", value: "/api/" } }], action: forward, rewrite: { path: "/" } },
        { matches: [{ path: { type: "pathPrefix", value: "/v1" } }], action: forward, rewrite: { path: "/v2/" } },
        {
          matches: [{ path: { type: "regex", value: "/item/[0-9]+|/thing" } }],
          action: forward,
          rewrite: { path: "/by\\regex" },
          retries: { attempts: 3, perTryTimeoutMs: 250, on: ["5xx", "503", "retriable-4xx"] },
        },
        {
          name: "conditions",
          matches: [
            {
              methods: ["GET", "PATCH"],
              headers: [
                { name: "X-A", type: "prefix", value: "a" },
                { name: "x-b", type: "suffix", value: "b", invert: true },
                { name: "x-c", type: "regex", value: "c+" },
                { name: "x-d", type: "present" },
                { name: "x-e", type: "present", invert: true },
              ],
              query: [
                { name: "q", type: "exact", value: "1" },
                { name: "p", type: "present" },
              ],
            },
            { methods: ["DELETE"] },
          ],
          action: forward,
          timeoutMs: 1500,
          headers: {
            request: { set: { "x-set": "100 % sure" }, add: { "x-add": "" }, remove: ["x-gone"] },
            response: { set: { "x-by": "mesh" }, add: {}, remove: ["server"] },
          },
        },
        {
          matches: [{ path: { type: "exact", value: "/old" } }],
          action: { type: "redirect", scheme: "https", host: "new.example", port: 8443, path: "/x", code: 308 },
        },
        {
          matches: [{ path: { type: "exact", value: "/teapot" } }],
          action: { type: "respond", status: 418, body: "short" },
        },
        {
          matches: [{ path: { type: "pathPrefix", value: "/faulty" }, headers: [{ name: "x-grpc", type: "present" }] }],
          action: forward,
          fault: { abort: { percent: 100, grpcStatus: 8 } },
        },
        {
          matches: [{ path: { type: "pathPrefix", value: "/faulty" } }],
          action: forward,
          fault: { delay: { percent: 100, fixedDelayMs: 1 }, abort: { percent: 100, httpStatus: 504 } },
        },
        {
          matches: [{ path: { type: "pathPrefix", value: "/slow" } }],
          action: forward,
          mirrors: [{ service: { name: "inventory" }, percent: 99.5 }],
          fault: { delay: { percent: 100, fixedDelayMs: 1 }, abort: { percent: 0, httpStatus: 503 } },
        },
        {
          matches: [{ path: { type: "pathPrefix", value: "/browser" } }],
          action: forward,
          cors: {
            allowOrigins: [
              { type: "exact", value: "https://shop.example" },
              { type: "prefix", value: "http://localhost:" },
              { type: "regex", value: "https://[a-z]+\\.shop\\.example" },
            ],
            allowMethods: ["GET", "PUT"],
            allowHeaders: ["x-a", "content-type"],
            exposeHeaders: ["x-by"],
            maxAgeSeconds: 600,
            allowCredentials: true,
          },
        },
        {
          matches: [{ path: { type: "pathPrefix", value: "/public" } }],
          action: forward,
          cors: { allowOrigins: [{ type: "exact", value: "*" }], unmatchedPreflights: "ignore" },
        },
        {
          matches: [{ path: { type: "pathPrefix", value: "/strict" } }],
          action: forward,
          cors: {
            allowOrigins: [{ type: "exact", value: "https://shop.example" }],
            allowMethods: ["*"],
            unmatchedPreflights: "ignore",
          },
        },
        { matches: [], action: forward, retries: { attempts: 0 } },
      ],
    }),
    object("TrafficPolicy", "inventory", {
      service: { name: "inventory" },
      connectionPool: {
        maxConnections: 10,
        maxPendingRequests: 11,
        maxRequests: 12,
        maxRetries: 3,
        connectTimeoutMs: 1500,
        idleTimeoutMs: 9000,
        maxRequestsPerConnection: 0,
      },
      outlierDetection: {
        consecutive5xxErrors: 0,
        consecutiveGatewayErrors: 3,
        maxEjectionPercent: 100,
        minHealthPercent: 30,
        alwaysEjectOneHost: true,
      },
      loadBalancing: { policy: "round-robin" },
    }),
    object("RateLimit", "inventory", {
      service: { name: "inventory" },
      limits: [
        {
          name: "one",
          match: { methods: ["GET"], path: { type: "pathPrefix", value: "/limited" } },
          requests: 1,
          perMs: 3_600_000,
        },
        { match: { path: { type: "pathPrefix", value: "/roomy" } }, requests: 1000, perMs: 1000, burst: 2000 },
      ],
    }),
    object("RateLimit", "catalog", {
      service: { name: "catalog" },
      shadow: true,
      limits: [{ requests: 1, perMs: 60_000 }],
    }),
    object("TrafficPolicy", "cart", {
      service: { name: "cart" },
      retryBudget: { percent: 12.5 },
      loadBalancing: { policy: "random" },
    }),
    object("AuthorizationPolicy", "no-delete", {
      target: { service: "inventory" },
      action: "deny",
      rules: [
        {
          from: [{ principals: ["*/sa/catalog"] }, { namespaces: ["staging"] }],
          to: [{ methods: ["DELETE", "PUT"], paths: ["/admin/*", "*.bak", "/x"] }],
        },
      ],
    }),
    object("AuthorizationPolicy", "by-header", {
      target: { service: "inventory" },
      action: "deny",
      rules: [
        {
          to: [
            {
              paths: ["/staff"],
              headers: [{ name: "X-Role", type: "exact", values: ["staff", "owner"], invert: true }],
            },
            { paths: ["/known"], headers: [{ name: "x-role", type: "present", invert: true }] },
            {
              headers: [
                { name: "x-trace", type: "contains", values: ["drop"] },
                { name: "x-kind", type: "prefix", values: ["bot-"] },
                { name: "x-kind", type: "suffix", values: ["-old"], invert: true },
              ],
            },
            { headers: [{ name: "x-kind", type: "regex", values: ["probe[0-9]+"] }] },
          ],
        },
      ],
    }),
    object("AuthorizationPolicy", "soon", {
      target: { service: "inventory" },
      action: "deny",
      shadow: true,
      rules: [{ to: [{ hosts: ["*.internal", "inventory"] }] }],
    }),
    object("AuthorizationPolicy", "watch", {
      target: {},
      action: "audit",
      rules: [{ to: [{ paths: ["/watched"], ports: [8080] }] }],
    }),
    object("AuthorizationPolicy", "also-cart", {
      target: { service: "inventory" },
      action: "allow",
      rules: [
        { from: [{ services: [{ kind: "Service", name: "cart" }], namespaces: ["production"], principals: ["*"] }] },
      ],
    }),
    object("AuthorizationPolicy", "maybe-storefront", {
      target: { service: "inventory" },
      action: "allow",
      shadow: true,
      rules: [{ from: [{ services: [{ kind: "Service", name: "storefront" }] }] }],
    }),
    object("MutualTls", "shipping", { target: { service: "shipping" }, mode: "disable" }),
  ];
}

/** Objects of the same key are replaced. */
export function withObjects(document: MeshDocument, added: readonly MeshObject[]): MeshDocument {
  const keyOf = (o: MeshObject) => `${o.kind}/${o.metadata.namespace}/${o.metadata.name}`;
  const keys = new Set(added.map(keyOf));
  return { objects: [...document.objects.filter((o) => !keys.has(keyOf(o))), ...added] };
}

export function withMode(document: MeshDocument, service: string, mode: SpecOf<"Service">["mode"]): MeshDocument {
  return {
    objects: document.objects.map((o) =>
      o.kind === "Service" && o.metadata.name === service ? { ...o, spec: { ...o.spec, mode } } : o,
    ),
  };
}

export function richMesh(): MeshDocument {
  const modes = [
    ["cart", "observe"],
    ["catalog", "permissive"],
    ["checkout", "strict"],
    ["storefront", "enforced"],
  ] as const;
  const document = withObjects(demoMesh(), [...seedObjects(), ...richObjects()]);
  return modes.reduce((sum, [service, mode]) => withMode(sum, service, mode), document);
}

/** The demo, whose mesh writes this access log. */
export const loggedMesh = (accessLog: AccessLog): MeshDocument => ({
  objects: demoMesh().objects.map((each) =>
    each.kind === "Mesh" ? { ...each, spec: { ...each.spec, accessLog } } : each,
  ),
});

/** The demo, whose mesh traces as this says. */
export const tracedMesh = (tracing: Tracing): MeshDocument => ({
  objects: demoMesh().objects.map((each) =>
    each.kind === "Mesh" ? { ...each, spec: { ...each.spec, tracing } } : each,
  ),
});

export const TRACED_BY_NAME: Tracing = {
  collector: { host: "otel.observability.svc", port: 4317, protocol: "grpc" },
  samplingPercent: 12.5,
  tags: [
    { name: "mesh", from: { type: "literal", value: "shop" } },
    { name: "tenant", from: { type: "header", header: "X-Tenant", default: "none" } },
    { name: "zone", from: { type: "environment", variable: "ZONE" } },
  ],
};
export const TRACED_BY_ADDRESS: Tracing = {
  collector: { host: "10.0.0.9", port: 4318, protocol: "http" },
  samplingPercent: 100,
};
