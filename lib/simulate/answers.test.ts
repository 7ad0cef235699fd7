import { expect, test } from "vitest";
import { demoMesh, fromYaml, type MeshDocument, toYaml } from "@/lib/mesh";
import { LEDGER_PORT, ledgerMesh } from "../compile/testing/ledger";
import { object, richMesh } from "../compile/testing/rich";
import { accessMatrix, ask, buildScene, consequencesOf, policyTest, replay, runTests } from ".";
import { demoWith, get, seedMesh, splitOf, withObjects, without } from "./testing/designs";

const key = (name: string, kind = "Service") => `${kind}/production/${name}`;
const BETA = { "x-user-type": "beta-tester" };

test("the line that decided is that of the text the design was read from", () => {
  const text = toYaml(seedMesh());
  const read = fromYaml(text, { file: "mesh.yaml" });
  if (!read.ok) throw new Error(JSON.stringify(read.violations));
  const scene = buildScene(read.document, { locate: read.locate });
  const { rule } = ask(scene, get("checkout-v1", "payment-service", "/", { headers: BETA })).hops[0] ?? {};
  expect(rule).toMatchObject({ file: "mesh.yaml", path: "spec.rules[0]", name: "beta" });
  expect(text.split("\n")[(rule?.line ?? 0) - 1]).toContain("- name: beta");
});

test("without a text the line is that of the object written alone", () => {
  const { rule } = ask(buildScene(seedMesh()), get("checkout-v1", "payment-service")).hops[0] ?? {};
  const route = seedMesh().objects.filter((each) => each.kind === "Route" && each.metadata.name === "payment-service");
  expect(rule?.file).toBeUndefined();
  expect(toYaml({ objects: route }).split("\n")[(rule?.line ?? 0) - 1]).toContain("- matches: []");
});

test("redirects, direct answers and rewrites are shown as they leave", () => {
  const scene = buildScene(richMesh());
  expect(ask(scene, get("catalog-v1", "inventory", "/old"))).toMatchObject({
    outcome: "redirected",
    status: 308,
    hops: [{ reply: { location: "https://new.example:8443/x" } }],
  });
  expect(ask(scene, get("catalog-v1", "inventory", "/teapot"))).toMatchObject({ outcome: "responded", status: 418 });
  expect(ask(scene, get("catalog-v1", "inventory", "/raw/x")).hops[0]?.rewrites).toMatchObject({
    path: { from: "/raw/x", to: "/cooked/x" },
    host: { to: "other" },
  });
});

test("a gateway's client is asked at its listener, and the gateway's own identity knocks at the service", () => {
  const answer = ask(buildScene(demoMesh()), {
    from: { kind: "outside", gateway: key("shop-gateway", "Gateway") },
    to: { host: "shop.example" },
    method: "GET",
    path: "/",
    headers: {},
  });
  expect(answer.hops.map(({ direction }) => direction)).toEqual(["gateway", "inbound"]);
  expect(answer.hops[0]).toMatchObject({ timeoutMs: 10_000, rule: { name: "pages" } });
  expect(answer.hops[1]?.identity?.peer).toBe("spiffe://shop.mesh.local/ns/production/sa/shop-gateway");
});

test("external services need a dependency and an egress", () => {
  const asked = get("shipping-v1", "api.carrier.example", "/rates");
  expect(ask(buildScene(demoMesh()), asked)).toMatchObject({
    outcome: "forwarded",
    destinations: [{ service: key("carrier-api", "ExternalService"), probability: 1 }],
  });
  const egress = demoMesh().objects.find(({ kind }) => kind === "Egress")?.metadata.name ?? "";
  const closed = ask(buildScene(without(demoMesh(), key(egress, "Egress"))), asked);
  expect(closed).toMatchObject({ outcome: "no-route", status: 404 });
  expect(closed.sentence).toBe("shipping answers 404: no dependency with an Egress leads it to carrier-api.");
});

