// Envoy access log formats, parsed once. One rule: an operator that this proxy does not write is a violation.

import type { JsonValue } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import type { SubstitutionFormatString } from "../contract/gen/envoy/config/core/v3/substitution_format_string_pb";
import { type AccessLog, FileAccessLogSchema, StdoutAccessLogSchema } from "../contract/messages";
import { dataBytes } from "./data-source";
import type { Scope } from "./scope";
import type { AccessLogFormat, AccessLogJson, AccessLogOperator, AccessLogPart, AccessLogPlan } from "./types";

/** Envoy's default format. */
const DEFAULT_FORMAT =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% ' +
  '%BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" ' +
  '"%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%"\n';

/** Does the operator take an argument in parentheses? */
export const OPERATORS: Readonly<Record<AccessLogOperator, "none" | "header" | "optional">> = {
  BYTES_RECEIVED: "none",
  BYTES_SENT: "none",
  CONNECTION_TERMINATION_DETAILS: "none",
  DOWNSTREAM_DIRECT_REMOTE_ADDRESS: "none",
  DOWNSTREAM_LOCAL_ADDRESS: "none",
  DOWNSTREAM_PEER_URI_SAN: "none",
  DOWNSTREAM_REMOTE_ADDRESS: "none",
  DOWNSTREAM_TLS_VERSION: "none",
  DURATION: "none",
  GRPC_STATUS: "none",
  GRPC_STATUS_NUMBER: "none",
  PROTOCOL: "none",
  REQ: "header",
  REQUEST_DURATION: "none",
  REQUESTED_SERVER_NAME: "none",
  RESP: "header",
  RESPONSE_CODE: "none",
  RESPONSE_CODE_DETAILS: "none",
  RESPONSE_DURATION: "none",
  RESPONSE_FLAGS: "none",
  ROUTE_NAME: "none",
  START_TIME: "optional",
  TRAILER: "header",
  UPSTREAM_CLUSTER: "none",
  UPSTREAM_HOST: "none",
  UPSTREAM_LOCAL_ADDRESS: "none",
  UPSTREAM_REQUEST_ATTEMPT_COUNT: "none",
  UPSTREAM_TRANSPORT_FAILURE_REASON: "none",
};

export function accessLogs(logs: readonly AccessLog[], scope: Scope): AccessLogPlan[] {
  return logs.flatMap((log, index): AccessLogPlan[] => {
    const at = scope.item("access_log", index).field("typed_config");
    const any = log.configType.case === "typedConfig" ? log.configType.value : undefined;
    const file = any && anyUnpack(any, FileAccessLogSchema);
    if (file) {
      const format = file.accessLogFormat.case === "logFormat" ? file.accessLogFormat.value : undefined;
      return [{ path: file.path, format: logFormat(format, at.field("log_format")) }];
    }
    const stdout = any && anyUnpack(any, StdoutAccessLogSchema);
    if (stdout) {
      const format = stdout.accessLogFormat.case === "logFormat" ? stdout.accessLogFormat.value : undefined;
      return [{ path: "/dev/stdout", format: logFormat(format, at.field("log_format")) }];
    }
    at.fail("needs a file or stdout access logger");
    return [];
  });
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

const OPERATOR = /^%([A-Z0-9_]+)(?:\(([^)]*)\))?(?::(\d+))?%/;

function formatParts(text: string, scope: Scope): AccessLogPart[] {
  const parts: AccessLogPart[] = [];
  let literal = "";
  let rest = text;
  while (rest !== "") {
    const percent = rest.indexOf("%");
    literal += percent < 0 ? rest : rest.slice(0, percent);
    rest = percent < 0 ? "" : rest.slice(percent);
    if (rest.startsWith("%%")) {
      literal += "%";
      rest = rest.slice(2);
    } else if (rest !== "") {
      const found = OPERATOR.exec(rest);
      const part = found ? operatorPart(found) : null;
      if (!found || !part) {
        const name = found?.[0] ?? rest.slice(0, 40);
        scope.fail(`${name} is not supported by this proxy; use ${Object.keys(OPERATORS).join(", ")}`);
        return parts;
      }
      if (literal !== "") {
        parts.push({ literal });
        literal = "";
      }
      parts.push(part);
      rest = rest.slice(found[0].length);
    }
  }
  return literal === "" ? parts : [...parts, { literal }];
}

function operatorPart([, name = "", argument, maxLength]: RegExpExecArray): AccessLogPart | null {
  const takes = Object.hasOwn(OPERATORS, name) ? OPERATORS[name as AccessLogOperator] : undefined;
  const isWrong = !takes || (takes === "header" && !argument) || (takes === "none" && argument !== undefined);
  if (isWrong || (takes !== "header" && maxLength !== undefined)) {
    return null;
  }
  const [first = "", second] = takes === "header" ? (argument ?? "").toLowerCase().split("?") : [argument ?? ""];
  return {
    operator: name as AccessLogOperator,
    argument: first,
    alternative: second ?? null,
    maxLength: maxLength === undefined ? null : Number(maxLength),
  };
}
