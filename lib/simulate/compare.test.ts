import { expect, test } from "vitest";
import { demoMesh, type MeshDocument, type MeshObject, type RouteRule } from "@/lib/mesh";
import { ledgerMesh } from "../compile/testing/ledger";
import { object } from "../compile/testing/rich";
import { ask, buildScene, callsOf, consequencesOf } from ".";
import { demoWith, get, largeMesh, seedMesh, splitOf, withObjects, without } from "./testing/designs";

function consequences(before: MeshDocument, after: MeshDocument) {
  const [a, b] = [buildScene(before), buildScene(after)];
  return consequencesOf(a, b);
}
const sentences = (before: MeshDocument, after: MeshDocument) =>
  consequences(before, after).map(({ kind, sentence }) => `${kind}: ${sentence}`);

test("nothing changed, nothing follows", () => {
  expect(sentences(seedMesh(), seedMesh())).toEqual([]);
});

test("a changed split is told by its shares", () => {
  const before = withObjects(seedMesh(), splitOf(10));
  expect(sentences(before, withObjects(before, splitOf(25)))).toEqual([
    "share: checkout → payment-service: 25 % now goes to v2 (10 % before)",
    "share: checkout → payment-service: 75 % now goes to v1 (90 % before)",
  ]);
});

test("a dependency that is taken away costs its caller the access, and the reason is said", () => {
  const found = consequences(demoMesh(), without(demoMesh(), "Dependency/production/storefront-to-cart"));
  expect(found.map(({ kind, severity, sentence }) => ({ kind, severity, sentence }))).toEqual([
    {
      kind: "loses-access",
      severity: "attention",
      sentence:
        "storefront loses access to cart: storefront answers 404: no dependency from it to cart is drawn for this host and port.",
    },
  ]);
});

test("a denial of one path names the requests that it takes away", () => {
  const deny = object("AuthorizationPolicy", "no-refund", {
    target: { service: "payment-service" },
    action: "deny",
    rules: [{ to: [{ methods: ["POST"], paths: ["/refund"] }] }],
  });
  expect(sentences(demoMesh(), demoWith(deny))).toEqual([
    "loses-access: checkout loses access to payment-service (POST /refund): payment-service refuses checkout with 403: no-refund, rule 1, denies it.",
  ]);
});

test("timeouts, retries and mutual TLS are told as they are now and were before", () => {
  const route = object("Route", "cart", {
    target: { kind: "Service", name: "cart" },
    rules: [
      {
        matches: [],
        action: { type: "forward", destinations: [{ service: { name: "cart" }, weight: 1 }] },
        timeoutMs: 2000,
        retries: { attempts: 0 },
      },
    ],
  });
  const plain = object("MutualTls", "cart", { target: { service: "cart" }, mode: "disable" });
  const before = without(demoMesh(), "Route/production/cart");
  expect(sentences(before, withObjects(before, route, plain))).toEqual([
    "mtls: storefront → cart: in plain text now (in mutual TLS before)",
    "timeout: storefront → cart: a timeout of 2 s now (no timeout before)",
    expect.stringContaining("retries: storefront → cart: no retries now (up to 2 retries on "),
  ]);
});

test("idle times and waits before retries are told as they are now and were before", () => {
  const route = (rule: Pick<RouteRule, "idleTimeoutMs" | "retries">) =>
    object("Route", "cart", {
      target: { kind: "Service", name: "cart" },
      rules: [
        { matches: [], action: { type: "forward", destinations: [{ service: { name: "cart" }, weight: 1 }] }, ...rule },
      ],
    });
  const bare = without(demoMesh(), "Route/production/cart");
  const backoff = { baseMs: 100, maxMs: 2000 };
  const before = withObjects(bare, route({ retries: { attempts: 3, on: ["reset"] } }));
  const after = withObjects(bare, route({ idleTimeoutMs: 45_000, retries: { attempts: 3, on: ["reset"], backoff } }));
  expect(sentences(before, after)).toEqual([
    "timeout: storefront → cart: an idle timeout of 45 s now (no idle timeout of its own before)",
    "retries: storefront → cart: up to 3 retries on reset, waiting up to 100 ms at first and 2 s at most now (up to 3 retries on reset before)",
  ]);
  expect(sentences(before, before)).toEqual([]);
  const remote = withObjects(bare, route({ retries: { attempts: 3, on: ["reset"], remoteLocalities: true } }));
  expect(sentences(before, remote)).toEqual([
    "retries: storefront → cart: up to 3 retries on reset, in other localities after two tries now (up to 3 retries on reset before)",
  ]);
  const again = withObjects(bare, route({ retries: { attempts: 3, on: ["reset"], ignorePreviousHosts: false } }));
  expect(sentences(before, again)).toEqual([
    "retries: storefront → cart: up to 3 retries on reset, at hosts that were tried too now (up to 3 retries on reset before)",
  ]);
});

