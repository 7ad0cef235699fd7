// Tracing: which requests are traced, what collectors are told, what the next hop is told. Rule: five spans are sent at once by both; what is
// decided is seen in what the upstream got.

import { cluster, EXT, HTTP2, header, REFUSED_HERE, web } from "../config";
import { context, spans } from "../spans";
import type { Case, Config } from "../types";
import type { Ask, Wire } from "../wire";

const MANAGER = "http_connection_manager.v3.HttpConnectionManager";
const TRACING = `${MANAGER}.Tracing`;
const CONFIG = "trace.v3.OpenTelemetryConfig";
const TAG = "CustomTag";
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = `00-${TRACE}-b7ad6b7169203331`;

const provider = (config: Config): Config => ({
  provider: {
    name: "envoy.tracers.opentelemetry",
    typed_config: { "@type": `${EXT.replace(/extensions$/, "")}config.trace.v3.OpenTelemetryConfig`, ...config },
  },
});
const BY_GRPC: Config = { grpc_service: { envoy_grpc: { cluster_name: "collector" }, timeout: "5s" } };

interface Parts {
  readonly tracing?: Config;
  readonly config?: Config;
  readonly routes?: readonly Config[];
  readonly listener?: Config;
  readonly collector?: Config;
}

const traced = (id: string, parts: Parts, more: Partial<Case>): Case => ({
  id: `tracing ${id}`,
  config: web({
    ...(parts.routes ? { routes: parts.routes } : {}),
    hcm: { tracing: { ...provider(parts.config ?? BY_GRPC), ...parts.tracing } },
    listener: parts.listener ?? {},
    clusters: [
      cluster("app"),
      cluster("collector", parts.collector ?? HTTP2),
      ...(parts.routes ? [cluster("dead")] : []),
    ],
  }),
  upstreams: { app: "http", collector: "otlp-grpc", dead: "dead" },
  // How many exports there are is a matter of time.
  isChance: true,
  run: async (wire) => [await wire.statuses(["/1", "/2", "/3", "/4", "/5"]), await spans(wire, 5)],
  ...more,
});

/** Without a collector: only what is decided is looked at. */
const decided = (id: string, tracing: Config, asks: readonly Ask[], proves: readonly string[]): Case =>
  traced(
    id,
    { tracing },
    {
      run: async (wire) => (await wire.calls(asks)).map((answer) => context(answer, TRACE)),
      proves: proves.map((field) => `${TRACING}.${field}`),
    },
  );

const ROUTE = "route.v3.Tracing";

/** Another share on each route; the connection manager chooses nothing, and what is decided is seen in the marks alone. */
const decidedByRoute = (
  id: string,
  routes: Readonly<Record<string, Config>>,
  asks: readonly Ask[],
  proves: readonly string[],
): Case => ({
  ...decided(`of routes, ${id}`, {}, [], []),
  config: web({
    hcm: { tracing: { random_sampling: { value: 0 } } },
    routes: [
      ...Object.entries(routes).map(([prefix, tracing]) => ({ match: { prefix }, route: { cluster: "app" }, tracing })),
      { match: { prefix: "/" }, route: { cluster: "app" } },
    ],
  }),
  run: async (wire) => {
    const all = ["/nothing", ...Object.keys(routes)].flatMap((path) => asks.map((ask): Ask => ({ ...ask, path })));
    return (await wire.calls(all)).map((answer) => context(answer, TRACE));
  },
  proves,
});

const id = (first: string, mark = "4"): Ask => ({
  headers: { "x-request-id": `${first}-1234-${mark}234-9234-123456789012` },
});
const LOW = id("00000001");
/** 9,999 of 10,000 and 99 of 100. */
const HIGH = id("0000270f");
const forced = ({ headers }: Ask): Ask => ({ headers: { ...headers, "x-client-trace-id": "of the client" } });
const within = (traceparent: string, more: Ask["headers"] = {}): Ask => ({ headers: { traceparent, ...more } });

const EVERY_KIND = [
  { path: "/a?x=1", headers: { "user-agent": "reader" } },
  { path: "/b", headers: { "x-do": "404" } },
  { path: "/c", headers: { "x-do": "503" } },
  { path: "/d", headers: { "x-do": "reset" } },
  { path: "/e", ...within(`${PARENT}-01`, { tracestate: "a=1,b=2" }) },
];
const run = async (wire: Wire): Promise<unknown> => [await wire.statuses(EVERY_KIND), await spans(wire, 5)];