test("plain text meets strict mutual TLS: a workload without a sidecar is turned away", () => {
  const out = demoMesh().objects.map((each) =>
    each.kind === "Service" && each.metadata.name === "storefront"
      ? { ...each, spec: { ...each.spec, optOut: { reason: "legacy", owner: "web" } } }
      : each,
  );
  const answer = ask(buildScene({ objects: out }), get("storefront-v1", "cart"));
  expect(answer).toMatchObject({ outcome: "refused", hops: [{ direction: "inbound", mtls: "refused" }] });
  expect(answer.hops[0]?.mtlsRule).toMatchObject({ object: "Mesh//shop", path: "spec.defaults.mutualTls" });
});

test("a policy in shadow changes nothing and says what it would do", () => {
  const shadow = object("AuthorizationPolicy", "try", {
    target: { service: "cart" },
    action: "deny",
    shadow: true,
    rules: [{ to: [{ methods: ["GET"] }] }],
  });
  const answer = ask(buildScene(demoWith(shadow)), get("storefront-v1", "cart"));
  expect(answer.outcome).toBe("forwarded");
  expect(answer.hops[1]?.authorization?.shadow).toEqual([
    { policy: key("try", "AuthorizationPolicy"), why: "try would refuse it (in shadow: only counted)" },
  ]);
});

test("what cannot be asked is answered in words, never thrown", () => {
  const scene = buildScene(demoMesh());
  expect(ask(scene, get("nobody", "cart"))).toMatchObject({
    outcome: "unreachable",
    sentence: "There is no Workload/production/nobody in this design.",
  });
  expect(ask(scene, get("storefront-v1", "")).outcome).toBe("no-route");
  expect(ask(scene, get("storefront-v1", "cart", "/%zz"))).toMatchObject({ outcome: "refused", status: 400 });
  const broken: MeshDocument = withObjects(demoMesh(), splitOf(10));
  expect(ask(buildScene(broken), get("checkout-v1", "payment-service")).sentence).toContain('no subset "v1"');
});

test("a rewrite that leaves a path without its slash is ended by the caller's sidecar over HTTP/2, and by the callee's in plain text", () => {
  const rewritten = (mode: "strict" | "disable") =>
    buildScene(
      demoWith(
        object("MutualTls", "cart", { target: { service: "cart" }, mode }),
        object("Route", "cart", {
          target: { kind: "Service", name: "cart" },
          rules: [
            {
              matches: [],
              action: { type: "forward", destinations: [{ service: { name: "cart" }, weight: 1 }] },
              rewrite: { pathRegex: { match: "^/old/", substitution: "" } },
            },
          ],
        }),
      ),
    );
  expect(ask(rewritten("strict"), get("storefront-v1", "cart", "/old/x"))).toMatchObject({
    outcome: "refused",
    status: 503,
    sentence:
      'storefront gets 503: the path "x" that it is sent with does not begin with a slash, so HTTP/2 does not carry it.',
  });
  expect(ask(rewritten("disable"), get("storefront-v1", "cart", "/old/x"))).toMatchObject({
    outcome: "refused",
    status: 400,
    sentence: 'storefront gets 400: the callee\'s sidecar refuses "x", for the path cannot be normalised.',
  });
});

test("the matrix asks the callee: what is drawn is allowed, what one path is denied is partly allowed", () => {
  const deny = object("AuthorizationPolicy", "no-refund", {
    target: { service: "payment-service" },
    action: "deny",
    rules: [{ to: [{ paths: ["/refund"] }] }],
  });
  const { cells, complete, callers, callees } = accessMatrix(buildScene(demoWith(deny)));
  const cell = (caller: string, callee: string) =>
    cells.find((each) => each.caller.endsWith(`/${caller}`) && each.callee.endsWith(`/${callee}`));
  expect(complete).toBe(true);
  expect([callers.length, callees.length]).toEqual([8, 8]);
  expect(cell("storefront", "cart")).toMatchObject({
    access: "allowed",
    mtls: "mutual",
    why: [key("storefront-to-cart", "Dependency")],
  });
  expect(cell("catalog", "payment-service")).toMatchObject({ access: "denied" });
  expect(cell("checkout", "payment-service")).toMatchObject({
    access: "partly",
    why: [key("no-refund", "AuthorizationPolicy"), key("checkout-to-payment-service", "Dependency")],
  });
  expect(cell("shop-gateway", "storefront")?.access).toBe("allowed");
  expect(cell("shipping", "carrier-api")?.access).toBe("allowed");
});

