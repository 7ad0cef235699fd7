// Envoy access log formats, parsed once. One rule: an operator that this proxy does not write is a violation.

import type { JsonValue } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import type { SubstitutionFormatString } from "../contract/gen/envoy/config/core/v3/substitution_format_string_pb";
import {
  type AccessLog,
  type FileAccessLog,
  FileAccessLogSchema,
  OpenTelemetryAccessLogConfigSchema,
  type StdoutAccessLog,
  StdoutAccessLogSchema,
} from "../contract/messages";
import { accessLogFilter } from "./access-log-filter";
import { formatParts } from "./access-log-format";
import { dataBytes } from "./data-source";
import { otlpLog } from "./otlp-log";
import type { Scope } from "./scope";
import type { AccessLogFormat, AccessLogJson, AccessLogPlan, FileLogPlan, OtlpLogPlan } from "./types";

/** Envoy's default format. */
const DEFAULT_FORMAT =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% ' +
  '%BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" ' +
  '"%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%"\n';

export function accessLogs(logs: readonly AccessLog[], scope: Scope): AccessLogPlan[] {
  return logs.flatMap((log, index): AccessLogPlan[] => {
    const at = scope.item("access_log", index);
    const logger = loggerOf(log, at.field("typed_config"));
    return logger === null ? [] : [{ filter: accessLogFilter(log.filter, at.field("filter")), ...logger }];
  });
}

function loggerOf({ configType }: AccessLog, at: Scope): FileLogPlan | OtlpLogPlan | null {
  const any = configType.case === "typedConfig" ? configType.value : undefined;
  const file = any && anyUnpack(any, FileAccessLogSchema);
  if (file) return { kind: "file", path: file.path, format: formatOf(file.accessLogFormat, at) };
  const stdout = any && anyUnpack(any, StdoutAccessLogSchema);
  if (stdout) return { kind: "file", path: "/dev/stdout", format: formatOf(stdout.accessLogFormat, at) };
  const otlp = any && anyUnpack(any, OpenTelemetryAccessLogConfigSchema);
  if (otlp) return otlpLog(otlp, at);
  at.fail("needs a file, stdout or OpenTelemetry access logger");
  return null;
}

function formatOf(
  choice: FileAccessLog["accessLogFormat"] | StdoutAccessLog["accessLogFormat"],
  at: Scope,
): AccessLogFormat {
  return logFormat(choice.case === "logFormat" ? choice.value : undefined, at.field("log_format"));
}

function logFormat(format: SubstitutionFormatString | undefined, scope: Scope): AccessLogFormat {
  const omitEmptyValues = format?.omitEmptyValues ?? false;
  const choice = format?.format;
  switch (choice?.case) {
    case "jsonFormat":
      return { kind: "json", root: jsonFormat(choice.value, scope.field("json_format")), omitEmptyValues };
    case "textFormat":
      return { kind: "text", parts: formatParts(choice.value, scope.field("text_format")), omitEmptyValues };
    case "textFormatSource": {
      const at = scope.field("text_format_source");
      const bytes = dataBytes(choice.value, at);
      return {
        kind: "text",
        parts: formatParts(new TextDecoder().decode(bytes ?? new Uint8Array()), at),
        omitEmptyValues,
      };
    }
    default:
      return { kind: "text", parts: formatParts(DEFAULT_FORMAT, scope), omitEmptyValues };
  }
}

function jsonFormat(value: JsonValue, scope: Scope): AccessLogJson {
  if (typeof value === "string") {
    return { kind: "format", parts: formatParts(value, scope) };
  }
  if (Array.isArray(value)) {
    return { kind: "list", items: value.map((item) => jsonFormat(item, scope)) };
  }
  if (typeof value === "object" && value !== null) {
    return {
      kind: "object",
      entries: Object.entries(value).map(([key, item]) => [key, jsonFormat(item, scope.item("fields", key))] as const),
    };
  }
  return { kind: "literal", value };
}
