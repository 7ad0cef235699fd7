import { expect, test } from "vitest";
import { demoMesh } from "../samples/demo";
import { emptyMesh } from "../samples/empty";
import { API_VERSION } from "../schema/document";
import type { MeshObject } from "../types";
import { parseObject } from "../violations";
import { validateDocument } from "./validate";

const apiVersion = API_VERSION;
const at = (name: string) => ({ name, namespace: "production" });
const svc = (name: string) => ({ kind: "Service" as const, name });
const problems = (...objects: MeshObject[]) =>
  validateDocument({ objects: [...demoMesh().objects, ...objects] }).map((v) => `${v.path}: ${v.message}`);

test("the samples are consistent", () => {
  expect(validateDocument(demoMesh())).toEqual([]);
  expect(validateDocument(emptyMesh("x"))).toEqual([]);
});

test("a document without a Mesh, or with two, is told so", () => {
  expect(validateDocument({ objects: [] })[0]?.message).toBe("has no Mesh object");
  expect(problems({ ...emptyMesh("other").objects[0]! })).toEqual(["Mesh//other: is a second Mesh"]);
});

test("names that lead nowhere are found wherever they are", () => {
  const route: MeshObject = {
    apiVersion,
    kind: "Route",
    metadata: at("r"),
    spec: {
      target: svc("cart"),
      rules: [
        {
          matches: [],
          action: {
            type: "forward",
            destinations: [
              { service: { name: "basket" }, weight: 1 },
              { service: { name: "cart" }, subset: "v9", weight: 1 },
            ],
          },
        },
      ],
    },
  };
  expect(problems(route)).toEqual([
    "Route/production/r#spec.rules[0].action.destinations[0].service.name: names Service production/basket, which does not exist",
    "Route/production/r#spec.rules[0].action.destinations[1].subset: names subset v9 of Service production/cart, which does not exist",
  ]);
});

test("a workload may serve nothing: then it calls, and nobody calls it", () => {
  const job: MeshObject = { apiVersion, kind: "Workload", metadata: at("nightly"), spec: { version: "v1" } };
  const own = { kind: "Workload" as const, name: "nightly" };
  const line = (name: string, from: typeof own | ReturnType<typeof svc>, to: typeof from): MeshObject => ({
    apiVersion,
    kind: "Dependency",
    metadata: at(name),
    spec: { from, to },
  });
  expect(problems(job, line("calls", own, svc("cart")))).toEqual([]);
  expect(problems(job, line("called", svc("cart"), own))).toEqual([
    "Dependency/production/called#spec.to: leads to Workload nightly, which serves nothing",
  ]);
});

test("callers of a rule: in a namespace that there is, and not on a gateway", () => {
  const route = (target: { kind: "Service" | "Gateway"; name: string }, namespace: string): MeshObject => ({
    apiVersion,
    kind: "Route",
    metadata: at("by-caller"),
    spec: { target, rules: [{ matches: [{ caller: { namespace } }], action: { type: "respond", status: 204 } }] },
  });
  expect(problems(route(svc("cart"), "production"))).toEqual([]);
  expect(problems(route(svc("cart"), "nowhere"))).toEqual([
    "Route/production/by-caller#spec.rules[0].matches[0].caller.namespace: names namespace nowhere, which does not exist",
  ]);
  const gateway = demoMesh().objects.find(({ kind }) => kind === "Gateway")?.metadata.name ?? "";
  expect(problems(route({ kind: "Gateway", name: gateway }, "production"))).toContain(
    "Route/production/by-caller#spec.rules[0].matches[0].caller: names callers inside the mesh, and those of a gateway are outside",
  );
});