test("a denial by header takes the request without it too, says so, and the matrix sees both answers", () => {
  const deny = object("AuthorizationPolicy", "staff-only", {
    target: { service: "payment-service" },
    action: "deny",
    rules: [
      {
        to: [
          {
            paths: ["/refund"],
            headers: [{ name: "X-Role", type: "exact", values: ["staff", "owner"], invert: true }],
          },
        ],
      },
    ],
  });
  const scene = buildScene(demoWith(deny));
  const asked = (headers: Record<string, string>) =>
    ask(scene, get("checkout-v1", "payment-service", "/refund", { headers }));
  expect(asked({ "x-role": "owner" })).toMatchObject({ outcome: "forwarded" });
  expect(asked({ "x-role": "guest" })).toMatchObject({ outcome: "denied", status: 403 });
  expect(asked({})).toMatchObject({ outcome: "denied", status: 403 });
  const considered = asked({ "x-role": "owner" }).hops[1]?.considered ?? [];
  expect(considered.find(({ object }) => object === key("staff-only", "AuthorizationPolicy"))).toMatchObject({
    matched: false,
    why: expect.stringContaining('to payment-service, with x-role "owner"; the rule wants'),
  });
  const { cells } = accessMatrix(scene);
  expect(
    cells.find((each) => each.caller.endsWith("/checkout") && each.callee.endsWith("/payment-service")),
  ).toMatchObject({ access: "partly" });
});

test("a policy test passes, or says what was expected and what came", () => {
  const question = get("checkout-v1", "payment-service");
  const payment = key("payment-service");
  const [passed, failed] = runTests(buildScene(seedMesh()), [
    {
      name: "a tenth to v2",
      question,
      expect: {
        outcome: "forwarded",
        destinations: [
          { service: payment, subset: "v1", probability: 0.9 },
          { service: payment, subset: "v2", probability: 0.1 },
        ],
      },
    },
    {
      name: "wrong",
      question,
      expect: { status: 403, destinations: [{ service: payment, subset: "v1", probability: 0.5 }] },
    },
  ]);
  expect(passed).toMatchObject({ passed: true, failures: [] });
  expect(failed?.failures).toEqual([
    "expected status 403, got the app's own answer",
    "expected 50 % to payment-service v1, got 90 %",
    "payment-service v2 was not expected",
  ]);
});

test("tests from outside are checked whole: unknown fields, missing expectations, line breaks in a path", () => {
  const good = { name: "a", question: get("a", "b"), expect: { outcome: "denied" } };
  expect(policyTest.safeParse(good).success).toBe(true);
  const bad = [
    { ...good, expect: {} },
    { ...good, expect: { outcome: "maybe" } },
    { ...good, question: { ...good.question, path: "/a\r\nx: y" } },
    { ...good, question: { ...good.question, draw: 1 } },
    { ...good, question: { ...good.question, from: { kind: "workload", workload: "Gateway/a/b" } } },
    { ...good, more: 1 },
  ];
  expect(bad.map((each) => policyTest.safeParse(each).success)).toEqual(bad.map(() => false));
});

