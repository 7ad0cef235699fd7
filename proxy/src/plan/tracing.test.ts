// What tracing may say, what it means where nothing is said, and what is refused by its path.

import type { JsonValue } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { decodeJson } from "../contract/decode";
import { findUnsupported } from "../contract/find-unsupported";
import { HttpConnectionManagerSchema, RouteSchema } from "../contract/messages";
import { Scope } from "./scope";
import { routeTracingPlan, tracingPlan } from "./tracing";

const GRPC = { grpc_service: { envoy_grpc: { cluster_name: "collector" } } };
const http = (uri: string): JsonValue => ({ http_service: { http_uri: { uri, cluster: "collector", timeout: "1s" } } });

function planned(config: JsonValue, over: Record<string, JsonValue> = {}) {
  const typed = { "@type": "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig", ...(config as object) };
  const tracing = { provider: { name: "otel", typed_config: typed }, ...over };
  const decoded = decodeJson(HttpConnectionManagerSchema, { stat_prefix: "main", tracing });
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.violations));
  const found: { path: string; message: string }[] = [];
  const plan = tracingPlan(decoded.value.tracing, new Scope("tracing", found));
  return { plan, problems: [...findUnsupported(HttpConnectionManagerSchema, decoded.value, ""), ...found] };
}

test("what is not said is Envoy's default: every request, paths of 256, 1024 spans that wait", () => {
  const { plan, problems } = planned(GRPC);
  expect(problems).toEqual([]);
  const every = { numerator: 10_000, denominator: 10_000 };
  expect(plan).toEqual({
    clientSampling: every,
    randomSampling: every,
    overallSampling: every,
    maxPathLength: 256,
    customTags: [],
    spawnsUpstreamSpan: false,
    provider: {
      serviceName: "unknown_service:envoy",
      maxSpans: 1024,
      collector: {
        kind: "grpc",
        grpc: { cluster: "collector", authority: "collector", timeoutMs: 10_000, maxMessageBytes: 65_536 },
      },
    },
  });
});

test("shares are of ten thousand, limits and tags are those of the configuration", () => {
  const { plan } = planned(
    { ...GRPC, service_name: "shop", max_cache_size: 7 },
    {
      random_sampling: { value: 0.1 },
      overall_sampling: { value: 12.345 },
      client_sampling: { value: 0 },
      max_path_tag_length: 9,
      custom_tags: [
        { tag: "a", literal: { value: "first" } },
        { tag: "a", request_header: { name: "X-A" } },
        { tag: "b", environment: { name: "B", default_value: "none" } },
      ],
    },
  );
  const { randomSampling, overallSampling, clientSampling, maxPathLength, customTags, provider } = plan ?? {};
  expect([randomSampling, overallSampling, clientSampling].map((share) => share?.numerator)).toEqual([10, 1235, 0]);
  expect([maxPathLength, provider?.maxSpans, provider?.serviceName]).toEqual([9, 7, "shop"]);
  expect(customTags).toEqual([
    { tag: "a", from: { kind: "header", name: "x-a", fallback: "" } },
    { tag: "b", from: { kind: "environment", name: "B", fallback: "none" } },
  ]);
});

test("what a route does not say is every request, whatever its connection manager says", () => {
  const ofRoute = (tracing: JsonValue) => {
    const decoded = decodeJson(RouteSchema, { match: { prefix: "/" }, direct_response: { status: 200 }, tracing });
    if (!decoded.ok) throw new Error(JSON.stringify(decoded.violations));
    const found: { path: string; message: string }[] = [];
    const plan = routeTracingPlan(decoded.value.tracing, new Scope("tracing", found));
    return { plan, problems: [...findUnsupported(RouteSchema, decoded.value, ""), ...found].map(({ path }) => path) };
  };
  const every = { numerator: 100, denominator: 100 };
  const silent = { clientSampling: every, randomSampling: every, overallSampling: every, customTags: [] };
  expect(ofRoute({})).toEqual({ plan: silent, problems: [] });
  const said = {
    random_sampling: { numerator: 5, denominator: "MILLION" },
    overall_sampling: {},
    custom_tags: [{ tag: "a", literal: { value: "b" } }],
  };
  expect(ofRoute(said).plan).toEqual({
    ...silent,
    randomSampling: { numerator: 5, denominator: 1_000_000 },
    overallSampling: { numerator: 0, denominator: 100 },
    customTags: [{ tag: "a", from: { kind: "literal", value: "b" } }],
  });
  const metadata = { tag: "a", metadata: { kind: { request: {} } } };
  expect(ofRoute({ custom_tags: [metadata] }).problems).toContain("tracing.custom_tags[0].metadata");
});

test("a collector by HTTP is an address behind a cluster", () => {
  const { plan, problems } = planned(http("http://collector.test:4318/v1/traces"));
  expect(problems).toEqual([]);
  expect(plan?.provider?.collector).toEqual({
    kind: "http",
    cluster: "collector",
    authority: "collector.test:4318",
    path: "/v1/traces",
    timeoutMs: 1000,
    headers: [],
  });
});

test.each([
  [{}, {}, "tracing.provider.typed_config"],
  [{ ...GRPC, ...(http("http://c") as object) }, {}, "tracing.provider.typed_config"],
  [http("collector:4318"), {}, "tracing.provider.typed_config.http_service.http_uri.uri"],
  [{ ...GRPC, sampler: { name: "always" } }, {}, "tracing.provider.typed_config.sampler"],
  [GRPC, { verbose: true }, "tracing.verbose"],
  [GRPC, { custom_tags: [{ tag: "a", metadata: { kind: { route: {} } } }] }, "tracing.custom_tags[0]"],
])("%j with %j is refused at %s", (config, over, path) => {
  const problems = planned(config, over as Record<string, JsonValue>).problems.map((problem) => problem.path);
  expect(problems.some((one) => one.startsWith(path))).toBe(true);
});

test("nobody who asks: no plan", () => {
  expect(tracingPlan(undefined, new Scope("tracing", []))).toBeNull();
});
