// JWT authentication, and rules about what a token said. Rule: keys are in the configuration, so that nothing is fetched.

import { told } from "../answers";
import { httpFilter, ROUTER, typed, web } from "../config";
import { forged, JWKS, token } from "../jwt";
import type { Case, Config } from "../types";
import type { Ask } from "../wire";

export const bearer = (text: string, more: Record<string, string> = {}): Ask => ({
  headers: { authorization: `Bearer ${text}`, ...more },
});
const KEYS = { local_jwks: { inline_string: JWKS } };
const ANY_PATH = { prefix: "/" };
const NEEDS_ONE = [{ match: ANY_PATH, requires: { provider_name: "one" } }];
export const filters = (provider: Config, jwt: Config = {}, more: readonly Config[] = []): Config => ({
  http_filters: [
    httpFilter("jwt", "jwt_authn.v3.JwtAuthentication", {
      providers: { one: { issuer: "issuer", ...KEYS, ...provider } },
      rules: NEEDS_ONE,
      ...jwt,
    }),
    ...more,
    ROUTER,
  ],
});
const seen =
  (asks: readonly (Ask | string)[]): Case["run"] =>
  async (wire) =>
    (await wire.calls(asks)).map((answer) => {
      if (answer === "no answer") return answer;
      return [
        answer.status,
        answer.status === 200 ? told(answer, "headers") : answer.body,
        answer.headers["www-authenticate"],
      ];
    });
const ASKS: readonly Ask[] = [
  {},
  bearer(token({})),
  bearer(forged({})),
  bearer(token({ iss: "other" })),
  bearer(token({ exp: 1_000_000_000 })),
  bearer("x.y.z"),
];
const jwt = (id: string, provider: Config, more: Partial<Case> = {}, filter: Config = {}): Case => ({
  id: `jwt ${id}`,
  config: web({ hcm: filters(provider, filter) }),
  run: seen(ASKS),
  ...more,
});
export const P = "JwtProvider.";
const R = "JwtRequirement.";
const required = (requires: Config): Config => ({
  rules: [{ match: ANY_PATH, requires }],
  providers: {
    one: { issuer: "issuer", ...KEYS },
    two: { issuer: "second", ...KEYS, from_headers: [{ name: "x-two" }] },
  },
});
const BOTH: readonly Ask[] = [
  ...ASKS,
  { headers: { "x-two": token({ iss: "second" }) } },
  bearer(token({}), { "x-two": token({ iss: "second" }) }),
];

