// Policies of every kind at random, within the schema: for properties of texts, forms and sentences. Test code.
import fc from "fast-check";
import { API_VERSION, type MeshObject, RETRY_CONDITIONS } from "../../index";

const name = fc.constantFrom("cart", "checkout", "payment-service", "catalog", "a", "x1-y2");
const namespace = fc.constantFrom("production", "staging", "edge");
const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const port = fc.integer({ min: 1, max: 65_535 });
const ms = fc.integer({ min: 1, max: 60_000 });
/** Texts that YAML could misread. */
const words = fc.oneof(
  fc.constantFrom(
    "yes",
    "on",
    "1.10",
    "0x1f",
    "null",
    "~",
    "a: b",
    "# no comment",
    "- dash",
    "it's",
    'say "x"',
    "*",
    "&a",
    "%",
    "é ü",
  ),
  fc.string({ minLength: 1, maxLength: 12 }).map((text) => text.replace(/[^ -~]/g, "x")),
  fc.constant("two\nlines"),
);
const path = fc.constantFrom("/", "/pay", "/refund/*", "/a b", "/#x", "/api/v1");
const serviceRef = fc.record({ namespace: some(namespace), name });
const ref = fc.record({
  kind: fc.constantFrom("Service", "Gateway", "Workload", "ExternalService"),
  namespace: some(namespace),
  name,
});
const list = <T>(value: fc.Arbitrary<T>, max = 3) => fc.array(value, { minLength: 1, maxLength: max });
const valueMatch = fc.oneof(
  fc.record({
    name,
    type: fc.constantFrom("exact", "prefix", "suffix"),
    value: words.map((text) => text.slice(0, 20)),
  }),
  fc.record({ name, type: fc.constant("present") }),
);
const match = fc.record({
  path: some(
    fc.record({ type: fc.constantFrom("exact", "prefix", "pathPrefix"), value: path, ignoreCase: some(fc.boolean()) }),
  ),
  methods: some(list(fc.constantFrom("GET", "POST", "DELETE"))),
  headers: some(list(valueMatch)),
  query: some(list(valueMatch, 2)),
});
const routeMatch = fc
  .tuple(
    match,
    fc.record({
      scheme: some(fc.constantFrom("http", "https")),
      authority: some(
        fc.record({
          type: fc.constantFrom("exact", "prefix", "suffix"),
          value: fc.constantFrom("pay.example", "shop:8080"),
        }),
      ),
    }),
  )
  .map(([own, called]) => ({ ...own, ...called }));
