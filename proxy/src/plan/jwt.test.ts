import { create, fromJson, type JsonValue } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { JwtAuthenticationSchema, JwtPerRouteSchema } from "../contract/messages";
import type { Violation } from "../contract/violations";
import { jwtFilterPlan, jwtRoutePlan } from "./jwt";
import { Scope } from "./scope";

const KEYS = { inline_string: '{"keys":[{"kty":"EC"}]}' };

function planned(config: object) {
  const found: Violation[] = [];
  const message = fromJson(JwtAuthenticationSchema, config as JsonValue);
  return { plan: jwtFilterPlan("jwt", message, new Scope("at", found)), problems: found };
}

const remote = (over: object = {}) => ({
  remote_jwks: { http_uri: { uri: "https://keys.test/path?a=1", cluster: "keys", timeout: "1s" }, ...over },
});

test("places that nobody names are those of Envoy, and what several providers name is there once, with their issuers", () => {
  const { plan, problems } = planned({
    providers: {
      b: { issuer: "b", local_jwks: KEYS },
      a: { issuer: "a", local_jwks: KEYS, from_headers: [{ name: "Authorization", value_prefix: "Bearer " }] },
      any: { local_jwks: KEYS, from_params: ["access_token"] },
    },
    rules: [{ match: { prefix: "/" }, requires: { allow_missing: {} } }],
  });
  expect(problems).toEqual([]);
  expect(plan.providers.map(({ name }) => name)).toEqual(["a", "any", "b"]);
  expect(plan.rules[0]?.requirement).toMatchObject({
    kind: "allow-missing",
    places: {
      headers: [{ name: "authorization", prefix: "Bearer ", issuers: ["a", "b"] }],
      params: [{ name: "access_token", issuers: null }],
    },
  });
});

test("of requirements that let a request without a token by, the most lenient counts, last, for the providers beside it", () => {
  const any = [{ allow_missing: {} }, { provider_name: "a" }, { allow_missing_or_failed: {} }];
  const { plan } = planned({
    providers: { a: { issuer: "a", local_jwks: KEYS }, b: { issuer: "b", local_jwks: KEYS, from_params: ["t"] } },
    rules: [{ match: { prefix: "/" }, requires: { requires_any: { requirements: any } } }],
  });
  const requirement = plan.rules[0]?.requirement;
  expect(requirement?.kind === "any" && requirement.requirements.map(({ kind }) => kind)).toEqual([
    "provider",
    "allow-missing-or-failed",
  ]);
  expect(requirement?.kind === "any" && requirement.requirements[1]).toMatchObject({
    places: { params: [{ name: "access_token" }] },
  });
});

test("times and retries of remote keys are Envoy's where nothing is said", () => {
  const keys = (over?: object) => planned({ providers: { a: remote(over) } }).plan.providers[0]?.jwks;
  expect(keys()).toEqual({
    kind: "remote",
    cluster: "keys",
    scheme: "https",
    host: "keys.test",
    path: "/path?a=1",
    timeoutMs: 1000,
    cacheMs: 600_000,
    retries: 0,
    retryBaseMs: 1000,
    retryMaxMs: 10_000,
    background: null,
  });
  expect(keys({ cache_duration: "2.9s", async_fetch: {}, retry_policy: {} })).toMatchObject({
    cacheMs: 2000,
    retries: 1,
    background: { failedMs: 1000 },
  });
});

test.each([
  [
    "no such provider",
    { rules: [{ match: { prefix: "/" }, requires: { provider_name: "x" } }] },
    "at.rules[0].requires.provider_name",
  ],
  [
    "no such requirement",
    { rules: [{ match: { prefix: "/" }, requirement_name: "x" }] },
    "at.rules[0].requirement_name",
  ],
  ["keys that are none", { providers: { a: { local_jwks: { inline_string: "{}" } } } }, 'at.providers["a"].local_jwks'],
  [
    "keys that are no JSON",
    { providers: { a: { local_jwks: { inline_string: "x" } } } },
    'at.providers["a"].local_jwks',
  ],
  [
    "a place that is no URL",
    { providers: { a: { remote_jwks: { http_uri: { uri: "keys", cluster: "c", timeout: "1s" } } } } },
    'at.providers["a"].remote_jwks.http_uri.uri',
  ],
  [
    "keys that count too long for a timer",
    { providers: { a: remote({ cache_duration: "99999999s" }) } },
    'at.providers["a"].remote_jwks.cache_duration',
  ],
])("%s: refused by its path", (_, config, path) => {
  expect(planned(config).problems.map((each) => each.path)).toEqual([path]);
});

test("a route says that nothing is asked, or names a requirement; anything else is refused", () => {
  const found: Violation[] = [];
  const scope = new Scope("at", found);
  const of = (config: object) => jwtRoutePlan(fromJson(JwtPerRouteSchema, config as JsonValue), scope);
  expect(of({ disabled: true })).toEqual({ kind: "disabled" });
  expect(of({ requirement_name: "x" })).toEqual({ kind: "requirement", name: "x" });
  expect(found).toEqual([]);
  of({ disabled: false });
  jwtRoutePlan(create(JwtPerRouteSchema), scope);
  expect(found).toHaveLength(2);
});