test("replay lists each seen call whose answer would differ, most requests first", () => {
  const seen = (caller: string, callee: string, path: string, count: number) => ({
    caller: key(caller),
    callee: key(callee),
    method: "GET",
    path,
    count,
    code: 200,
  });
  const draft = without(demoMesh(), key("storefront-to-cart", "Dependency"));
  const result = replay(buildScene(demoMesh()), buildScene(draft), [
    seen("storefront", "cart", "/cart/*", 10),
    seen("storefront", "cart", "/", 40),
    seen("storefront", "catalog", "/", 70),
    seen("gone", "cart", "/", 3),
  ]);
  expect(result).toMatchObject({ calls: 3, requests: 120, unknown: 1 });
  expect(result.differences.map(({ count, sentence }) => [count, sentence])).toEqual([
    [40, expect.stringMatching(/^storefront → cart GET \/: would fail\. storefront answers 404/)],
    [10, expect.stringMatching(/^storefront → cart GET \/cart\/1: would fail\./)],
  ]);
});

test("faults are told with their shares, and decide where they take every request", () => {
  const scene = buildScene(richMesh());
  const slow = ask(scene, get("catalog-v1", "inventory", "/slow"));
  expect(slow).toMatchObject({
    outcome: "forwarded",
    hops: [{ fault: { delay: { probability: 1, ms: 1 }, abort: null } }, {}],
  });
  expect(slow.sentence).toContain("A fault is made: 100 % of them wait 1 ms.");
  const trickle = object("Route", "cart", {
    target: { kind: "Service", name: "cart" },
    rules: [
      {
        matches: [],
        action: { type: "forward", destinations: [{ service: { name: "cart" }, weight: 1 }] },
        fault: { responseBandwidth: { percent: 5, limitKbps: 8 } },
      },
    ],
  });
  const slowed = ask(buildScene(withObjects(demoMesh(), trickle)), get("storefront-v1", "cart", "/"));
  expect(slowed).toMatchObject({
    outcome: "forwarded",
    hops: [{ fault: { delay: null, abort: null, responseBandwidth: { probability: 0.05, kibPerSecond: 8 } } }, {}],
  });
  expect(slowed.sentence).toContain("A fault is made: 5 % of them get their answer at 8 KiB/s.");
  expect(ask(scene, get("catalog-v1", "inventory", "/faulty"))).toMatchObject({
    outcome: "responded",
    status: 504,
    hops: [{ reply: { status: 504, body: "fault filter abort" } }],
  });
  const grpc = { "content-type": "application/grpc", "x-grpc": "1" };
  expect(ask(scene, get("catalog-v1", "inventory", "/faulty", { headers: grpc }))).toMatchObject({ grpcStatus: 8 });
  const plain = ask(scene, get("catalog-v1", "inventory", "/faulty", { headers: { "x-grpc": "1" } }));
  expect(plain).toMatchObject({ outcome: "responded", status: 200 });
  expect(plain.grpcStatus).toBeUndefined();
});

test("copies are told with their share, where they go, and whether they arrive", () => {
  const mirrored = (...mirrors: { service: { name: string }; subset?: string; percent: number }[]) =>
    demoWith(
      object("Route", "inventory", {
        target: { kind: "Service", name: "inventory" },
        rules: [
          {
            matches: [],
            action: { type: "forward", destinations: [{ service: { name: "inventory" }, weight: 1 }] },
            ...(mirrors.length > 0 ? { mirrors } : {}),
          },
        ],
      }),
    );
  const toPayment = { service: { name: "payment-service" }, percent: 10 };
  const answer = ask(
    buildScene(mirrored(toPayment, { service: { name: "storefront" }, percent: 100 })),
    get("checkout-v1", "inventory"),
  );
  expect(answer.hops[0]?.mirrors).toMatchObject([
    { service: key("payment-service"), probability: 0.1, outcome: "forwarded", status: null },
    { service: key("storefront"), probability: 1, outcome: "denied", status: 403, why: expect.any(String) },
  ]);
  expect(answer).toMatchObject({ outcome: "forwarded", destinations: [{ service: key("inventory"), probability: 1 }] });
  expect(answer.sentence).toContain(
    "Copies are also sent: 10 % to payment-service, 100 % to storefront, where they get 403.",
  );
  const consequences = consequencesOf(buildScene(mirrored()), buildScene(mirrored(toPayment))).filter(
    ({ caller }) => caller === key("checkout"),
  );
  expect(consequences).toMatchObject([
    {
      kind: "destination",
      severity: "attention",
      sentence: expect.stringContaining("copies are also sent: 10 % to payment-service (nowhere else before)"),
    },
  ]);
});

