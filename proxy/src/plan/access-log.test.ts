// Access logs over OTLP and their filters: what is meant where nothing is said, and what is refused by its path.

import type { JsonValue } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { decodeJson } from "../contract/decode";
import { findUnsupported } from "../contract/find-unsupported";
import { HttpConnectionManagerSchema } from "../contract/messages";
import { accessLogs } from "./access-log";
import { Scope } from "./scope";

const GRPC = { grpc_service: { envoy_grpc: { cluster_name: "collector" } } };
const OTLP = "type.googleapis.com/envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig";

function planned(config: Record<string, JsonValue>, filter?: JsonValue) {
  const log = { name: "otlp", typed_config: { "@type": OTLP, ...config }, ...(filter ? { filter } : {}) };
  const decoded = decodeJson(HttpConnectionManagerSchema, { stat_prefix: "main", access_log: [log] });
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.violations));
  const found: { path: string; message: string }[] = [];
  const plans = accessLogs(decoded.value.accessLog, new Scope("", found));
  return { plans, problems: [...findUnsupported(HttpConnectionManagerSchema, decoded.value, ""), ...found] };
}

test("what is not said is Envoy's default: a second, 16 KiB, labels of the node, every request", () => {
  const { plans, problems } = planned(GRPC);
  expect(problems).toEqual([]);
  expect(plans).toEqual([
    {
      filter: null,
      kind: "otlp",
      exporter: {
        collector: {
          kind: "grpc",
          grpc: { cluster: "collector", authority: "collector", timeoutMs: 10_000, maxMessageBytes: 65_536 },
        },
        logName: "",
        resource: [],
        flushMs: 1000,
        bufferBytes: 16_384,
        statPrefix: "",
      },
      body: null,
      attributes: [],
      customTags: [],
    },
  ]);
});

test("name, labels, buffer and formats are those of the configuration", () => {
  const { plans, problems } = planned({
    common_config: { log_name: "old", ...GRPC, buffer_flush_interval: "2s" },
    buffer_size_bytes: 7,
    disable_builtin_labels: true,
    body: { string_value: "%PROTOCOL%" },
    attributes: { values: [{ key: "a", value: { array_value: { values: [{ string_value: "b" }] } } }] },
  });
  expect(problems).toEqual([]);
  const protocol = { operator: "PROTOCOL", argument: "", alternative: null, maxLength: null };
  expect(plans).toMatchObject([
    {
      exporter: { logName: null, flushMs: 2000, bufferBytes: 7 },
      body: { kind: "text", parts: [protocol] },
      attributes: [["a", { kind: "list", items: [{ kind: "text", parts: [{ literal: "b" }] }] }]],
    },
  ]);
});

test("filters keep their shape", () => {
  const status = { comparison: { op: "GE", value: { default_value: 500, runtime_key: "x" } } };
  const { plans, problems } = planned(GRPC, {
    or_filter: {
      filters: [
        { status_code_filter: status },
        { and_filter: { filters: [{ response_flag_filter: { flags: ["UF"] } }, { not_health_check_filter: {} }] } },
        { grpc_status_filter: { statuses: ["OK"], exclude: true } },
      ],
    },
  });
  expect(problems).toEqual([]);
  expect(plans[0]?.filter).toEqual({
    kind: "or",
    filters: [
      { kind: "status", op: "ge", value: 500 },
      { kind: "and", filters: [{ kind: "flags", flags: ["UF"] }, { kind: "not-health-check" }] },
      { kind: "grpc-status", statuses: [0], isExclude: true },
    ],
  });
});

const AT = "access_log[0].typed_config";
test.each([
  [{}, undefined, AT],
  [{ ...GRPC, common_config: { log_name: "a", ...GRPC } }, undefined, `${AT}.common_config`],
  [{ ...GRPC, http_service: { http_uri: { uri: "http://c/", cluster: "c", timeout: "1s" } } }, undefined, AT],
  [{ ...GRPC, body: { int_value: 1 } }, undefined, `${AT}.body`],
  [{ ...GRPC, body: { string_value: "%NOT_KNOWN%" } }, undefined, `${AT}.body.string_value`],
  [{ ...GRPC, attributes: { values: [{ key: "a" }] } }, undefined, `${AT}.attributes.values[0].value`],
  [{ ...GRPC, formatters: [{ name: "cel" }] }, undefined, `${AT}.formatters`],
  [{ ...GRPC, filter_state_objects_to_log: ["a"] }, undefined, `${AT}.filter_state_objects_to_log`],
  [GRPC, { traceable_filter: {} }, "access_log[0].filter.traceable_filter"],
] as const)("%j with the filter %j is refused at %s", (config, filter, path) => {
  const { problems } = planned(config as unknown as Record<string, JsonValue>, filter as unknown as JsonValue);
  expect(problems.map((problem) => problem.path)).toContain(path);
});
