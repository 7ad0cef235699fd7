// What external authorization may say, what is refused by its path, what levels of a route add up to, and how a query changes.

import type { JsonValue } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { findConstraintViolations } from "../contract/constraints";
import { decodeJson } from "../contract/decode";
import { findUnsupported } from "../contract/find-unsupported";
import { ExtAuthzPerRouteSchema, ExtAuthzSchema } from "../contract/messages";
import { type Decision, decisionOfCheck, decisionOfHttp } from "../http/authz/decision";
import { fieldOf } from "../http/authz/fields";
import { changeQuery } from "../http/authz/query";
import { HeaderList } from "../http/h1/header-list";
import { context } from "../semantics/testing/build";
import { extAuthzFilterPlan, extAuthzRoutePlan, mergeExtAuthz } from "./ext-authz";
import type { ExtAuthzFilterPlan, HttpAuthorizerPlan } from "./ext-authz-types";
import { Scope } from "./scope";
import type { DynamicMetadata } from "./views";

const GRPC = { transport_api_version: "V3", grpc_service: { envoy_grpc: { cluster_name: "authz" } } };
const uri = { uri: "http://authz.test", cluster: "authz", timeout: "1s" };
const http = (over: Record<string, JsonValue> = {}): Record<string, JsonValue> => ({
  http_service: { server_uri: uri, ...over },
});

function planned(config: Record<string, JsonValue>): { plan: ExtAuthzFilterPlan; problems: string[] } {
  const decoded = decodeJson(ExtAuthzSchema, config);
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.violations));
  const found: { path: string; message: string }[] = [];
  const plan = extAuthzFilterPlan("authz", decoded.value, new Scope("authz", found));
  const refused = [
    ...findUnsupported(ExtAuthzSchema, decoded.value, "authz"),
    ...findConstraintViolations(ExtAuthzSchema, decoded.value, "authz"),
  ];
  return { plan, problems: [...refused, ...found].map(({ path }) => path) };
}

test("what is not said is Envoy's default: every request, 200 ms, 403 without an answer, every header, no body", () => {
  const { plan, problems } = planned(GRPC);
  expect(problems).toEqual([]);
  expect(plan).toMatchObject({
    service: { kind: "grpc", grpc: { cluster: "authz", authority: "authz", timeoutMs: 200 } },
    enabled: { numerator: 100, denominator: 100 },
    deniesWhereDisabled: false,
    allowsOnError: false,
    statusOnError: 403,
    body: null,
    clearsRoute: false,
  });
  expect([plan.tells("x-any"), plan.tells(":path")]).toEqual([true, true]);
});

test("it may be asked only about requests of which a filter before said something", () => {
  const says = { filter: "envoy.filters.http.rbac", path: [{ key: "own" }], value: { present_match: true } };
  const { plan, problems } = planned({ ...GRPC, filter_enabled_metadata: says });
  const about = (metadata: DynamicMetadata) => plan.asks?.matches(context({ metadata }));
  expect(problems).toEqual([]);
  expect(about({ "envoy.filters.http.rbac": { own: "yes" } })).toBe(true);
  expect([about({ "envoy.filters.http.rbac": {} }), about({})]).toEqual([false, false]);
  expect(planned(GRPC).plan.asks).toBeNull();
});

test("an HTTP authorizer is told method, path, host and authorization, and what is listed", () => {
  const listed = planned({ ...http(), allowed_headers: { patterns: [{ prefix: "x-" }] } }).plan;
  const told = ["authorization", ":path", "x-a", "accept", "cookie"].map(listed.tells);
  expect(told).toEqual([true, true, true, false, false]);
  const service = planned(http()).plan.service as HttpAuthorizerPlan;
  expect(service).toMatchObject({ cluster: "authz", timeoutMs: 1000, pathPrefix: "" });
  expect([service.replaces("x"), service.appends("x"), service.responseHeaders("x")]).toEqual([false, false, false]);
  expect(service.refusalHeaders("x")).toBe(true);
});