test("a gateway refuses what its parser does not take in plain HTTP, also to callers of gRPC", () => {
  const headers = { "content-type": "application/grpc", x_under_score: "1" };
  const from = { kind: "outside", gateway: "Gateway/production/shop-gateway" } as const;
  const answer = ask(buildScene(demoWith()), {
    from,
    to: { host: "shop.example" },
    method: "POST",
    path: "/",
    headers,
  });
  expect(answer).toMatchObject({ outcome: "refused", status: 400 });
  expect(answer.grpcStatus).toBeUndefined();
});

test("a rate limit of the callee is told with its numbers and its place, and never guesses an outcome", () => {
  const scene = buildScene(richMesh());
  const limited = ask(scene, get("catalog-v1", "inventory", "/limited"));
  expect(limited).toMatchObject({ outcome: "forwarded", status: null });
  expect(limited.hops[1]).toMatchObject({
    rateLimit: {
      burst: 1,
      status: 429,
      rule: { object: "RateLimit/production/inventory", path: "spec.limits[0]" },
    },
    sentence: expect.stringContaining("each instance takes at most 1 request per hour (1 at once), more get 429"),
  });
  expect(ask(scene, get("catalog-v1", "inventory", "/roomy")).hops[1]?.rateLimit).toMatchObject({
    perSecond: 1000,
    burst: 2000,
  });
  expect(ask(scene, get("catalog-v1", "inventory", "/x")).hops[1]?.rateLimit).toBeUndefined();
  expect(ask(scene, get("storefront-v1", "catalog", "/")).hops[1]?.sentence).toContain("more are counted, not refused");
});

test("a budget that all instances share is told with its key and with what happens while nobody can be asked", () => {
  const limits = [
    { match: { methods: ["POST"] }, requests: 5, perMs: 60_000, per: { type: "caller" } },
    { requests: 100, perMs: 1000, per: { type: "header", name: "x-user" } },
  ];
  const limit = (over: object) =>
    object("RateLimit", "inventory", { service: { name: "inventory" }, scope: "global", limits, ...over } as never);
  const hop = (over: object, method = "GET") =>
    ask(buildScene(withObjects(demoMesh(), limit(over))), { ...get("catalog-v1", "inventory", "/"), method }).hops[1];
  expect(hop({})).toMatchObject({
    rateLimit: {
      status: 429,
      shared: { requests: 100, perMs: 1000, key: "x-user", whenAway: "allow" },
      rule: { object: "RateLimit/production/inventory", path: "spec.limits[1]" },
    },
    sentence: expect.stringContaining(
      "all instances share a budget of 100 requests per second for each value of x-user, more get 429; while nobody can be asked, requests are let through",
    ),
  });
  expect(hop({ whenAway: "deny" }, "POST")?.sentence).toContain(
    "5 requests per minute for each caller, more get 429; while nobody can be asked, requests are refused",
  );
  expect(hop({ shadow: true })?.rateLimit?.status).toBeNull();
});