test("ports that clash or do not exist are found", () => {
  const http = { name: "http", port: 80, protocol: "http" as const };
  expect(
    problems(
      { apiVersion, kind: "Service", metadata: at("twice"), spec: { ports: [http, http] } },
      { apiVersion, kind: "Dependency", metadata: at("d"), spec: { from: svc("cart"), to: svc("shipping"), port: 81 } },
      {
        apiVersion,
        kind: "Gateway",
        metadata: at("g"),
        spec: {
          type: "ingress",
          listeners: [
            { ...http, hosts: ["*"] },
            { ...http, name: "more", hosts: ["*"] },
          ],
        },
      },
    ),
  ).toEqual([
    "Service/production/twice#spec.ports[1].name: repeats the port name http",
    "Service/production/twice#spec.ports[1].port: repeats the port 80",
    "Dependency/production/d#spec.port: names port 81, which Service shipping does not have",
    "Gateway/production/g#spec.listeners[1].hosts: serves host * on port 80 as the listener before does",
  ]);
});

test("weights without a sum and patterns that do not compile are found", () => {
  const destination = { service: { name: "cart" }, weight: 0 };
  expect(
    problems({
      apiVersion,
      kind: "Route",
      metadata: at("r"),
      spec: {
        target: svc("cart"),
        rules: [
          {
            matches: [{ path: { type: "regex", value: "(" }, headers: [{ name: "a", type: "regex", value: "(?=x)" }] }],
            action: { type: "forward", destinations: [destination, destination] },
          },
        ],
      },
    }).map((text) => text.replace(/RE2 pattern: .*/, "RE2 pattern")),
  ).toEqual([
    "Route/production/r#spec.rules[0].matches[0].path.value: is not an RE2 pattern",
    "Route/production/r#spec.rules[0].matches[0].headers[0].value: is not an RE2 pattern",
    "Route/production/r#spec.rules[0].action.destinations: has only weights of 0",
  ]);
});

test("a header condition needs values that fit its comparison", () => {
  const policy = (headers: object[]) => ({
    apiVersion: API_VERSION,
    kind: "AuthorizationPolicy",
    metadata: { name: "p", namespace: "production" },
    spec: { target: {}, action: "deny", rules: [{ to: [{ headers }] }] },
  });
  const issues = (headers: object[]) => {
    const parsed = parseObject(policy(headers));
    return parsed.ok ? [] : parsed.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  };
  const wrong = 'spec.rules.0.to.0.headers.0.values: needs values, unless its type is "present", which takes none';
  expect(issues([{ name: "x-role", type: "exact" }])).toEqual([wrong]);
  expect(issues([{ name: "x-role", type: "present", values: ["a"] }])).toEqual([wrong]);
  expect(issues([{ name: "x role", type: "present" }])).toHaveLength(1);
  expect(issues([{ name: "x-role", type: "exact", values: Array(65).fill("a") }])).toHaveLength(1);
  expect(issues(Array(33).fill({ name: "x-role", type: "present" }))).toHaveLength(1);
  expect(issues([{ name: "x-role", type: "suffix", values: ["a", "b"], invert: true }])).toEqual([]);
  const parsed = parseObject(policy([{ name: "x-role", type: "regex", values: ["ok", "("] }]));
  const document = { objects: [...demoMesh().objects, ...(parsed.ok ? [parsed.object] : [])] };
  expect(validateDocument(document).map(({ path }) => path)).toEqual([
    "AuthorizationPolicy/production/p#spec.rules[0].to[0].headers[0].values[1]",
  ]);
});

test("two objects for one thing are found", () => {
  expect(
    problems(
      { apiVersion, kind: "TrafficPolicy", metadata: at("catalog-2"), spec: { service: { name: "catalog" } } },
      {
        apiVersion,
        kind: "Dependency",
        metadata: at("d"),
        spec: { from: svc("checkout"), to: svc("shipping"), port: 8080 },
      },
    ),
  ).toEqual([
    "TrafficPolicy/production/catalog-2: is for the same service or subset as TrafficPolicy/production/catalog is",
    "Dependency/production/d: is for the same caller, callee and port as Dependency/production/checkout-to-shipping is",
  ]);
});