const BODY = { max_request_bytes: 10 };
const refused: [what: string, config: Record<string, JsonValue>, paths: string[]][] = [
  ["no service", {}, ["authz"]],
  ["an old version", { ...GRPC, transport_api_version: "V2" }, ["authz.transport_api_version"]],
  [
    "Google's client",
    { ...GRPC, grpc_service: { google_grpc: { target_uri: "x", stat_prefix: "x" } } },
    ["authz.grpc_service.google_grpc"],
  ],
  ["metadata of other filters", { ...GRPC, metadata_context_namespaces: ["x"] }, ["authz.metadata_context_namespaces"]],
  ["rules of changes", { ...GRPC, decoder_header_mutation_rules: {} }, ["authz.decoder_header_mutation_rules"]],
  ["raw headers", { ...GRPC, encode_raw_headers: true }, ["authz.encode_raw_headers"]],
  [
    "metadata from headers",
    http({ authorization_response: { dynamic_metadata_from_headers: { patterns: [{ exact: "x" }] } } }),
    ["authz.http_service.authorization_response.dynamic_metadata_from_headers"],
  ],
  ["a body without a limit", { ...GRPC, with_request_body: {} }, ["authz.with_request_body.max_request_bytes"]],
  [
    "too much of a body",
    { ...GRPC, with_request_body: { max_request_bytes: 1_048_577 } },
    ["authz.with_request_body.max_request_bytes"],
  ],
  [
    "two lists of headers",
    {
      ...http({ authorization_request: { allowed_headers: { patterns: [{ exact: "a" }] } } }),
      allowed_headers: { patterns: [{ exact: "b" }] },
    },
    ["authz.allowed_headers"],
  ],
  [
    "an operator in a header",
    http({ authorization_request: { headers_to_add: [{ key: "x", value: "%PROTOCOL%" }] } }),
    ["authz.http_service.authorization_request.headers_to_add[0].header.value"],
  ],
  ["a prefix that is no path", http({ path_prefix: "a b" }), ["authz.http_service.path_prefix"]],
];

test.each(refused)("%s is refused by its path", (_what, config, paths) => {
  expect(planned(config).problems).toEqual(paths);
});

test("a route decides by its innermost level; what is told about it adds up", () => {
  const level = (config: Record<string, JsonValue>) => {
    const decoded = decodeJson(ExtAuthzPerRouteSchema, config);
    if (!decoded.ok) throw new Error(JSON.stringify(decoded.violations));
    return extAuthzRoutePlan(decoded.value, new Scope("route", []));
  };
  const host = level({ check_settings: { context_extensions: { a: "host", b: "host" }, with_request_body: BODY } });
  const route = level({ check_settings: { context_extensions: { b: "route" }, disable_request_body_buffering: true } });
  expect(mergeExtAuthz(host, route)).toEqual({
    isDisabled: false,
    extensions: { a: "host", b: "route" },
    skipsBody: true,
    body: null,
  });
  expect(mergeExtAuthz(host, level({ disabled: true })).isDisabled).toBe(true);
  expect(mergeExtAuthz(level({ disabled: true }), route).isDisabled).toBe(false);
});

describe("an answer", () => {
  const service = planned(http()).plan.service as HttpAuthorizerPlan;
  const said = (status: number, body = "x"): Decision =>
    decisionOfHttp(
      { kind: "answer", status, headers: new HeaderList(), trailers: null, body: Buffer.from(body) },
      service,
    );

  test("without which nothing goes on: failures, and what is no message", () => {
    for (const kind of [
      "no-cluster",
      "no-host",
      "overflow",
      "connect-failure",
      "reset",
      "too-large",
      "timeout",
    ] as const)
      expect(decisionOfHttp({ kind }, service)).toEqual({ kind: "error" });
    expect(decisionOfCheck({ kind: "failure", status: 14, detail: "" })).toEqual({ kind: "error" });
    expect(decisionOfCheck({ kind: "message", bytes: Buffer.from("ffffff", "hex") })).toEqual({ kind: "error" });
  });

  test("by HTTP: 200 alone lets on, 5xx is an error, the rest is what the caller gets, without a body where there is none", () => {
    expect([200, 201, 302, 404, 500, 599].map((status) => said(status).kind)).toEqual([
      "ok",
      "denied",
      "denied",
      "denied",
      "error",
      "error",
    ]);
    expect(said(304)).toMatchObject({ status: 304, body: null });
    expect(said(204)).toMatchObject({ status: 204, body: null });
  });
});

test("a value loses the blanks around it and nothing else; many of them take no time", () => {
  expect(fieldOf("X-A", " \t a b\u00a0 ")).toEqual(["x-a", "a b\xc2\xa0"]);
  const blanks = " ".repeat(1_000_000);
  expect(fieldOf("x", `${blanks}x${blanks}x`)).toEqual(["x", `x${blanks}x`]);
  for (const value of ["\n", "a\r", "\0", "\x7f"]) expect(fieldOf("x", value)).toBeNull();
});

test.each([
  ["/p?c&a=1&b=1&a=2", [{ key: "b", value: "2" }], ["a"], "/p?b=2&c="],
  ["/p", [{ key: "b", value: "" }], [], "/p?b="],
  ["/p?a=1", [], ["a"], "/p"],
  ["/p?a=b=c&z", [], ["y"], "/p?a=b=c&z="],
] as const)("%s with %j and without %j is %s", (path, set, removed, expected) => {
  expect(changeQuery(path, set, removed)).toBe(expected);
});
