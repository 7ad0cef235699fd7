// Access logs over OTLP, and which requests have a line. Rule: each record is compared whole; batches are a matter of time.

import { cluster, direct, EXT, fileLog, HTTP2, hcm, header, REFUSED_HERE, typed, web } from "../config";
import { records } from "../records";
import type { Case, Config } from "../types";
import type { Ask, Wire } from "../wire";

const CONFIG = "open_telemetry.v3.OpenTelemetryAccessLogConfig";
const LOG = "config.accesslog.v3";
const COMMON = "CommonGrpcAccessLogConfig";
const VALUE = "common.v1";
const TRACE = "0af7651916cd43dd8448eb211c80319c";

const BY_GRPC: Config = { grpc_service: { envoy_grpc: { cluster_name: "collector" }, timeout: "5s" } };
const otlp = (config: Config, by: Config = BY_GRPC, filter?: Config): Config => ({
  name: "otlp",
  ...(filter ? { filter } : {}),
  typed_config: typed(`access_loggers.${CONFIG}`, { ...by, ...config }),
});
const text = (value: string): Config => ({ string_value: value });
const map = (entries: Readonly<Record<string, Config>>): Config => ({
  values: Object.entries(entries).map(([key, value]) => ({ key, value })),
});

const ROUTES: readonly Config[] = [
  { name: "direct", match: { prefix: "/direct" }, ...direct(201, "made") },
  { name: "dead", match: { prefix: "/dead" }, route: { cluster: "gone" } },
  { match: { prefix: "/" }, route: { cluster: "app" } },
];
const ASKS: readonly (Ask | string)[] = [
  { path: "/a?x=1", headers: { "x-a": "caf\u00c3\u00a9", "user-agent": "case" } },
  "/direct",
  "/dead",
  { path: "/b", headers: { "x-do": "404" } },
  { path: "/grpc", method: "POST", headers: { "content-type": "application/grpc", te: "trailers", "x-do": "grpc5" } },
];
const PARTS = map({
  method: text("%REQ(:METHOD)%"),
  code: text("%RESPONSE_CODE%"),
  mixed: text("a %REQ(X-A)% %REQ(MISSING)% 100%%"),
  flags: text("%RESPONSE_FLAGS%"),
  grpc: text("%GRPC_STATUS_NUMBER%"),
  fixed: text("as it stands"),
});

interface Parts {
  readonly by?: Config;
  readonly collector?: Config;
  readonly hcm?: Config;
  readonly run?: (wire: Wire) => Promise<unknown>;
  readonly upstream?: "otlp-grpc" | "otlp-http";
}

const told = (id: string, config: Config, parts: Parts, more: Partial<Case> = {}): Case => ({
  id: `otlp log ${id}`,
  config: web({
    routes: ROUTES,
    hcm: { access_log: [otlp(config, parts.by)], ...parts.hcm },
    clusters: [cluster("app"), cluster("gone"), cluster("collector", parts.collector ?? HTTP2)],
  }),
  upstreams: { app: "http", gone: "dead", collector: parts.upstream ?? "otlp-grpc" },
  // How many exports there are is a matter of time.
  isChance: true,
  run: parts.run ?? (async (wire) => [await wire.statuses(ASKS), await records(wire, ASKS.length)]),
  ...more,
});

const OLD: Config = { log_name: "old", ...BY_GRPC };
const OVER_HTTP: Parts = {
  by: {
    http_service: {
      http_uri: { uri: "http://collector.test:4318/v1/logs?x=1", cluster: "collector", timeout: "5s" },
      request_headers_to_add: [header("x-key", "secret")],
    },
  },
  collector: {},
  upstream: "otlp-http",
};
/** Longer than anybody waits. */
const never = (config: Config): Config =>
  JSON.parse(JSON.stringify(config).replace('"buffer_flush_interval":"0.1s"', '"buffer_flush_interval":"3600s"'));