test("a fault is for requests that are sent on", () => {
  const route = (type: "respond" | "forward"): MeshObject => ({
    apiVersion,
    kind: "Route",
    metadata: at("inventory"),
    spec: {
      target: svc("inventory"),
      rules: [
        {
          matches: [],
          action:
            type === "respond"
              ? { type, status: 200 }
              : { type, destinations: [{ service: { name: "inventory" }, weight: 1 }] },
          fault: { delay: { percent: 1, fixedDelayMs: 10 } },
        },
      ],
    },
  });
  expect(problems(route("forward"))).toEqual([]);
  expect(problems(route("respond"))).toEqual([
    "Route/production/inventory#spec.rules[0].fault: is for requests that are sent on, and this rule answers them itself",
  ]);
});

test("a mirror leads to a service, subset and port that are there, of requests that are sent on", () => {
  const route = (mirror: object, type: "respond" | "forward" = "forward"): MeshObject => ({
    apiVersion,
    kind: "Route",
    metadata: at("inventory"),
    spec: {
      target: svc("inventory"),
      rules: [
        {
          matches: [],
          action:
            type === "respond"
              ? { type, status: 200 }
              : { type, destinations: [{ service: { name: "inventory" }, weight: 1 }] },
          mirrors: [{ service: { name: "catalog" }, percent: 10, ...mirror }],
        },
      ],
    },
  });
  const place = "Route/production/inventory#spec.rules[0].mirrors";
  expect(problems(route({}))).toEqual([]);
  expect(problems(route({}, "respond"))).toEqual([
    `${place}: are for requests that are sent on, and this rule answers them itself`,
  ]);
  expect(problems(route({ service: { name: "nobody" } }))).toEqual([
    `${place}[0].service.name: names Service production/nobody, which does not exist`,
  ]);
  expect(problems(route({ subset: "v9" }))).toEqual([
    `${place}[0].subset: names subset v9 of Service production/catalog, which does not exist`,
  ]);
  expect(problems(route({ port: 1 }))).toEqual([expect.stringContaining(`${place}[0].port: `)]);
});

test("redirects that are followed have a limit, statuses of redirects, and leave alone what frames a request", () => {
  const parsed = (internalRedirects: object) => {
    const result = parseObject({
      apiVersion: "meshwright.dev/v1",
      kind: "Route",
      metadata: { name: "cart", namespace: "production" },
      spec: {
        target: { kind: "Service", name: "cart" },
        rules: [
          {
            matches: [],
            action: { type: "forward", destinations: [{ service: { name: "cart" }, weight: 1 }] },
            internalRedirects,
          },
        ],
      },
    });
    return result.ok ? [] : result.issues.map(({ path, message }) => `${path.slice(4).join(".")} ${message}`);
  };
  expect(parsed({ max: 1 })).toEqual([]);
  expect(
    parsed({ max: 100, codes: [301, 302, 303, 307, 308], crossScheme: "any", oncePerRule: true, copyHeaders: ["x-a"] }),
  ).toEqual([]);
  expect(parsed({ max: 0 })).toEqual(["max must be from 1 to 100"]);
  expect(parsed({ max: 101 })).toEqual(["max must be from 1 to 100"]);
  expect(parsed({ max: 1, codes: [] })).toEqual(["codes must have a status"]);
  expect(parsed({ max: 1, codes: [302, 302] })).toEqual(["codes must not have a status twice"]);
  expect(parsed({ max: 1, codes: [304] })).toHaveLength(1);
  expect(parsed({ max: 1, crossScheme: "never" })).toHaveLength(1);
  expect(parsed({ max: 1, copyHeaders: ["x-a", "X-A"] })).toEqual(["copyHeaders must not have a name twice"]);
  expect(parsed({ max: 1, copyHeaders: ["Host"] })).toEqual([
    expect.stringContaining("copyHeaders must not have what frames or routes a request"),
  ]);
});

