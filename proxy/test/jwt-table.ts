// What tokens are worth: providers, what requests must bring, and each request with Envoy's answer. Rule: an expectation here was
// seen on Envoy 1.40.

import type { OutgoingHttpHeaders } from "node:http";
import { typed } from "./support/both-proxies";
import { ecKey, edKey, inSeconds, keySetOf, rsaKey, type SigningKey, secretKey, tokenOf } from "./support/tokens";

export const JWT = "jwt_authn.v3";
export const ec = ecKey("ec");
const [rsa, ed, hs] = [rsaKey("rsa"), edKey("ed"), secretKey("hs")];
const stranger = ecKey("ec");
export const ISSUER = "https://issuer.test/";
const local = (...keys: SigningKey[]) => ({ local_jwks: { inline_string: keySetOf(...keys) } });

export const providers: Record<string, object> = {
  all: { issuer: ISSUER, ...local(rsa, ec, ed, hs), forward: true },
  gone: { issuer: ISSUER, ...local(ec) },
  second: {
    issuer: "second",
    ...local(ec),
    from_headers: [{ name: "x-second", value_prefix: "Token " }, { name: "x-bare" }],
  },
  params: { issuer: ISSUER, ...local(ec), from_params: ["t"], from_cookies: ["c"] },
  audience: { issuer: ISSUER, ...local(ec), audiences: ["https://shop.test/", "b"] },
  anybody: { ...local(ec), forward: true },
  telling: {
    issuer: ISSUER,
    ...local(ec),
    forward_payload_header: "x-payload",
    pad_forward_payload_header: true,
    claim_to_headers: [
      { header_name: "x-sub", claim_name: "sub" },
      { header_name: "x-nested", claim_name: "deep.down" },
      { header_name: "x-number", claim_name: "n" },
      { header_name: "x-share", claim_name: "f" },
      { header_name: "x-flag", claim_name: "flag" },
      { header_name: "x-list", claim_name: "groups" },
    ],
  },
  strict: { issuer: ISSUER, ...local(ec), require_expiration: true, clock_skew_seconds: 1 },
  short: { issuer: ISSUER, ...local(ec), max_lifetime: "100s" },
  subject: { issuer: ISSUER, ...local(ec), subjects: { prefix: "user-" } },
  order: { issuer: ISSUER, ...local(ec), audiences: ["a"], subjects: { exact: "user-1" }, require_expiration: true },
  meta: {
    issuer: ISSUER,
    ...local(ec),
    forward: true,
    payload_in_metadata: "payload",
    header_in_metadata: "header",
    normalize_payload_in_metadata: { space_delimited_claims: ["scope"] },
  },
};
export const of = (provider_name: string) => ({ provider_name });
const any = (...requirements: object[]) => ({ requires_any: { requirements } });
const every = (...requirements: object[]) => ({ requires_all: { requirements } });
const MISSING = { allow_missing: {} };
const FAILED = { allow_missing_or_failed: {} };

const requirements: Record<string, object> = {
  all: of("all"),
  gone: of("gone"),
  second: of("second"),
  params: of("params"),
  audience: of("audience"),
  audience_else: { provider_and_audiences: { provider_name: "audience", audiences: ["c"] } },
  anybody: of("anybody"),
  telling: of("telling"),
  strict: of("strict"),
  short: of("short"),
  subject: of("subject"),
  order: of("order"),
  meta: of("meta"),
  optional: any(of("gone"), MISSING),
  lenient: any(of("gone"), FAILED),
  missing: MISSING,
  failed: FAILED,
  either: any(of("second"), of("gone")),
  reverse: any(of("gone"), of("second")),
  both: every(of("gone"), of("second")),
  istio: any(of("gone"), of("second"), every(any(of("gone"), MISSING), any(of("second"), MISSING))),
  nothing: {},
};

