// Envoy OpenTelemetryAccessLogConfig -> OtlpLogPlan. Rule: what is formatted is text, lists and maps of text, as in Envoy; a resource is
// told as it stands.

import { toBinary } from "@bufbuild/protobuf";
import {
  type AnyValue,
  AnyValueSchema,
  type KeyValue,
  type KeyValueList,
} from "../contract/gen/opentelemetry/proto/common/v1/common_pb";
import type { Duration, OpenTelemetryAccessLogConfig } from "../contract/messages";
import { formatParts } from "./access-log-format";
import { collectorPlan } from "./collector";
import type { Scope } from "./scope";
import { customTags } from "./tracing";
import type { OtlpEntries, OtlpFormat, OtlpLogPlan } from "./types";
import { milliseconds } from "./values";

const DEFAULT_FLUSH_MS = 1000;
/** Of timers in Node.js. */
const MAX_TIMER_MS = 2 ** 31 - 1;
const DEFAULT_BUFFER_BYTES = 16_384;

export function otlpLog(config: OpenTelemetryAccessLogConfig, scope: Scope): OtlpLogPlan {
  const { commonConfig: common, body, httpService } = config;
  if (common && (config.grpcService || httpService))
    scope.field("common_config").fail("is the old place of grpc_service: only one of the two");
  return {
    kind: "otlp",
    exporter: {
      collector: collectorPlan({ grpcService: config.grpcService ?? common?.grpcService, httpService }, scope),
      logName: config.disableBuiltinLabels ? null : config.logName || (common?.logName ?? ""),
      resource: resourceOf(config.resourceAttributes),
      flushMs: flushMs(config.bufferFlushInterval ?? common?.bufferFlushInterval),
      bufferBytes: config.bufferSizeBytes ?? common?.bufferSizeBytes ?? DEFAULT_BUFFER_BYTES,
      statPrefix: config.statPrefix,
    },
    body: body?.value.case === undefined ? null : formatOf(body, scope.field("body")),
    attributes: entriesOf(config.attributes?.values ?? [], scope.field("attributes")),
    customTags: customTags(config.customTags, scope),
  };
}

function flushMs(interval: Duration | undefined): number {
  return interval ? Math.min(Math.max(milliseconds(interval), 1), MAX_TIMER_MS) : DEFAULT_FLUSH_MS;
}

function resourceOf(attributes: KeyValueList | undefined): OtlpLogPlan["exporter"]["resource"] {
  return (attributes?.values ?? []).map(({ key, value }) => ({
    key,
    value: Buffer.from(value ? toBinary(AnyValueSchema, value) : []).toString("base64"),
  }));
}

function entriesOf(values: readonly KeyValue[], scope: Scope): OtlpEntries {
  return values.map(({ key, value }, index) => [key, formatOf(value, scope.item("values", index).field("value"))]);
}

function formatOf(value: AnyValue | undefined, scope: Scope): OtlpFormat {
  const said = value?.value;
  switch (said?.case) {
    case "stringValue":
      return { kind: "text", parts: formatParts(said.value, scope.field("string_value")) };
    case "arrayValue": {
      const at = scope.field("array_value");
      return { kind: "list", items: said.value.values.map((item, index) => formatOf(item, at.item("values", index))) };
    }
    case "kvlistValue":
      return { kind: "map", entries: entriesOf(said.value.values, scope.field("kvlist_value")) };
    default:
      scope.fail("needs one of string_value, array_value, kvlist_value: only text is formatted");
      return { kind: "text", parts: [] };
  }
}