const condition = fc.oneof(
  fc.record({
    name,
    type: fc.constantFrom("exact", "prefix", "suffix", "contains"),
    values: list(words.map((text) => text.slice(0, 20))),
    invert: some(fc.boolean()),
  }),
  fc.record({ name, type: fc.constant("present"), invert: some(fc.boolean()) }),
);
const claim = fc.oneof(
  fc.record({
    claim: list(fc.constantFrom("groups", "realm", "a b"), 2),
    type: fc.constantFrom("exact", "prefix", "suffix"),
    values: list(words.map((text) => text.slice(0, 20))),
    invert: some(fc.boolean()),
  }),
  fc.record({ claim: list(name, 1), type: fc.constant("present"), invert: some(fc.boolean()) }),
);
const block = fc.constantFrom("10.0.0.0/8", "192.168.7.9", "2001:db8::/32");
const ruleCondition = fc.oneof(
  fc.record({ of: fc.constantFrom("address", "targetAddress"), values: list(block), notValues: some(list(block)) }),
  fc.record({ of: fc.constantFrom("principal", "serverName"), notValues: list(words) }),
  fc.record({ of: fc.constant("metadata"), name: fc.constant("a.b[c]"), values: list(words) }),
);
const jwtRule = fc.record({
  issuer: fc.constantFrom("https://issuer.test/", "b"),
  audiences: some(list(name)),
  jwksUri: fc.constantFrom("https://issuer.test/keys", "http://keys:8080/"),
  fromHeaders: some(list(fc.record({ name, prefix: some(fc.constantFrom("Bearer ", "x")) }), 2)),
  fromParams: some(list(name, 2)),
  forward: some(fc.boolean()),
  outputPayloadToHeader: some(name),
  outputClaimToHeaders: some(list(fc.record({ header: name, claim: fc.constantFrom("sub", "a.b") }), 2)),
});
const action = fc.oneof(
  fc.record({
    type: fc.constant("forward"),
    destinations: list(
      fc.record({
        service: serviceRef,
        subset: some(fc.constantFrom("v1", "v2")),
        port: some(port),
        weight: fc.nat(100),
      }),
    ),
  }),
  fc.record({ type: fc.constant("redirect"), path: some(path), code: some(fc.constantFrom(301, 302, 308)) }),
  fc.record({ type: fc.constant("respond"), status: fc.integer({ min: 200, max: 599 }), body: some(words) }),
);
const rule = fc.record({
  name: some(fc.string({ minLength: 1, maxLength: 8 }).map((text) => text.replace(/[^ -~]/g, "x"))),
  matches: fc.array(routeMatch, { maxLength: 3 }),
  action,
  timeoutMs: some(ms),
  idleTimeoutMs: some(ms),
  retries: some(
    fc.record({
      attempts: fc.nat(5),
      perTryTimeoutMs: some(ms),
      backoff: some(fc.record({ baseMs: ms })),
      ignorePreviousHosts: some(fc.boolean()),
      remoteLocalities: some(fc.boolean()),
      on: some(list(fc.constantFrom(...RETRY_CONDITIONS, "503"))),
    }),
  ),
  internalRedirects: some(
    fc.record({
      max: fc.integer({ min: 1, max: 9 }),
      codes: some(fc.uniqueArray(fc.constantFrom(301, 302, 303, 307, 308), { minLength: 1 })),
      crossScheme: some(fc.constantFrom("safe", "any")),
      oncePerRule: some(fc.boolean()),
      copyHeaders: some(fc.constantFrom(["x-a"], ["x-a", "x-b"])),
    }),
  ),
  mirrors: some(
    list(
      fc.record({
        service: serviceRef,
        subset: some(fc.constantFrom("v1", "v2")),
        port: some(port),
        percent: fc.nat(1000).map((each) => each / 10),
      }),
    ),
  ),
  fault: some(
    fc.oneof(
      fc.record({ delay: fc.record({ percent: fc.nat(100), fixedDelayMs: ms }) }),
      fc.record({
        responseBandwidth: fc.record({ percent: fc.nat(100), limitKbps: fc.integer({ min: 1, max: 9999 }) }),
      }),
      fc.record({
        delay: some(fc.record({ percent: fc.nat(1000).map((each) => each / 10), fixedDelayMs: ms })),
        abort: fc.oneof(
          fc.record({ percent: fc.nat(100), httpStatus: fc.integer({ min: 200, max: 599 }) }),
          fc.record({ percent: fc.nat(100), grpcStatus: fc.integer({ min: 1, max: 16 }) }),
        ),
      }),
    ),
  ),
  cors: some(
    fc.record({
      allowOrigins: list(
        fc.record({
          type: fc.constantFrom("exact", "prefix"),
          value: fc.constantFrom("*", "https://shop.example", "http://localhost:3000"),
        }),
      ),
      allowMethods: some(list(fc.constantFrom("GET", "POST", "*"))),
      allowHeaders: some(list(fc.constantFrom("x-a", "*"))),
      exposeHeaders: some(list(fc.constantFrom("x-b", "x-c"))),
      maxAgeSeconds: some(fc.nat(86_400)),
      allowCredentials: some(fc.boolean()),
      unmatchedPreflights: some(fc.constantFrom("forward", "ignore")),
    }),
  ),
  headers: some(
    fc.record({
      request: some(fc.record({ set: some(fc.dictionary(fc.constantFrom("x-a", "x-b"), fc.constantFrom("1", "on"))) })),
    }),
  ),
});
const target = fc.record({ namespace: some(namespace), service: some(name) });