test("redirects that the proxy follows are told of the hop that follows them, and as they are now and were before", () => {
  const route = (internalRedirects?: RouteRule["internalRedirects"]) =>
    object("Route", "cart", {
      target: { kind: "Service", name: "cart" },
      rules: [
        {
          matches: [],
          action: { type: "forward", destinations: [{ service: { name: "cart" }, weight: 1 }] },
          ...(internalRedirects ? { internalRedirects } : {}),
        },
      ],
    });
  const bare = without(demoMesh(), "Route/production/cart");
  const before = withObjects(bare, route());
  const after = withObjects(
    bare,
    route({ max: 2, codes: [303, 307], crossScheme: "safe", oncePerRule: true, copyHeaders: ["X-Session"] }),
  );
  const words = "at most 2 with 303 or 307, also from https to http, to each rule once, with the answer's x-session";
  expect(sentences(before, after)).toEqual([
    `route: storefront → cart: redirects followed by the proxy: ${words} now (redirects go to the caller before)`,
  ]);
  const answer = ask(buildScene(after), get("storefront-v1", "cart", "/"));
  expect(answer.hops.map(({ internalRedirects }) => internalRedirects)).toEqual([
    { max: 2, codes: [303, 307], crossScheme: "safe", oncePerRule: true, copyHeaders: ["x-session"] },
    undefined,
  ]);
  expect(answer.sentence).toContain(`Redirects that come back are followed by the caller's sidecar: ${words}.`);
  const plain = ask(buildScene(withObjects(bare, route({ max: 1 }))), get("storefront-v1", "cart", "/"));
  expect(plain.hops[0]?.internalRedirects).toEqual({ max: 1, codes: [302] });
});

test("the idle time of a connection of TCP, and that it is tried again, are told as those of a request", () => {
  const pool = object("TrafficPolicy", "archive", {
    service: { name: "archive" },
    connectionPool: { tcpIdleTimeoutMs: 90_000, maxConnectAttempts: 3 },
  });
  expect(sentences(ledgerMesh(), ledgerMesh(pool))).toEqual([
    "timeout: storefront → archive: an idle timeout of 90 s now (no idle timeout of its own before)",
    "retries: storefront → archive: up to 2 retries on connect-failure, at hosts that were tried too now (no retries before)",
  ]);
});

const catalogPolicy = (spec: object) =>
  object("TrafficPolicy", "catalog", { service: { name: "catalog" }, ...spec } as never);

test("limits of how a callee is called are told with both numbers and their units, and only those that differ", () => {
  const bare = without(demoMesh(), "TrafficPolicy/production/catalog");
  const before = withObjects(bare, catalogPolicy({ connectionPool: { maxConnections: 100, maxRetries: 3 } }));
  const after = withObjects(
    bare,
    catalogPolicy({
      connectionPool: {
        maxConnections: 1,
        maxRetries: 3,
        connectTimeoutMs: 250,
        idleTimeoutMs: 60_000,
        maxRequestsPerConnection: 10,
      },
    }),
  );
  const told =
    "storefront → catalog: calls to catalog: at most 1 connection, unused connections are closed after 1 min, at most 10 requests on a connection, a connect timeout of 250 ms";
  const was =
    "at most 100 connections, unused connections are closed after 5 min, any number of requests on a connection, a connect timeout of 5 s";
  expect(sentences(before, after)).toEqual([`circuit-breaker: ${told} now (${was} before)`]);
  expect(sentences(bare, before)).toEqual([
    "circuit-breaker: storefront → catalog: calls to catalog: at most 100 connections, at most 3 retries at once now (at most 1024 connections, retries of at most 20 % of the requests at once (100 in any case) before)",
  ]);
  const http1 = withObjects(bare, catalogPolicy({ connectionPool: { h2UpgradePolicy: "do-not-upgrade" } }));
  expect(sentences(bare, http1)).toEqual([
    "circuit-breaker: storefront → catalog: calls to catalog: HTTP/1.1 now (HTTP/2 where the host takes it before)",
  ]);
});

test("limits of connections of TCP are told without what only HTTP has", () => {
  const pool = (connectionPool: object) =>
    object("TrafficPolicy", "archive", { service: { name: "archive" }, connectionPool } as never);
  const keepalive = { tcpKeepalive: { timeMs: 75_000 } };
  expect(sentences(ledgerMesh(), ledgerMesh(pool({ maxConnections: 8, maxRequests: 9, ...keepalive })))).toEqual([
    "circuit-breaker: storefront → archive: calls to archive: at most 8 connections, a TCP keepalive after 75 s now (at most 1024 connections, no TCP keepalive before)",
  ]);
});

