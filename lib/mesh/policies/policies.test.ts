import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ledgerMesh, ledgerRoute } from "../../compile/testing/ledger";
import {
  API_VERSION,
  applyCommand,
  buildIndex,
  demoMesh,
  type MeshDocument,
  type MeshObject,
  validateDocument,
} from "../index";
import {
  effectOf,
  fieldAt,
  fieldsAt,
  isPolicy,
  POLICY_TEMPLATES,
  targetOf,
  toPercents,
  valuesAt,
  withShare,
} from "./index";
import { arbitraryPolicy } from "./testing/arbitrary-policy";

const seed = Number(process.env["SEED"] ?? 1);
const key = (kind: string, name: string) => `${kind}/production/${name}`;
const service = (name: string) => key("Service", name);

function made(
  id: string,
  input: { to?: string; from?: string[]; path?: string; method?: string },
  document = demoMesh(),
) {
  const template = POLICY_TEMPLATES.find((each) => each.id === id);
  const result = template?.build(buildIndex(document), { from: [], ...input });
  if (!result?.ok) throw new Error(result?.reason ?? `no template ${id}`);
  const applied = applyCommand(document, {}, result.command);
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  return { document: applied.document, open: result.open };
}

function effect(document: MeshDocument, at: string): string {
  const index = buildIndex(document);
  const object = index.get(at);
  if (!object || !isPolicy(object)) throw new Error(`no policy ${at}`);
  return effectOf(object, index);
}

function policy(kind: string, spec: unknown): MeshObject {
  return {
    apiVersion: "meshwright.dev/v1",
    kind,
    metadata: { name: "x", namespace: "production" },
    spec,
  } as MeshObject;
}