export const jwtCases: readonly Case[] = [
  jwt(
    "provider",
    {},
    {
      proves: ["JwtAuthentication.rules", `${P}issuer`],
      needs: ["RequirementRule.match", `${P}local_jwks`, "JwtAuthentication.providers"],
    },
  ),
  jwt("provider by name", {}, { proves: ["RequirementRule.requires"], needs: [] }),
  jwt(
    "audiences",
    { audiences: ["app"] },
    {
      proves: [`${P}audiences`],
      run: seen([
        ...ASKS,
        bearer(token({ aud: "app" })),
        bearer(token({ aud: ["x", "app"] })),
        bearer(token({ aud: "x" })),
      ]),
    },
  ),
  jwt(
    "subjects",
    { subjects: { prefix: "user-" } },
    { proves: [`${P}subjects`], run: seen([...ASKS, bearer(token({ sub: "user-1" })), bearer(token({ sub: "x" }))]) },
  ),
  jwt(
    "expiration is required",
    { require_expiration: true },
    { proves: [`${P}require_expiration`], run: seen([bearer(token({ exp: null })), bearer(token({}))]) },
  ),
  jwt("longest life", { max_lifetime: "3600s" }, { proves: [`${P}max_lifetime`] }),
  jwt("forwarded", { forward: true }, { proves: [`${P}forward`] }),
  jwt(
    "from a header",
    { from_headers: [{ name: "x-token", value_prefix: "T " }] },
    {
      proves: [`${P}from_headers`, "JwtHeader.value_prefix"],
      needs: ["JwtHeader.name"],
      run: seen([
        { headers: { "x-token": `T ${token({})}` } },
        { headers: { "x-token": token({}) } },
        bearer(token({})),
      ]),
    },
  ),
  jwt(
    "from a parameter",
    { from_params: ["token"] },
    { proves: [`${P}from_params`], run: seen([`/?token=${token({})}`, bearer(token({}))]) },
  ),
  jwt(
    "from a cookie",
    { from_cookies: ["token"] },
    {
      proves: [`${P}from_cookies`],
      run: seen([{ headers: { cookie: `a=b; token=${token({})}` } }, bearer(token({}))]),
    },
  ),
  jwt(
    "payload in a header",
    { forward_payload_header: "x-payload" },
    { proves: [`${P}forward_payload_header`], run: seen([bearer(token({ n: 1 }), { "x-payload": "forged" })]) },
  ),
  jwt(
    "payload in a header with padding",
    { forward_payload_header: "x-payload", pad_forward_payload_header: true },
    {
      proves: [`${P}pad_forward_payload_header`],
      run: seen([bearer(token({ n: 1 })), bearer(token({ n: 12 })), bearer(token({ n: 123 }))]),
    },
  ),
  jwt(
    "claims in headers",
    {
      claim_to_headers: [
        { header_name: "x-sub", claim_name: "sub" },
        { header_name: "x-deep", claim_name: "a.b" },
      ],
    },
    {
      proves: [`${P}claim_to_headers`],
      needs: ["JwtClaimToHeader.header_name", "JwtClaimToHeader.claim_name"],
      run: seen([bearer(token({ sub: "me", a: { b: 7 } })), bearer(token({}), { "x-sub": "forged" })]),
    },
  ),
  jwt("a clock that is wrong", { clock_skew_seconds: 3_000_000_000 }, { proves: [`${P}clock_skew_seconds`] }),
  jwt(
    "refused in silence",
    {},
    { proves: ["JwtAuthentication.strip_failure_response"] },
    { strip_failure_response: true },
  ),
  jwt(
    "preflight",
    {},
    {
      proves: ["JwtAuthentication.bypass_cors_preflight"],
      run: seen([
        { method: "OPTIONS", headers: { origin: "https://a.test", "access-control-request-method": "GET" } },
        {},
      ]),
    },
    { bypass_cors_preflight: true },
  ),
  jwt(
    "cache",
    { jwt_cache_config: { jwt_cache_size: 10 } },
    { inert: [`${P}jwt_cache_config`, "JwtCacheConfig.jwt_cache_size"] },
  ),
  jwt(
    "requirement by name",
    {},
    {
      proves: [],
      needs: ["JwtAuthentication.requirement_map"],
      run: seen(ASKS),
    },
    { rules: [{ match: ANY_PATH, requirement_name: "known" }], requirement_map: { known: { provider_name: "one" } } },
  ),
  jwt(
    "requirement by name decides",
    {},
    { proves: ["RequirementRule.requirement_name"] },
    {
      rules: [{ match: ANY_PATH, requirement_name: "known" }],
      requirement_map: { known: { provider_name: "one" } },
    },
  ),
  jwt(
    "own audiences",
    { audiences: ["x"] },
    {
      proves: ["ProviderWithAudiences.audiences"],
      needs: ["ProviderWithAudiences.provider_name"],
      run: seen([bearer(token({ aud: "x" })), bearer(token({ aud: "app" }))]),
    },
    {
      rules: [{ match: ANY_PATH, requires: { provider_and_audiences: { provider_name: "one", audiences: ["app"] } } }],
    },
  ),
  ...[
    {
      id: "one of two",
      requires: { requires_any: { requirements: [{ provider_name: "one" }, { provider_name: "two" }] } },
      proves: [`${R}requires_any`],
    },
    {
      id: "both",
      requires: { requires_all: { requirements: [{ provider_name: "one" }, { provider_name: "two" }] } },
      proves: [`${R}requires_all`],
    },
    { id: "missing is allowed", requires: { allow_missing: {} }, proves: [`${R}allow_missing`] },
    { id: "anything is allowed", requires: { allow_missing_or_failed: {} }, proves: [`${R}allow_missing_or_failed`] },
    { id: "the second", requires: { provider_name: "two" }, proves: [`${R}provider_name`] },
    {
      id: "the second with its audiences",
      requires: { provider_and_audiences: { provider_name: "two", audiences: ["x"] } },
      proves: [`${R}provider_and_audiences`],
    },
  ].map(({ id, requires, proves }) => jwt(id, {}, { proves, run: seen(BOTH) }, required(requires))),
  {
    id: "jwt of routes",
    config: web({
      hcm: filters({}, { requirement_map: { free: {}, strict: { provider_name: "one" } }, rules: [] }),
      routes: [
        {
          match: { prefix: "/off" },
          route: { cluster: "app" },
          typed_per_filter_config: { jwt: typed("filters.http.jwt_authn.v3.PerRouteConfig", { disabled: true }) },
        },
        {
          match: { prefix: "/strict" },
          route: { cluster: "app" },
          typed_per_filter_config: {
            jwt: typed("filters.http.jwt_authn.v3.PerRouteConfig", { requirement_name: "strict" }),
          },
        },
        { match: { prefix: "/" }, route: { cluster: "app" } },
      ],
    }),
    run: (wire) => wire.statuses(["/off", "/strict", "/", { ...bearer(token({})), path: "/strict" }]),
    needs: ["jwt_authn.v3.PerRouteConfig.disabled", "jwt_authn.v3.PerRouteConfig.requirement_name"],
  },
];