test("hosts that are taken out are told when that begins, ends or is judged by something else", () => {
  const bare = without(demoMesh(), "TrafficPolicy/production/catalog");
  const ejecting = (outlierDetection: object) => withObjects(bare, catalogPolicy({ outlierDetection }));
  const some = ejecting({ consecutive5xxErrors: 3, baseEjectionTimeMs: 90_000, errorStatuses: [503, 429] });
  const text =
    "errors are 429, 503, out after 3 errors in a row, out for 90 s at first, at most 10 % of the hosts at once";
  expect(consequences(bare, some)).toMatchObject([
    {
      kind: "outlier-detection",
      severity: "change",
      sentence: `storefront → catalog: calls to catalog: hosts that fail are taken out now: ${text} (none were before)`,
    },
  ]);
  expect(consequences(some, bare)).toMatchObject([
    {
      kind: "outlier-detection",
      severity: "attention",
      sentence: `storefront → catalog: calls to catalog: no host that fails is taken out any more (${text} before)`,
    },
  ]);
  const other = ejecting({
    consecutive5xxErrors: 0,
    consecutiveGatewayErrors: 1,
    baseEjectionTimeMs: 90_000,
    splitExternalLocalOriginErrors: true,
    failurePercentage: { threshold: 60 },
    minHealthPercent: 40,
  });
  const is = [
    "errors are 5xx",
    "errors in a row count for nothing",
    "out after 1 gateway error in a row",
    "out after 5 calls without an answer in a row",
    "out when 60 % of its requests fail where 5 hosts have 50 requests",
    "all hosts are called while less than 40 % are left",
  ];
  const was = [
    "errors are 429, 503",
    "out after 3 errors in a row",
    "gateway errors in a row count for nothing",
    "calls without an answer count as errors",
    "shares of failures are not looked at",
    "who is out is never called",
  ];
  expect(sentences(some, other)).toEqual([
    `outlier-detection: storefront → catalog: calls to catalog: hosts that fail: ${is.join(", ")} now (${was.join(", ")} before)`,
  ]);
});

test("a policy of one subset is told of that destination, however small its share, with what its block no longer takes over", () => {
  const before = withObjects(seedMesh(), splitOf(10));
  const policy = object("TrafficPolicy", "payment-v2", {
    service: { name: "payment-service" },
    subset: "v2",
    connectionPool: { maxRequests: 5 },
  });
  expect(sentences(before, withObjects(before, policy))).toEqual([
    "circuit-breaker: checkout → payment-service: calls to v2: at most 1024 connections, at most 1024 waiting requests, at most 5 requests at once, any number of requests on a connection now (at most 100 connections, at most 50 waiting requests, at most 1024 requests at once, at most 2 requests on a connection before)",
  ]);
});

test("headers that a rule or its destination changes are told with their values, of requests and answers", () => {
  const cart = { service: { name: "cart" }, weight: 1 };
  const route = (headers: object | undefined, ofDestination?: object) =>
    object("Route", "cart", {
      target: { kind: "Service", name: "cart" },
      rules: [
        {
          matches: [],
          action: {
            type: "forward",
            destinations: [{ ...cart, ...(ofDestination ? { headers: ofDestination } : {}) }],
          },
          ...(headers ? { headers } : {}),
        },
      ],
    } as never);
  const bare = without(demoMesh(), "Route/production/cart");
  const [none, some] = [route(undefined), route({ request: { set: { "x-a": "1" }, remove: ["x-b"] } })];
  expect(sentences(withObjects(bare, none), withObjects(bare, some))).toEqual([
    "route: storefront → cart: remove header x-b, set header x-a 1 now (sent as it came before)",
  ]);
  const back = route(undefined, { response: { add: { "x-c": "2" } } });
  expect(sentences(withObjects(bare, some), withObjects(bare, back))).toEqual([
    "route: storefront → cart: add header x-c 2 now (remove header x-b, set header x-a 1 before)",
  ]);
});

test("a redirect with a path and a prefix is told by field and fix, and nothing is thrown", () => {
  const redirect = { type: "redirect" as const, path: "/new", prefixRewrite: "/n" };
  const route = object("Route", "cart", {
    target: { kind: "Service", name: "cart" },
    rules: [{ matches: [], action: redirect }],
  });
  const [first] = consequences(demoMesh(), withObjects(without(demoMesh(), "Route/production/cart"), route));
  expect(first).toMatchObject({ kind: "loses-access", severity: "attention" });
  expect(first?.sentence).toContain(
    "gets no configuration: Route/production/cart#spec.rules[0].action.prefixRewrite: is not for a redirect that has a path as well. Keep one of the two.",
  );
});