/** Which of the asks have a line. */
const FILTERED: readonly (Ask | string)[] = [
  ...ASKS,
  { path: "/e", headers: { "x-do": "503" } },
  { path: "/f", headers: { "x-wanted": "yes" } },
  { path: "/g", headers: { "x-do": "reset" } },
];
const filtered = (id: string, filter: Config, proves: readonly string[], needs: readonly string[] = []): Case => ({
  id: `log of ${id}`,
  config: web({
    routes: ROUTES,
    hcm: {
      access_log: [
        { ...fileLog({ text_format_source: { inline_string: "%REQ(:PATH)% %RESPONSE_CODE%\n" } }), filter },
        fileLog({ text_format_source: { inline_string: "end %REQ(:PATH)%\n" } }),
      ],
    },
    clusters: [cluster("app"), cluster("gone")],
  }),
  upstreams: { app: "http", gone: "dead" },
  run: async (wire) => {
    await wire.statuses(FILTERED);
    const ends = (lines: readonly string[]): number => lines.filter((line) => line.startsWith("end ")).length;
    let lines = await wire.log(FILTERED.length);
    while (ends(lines) < FILTERED.length) lines = await wire.log(lines.length + 1);
    return lines.filter((line) => !line.startsWith("end ")).sort();
  },
  proves: [...(proves.length + needs.length > 0 ? ["AccessLog.filter"] : []), ...proves].map(
    (field) => `${LOG}.${field}`,
  ),
  needs: needs.map((field) => `${LOG}.${field}`),
});
const compared = (op: string, value: number): Config => ({
  comparison: { op, value: { default_value: value, runtime_key: "not.set" } },
});
const status = (op: string, value: number): Config => ({ status_code_filter: compared(op, value) });