test("how many new connections a callee takes is told with its place, of HTTP and of TCP, and is a consequence", () => {
  const limit = (name: string) =>
    object("RateLimit", name, {
      service: { name },
      connectionRate: { connections: 6, perMs: 60_000, burst: 10 },
    });
  const after = buildScene(withObjects(demoMesh(), limit("inventory")));
  const [, hop] = ask(after, get("catalog-v1", "inventory", "/")).hops;
  expect(hop).toMatchObject({
    connectionRate: { burst: 10, rule: { object: "RateLimit/production/inventory", path: "spec.connectionRate" } },
    sentence: expect.stringContaining(
      "A rate limit of connections applies: each instance takes at most 6 new connections per minute (10 at once), more are closed.",
    ),
  });
  expect(hop?.rateLimit).toBeUndefined();
  const [first] = consequencesOf(buildScene(demoMesh()), after);
  expect(first?.sentence).toContain("6 new connections per minute (10 at once), more are closed now (no rate limit of");
  const tcp = ask(buildScene(ledgerMesh(limit("archive"))), {
    from: { kind: "workload", workload: "Workload/production/storefront-v1" },
    to: { host: "archive", port: LEDGER_PORT },
    method: "CONNECT",
    path: "/",
    headers: {},
  });
  expect(tcp.outcome).toBe("forwarded");
  expect(tcp.hops[1]).toMatchObject({ isConnection: true, connectionRate: { burst: 10 } });
});

test("a change of a rate limit is a consequence of the calls that it counts", () => {
  const limit = (requests: number) =>
    object("RateLimit", "cart", { service: { name: "cart" }, limits: [{ requests, perMs: 1000 }] });
  const before = buildScene(demoMesh());
  const after = buildScene(withObjects(demoMesh(), limit(10)));
  const [first] = consequencesOf(before, after);
  expect(first?.sentence).toContain(
    "each instance takes at most 10 requests per second (10 at once), more get 429 now",
  );
});

test("a token is judged at the callee: what it says is told, a forged one is refused, none is no reason to refuse", () => {
  const tokens = object("RequestAuthentication", "tokens", {
    target: { service: "catalog" },
    jwtRules: [
      {
        issuer: "https://issuer.test",
        jwks: '{"keys":[{"kty":"EC"}]}',
        outputClaimToHeaders: [{ claim: "sub", header: "x-user" }],
      },
    ],
  });
  const deny = object("AuthorizationPolicy", "with-token", {
    target: { service: "catalog" },
    action: "deny",
    rules: [{ from: [{ notRequestPrincipals: ["*"] }], to: [{ paths: ["/mine"] }] }],
  });
  const scene = buildScene(demoWith(tokens, deny));
  const claims = { iss: "https://issuer.test", sub: "ann" };
  const asked = (path: string, more: object = {}) => ask(scene, get("storefront-v1", "catalog", path, more));
  expect(asked("/", { token: { claims } })).toMatchObject({
    outcome: "forwarded",
    hops: [
      {},
      {
        token: { status: null, why: "tokens takes its token", rule: { path: "spec.jwtRules[0]" } },
        rewrites: {
          headers: [
            { op: "remove", name: "x-user" },
            { op: "add", name: "x-user", value: "ann" },
            { op: "remove", name: "authorization" },
          ],
        },
      },
    ],
  });
  expect(asked("/", { token: { claims, isForged: true } })).toMatchObject({
    outcome: "denied",
    status: 401,
    hops: [{}, { token: { status: 401 }, sentence: expect.stringContaining("Jwt verification fails") }],
  });
  expect(asked("/")).toMatchObject({ outcome: "forwarded", hops: [{}, { token: { status: null } }] });
  expect(asked("/mine")).toMatchObject({ outcome: "denied", status: 403 });
  expect(asked("/mine", { token: { claims } })).toMatchObject({ outcome: "forwarded" });
  const pasted = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci50ZXN0In0.AAAA";
  expect(asked("/", { headers: { Authorization: `Bearer ${pasted}` } }).hops[1]?.token?.why).toBe(
    "tokens takes its token, if it is signed as it says",
  );
  expect(ask(scene, get("checkout-v1", "inventory", "/", { token: { claims } })).hops[1]?.token).toBeUndefined();
});