test("a callee that takes plain text too is weaker, though its drawn callers stay in mutual TLS", () => {
  const permissive = object("MutualTls", "cart", { target: { service: "cart" }, mode: "permissive" });
  const after = withObjects(demoMesh(), permissive);
  const [weaker, ...others] = consequencesOf(buildScene(demoMesh()), buildScene(after));
  expect(weaker).toMatchObject({
    kind: "mtls",
    severity: "attention",
    sentence: "storefront → cart: plain text is taken too now (mutual TLS only before)",
  });
  expect(others.every(({ callee }) => callee === "Service/production/cart")).toBe(true);
  expect(consequencesOf(buildScene(after), buildScene(demoMesh()))[0]).toMatchObject({
    severity: "change",
    sentence: "storefront → cart: mutual TLS only now (plain text is taken too before)",
  });
});

test("one edit in a mesh of 1,000 services is compared in a moment (the figure is printed)", () => {
  const document = largeMesh(1000);
  const before = buildScene(document);
  const policy = (paths: string[]) =>
    object("AuthorizationPolicy", "service-500-no-admin", {
      target: { service: "service-500" },
      action: "deny",
      rules: [{ to: [{ paths }] }],
    });
  const times: number[] = [];
  let latest = before;
  for (const path of ["/secret", "/secret*", "/v2*", "/other"]) {
    // As a worker gets it: a copy, no object of it known.
    const copy = structuredClone(withObjects(document, policy(["/admin*", path])));
    const from = performance.now();
    const after = buildScene(copy);
    const found = consequencesOf(latest, after);
    times.push(performance.now() - from);
    if (path === "/v2*") expect(found.map(({ kind }) => kind)).toContain("loses-access");
    latest = after;
  }
  console.log(
    `${callsOf(document).length} calls, ${document.objects.length} objects: first edit ${times[0]?.toFixed(0)} ms, then ${times.slice(1).map((ms) => `${ms.toFixed(0)} ms`)}`,
  );
  expect(times).toHaveLength(4);
}, 60_000);

test("rules and policies that go by the host are asked with such a host", () => {
  const toCart = { type: "forward" as const, destinations: [{ service: { name: "cart" }, weight: 1 }] };
  const route = object("Route", "cart", {
    target: { kind: "Service", name: "cart" },
    rules: [
      {
        matches: [{ authority: { type: "prefix", value: "cart.production.svc" } }],
        action: { type: "respond", status: 503, body: "closed" },
      },
      { matches: [], action: toCart },
    ],
  });
  expect(sentences(demoMesh(), demoWith(route))).toEqual([
    expect.stringMatching(
      /^loses-access: storefront loses access to cart \(GET \/ with host: cart\.production\.svc\.cluster\.local\)/,
    ),
  ]);
  const deny = object("AuthorizationPolicy", "no-short-name", {
    target: { service: "cart" },
    action: "deny",
    rules: [{ to: [{ hosts: ["cart", "cart:8080"] }] }],
  });
  expect(sentences(demoMesh(), demoWith(deny))).toEqual([
    expect.stringMatching(/^loses-access: storefront loses access to cart \(GET \/ with host: cart\)/),
  ]);
});

test("who asks for a token takes access from calls without one only", () => {
  const tokens = object("RequestAuthentication", "tokens", {
    target: { service: "inventory" },
    jwtRules: [{ issuer: "https://issuer.test", audiences: ["shop"], jwks: '{"keys":[{"kty":"EC"}]}' }],
  });
  const deny = object("AuthorizationPolicy", "inventory-without-token", {
    target: { service: "inventory" },
    action: "deny",
    rules: [{ from: [{ notRequestPrincipals: ["*"] }] }],
  });
  const before = buildScene(demoWith(tokens));
  const lost = (after: MeshObject[]) =>
    consequencesOf(before, buildScene(demoWith(...after))).flatMap(({ kind, sentence }) =>
      kind === "loses-access" ? [sentence] : [],
    );
  expect(lost([tokens, deny]).length).toBeGreaterThan(0);
  expect(lost([tokens, deny]).join(" ")).not.toContain("a token");
  const other = { ...tokens, spec: { ...tokens.spec, jwtRules: [{ ...tokens.spec.jwtRules[0], issuer: "b" }] } };
  expect(lost([other as MeshObject]).every((each) => each.includes("a token"))).toBe(true);
  expect(lost([other as MeshObject]).length).toBeGreaterThan(0);
});