describe("effects in words", () => {
  test.each([
    [
      { scheme: "https", host: "shop.example.com", port: 8443, prefixRewrite: "/new" },
      "https://shop.example.com:8443/new...",
    ],
    [{ scheme: "https", port: 8443 }, "https, port 8443"],
    [{ scheme: "https", path: "/login" }, "https at /login"],
    [{ path: "/login" }, "/login"],
  ])("a redirect: %j", (to, said) => {
    const rules = [{ matches: [], action: { type: "redirect", ...to } }];
    expect(effectOfSpec("Route", { target: { kind: "Service", name: "cart" }, rules })).toContain(
      `edirected to ${said}`,
    );
  });

  test.each([
    [
      { type: "http", path: "/up", intervalMs: 5000 },
      "Asks each host by HTTP at /up every 5 s, and leaves out those that do not pass",
    ],
    [{ type: "grpc" }, "Asks each host by gRPC every 10 s, and leaves out those that do not pass"],
    [{ type: "tcp" }, "Asks each host by a connection every 10 s, and leaves out those that do not pass"],
  ])("a health check: %j", (healthCheck, said) => {
    const object = policy("TrafficPolicy", { service: { name: "cart" }, healthCheck });
    if (!isPolicy(object)) throw new Error("no policy");
    expect(effectOf(object, buildIndex(demoMesh()))).toContain(said);
  });

  test.each([
    [
      { outlierDetection: { consecutive5xxErrors: 3, splitExternalLocalOriginErrors: true } },
      "Ejects a host after 3 errors in a row or after 5 calls without an answer in a row for 30 s",
    ],
    [
      { outlierDetection: { successRate: {}, failurePercentage: { threshold: 60 } } },
      "Ejects a host after 5 errors in a row or with a success rate 1.9 standard deviations below the others or when 60 % of its requests fail for 30 s",
    ],
    [
      { outlierDetection: { consecutive5xxErrors: 0, consecutiveLocalOriginFailures: 3 } },
      "Ejects no host: no counter is on",
    ],
    [
      { outlierDetection: { errorStatuses: [503, 500, 429, 501] } },
      "Ejects a host after 5 errors (429, 500 to 501, 503) in a row for 30 s",
    ],
    [
      { outlierDetection: { consecutiveGatewayErrors: 3 } },
      "Ejects a host after 5 errors in a row or after 3 gateway errors in a row for 30 s",
    ],
    [
      { loadBalancing: { policy: "round-robin", warmup: { durationMs: 90_000 } } },
      "Spreads by round robin; gives new hosts their full share after 90 s",
    ],
    [{ connectionPool: { h2UpgradePolicy: "do-not-upgrade" } }, "Calls ports of HTTP by HTTP/1.1 alone"],
    [
      { connectionPool: { idleTimeoutMs: 60_000, maxRequestsPerConnection: 1 } },
      "Closes a connection of HTTP that is unused for 1 min; closes a connection after 1 request",
    ],
    [{ connectionPool: { maxRequestsPerConnection: 0 } }, "Sends any number of requests on a connection"],
  ])("detectors, warm-up and connections: %j", (blocks, said) => {
    expect(effectOfSpec("TrafficPolicy", { service: { name: "cart" }, ...blocks })).toBe(said);
  });

  test.each([
    [{ enabled: true }, "The nearest hosts are called first, by subzone, zone and region"],
    [
      { failover: [{ from: "eu", to: "us" }] },
      "The nearest hosts are called first, by subzone, zone and region; after eu comes us",
    ],
    [
      { failoverPriority: ["topology.kubernetes.io/zone", "track=stable"] },
      "Hosts with the same zone, then track (stable) as the caller are called first",
    ],
    [{ distribute: [{ from: "eu/*", to: { "eu/a": 80, us: 20 } }] }, "Callers in eu/* send 80 % to eu/a, 20 % to us"],
    [{ enabled: false }, "Localities make no difference"],
  ])("localities: %j", (locality, said) => {
    const object = policy("TrafficPolicy", { service: { name: "cart" }, locality });
    if (!isPolicy(object)) throw new Error("no policy");
    expect(effectOf(object, buildIndex(demoMesh()))).toBe(said);
  });

  const effectOfSpec = (kind: string, spec: unknown) => {
    const document = demoMesh();
    return effect({ objects: [...document.objects, policy(kind, spec)] }, key(kind, "x"));
  };

  test("a rule says what it changes of requests and answers, and what the way to one destination does", () => {
    const to = (subset: string, headers?: object) => ({ service: { name: "cart" }, subset, weight: 1, ...headers });
    const marked = to("v2", { headers: { response: { remove: ["server"] } } });
    const rule = {
      matches: [],
      action: { type: "forward", destinations: [to("v1"), marked] },
      rewrite: { path: "/v2", host: "cart.example.com" },
      headers: { request: { set: { "x-a": "1" } }, response: { add: { "x-b": "2" } } },
    };
    expect(effectOfSpec("Route", { target: { kind: "Service", name: "cart" }, rules: [rule] })).toBe(
      "50 % to v1, 50 % to v2, matched path becomes /v2, host becomes cart.example.com, requests: set x-a to 1; answers: add x-b: 2, of what goes to v2, answers: remove server",
    );
  });

  test.each([
    [
      "catalog",
      "TrafficPolicy",
      "Ejects a host after 5 errors in a row for 30 s; at most 100 connections and 100 waiting of each caller; connects within 1 s; spreads by least request",
    ],
    ["payment-service", "Route", "Everything to payment-service, within 4 s"],
    ["carrier-api", "Egress", "shipping may call api.carrier.example outside the mesh"],
  ])("%s: %s", (name, kind, words) => expect(effect(demoMesh(), key(kind, name))).toBe(words));

  test("a canary is told in shares, a match in its own words", () => {
    const { document } = made("canary", { to: service("payment-service") });
    expect(effect(document, key("Route", "payment-service"))).toBe("90 % to v1, 10 % to v2, within 4 s");
    const to = (subset: string) => ({
      type: "forward",
      destinations: [{ service: { name: "catalog" }, subset, weight: 1 }],
    });
    const rules = [{ matches: [{ headers: [{ name: "x-user", type: "exact", value: "beta" }] }], action: to("v2") }];
    expect(effectOfSpec("Route", { target: { kind: "Service", name: "catalog" }, rules })).toBe(
      "Header x-user = beta: to v2",
    );
  });

  test("only is said only when it is so", () => {
    const from = [
      {
        services: [
          { kind: "Service", name: "cart" },
          { kind: "Service", name: "checkout" },
        ],
      },
    ];
    const spec = { target: { service: "payment-service" }, action: "allow", rules: [{ from }] };
    expect(effectOfSpec("AuthorizationPolicy", spec)).toBe("Only cart and checkout may call payment-service");
    const other = { ...spec, rules: [{ from: [{ services: [{ kind: "Service", name: "cart" }] }] }] };
    expect(effectOfSpec("AuthorizationPolicy", other)).toBe("cart may call payment-service, beside checkout as drawn");
    const deny = { ...spec, action: "deny", rules: [{ to: [{ methods: ["POST"], paths: ["/refund"] }] }] };
    expect(effectOfSpec("AuthorizationPolicy", deny)).toBe("Nobody may POST /refund of payment-service");
    const headers = [{ name: "x-role", type: "exact", values: ["staff", "owner"], invert: true }];
    const byHeader = { ...deny, rules: [{ to: [{ methods: ["POST"], paths: ["/refund"], headers }] }] };
    expect(effectOfSpec("AuthorizationPolicy", byHeader)).toBe(
      "Nobody may POST /refund of payment-service when header x-role is not staff or owner",
    );
    const twoRules = { ...byHeader, rules: [...byHeader.rules, { to: [{ paths: ["/x"] }] }] };
    expect(effectOfSpec("AuthorizationPolicy", twoRules)).toMatch(/or owner; nobody may use \/x of payment-service$/);
    const twoKinds = { ...deny, rules: [{ to: [{ paths: ["/a"] }, { headers: [{ name: "x", type: "present" }] }] }] };
    expect(effectOfSpec("AuthorizationPolicy", twoKinds)).toBe(
      "Nobody may use /a or send a request (when header x is present) of payment-service",
    );
    expect(effectOfSpec("AuthorizationPolicy", { ...deny, shadow: true })).toMatch(
      /^Would apply, counted only: Nobody/,
    );
  });

  test("tokens are told with what happens without one", () => {
    const jwtRules = [
      { issuer: "https://a.test", jwksUri: "https://a.test/keys" },
      { issuer: "b", audiences: ["shop"], jwksUri: "https://b.test/" },
    ];
    expect(effectOfSpec("RequestAuthentication", { target: { service: "cart" }, jwtRules })).toBe(
      "Tokens that reach cart have to be of https://a.test and b, for shop; any other gets 401, and a request without one passes",
    );
    const of = (source: object, action = "deny") =>
      effectOfSpec("AuthorizationPolicy", { target: { service: "cart" }, action, rules: [{ from: [source] }] });
    expect(of({ notRequestPrincipals: ["*"] })).toBe("Anybody without a token may not call cart");
    expect(of({ requestPrincipals: ["https://a.test/ann"], namespaces: ["staging"] })).toBe(
      "namespace staging with a token of https://a.test/ann may not call cart",
    );
    const claims = [{ claim: ["realm", "role"], type: "exact", values: ["admin"], invert: true }];
    expect(of({ requestPrincipals: ["*"], claims })).toBe(
      "Anybody with a token and whose token says realm.role is not admin may not call cart",
    );
  });

  test("mutual TLS says what is taken", () => {
    expect(effectOfSpec("MutualTls", { mode: "strict" })).toBe("Every service takes mutual TLS only");
    expect(
      effectOfSpec("MutualTls", {
        target: { service: "cart" },
        mode: "strict",
        ports: [{ port: 9090, mode: "disable" }],
      }),
    ).toBe("cart takes mutual TLS only; port 9090 takes plain text only");
  });

  test(`every policy has an effect and a target (seed ${seed})`, () => {
    fc.assert(
      fc.property(arbitraryPolicy, (object) => {
        const index = buildIndex({ objects: [...demoMesh().objects, object] });
        if (!isPolicy(object)) throw new Error("policies only");
        expect(effectOf(object, index)).not.toMatch(/undefined|\[object|^$/);
        expect(targetOf(object).words).not.toBe("");
      }),
      { numRuns: 200, seed },
    );
  });
});

describe("templates", () => {
  const cases: [string, { to?: string; from?: string[]; path?: string }, MeshDocument?][] = [
    ["canary", { to: service("payment-service") }],
    ["tcp-canary", { to: service("ledger") }, ledgerMesh()],
    ["timeout-retries", { to: service("inventory") }],
    ["circuit-breaker", { to: service("catalog") }],
    ["outlier-detection", { to: service("payment-service") }],
    ["nearest-first", { to: service("inventory") }],
    ["rate-limit", { to: service("catalog") }],
    ["only-callers", { to: service("payment-service"), from: [service("checkout"), service("cart")] }],
    ["deny-caller", { to: service("payment-service"), from: [service("catalog")] }],
    ["allow-call", { to: service("payment-service"), from: [service("cart")], path: "/pay" }],
    ["deny-path", { to: service("payment-service"), path: "/admin*" }],
    ["require-token", { to: service("cart") }],
    ["strict-mtls", { to: service("cart") }],
    ["egress", { to: key("ExternalService", "carrier-api"), from: [service("cart")] }],
  ];
  test("each has a case here", () =>
    expect(cases.map(([id]) => id).sort()).toEqual(POLICY_TEMPLATES.map((each) => each.id).sort()));

  test.each(cases)("%s makes a valid design and opens what it made", (id, input, before) => {
    const { document, open } = made(id, input, before);
    expect(validateDocument(document)).toEqual([]);
    expect(buildIndex(document).get(open)).toBeDefined();
  });

  test.each(cases)("%s refuses in words when nothing is chosen", (id) => {
    const template = POLICY_TEMPLATES.find((each) => each.id === id);
    const result = template?.build(buildIndex(demoMesh()), { from: [] });
    if (id === "strict-mtls") expect(result?.ok).toBe(true);
    else expect(result).toMatchObject({ ok: false, reason: expect.stringMatching(/\w+/) });
  });

  test("a second route, traffic policy or egress is never made for the same thing", () => {
    const once = made("canary", { to: service("payment-service") });
    expect(once.document.objects.filter((object) => object.kind === "Route")).toHaveLength(4);
    const twice = made("outlier-detection", { to: service("payment-service") }, once.document);
    const third = made("circuit-breaker", { to: service("payment-service") }, twice.document);
    const fourth = made("nearest-first", { to: service("payment-service") }, third.document);
    expect(validateDocument(fourth.document)).toEqual([]);
    const policies = buildIndex(fourth.document).trafficPoliciesOf(service("payment-service"));
    expect(policies.map(({ spec }) => Object.keys(spec).sort())).toEqual([
      ["connectionPool", "locality", "outlierDetection", "service"],
    ]);
  });

  test("a canary for TCP changes the route that is there, and is for services with a TCP port", () => {
    const { document } = made("tcp-canary", { to: service("ledger") }, ledgerMesh(ledgerRoute()));
    expect(effect(document, key("TcpRoute", "ledger"))).toBe(
      "port 5432 and caller with version=v2: to archive; 90 % to v1, 10 % to v2",
    );
    const template = POLICY_TEMPLATES.find(({ id }) => id === "tcp-canary");
    expect(template?.build(buildIndex(demoMesh()), { from: [], to: service("payment-service") })).toEqual({
      ok: false,
      reason: "payment-service has no port of protocol tcp.",
    });
  });

  test("only these callers refuses the drawn ones that are not among them", () => {
    const { document } = made("only-callers", { to: service("inventory"), from: [service("checkout")] });
    expect(effect(document, key("AuthorizationPolicy", "inventory-other-callers"))).toBe(
      "catalog may not call inventory",
    );
  });

  test("a workload that only calls may be one of these callers", () => {
    const demo = demoMesh();
    const report: MeshObject = {
      apiVersion: API_VERSION,
      kind: "Workload",
      metadata: { name: "nightly-report", namespace: "production" },
      spec: { version: "v1" },
    };
    const mesh = { ...demo, objects: [...demo.objects, report] };
    const { document } = made(
      "only-callers",
      { to: service("inventory"), from: [key("Workload", "nightly-report")] },
      mesh,
    );
    expect(effect(document, key("AuthorizationPolicy", "inventory-callers"))).toMatch(/nightly-report/);
  });
});

describe("shares", () => {
  test("moving one keeps the proportion of the others", () => {
    expect(withShare([90, 10], 1, 25)).toEqual([75, 25]);
    expect(withShare([60, 30, 10], 2, 40)).toEqual([40, 20, 40]);
    expect(toPercents([1, 1, 1])).toEqual([34, 33, 33]);
    expect(withShare([100, 0], 0, 100)).toEqual([100, 0]);
    expect(withShare([100, 0], 0, 30)).toEqual([30, 70]);
  });

  test(`they always sum to 100 (seed ${seed})`, () => {
    const weights = fc.array(fc.nat(1000), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(weights, fc.nat(7), fc.integer({ min: -5, max: 120 }), (all, at, percent) => {
        const index = at % all.length;
        const next = withShare(all, index, percent);
        expect(next.reduce((sum, each) => sum + each, 0)).toBe(100);
        if (all.length > 1) expect(next[index]).toBe(Math.min(100, Math.max(0, percent)));
        expect(next.every((each) => Number.isInteger(each) && each >= 0)).toBe(true);
      }),
      { seed },
    );
  });
});

describe("fields of the schema", () => {
  test("keys, values and descriptions come from the model", () => {
    expect(fieldsAt("Route", ["spec"]).map((field) => field.name)).toEqual(["target", "hosts", "rules"]);
    expect(valuesAt("MutualTls", ["spec", "mode"])).toEqual(["strict", "permissive", "disable"]);
    expect(fieldAt("Route", ["spec", "rules", 0, "timeoutMs"])?.description).toMatch(/milliseconds/);
    const action = ["spec", "rules", 0, "action"] as const;
    const value = { spec: { rules: [{ action: { type: "respond" } }] } };
    expect(fieldsAt("Route", action, value).map((field) => field.name)).toEqual(["type", "status", "body"]);
    expect(valuesAt("Route", [...action, "type"])).toEqual(["forward", "redirect", "respond"]);
  });

  test("every field of every policy kind explains itself", () => {
    const missing: string[] = [];
    const walk = (kind: Parameters<typeof fieldsAt>[0], path: (string | number)[]) => {
      for (const field of fieldsAt(kind, path)) {
        const here = [...path, field.name];
        if (field.description === "") missing.push(`${kind} ${here.join(".")}`);
        if (field.holds === "object") walk(kind, here);
        if (field.holds === "list") walk(kind, [...here, 0]);
      }
    };
    for (const kind of [
      "Route",
      "TcpRoute",
      "Subset",
      "TrafficPolicy",
      "MutualTls",
      "AuthorizationPolicy",
      "Egress",
    ] as const)
      walk(kind, ["spec"]);
    expect(missing).toEqual([]);
  });
});
