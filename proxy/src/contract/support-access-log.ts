// The part of the support table about access logs: loggers, formats, filters. Rule: as in support.ts.

import { fields, inert, type MessageSupport, NO_RUNTIME, only, types, yes } from "./support-words";

const LOG = "envoy.config.accesslog.v3";
const LOGGERS = "envoy.extensions.access_loggers";
const OTLP = `${LOGGERS}.open_telemetry.v3.OpenTelemetryAccessLogConfig`;
const VALUE = "opentelemetry.proto.common.v1";

export const ACCESS_LOG_SUPPORT: Readonly<Record<string, MessageSupport>> = {
  [`${LOG}.AccessLog`]: {
    ...fields("name filter"),
    typed_config: types(`${LOGGERS}.file.v3.FileAccessLog`, `${LOGGERS}.stream.v3.StdoutAccessLog`, OTLP),
  },
  [`${LOG}.AccessLogFilter`]: {
    ...fields("status_code_filter not_health_check_filter and_filter or_filter header_filter"),
    ...fields("response_flag_filter grpc_status_filter"),
    duration_filter: { note: "whole milliseconds" },
  },
  [`${LOG}.StatusCodeFilter`]: fields("comparison"),
  [`${LOG}.DurationFilter`]: fields("comparison"),
  [`${LOG}.ComparisonFilter`]: fields("op value"),
  "envoy.config.core.v3.RuntimeUInt32": { default_value: yes, runtime_key: NO_RUNTIME },
  [`${LOG}.NotHealthCheckFilter`]: {},
  [`${LOG}.AndFilter`]: fields("filters"),
  [`${LOG}.OrFilter`]: fields("filters"),
  [`${LOG}.HeaderFilter`]: fields("header"),
  [`${LOG}.ResponseFlagFilter`]: fields("flags"),
  [`${LOG}.GrpcStatusFilter`]: fields("statuses exclude"),
  [`${LOGGERS}.file.v3.FileAccessLog`]: fields("path log_format"),
  [`${LOGGERS}.stream.v3.StdoutAccessLog`]: fields("log_format"),
  [OTLP]: {
    ...fields("http_service log_name resource_attributes disable_builtin_labels body attributes custom_tags"),
    ...fields("buffer_flush_interval stat_prefix"),
    common_config: { note: "the old place of name, service and buffer" },
    grpc_service: { note: "a cluster that speaks HTTP/2; 10 s for an export where nothing is said" },
    buffer_size_bytes: { note: "records that wait; at most 8 MiB of them in any case" },
  },
  [`${LOGGERS}.grpc.v3.CommonGrpcAccessLogConfig`]: {
    ...fields("log_name grpc_service buffer_flush_interval buffer_size_bytes"),
    transport_api_version: only("AUTO", "V3"),
  },
  [`${VALUE}.AnyValue`]: {
    ...fields("string_value array_value kvlist_value"),
    bool_value: { note: "of a resource" },
    int_value: { note: "of a resource" },
    double_value: { note: "of a resource" },
    bytes_value: { note: "of a resource" },
  },
  [`${VALUE}.ArrayValue`]: fields("values"),
  [`${VALUE}.KeyValueList`]: fields("values"),
  [`${VALUE}.KeyValue`]: fields("key value"),
  "envoy.config.core.v3.SubstitutionFormatString": {
    json_format: { note: "the operators in proxy/src/plan/access-log-format.ts" },
    text_format: yes,
    text_format_source: { note: "inline_string" },
    omit_empty_values: yes,
    json_format_options: yes,
  },
  "envoy.config.core.v3.JsonFormatOptions": { sort_properties: inert("fields keep their order") },
};