export const rules = [
  ...Object.entries(requirements).map(([name, requires]) => ({ match: { prefix: `/${name}/` }, requires })),
  { match: { path: "/named" }, requirement_name: "gone" },
  { match: { prefix: "/header", headers: [{ name: "x-ask", present_match: true }] }, requires: of("gone") },
  { match: { prefix: "/unset" } },
];
const says = (config: object) => ({ typed_per_filter_config: { jwt: typed(`${JWT}.PerRouteConfig`, config) } });
const toApp = { route: { cluster: "app", timeout: "0s" } };
export const routes = [
  { match: { prefix: "/gone/disabled" }, ...toApp, ...says({ disabled: true }) },
  { match: { prefix: "/route/named" }, ...toApp, ...says({ requirement_name: "gone" }) },
  { match: { prefix: "/route/wrong" }, ...toApp, ...says({ requirement_name: "nobody" }) },
  { match: { prefix: "/" }, ...toApp },
];

export const claims = { iss: ISSUER, sub: "user-1" };
export const good = tokenOf(ec, claims);
export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

export const OK = "ok";
export const MISSING_TOKEN = "Jwt is missing";
const FAILS = "Jwt verification fails";
const EXPIRED = "Jwt is expired";
const NOT_YET = "Jwt not yet valid";
const ISSUER_UNKNOWN = "Jwt issuer is not configured";
export const AUDIENCE = "Audiences in Jwt are not allowed";
const FORM = "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections";
const NO_KEY = "Jwks doesn't have key to match kid or alg from Jwt";