test("a fault says what it does, and an abort with which one status", () => {
  const parsed = (fault: unknown) => {
    const rule = { matches: [], action: { type: "respond", status: 200 }, fault };
    const result = parseObject({
      apiVersion,
      kind: "Route",
      metadata: at("r"),
      spec: { target: svc("r"), rules: [rule] },
    });
    return result.ok ? [] : result.issues.map(({ message }) => message);
  };
  expect(parsed({})).toEqual(["needs a delay, an abort or a responseBandwidth"]);
  expect(parsed({ responseBandwidth: { percent: 50, limitKbps: 8 } })).toEqual([]);
  expect(parsed({ responseBandwidth: { percent: 101, limitKbps: 0 } })).toEqual([
    "must be from 0 to 100",
    "must be 1 or more",
  ]);
  expect(parsed({ abort: { percent: 1 } })).toEqual(["needs either httpStatus or grpcStatus"]);
  expect(parsed({ abort: { percent: 1, httpStatus: 503, grpcStatus: 14 } })).toHaveLength(1);
  expect(parsed({ abort: { percent: 101, httpStatus: 503 } })).toHaveLength(1);
  expect(parsed({ abort: { percent: 0.0001, grpcStatus: 14 } })).toEqual([]);
});

test("rate limits: one object per service, the one for everything last, patterns that compile", () => {
  const limit = (name: string, ...limits: object[]) =>
    ({ apiVersion, kind: "RateLimit", metadata: at(name), spec: { service: { name: "cart" }, limits } }) as MeshObject;
  const all = { requests: 1, perMs: 1000 };
  const some = (value: string) => ({ ...all, match: { path: { type: "regex", value } } });
  expect(problems(limit("cart", some("/a"), all))).toEqual([]);
  expect(problems(limit("cart", all, some("/a")))).toEqual([
    "RateLimit/production/cart#spec.limits[0]: takes every request, so the limits after it count nothing",
  ]);
  expect(problems(limit("cart", some("(")))[0]).toContain("spec.limits[0].match.path.value: is not an RE2 pattern");
  expect(problems(limit("cart", all), limit("other", all))).toEqual([
    "RateLimit/production/other: is for the same service as RateLimit/production/cart is",
  ]);
  const parsed = parseObject(limit("cart", { requests: 0, perMs: 49 }));
  expect(parsed.ok ? [] : parsed.issues.map(({ message }) => message)).toEqual([
    "must be 1 or more",
    "must be at least 50 ms",
  ]);
});

test("rate limits: words of one scope are not for the other, and a shared count has no burst and whole seconds", () => {
  const limit = (spec: object) =>
    ({
      apiVersion,
      kind: "RateLimit",
      metadata: at("cart"),
      spec: { service: { name: "cart" }, ...spec },
    }) as MeshObject;
  const perCaller = { requests: 1, perMs: 1000, per: { type: "caller" } };
  expect(problems(limit({ scope: "global", whenAway: "deny", limits: [perCaller] }))).toEqual([]);
  expect(problems(limit({ whenAway: "deny", limits: [perCaller] })).map((each) => each.split(":")[0])).toEqual([
    "RateLimit/production/cart#spec.limits[0].per",
    "RateLimit/production/cart#spec.whenAway",
  ]);
  const quick = { requests: 1, perMs: 999, burst: 2 };
  expect(problems(limit({ scope: "global", limits: [quick] })).map((each) => each.split(":")[0])).toEqual([
    "RateLimit/production/cart#spec.limits[0].burst",
    "RateLimit/production/cart#spec.limits[0].perMs",
  ]);
});