export const otlpLogCases: readonly Case[] = [
  told(
    "by gRPC",
    { log_name: "shop", body: text("%PROTOCOL% %REQ(:PATH)%"), attributes: PARTS },
    {},
    {
      proves: [
        `${CONFIG}.log_name`,
        `${CONFIG}.body`,
        `${CONFIG}.attributes`,
        `${VALUE}.KeyValueList.values`,
        `${VALUE}.KeyValue.key`,
      ],
      needs: [`${CONFIG}.grpc_service`, `${VALUE}.KeyValue.value`, `${VALUE}.AnyValue.string_value`],
    },
  ),
  told("by HTTP", { attributes: PARTS }, OVER_HTTP, {
    needs: [`${CONFIG}.http_service`],
    explained: { "HttpService.http_uri": REFUSED_HERE },
  }),
  told(
    "with the old place of the collector",
    {},
    { by: { common_config: { ...OLD, transport_api_version: "V3" } }, run: one },
    {
      inert: [`${COMMON}.transport_api_version`],
      needs: [`${CONFIG}.common_config`, `${COMMON}.grpc_service`, `${COMMON}.log_name`],
    },
  ),
  told(
    "with the old place of the interval",
    {},
    { by: { common_config: { ...OLD, buffer_flush_interval: "0.1s" } }, run: one },
    {
      proves: [`${COMMON}.buffer_flush_interval`],
      removal: { [`${COMMON}.buffer_flush_interval`]: never },
    },
  ),
  told(
    "with the old place of the size",
    {},
    { by: { common_config: { ...OLD, buffer_flush_interval: "3600s", buffer_size_bytes: 0 } }, run: one },
    { proves: [`${COMMON}.buffer_size_bytes`] },
  ),
  told(
    "with a resource",
    {
      log_name: "shop",
      resource_attributes: map({
        region: text("%PROTOCOL% is no format here"),
        count: { int_value: 7 },
        share: { double_value: 0.5 },
        is: { bool_value: true },
        raw: { bytes_value: "AAEC" },
        list: { array_value: { values: [text("a"), { int_value: -1 }] } },
        inner: { kvlist_value: map({ a: text("b") }) },
      }),
    },
    { run: one },
    {
      proves: [
        `${CONFIG}.resource_attributes`,
        ...["int_value", "double_value", "bool_value", "bytes_value"].map((field) => `${VALUE}.AnyValue.${field}`),
      ],
    },
  ),
  told(
    "without labels",
    { log_name: "shop", disable_builtin_labels: true, resource_attributes: map({ only: text("this") }) },
    { run: one },
    { proves: [`${CONFIG}.disable_builtin_labels`] },
  ),
  told(
    "of lists and maps",
    {
      body: { kvlist_value: map({ path: text("%REQ(:PATH)%"), none: text("%REQ(MISSING)%"), empty: text("") }) },
      attributes: map({
        list: { array_value: { values: [text("%RESPONSE_CODE%"), { array_value: { values: [text("x")] } }] } },
        map: { kvlist_value: map({ a: text("%PROTOCOL%"), b: { kvlist_value: map({ c: text("d") }) } }) },
        nothing: { array_value: {} },
      }),
    },
    { run: one },
    {
      proves: [`${VALUE}.ArrayValue.values`],
      needs: [`${VALUE}.AnyValue.array_value`, `${VALUE}.AnyValue.kvlist_value`],
    },
  ),
  told(
    "with tags",
    {
      attributes: map({ code: text("%RESPONSE_CODE%") }),
      custom_tags: [
        { tag: "of the mesh", literal: { value: "shop" } },
        { tag: "told", request_header: { name: "X-A", default_value: "nothing" } },
        { tag: "untold", request_header: { name: "x-none" } },
        { tag: "place", environment: { name: "MESHWRIGHT_NOT_SET", default_value: "here" } },
      ],
    },
    {
      run: async (wire) => [
        await wire.statuses(ASKS),
        ((await records(wire, ASKS.length)) as { attributes: [string, unknown][] }[]).map(({ attributes }) =>
          // Envoy tells its tags in the order of a hash.
          attributes.sort(([a], [b]) => (a < b ? -1 : 1)),
        ),
      ],
    },
    { proves: [`${CONFIG}.custom_tags`] },
  ),
  told(
    "each at once",
    { buffer_size_bytes: 0, buffer_flush_interval: "3600s" },
    { ...OVER_HTTP, run: one },
    { proves: [`${CONFIG}.buffer_size_bytes`] },
  ),
  told(
    "after a while",
    { stat_prefix: "own", buffer_flush_interval: "0.1s" },
    { ...OVER_HTTP, run: one },
    {
      proves: [`${CONFIG}.buffer_flush_interval`, `${CONFIG}.stat_prefix`],
      removal: { [`${CONFIG}.buffer_flush_interval`]: never },
    },
  ),
  told(
    "of traced requests",
    { attributes: map({ trace: text("%TRACE_ID%") }) },
    {
      hcm: {
        tracing: {
          random_sampling: { value: 0 },
          provider: {
            name: "envoy.tracers.opentelemetry",
            typed_config: {
              "@type": `${EXT.replace(/extensions$/, "")}config.trace.v3.OpenTelemetryConfig`,
              ...BY_GRPC,
            },
          },
        },
      },
      run: async (wire) => {
        const caller = (flags: string): Ask => ({
          headers: { traceparent: `00-${TRACE}-b7ad6b7169203331-${flags}`, "x-request-id": "not one" },
        });
        const answers = await wire.statuses([
          caller("01"),
          caller("00"),
          { headers: { traceparent: "nonsense" } },
          "/own",
        ]);
        const seen = (await records(wire, 4)) as { trace: string; span: string; attributes: [string, string][] }[];
        return [
          answers,
          seen.map(({ trace, span, attributes: [[, told = ""] = ["", ""]] }) => [
            trace,
            span,
            told.startsWith("0af7651916cd43dd") ? "the caller's" : told.length === 32 ? "its own" : told,
          ]),
        ];
      },
    },
  ),
  {
    id: "otlp log of connections",
    config: {
      listeners: [
        {
          name: "main",
          address: { socket_address: { address: "127.0.0.1", port_value: 0 } },
          filter_chains: [
            {
              filters: [
                {
                  name: "tcp",
                  typed_config: typed("filters.network.tcp_proxy.v3.TcpProxy", {
                    stat_prefix: "main",
                    cluster: "app",
                    access_log: [
                      otlp(
                        {
                          body: text("%REQ(:PATH)% %PROTOCOL%"),
                          attributes: map({ cluster: text("%UPSTREAM_CLUSTER%"), code: text("%RESPONSE_CODE%") }),
                        },
                        BY_GRPC,
                        { status_code_filter: compared("EQ", 0) },
                      ),
                    ],
                  }),
                },
              ],
            },
          ],
        },
      ],
      clusters: [cluster("app"), cluster("collector", HTTP2)],
    },
    upstreams: { app: "tcp", collector: "otlp-grpc" },
    isChance: true,
    run: async (wire) => [await wire.raw("hello"), await records(wire, 1)],
  },
  filtered(
    "failures",
    status("GE", 500),
    ["ComparisonFilter.op"],
    ["AccessLogFilter.status_code_filter", "StatusCodeFilter.comparison", "ComparisonFilter.value"],
  ),
  {
    ...filtered("what did not fail", status("LE", 499), []),
    proves: ["core.v3.RuntimeUInt32.default_value"],
  },
  filtered("what is fine", status("LE", 299), []),
  filtered("one status", status("EQ", 404), []),
  filtered(
    "what takes long",
    { duration_filter: compared("GE", 60_000) },
    [],
    ["AccessLogFilter.duration_filter", "DurationFilter.comparison"],
  ),
  filtered("what takes less", { duration_filter: compared("LE", 60_000) }, []),
  filtered(
    "flags",
    { response_flag_filter: { flags: ["UH", "UC"] } },
    ["ResponseFlagFilter.flags"],
    ["AccessLogFilter.response_flag_filter"],
  ),
  filtered("any flag", { response_flag_filter: {} }, []),
  filtered(
    "gRPC statuses",
    { grpc_status_filter: { statuses: ["NOT_FOUND"] } },
    ["GrpcStatusFilter.statuses"],
    ["AccessLogFilter.grpc_status_filter"],
  ),
  filtered("other gRPC statuses", { grpc_status_filter: { statuses: ["NOT_FOUND", "UNKNOWN"], exclude: true } }, [
    "GrpcStatusFilter.exclude",
  ]),
  filtered(
    "a header",
    { header_filter: { header: { name: "x-wanted", string_match: { exact: "yes" } } } },
    [],
    ["AccessLogFilter.header_filter", "HeaderFilter.header"],
  ),
  filtered(
    "both of two",
    { and_filter: { filters: [status("GE", 400), status("LE", 499)] } },
    [],
    ["AccessLogFilter.and_filter", "AndFilter.filters"],
  ),
  filtered(
    "one of two",
    { or_filter: { filters: [status("GE", 500), status("EQ", 201)] } },
    [],
    ["AccessLogFilter.or_filter", "OrFilter.filters"],
  ),
  {
    id: "log of no health checks",
    config: web({
      hcm: {
        http_filters: [
          {
            name: "health",
            typed_config: typed("filters.http.health_check.v3.HealthCheck", {
              pass_through_mode: false,
              headers: [{ name: ":path", string_match: { exact: "/healthz" } }],
            }),
          },
          ...((hcm({})["typed_config"] as Config)["http_filters"] as Config[]),
        ],
        access_log: [
          {
            ...fileLog({ text_format_source: { inline_string: "%REQ(:PATH)%\n" } }),
            filter: { not_health_check_filter: {} },
          },
        ],
      },
    }),
    run: async (wire) => {
      await wire.statuses(["/healthz", "/a"]);
      return wire.log(1);
    },
    needs: [`${LOG}.AccessLogFilter.not_health_check_filter`],
  },
];

async function one(wire: Wire): Promise<unknown> {
  return [await wire.statuses(["/a"]), await records(wire, 1)];
}