async function grpcCalls(wire: Wire, statuses: readonly number[], spansEach = 1): Promise<unknown> {
  const call = (path: string, headers: Ask["headers"]): Ask => ({
    method: "POST",
    path,
    headers: { "content-type": "application/grpc", te: "trailers", ...headers },
  });
  const calls = statuses.map((status) => call(`/a.B/c${status}`, { "x-do": `grpc${status}` }));
  const others = [call("/a.B/slow", { "grpc-timeout": "5S" }), "/1", "/2"];
  const answers = await wire.statuses([...calls, ...others]);
  return [answers, await spans(wire, answers.length * spansEach)];
}

export const tracingCases: readonly Case[] = [
  traced(
    "by gRPC",
    { config: { ...BY_GRPC, service_name: "shop" } },
    {
      run,
      proves: [`${MANAGER}.tracing`, `${TRACING}.provider`, `${CONFIG}.service_name`],
      needs: ["Tracing.Http.name", "Tracing.Http.typed_config", `${CONFIG}.grpc_service`],
    },
  ),
  traced(
    "by HTTP",
    {
      config: {
        http_service: {
          http_uri: { uri: "http://collector.test:4318/v1/traces?x=1", cluster: "collector", timeout: "5s" },
          request_headers_to_add: [header("x-key", "secret")],
        },
      },
      collector: {},
    },
    {
      upstreams: { app: "http", collector: "otlp-http" },
      proves: ["HttpService.request_headers_to_add"],
      needs: [`${CONFIG}.http_service`, "HttpService.http_uri"],
      explained: { "HttpService.http_uri": REFUSED_HERE },
    },
  ),
  traced("of callers", { listener: { traffic_direction: "OUTBOUND" } }, { run }),
  traced(
    "of each attempt",
    {
      tracing: { spawn_upstream_span: true },
      listener: { traffic_direction: "OUTBOUND" },
      routes: [
        { match: { prefix: "/direct" }, direct_response: { status: 200 } },
        { match: { prefix: "/dead" }, route: { cluster: "dead" } },
        { match: { prefix: "/" }, route: { cluster: "app", retry_policy: { retry_on: "5xx", num_retries: 1 } } },
      ],
    },
    {
      run: async (wire) => [
        await wire.statuses([
          // First, on a connection that nobody has used: else it is the race that ours repeats on its own.
          { path: "/c", headers: { "x-do": "reset,200" } },
          { path: "/a", headers: { "x-do": "503,200" } },
          { path: "/b", headers: { "x-do": "404" } },
          "/direct",
          "/dead",
          { path: "/e", ...within(`${PARENT}-01`) },
          "/direct/2",
          "/direct/3",
        ]),
        await spans(wire, 15),
      ],
      proves: [`${TRACING}.spawn_upstream_span`],
    },
  ),
  traced(
    "with tags",
    {
      tracing: {
        max_path_tag_length: 5,
        custom_tags: [
          { tag: "of the mesh", literal: { value: "shop" } },
          { tag: "component", literal: { value: "own" } },
          { tag: "told", request_header: { name: "X-Tag", default_value: "nothing" } },
          { tag: "untold", request_header: { name: "x-none" } },
          { tag: "place", environment: { name: "MESHWRIGHT_NOT_SET", default_value: "here" } },
        ],
      },
    },
    {
      run: async (wire) => [
        await wire.statuses([{ path: "/long/path", headers: { "x-tag": "caf\u00c3\u00a9" } }, "/2", "/3", "/4", "/5"]),
        await spans(wire, 5),
      ],
      proves: [
        `${TRACING}.max_path_tag_length`,
        `${TRACING}.custom_tags`,
        `${TAG}.Header.default_value`,
        `${TAG}.Environment.default_value`,
      ],
      needs: [
        `${TAG}.tag`,
        `${TAG}.literal`,
        `${TAG}.environment`,
        `${TAG}.request_header`,
        `${TAG}.Literal.value`,
        `${TAG}.Environment.name`,
        `${TAG}.Header.name`,
      ],
    },
  ),
  traced("of gRPC calls", {}, { run: (wire) => grpcCalls(wire, [...Array(17).keys()]) }),
  traced(
    "of gRPC callers",
    { listener: { traffic_direction: "OUTBOUND" }, tracing: { spawn_upstream_span: true } },
    { run: (wire) => grpcCalls(wire, [0, 1, 5, 16, 2], 2) },
  ),
  traced(
    "of local answers",
    {
      routes: [
        { match: { prefix: "/direct" }, direct_response: { status: 500 } },
        { match: { prefix: "/moved" }, redirect: { path_redirect: "/there" } },
        {
          match: { prefix: "/app" },
          route: { cluster: "app", prefix_rewrite: "/inner", host_rewrite_literal: "inner" },
        },
      ],
    },
    {
      run: async (wire) => [
        await wire.statuses(["/direct", "/moved", "/nowhere", "/app/1", "/app/2"]),
        await spans(wire, 5),
      ],
    },
  ),
  decided(
    "of a share",
    { random_sampling: { value: 50 } },
    [LOW, HIGH, id("00000001", "9"), id("0000270f", "9"), id("0000270f", "a"), { headers: { "x-request-id": "own" } }],
    ["random_sampling"],
  ),
  decided(
    "of clients that ask",
    { random_sampling: { value: 0 }, client_sampling: { value: 0 } },
    [LOW, forced(LOW), forced(HIGH)],
    ["client_sampling"],
  ),
  decidedByRoute(
    "of a share",
    {
      "/all": {},
      "/half": { random_sampling: { numerator: 50 } },
      "/fine": { random_sampling: { numerator: 5090, denominator: "TEN_THOUSAND" } },
      "/millions": { random_sampling: { numerator: 5090, denominator: "MILLION" } },
    },
    [LOW, HIGH, id("000013e1"), id("000013e2"), id("0000270f", "9")],
    ["route.v3.Route.tracing", `${ROUTE}.random_sampling`],
  ),
  decidedByRoute(
    "of clients that ask",
    {
      "/none": { random_sampling: { numerator: 0 }, client_sampling: { numerator: 0 } },
      "/all": { random_sampling: { numerator: 0 } },
    },
    [LOW, forced(LOW), forced(HIGH)],
    [`${ROUTE}.client_sampling`],
  ),
  decidedByRoute(
    "up to a limit",
    { "/none": { overall_sampling: { numerator: 0 } }, "/half": { overall_sampling: { numerator: 50 } } },
    [LOW, HIGH, forced(LOW), id("0000270f", "b")],
    [`${ROUTE}.overall_sampling`],
  ),
  traced(
    "of routes, with tags",
    {
      tracing: {
        spawn_upstream_span: true,
        custom_tags: [
          { tag: "of the mesh", literal: { value: "shop" } },
          { tag: "both", literal: { value: "the manager's" } },
        ],
      },
      routes: [
        {
          match: { prefix: "/tagged" },
          route: { cluster: "app" },
          tracing: {
            custom_tags: [
              { tag: "both", literal: { value: "the route's" } },
              { tag: "told", request_header: { name: "x-tag", default_value: "nothing" } },
            ],
          },
        },
        { match: { prefix: "/direct" }, direct_response: { status: 200 }, tracing: {} },
        { match: { prefix: "/" }, route: { cluster: "app" } },
      ],
    },
    {
      run: async (wire) => [
        await wire.statuses([
          { path: "/tagged", headers: { "x-tag": "said" } },
          "/tagged/2",
          "/direct",
          "/",
          "/tagged/3",
          "/2",
        ]),
        await spans(wire, 11),
      ],
      proves: [`${ROUTE}.custom_tags`],
    },
  ),
  decided(
    "up to a limit",
    { overall_sampling: { value: 50.9 } },
    [LOW, HIGH, forced(LOW), forced(HIGH), id("000013e1"), id("000013e2"), id("0000270f", "b")],
    ["overall_sampling"],
  ),
  decided(
    "of what others began",
    {},
    [
      within(`${PARENT}-01`, { tracestate: "a=1" }),
      within(`${PARENT}-00`),
      within(`${PARENT}-ff`),
      within(`ff${PARENT.slice(2)}-01`),
      within(PARENT.toUpperCase().replace(/$/, "-01")),
      within(`${PARENT}-01-more`, { tracestate: "a=1" }),
      within(`00-${"0".repeat(32)}-b7ad6b7169203331-01`),
      within(`00-${TRACE}-${"0".repeat(16)}-01`),
      within("nonsense", { tracestate: "a=1" }),
      { headers: { tracestate: "a=1" } },
      { headers: { ...HIGH.headers, traceparent: `${PARENT}-01` } },
      { headers: { "x-b3-traceid": TRACE, "x-b3-spanid": "b7ad6b7169203331", "x-b3-sampled": "1", baggage: "a=b" } },
      { headers: { "x-envoy-force-trace": "true", ...HIGH.headers } },
    ],
    [],
  ),
  {
    ...decided(
      "without a provider",
      { random_sampling: { value: 50 } },
      [LOW, HIGH, { headers: { ...HIGH.headers, traceparent: `${PARENT}-01` } }],
      [],
    ),
    config: web({ hcm: { tracing: { random_sampling: { value: 50 } } } }),
  },
];