const specs: Record<string, fc.Arbitrary<object>> = {
  Route: fc.record({ target: ref, rules: list(rule, 4) }),
  TcpRoute: fc.record({
    service: serviceRef,
    rules: list(
      fc.record({
        name: some(words.map((text) => text.slice(0, 20))),
        matches: fc.array(
          fc.oneof(
            fc.record({ port, caller: some(fc.record({ namespace })) }),
            fc.record({ caller: fc.record({ namespace: some(namespace), labels: fc.constant({ track: "1.10" }) }) }),
          ),
          { maxLength: 3 },
        ),
        destinations: list(
          fc.record({
            service: serviceRef,
            subset: some(fc.constantFrom("v1", "v2")),
            port: some(port),
            weight: fc.nat(100),
          }),
        ),
      }),
      4,
    ),
  }),
  Subset: fc.record({
    service: serviceRef,
    name,
    labels: fc.dictionary(fc.constantFrom("version", "track"), fc.constantFrom("v1", "1.10")),
  }),
  TrafficPolicy: fc.record({
    service: serviceRef,
    subset: some(name),
    connectionPool: some(
      fc.record({
        maxConnections: some(port),
        connectTimeoutMs: some(ms),
        maxConcurrentStreams: some(port),
        maxConnectionDurationMs: some(ms),
        tcpIdleTimeoutMs: some(ms),
        tcpKeepalive: some(fc.record({ timeMs: fc.constantFrom(1000, 90_000, 32_767_000) })),
        maxConnectAttempts: some(fc.integer({ min: 1, max: 100 })),
        h2UpgradePolicy: some(fc.constantFrom("upgrade", "do-not-upgrade")),
      }),
    ),
    outlierDetection: some(
      fc.record({
        consecutive5xxErrors: some(fc.nat(9)),
        errorStatuses: some(fc.uniqueArray(fc.integer({ min: 100, max: 599 }), { minLength: 1, maxLength: 5 })),
        alwaysEjectOneHost: some(fc.boolean()),
        splitExternalLocalOriginErrors: some(fc.boolean()),
        consecutiveLocalOriginFailures: some(fc.nat(9)),
        successRate: some(
          fc.record({
            minimumHosts: some(fc.integer({ min: 1, max: 10_000 })),
            standardDeviationFactor: some(fc.constantFrom(0.5, 1.9, 3)),
          }),
        ),
        failurePercentage: some(fc.record({ threshold: some(fc.nat(100)), requestVolume: some(port) })),
      }),
    ),
    loadBalancing: some(
      fc.record({
        policy: fc.constantFrom("round-robin", "least-request"),
        warmup: some(
          fc.record({ durationMs: fc.constantFrom(1000, 60_000), aggression: some(fc.constantFrom(1, 1.5)) }),
        ),
      }),
    ),
    healthCheck: some(
      fc.oneof(
        fc.record({
          type: fc.constant("http"),
          path: fc.constantFrom("/", "/healthz"),
          expectedStatuses: some(list(fc.integer({ min: 100, max: 599 }), 3)),
          intervalMs: some(ms),
        }),
        fc.record({ type: fc.constant("grpc"), serviceName: some(fc.constantFrom("shop.Cart", "")) }),
        fc.record({
          type: fc.constant("tcp"),
          send: some(fc.constant("50494e47")),
          reuseConnection: some(fc.boolean()),
        }),
      ),
    ),
    locality: some(
      fc.oneof(
        fc.record({
          enabled: some(fc.boolean()),
          failover: some(list(fc.record({ from: fc.constant("eu"), to: fc.constantFrom("us", "asia") }), 2)),
          failoverPriority: some(list(fc.constantFrom("version", "topology.kubernetes.io/zone", "track=1.10"))),
        }),
        fc.record({
          distribute: list(
            fc.record({ from: fc.constantFrom("eu/*", "*"), to: fc.constant({ "eu/a": 70, "eu/b/*": 30 }) }),
            2,
          ),
        }),
      ),
    ),
    retryBudget: some(fc.record({ percent: fc.integer({ min: 0, max: 1000 }).map((each) => each / 10) })),
  }),
  RateLimit: fc.record({
    service: serviceRef,
    scope: some(fc.constantFrom("instance", "global")),
    whenAway: some(fc.constantFrom("allow", "deny")),
    connectionRate: some(
      fc.record({ connections: port, perMs: fc.integer({ min: 50, max: 60_000 }), burst: some(port) }),
    ),
    limits: list(
      fc.record({
        name: some(words.map((text) => text.slice(0, 20))),
        match: some(match),
        requests: port,
        perMs: fc.integer({ min: 50, max: 60_000 }),
        burst: some(port),
        per: some(
          fc.oneof(
            fc.constant({ type: "caller" }),
            fc.record({ type: fc.constant("header"), name: fc.constant("x-user") }),
          ),
        ),
      }),
    ),
    shadow: some(fc.boolean()),
    tellsCallers: some(fc.boolean()),
  }),
  MutualTls: fc.record({
    target: some(target),
    mode: fc.constantFrom("strict", "permissive", "disable"),
    ports: some(fc.array(fc.record({ port, mode: fc.constantFrom("strict", "permissive") }), { maxLength: 3 })),
  }),
  RequestAuthentication: fc.record({ target, jwtRules: list(jwtRule) }),
  AuthorizationPolicy: fc.record({
    target,
    action: fc.constantFrom("allow", "deny", "audit", "custom"),
    authorizer: some(fc.constantFrom("opa", "sample-ext-authz")),
    shadow: some(fc.boolean()),
    rules: fc.array(
      fc.record({
        from: some(
          list(
            fc.record({
              principals: some(list(words)),
              notPrincipals: some(list(words, 2)),
              notNamespaces: some(list(namespace, 2)),
              addresses: some(list(block, 2)),
              notClientAddresses: some(list(block, 2)),
              services: some(list(ref)),
              namespaces: some(list(namespace)),
              requestPrincipals: some(list(words)),
              notRequestPrincipals: some(list(words)),
              claims: some(list(claim, 2)),
            }),
            2,
          ),
        ),
        to: some(
          list(
            fc.record({
              methods: some(list(fc.constantFrom("GET", "PUT"))),
              notMethods: some(list(fc.constantFrom("GET", "*"))),
              paths: some(list(path)),
              notPorts: some(list(port, 2)),
              hosts: some(list(fc.constantFrom("a.test", "*.b.test", "c.*"))),
              headers: some(list(condition)),
            }),
            2,
          ),
        ),
        when: some(list(ruleCondition, 2)),
      }),
      { maxLength: 3 },
    ),
  }),
  Egress: fc.record({ from: some(list(ref)), to: ref, owner: some(words), reason: some(words) }),
};

/** Plain JSON: fields that are absent are not there. */
export const arbitraryPolicy: fc.Arbitrary<MeshObject> = fc
  .constantFrom(...Object.keys(specs))
  .chain((kind) =>
    fc.record({
      apiVersion: fc.constant(API_VERSION),
      kind: fc.constant(kind),
      metadata: fc.record({ name, namespace, labels: some(fc.constant({ team: "web" })) }),
      spec: specs[kind] ?? fc.constant({}),
    }),
  )
  .map((object) => JSON.parse(JSON.stringify(object)) as MeshObject);