test("rate limits: of requests, of connections, or both; connections are counted by each instance and never only counted", () => {
  const limit = (spec: object) =>
    ({
      apiVersion,
      kind: "RateLimit",
      metadata: at("cart"),
      spec: { service: { name: "cart" }, ...spec },
    }) as MeshObject;
  const connectionRate = { connections: 10, perMs: 1000 };
  const limits = [{ requests: 1, perMs: 1000 }];
  expect(problems(limit({ connectionRate }))).toEqual([]);
  expect(problems(limit({ connectionRate, limits, scope: "global" }))).toEqual([]);
  expect(problems(limit({}))).toEqual(["RateLimit/production/cart#spec: limits neither requests nor connections"]);
  expect(problems(limit({ connectionRate, limits, shadow: true })).map((each) => each.split(":")[0])).toEqual([
    "RateLimit/production/cart#spec.connectionRate",
  ]);
  expect(problems(limit({ connectionRate, scope: "global" })).map((each) => each.split(":")[0])).toEqual([
    "RateLimit/production/cart#spec.scope",
  ]);
  const parsed = parseObject(limit({ connectionRate: { connections: 0, perMs: 1, burst: 0 } }));
  expect(parsed.ok ? [] : parsed.issues.map(({ path }) => path.join("."))).toEqual([
    "spec.connectionRate.connections",
    "spec.connectionRate.perMs",
    "spec.connectionRate.burst",
  ]);
});

test("CORS: for requests that are sent on, with patterns that compile, and at least one origin", () => {
  const forward = { type: "forward", destinations: [{ service: { name: "inventory" }, weight: 1 }] };
  const route = (cors: object, action: object = forward) =>
    ({
      apiVersion,
      kind: "Route",
      metadata: at("inventory"),
      spec: { target: svc("inventory"), rules: [{ matches: [], action, cors }] },
    }) as MeshObject;
  const origins = (type: string, value: string) => ({ allowOrigins: [{ type, value }] });
  expect(problems(route(origins("exact", "*")))).toEqual([]);
  expect(problems(route(origins("regex", "https://[a-z]+[.]shop[.]example")))).toEqual([]);
  expect(problems(route(origins("exact", "*"), { type: "respond", status: 200 }))).toEqual([
    "Route/production/inventory#spec.rules[0].cors: is for requests that are sent on, and this rule answers them itself",
  ]);
  expect(problems(route(origins("regex", "(")))[0]).toContain(
    "spec.rules[0].cors.allowOrigins[0].value: is not an RE2 pattern",
  );
  const parsed = parseObject(route({ allowOrigins: [], allowMethods: ["GET POST"], maxAgeSeconds: -1 }));
  expect(parsed.ok ? [] : parsed.issues.map(({ path }) => path)).toHaveLength(3);
});

test("keys of an issuer are public ones, in a key set", () => {
  const of = (jwks: string) =>
    problems({
      apiVersion,
      kind: "RequestAuthentication",
      metadata: at("tokens"),
      spec: {
        target: { service: "cart" },
        jwtRules: [
          { issuer: "https://issuer.test/", jwks: '{"keys":[{"kty":"EC"}]}' },
          { issuer: "b", jwks },
        ],
      },
    });
  expect(of('{"keys":[{"kty":"RSA","n":"x","e":"AQAB"}]}')).toEqual([]);
  const place = "RequestAuthentication/production/tokens#spec.jwtRules[1].jwks";
  for (const text of ["", "{}", '{"keys":[]}', '{"keys":[1]}', "no json"]) {
    expect(of(text)).toEqual([`${place}: is not a JSON Web Key Set`]);
  }
  for (const key of ['{"kty":"oct","k":"c2VjcmV0"}', '{"kty":"EC","d":"x"}']) {
    expect(of(`{"keys":[${key}]}`)).toEqual([`${place}: holds a key that signs tokens`]);
  }
});

test("an issuer has keys, or a place where they are, not both and not neither", () => {
  const of = (rule: object) => {
    const spec = { target: {}, jwtRules: [{ issuer: "a", ...rule }] };
    const result = parseObject({ apiVersion, kind: "RequestAuthentication", metadata: at("tokens"), spec });
    return result.ok ? [] : result.issues;
  };
  expect(of({ jwksUri: "https://issuer.test/keys" })).toEqual([]);
  expect(of({})).toHaveLength(1);
  expect(of({ jwks: "{}", jwksUri: "https://issuer.test/keys" })).toHaveLength(1);
  for (const jwksUri of ["issuer.test/keys", "ftp://issuer.test/", "https://user@issuer.test/", "https://x/ y"]) {
    expect(of({ jwksUri }), jwksUri).toHaveLength(1);
  }
});