const b64 = (value: string) => Buffer.from(value).toString("base64url");
const raw = (header: string, payload: string, signature = "AAAA") => `${b64(header)}.${b64(payload)}.${signature}`;
const es = '{"alg":"ES256"}';
export const cases: [name: string, path: string, headers: OutgoingHttpHeaders, expected: string][] = [
  ["no token", "/all/", {}, MISSING_TOKEN],
  ["good rsa", "/all/", bearer(tokenOf(rsa, claims)), OK],
  ["rs384 with key of rs256", "/all/", bearer(tokenOf(rsa, claims, { alg: "RS384" })), NO_KEY],
  ["good ec", "/all/", bearer(good), OK],
  ["good ed", "/all/", bearer(tokenOf(ed, claims)), OK],
  ["good hs", "/all/", bearer(tokenOf(hs, claims)), OK],
  ["no kid", "/all/", bearer(tokenOf(ec, claims, { kid: undefined })), OK],
  ["other kid", "/all/", bearer(tokenOf(ec, claims, { kid: "none" })), NO_KEY],
  ["stranger", "/all/", bearer(tokenOf(stranger, claims)), FAILS],
  [
    "ed short signature",
    "/all/",
    bearer(`${tokenOf(ed, claims).split(".").slice(0, 2).join(".")}.AAAA`),
    "Jwt ED25519 signature is wrong length",
  ],
  ["expired", "/all/", bearer(tokenOf(ec, { ...claims, exp: inSeconds(-100) })), EXPIRED],
  ["expired within skew", "/all/", bearer(tokenOf(ec, { ...claims, exp: inSeconds(-30) })), OK],
  ["not yet", "/all/", bearer(tokenOf(ec, { ...claims, nbf: inSeconds(100) })), NOT_YET],
  ["not yet within skew", "/all/", bearer(tokenOf(ec, { ...claims, nbf: inSeconds(30) })), OK],
  ["exp zero", "/all/", bearer(tokenOf(ec, { ...claims, exp: 0 })), OK],
  ["other issuer", "/all/", bearer(tokenOf(ec, { ...claims, iss: "other" })), ISSUER_UNKNOWN],
  ["no issuer", "/all/", bearer(tokenOf(ec, { sub: "a" })), ISSUER_UNKNOWN],
  ["two parts", "/all/", bearer("a.b"), FORM],
  ["four parts", "/all/", bearer("a.b.c.d"), FORM],
  ["empty part", "/all/", bearer("a..c.d"), "Jwt header is an invalid Base64url encoded"],
  ["bad base64 header", "/all/", bearer("a.b.c"), "Jwt header is an invalid Base64url encoded"],
  ["plus", "/all/", bearer("ab+d.b.c"), "Jwt header is an invalid Base64url encoded"],
  ["header no json", "/all/", bearer(raw("nope", "{}")), "Jwt header is an invalid JSON"],
  ["header a list", "/all/", bearer(raw("[]", "{}")), "Jwt header is an invalid JSON"],
  ["no alg", "/all/", bearer(raw("{}", "{}")), "Jwt header [alg] field is required and must be a string"],
  ["alg none", "/all/", bearer(raw('{"alg":"none"}', "{}")), "Jwt header [alg] is not supported"],
  ["alg number", "/all/", bearer(raw('{"alg":1}', "{}")), "Jwt header [alg] field is required and must be a string"],
  ["kid number", "/all/", bearer(raw('{"alg":"ES256","kid":1}', "{}")), "Jwt header [kid] field is not a string"],
  ["kid null", "/all/", bearer(raw('{"alg":"ES256","kid":null}', "{}")), "Jwt header [kid] field is not a string"],
  ["payload no json", "/all/", bearer(raw(es, "{")), "Jwt payload is an invalid JSON"],
  ["payload base64", "/all/", bearer(`${b64(es)}.a.b`), "Jwt payload is an invalid Base64url encoded"],
  ["iss number", "/all/", bearer(raw(es, '{"iss":1}')), "Jwt payload [iss] field is not a string"],
  ["iss null", "/all/", bearer(raw(es, '{"iss":null}')), "Jwt payload [iss] field is not a string"],
  ["sub number", "/all/", bearer(raw(es, '{"sub":1}')), "Jwt payload [sub] field is not a string"],
  ["iat text", "/all/", bearer(raw(es, '{"iat":"1"}')), "Jwt payload [iat] field is not an integer"],
  ["nbf negative", "/all/", bearer(raw(es, '{"nbf":-1}')), "Jwt payload [nbf] field is not a positive 64 bit integer"],
  ["exp big", "/all/", bearer(raw(es, '{"exp":1e30}')), "Jwt payload [exp] field is not a positive 64 bit integer"],
  ["exp text", "/all/", bearer(raw(es, '{"exp":"x"}')), "Jwt payload [exp] field is not an integer"],
  ["jti number", "/all/", bearer(raw(es, '{"jti":1}')), "Jwt payload [jti] field is not a string"],
  ["aud number", "/all/", bearer(raw(es, '{"aud":1}')), "Jwt payload [aud] field is not a string or string list"],
  ["aud mixed", "/all/", bearer(raw(es, '{"aud":["a",1]}')), "Jwt payload [aud] field is not a string or string list"],
  ["aud null", "/all/", bearer(raw(es, '{"aud":null}')), "Jwt payload [aud] field is not a string or string list"],
  [
    "signature base64",
    "/all/",
    bearer(raw(es, `{"iss":"${ISSUER}"}`, "a")),
    "Jwt signature is an invalid Base64url encoded",
  ],
  ["signature other", "/all/", bearer(raw(es, `{"iss":"${ISSUER}"}`)), FAILS],
  ["padding", "/all/", bearer(`${good}=`), "Jwt signature is an invalid Base64url encoded"],
  ["padding full", "/all/", bearer(`${good}==`), OK],
  ["double space", "/all/", { authorization: `Bearer   ${good}` }, OK],
  ["lower bearer", "/all/", { authorization: `bearer ${good}` }, MISSING_TOKEN],
  ["prefix later", "/all/", { authorization: `x Bearer ${good}` }, OK],
  ["basic", "/all/", { authorization: "Basic abc" }, MISSING_TOKEN],
  ["trailing words", "/all/", { authorization: `Bearer ${good} more` }, FAILS],
  ["only prefix", "/all/", { authorization: "Bearer !" }, FORM],
  [
    "two headers",
    "/all/",
    { authorization: [`Bearer ${good}`, `Bearer ${tokenOf(stranger, claims)}`] as unknown as string },
    FORM,
  ],
  ["query token", `/all/?access_token=${good}`, {}, OK],
  ["query and header", `/all/?access_token=${tokenOf(stranger, claims)}`, bearer(good), FAILS],
  ["query bad header bad", "/all/?access_token=x", bearer(tokenOf(stranger, claims)), FORM],
  ["header removed", "/gone/", bearer(good), OK],
  ["query removed", `/gone/?a=1&access_token=${good}&b=%2F&c&b=3`, {}, OK],
  ["query removed alone", `/gone/?access_token=${good}`, {}, OK],
  ["query twice", `/gone/?access_token=${good}&access_token=x&y=%zz`, {}, OK],
  ["own header", "/second/", { "x-second": `Token ${tokenOf(ec, { iss: "second" })}` }, OK],
  ["own header bare", "/second/", { "x-bare": tokenOf(ec, { iss: "second" }) }, OK],
  ["own header, both", "/second/", { "x-bare": "x", "x-second": `Token ${tokenOf(ec, { iss: "second" })}` }, FORM],
  ["not the default", "/second/", bearer(tokenOf(ec, { iss: "second" })), MISSING_TOKEN],
  ["param", `/params/?t=${good}`, {}, OK],
  ["cookie", "/params/", { cookie: `a=b; c=${good}` }, OK],
  ["cookie quoted", "/params/", { cookie: `c="${good}"` }, OK],
  ["param, not default", `/params/?access_token=${good}`, {}, MISSING_TOKEN],
  ["audience none", "/audience/", bearer(good), AUDIENCE],
  ["audience one", "/audience/", bearer(tokenOf(ec, { ...claims, aud: "http://shop.test" })), OK],
  ["audience list", "/audience/", bearer(tokenOf(ec, { ...claims, aud: ["x", "b/"] })), OK],
  ["audience other", "/audience/", bearer(tokenOf(ec, { ...claims, aud: ["x"] })), AUDIENCE],
  ["audience, stranger", "/audience/", bearer(tokenOf(stranger, { ...claims, aud: ["x"] })), AUDIENCE],
  ["audience else", "/audience_else/", bearer(tokenOf(ec, { ...claims, aud: ["c"] })), OK],
  ["audience else, provider's", "/audience_else/", bearer(tokenOf(ec, { ...claims, aud: ["b"] })), AUDIENCE],
  ["anybody", "/anybody/", bearer(tokenOf(ec, { iss: "whoever" })), OK],
  ["anybody none", "/anybody/", bearer(tokenOf(ec, {})), OK],
  [
    "telling",
    "/telling/",
    {
      ...bearer(tokenOf(ec, { ...claims, deep: { down: "x" }, n: 7, f: 1.5, flag: true, groups: ["a"] })),
      "x-payload": "mine",
      "x-sub": "mine",
      "x-list": "mine",
    },
    OK,
  ],
  ["telling negative", "/telling/", bearer(tokenOf(ec, { ...claims, n: -3, f: 1e21, flag: false })), OK],
  ["strict without exp", "/strict/", bearer(good), FAILS],
  ["strict", "/strict/", bearer(tokenOf(ec, { ...claims, exp: inSeconds(50) })), OK],
  ["strict expired", "/strict/", bearer(tokenOf(ec, { ...claims, exp: inSeconds(-10) })), EXPIRED],
  ["short", "/short/", bearer(tokenOf(ec, { ...claims, exp: inSeconds(50) })), OK],
  ["short too long", "/short/", bearer(tokenOf(ec, { ...claims, exp: inSeconds(500) })), FAILS],
  ["short without", "/short/", bearer(good), FAILS],
  ["subject", "/subject/", bearer(good), OK],
  ["subject other", "/subject/", bearer(tokenOf(ec, { ...claims, sub: "x" })), FAILS],
  ["subject none", "/subject/", bearer(tokenOf(ec, { iss: ISSUER })), FAILS],
  ["subject other expired", "/subject/", bearer(tokenOf(ec, { ...claims, sub: "x", exp: 1 })), EXPIRED],
  ["order: subject and audience", "/order/", bearer(tokenOf(ec, { ...claims, sub: "x" })), AUDIENCE],
  ["order: audience and lifetime", "/order/", bearer(good), AUDIENCE],
  ["order: signature and audience", "/order/", bearer(tokenOf(stranger, claims)), AUDIENCE],
  [
    "order: signature and subject",
    "/order/",
    bearer(tokenOf(stranger, { ...claims, sub: "x", aud: "a", exp: inSeconds(9) })),
    FAILS,
  ],
  ["file", "/file/", bearer(good), OK],
  ["optional without", "/optional/", {}, OK],
  ["optional good", "/optional/", bearer(good), OK],
  ["optional stranger", "/optional/", bearer(tokenOf(stranger, claims)), FAILS],
  ["optional other issuer", "/optional/", bearer(tokenOf(ec, { iss: "x" })), ISSUER_UNKNOWN],
  ["optional of second", "/optional/", bearer(tokenOf(ec, { iss: "second" })), ISSUER_UNKNOWN],
  ["optional two", `/optional/?access_token=${tokenOf(stranger, claims)}`, bearer(good), FAILS],
  ["optional two reversed", `/optional/?access_token=${good}`, bearer(tokenOf(stranger, claims)), FAILS],
  ["optional garbage", "/optional/", bearer("x"), FORM],
  ["optional basic", "/optional/", { authorization: "Basic abc" }, OK],
  ["lenient stranger", "/lenient/", bearer(tokenOf(stranger, claims)), OK],
  ["lenient good", "/lenient/", bearer(good), OK],
  ["missing without", "/missing/", {}, OK],
  ["missing stranger", "/missing/", bearer(tokenOf(stranger, claims)), FAILS],
  ["missing other issuer", "/missing/", bearer(tokenOf(ec, { iss: "x" })), OK],
  ["missing expired", "/missing/", bearer(tokenOf(ec, { ...claims, exp: 1 })), EXPIRED],
  ["missing other place", "/missing/", { "x-bare": "x" }, FORM],
  ["failed stranger", "/failed/", bearer(tokenOf(stranger, claims)), OK],
  ["either none", "/either/", {}, MISSING_TOKEN],
  ["either first", "/either/", { "x-bare": tokenOf(ec, { iss: "second" }) }, OK],
  ["either second", "/either/", bearer(good), OK],
  ["either second expired", "/either/", bearer(tokenOf(ec, { ...claims, exp: 1 })), EXPIRED],
  ["either both bad", "/either/", { ...bearer(tokenOf(ec, { ...claims, exp: 1 })), "x-bare": "x" }, EXPIRED],
  ["reverse expired", "/reverse/", bearer(tokenOf(ec, { ...claims, exp: 1 })), EXPIRED],
  ["reverse other issuer", "/reverse/", bearer(tokenOf(ec, { iss: "x" })), ISSUER_UNKNOWN],
  ["reverse both bad", "/reverse/", { ...bearer(tokenOf(ec, { ...claims, exp: 1 })), "x-bare": "x" }, FORM],
  ["both none", "/both/", {}, MISSING_TOKEN],
  ["both one", "/both/", bearer(good), MISSING_TOKEN],
  ["both", "/both/", { ...bearer(good), "x-bare": tokenOf(ec, { iss: "second" }) }, OK],
  ["istio none", "/istio/", {}, OK],
  ["istio first", "/istio/", bearer(good), OK],
  ["istio second", "/istio/", { "x-bare": tokenOf(ec, { iss: "second" }) }, OK],
  ["istio first bad", "/istio/", bearer(tokenOf(stranger, claims)), FAILS],
  ["istio one bad", "/istio/", { ...bearer(good), "x-bare": "x" }, OK],
  ["istio other bad", "/istio/", { ...bearer("x.y.z"), "x-bare": tokenOf(ec, { iss: "second" }) }, OK],
  ["nothing", "/nothing/", bearer("x"), OK],
  ["named", "/named", {}, MISSING_TOKEN],
  ["by header", "/header", { "x-ask": "1" }, MISSING_TOKEN],
  ["by header, without", "/header", {}, OK],
  ["unset", "/unset", {}, OK],
  ["no rule", "/else", bearer("x"), OK],
  ["route disabled", "/gone/disabled", {}, OK],
  ["route named", "/route/named", {}, MISSING_TOKEN],
  ["realm", "/all/realm?q=1", { host: "shop.test:80" }, MISSING_TOKEN],
  ["realm long", `/all/${"r".repeat(300)}`, {}, MISSING_TOKEN],
];
