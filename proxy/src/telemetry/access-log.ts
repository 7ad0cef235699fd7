// Access log lines from Envoy's format, compiled once per plan into closures over the finished exchange.
// Rule: an absent value is "-" in text and null in JSON, as Envoy writes it; one operator alone keeps its type.

import type { AccessLogFormat, AccessLogJson, AccessLogPart, HttpRequestView } from "../plan/types";
import { grpcStatusWord } from "../semantics";

/** What a line can tell. The exchange implements it; nothing is computed before a format asks. */
export interface AccessRecord {
  /** HTTP/1.1 or HTTP/2, of the downstream side. */
  readonly protocol: string;
  /** null: not gRPC. */
  readonly grpcStatus: number | null;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly flags: string;
  readonly details: string;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly startWallMs: number;
  readonly durationMs: number;
  readonly requestDurationMs: number | null;
  readonly responseDurationMs: number | null;
  readonly routeName: string;
  readonly upstreamCluster: string;
  readonly upstreamHost: string;
  readonly upstreamLocalAddress: string;
  readonly attempts: number;
  readonly transportFailure: string;
  /** Of a connection, where its listener logs it: what its handshake failed for, and who ended it. */
  readonly downstreamFailure?: string;
  readonly terminationDetails?: string;
  readonly remoteAddress: string;
  readonly directRemoteAddress: string;
  readonly localAddress: string;
  readonly peerUriSan: string;
  readonly tlsVersion: string;
  readonly serverName: string;
  /** Hexadecimal; "" where it belongs to none. */
  readonly traceId: string;
  readonly spanId: string;
  /** Asked about the proxy itself. */
  readonly isHealthCheck: boolean;
  /** As it was sent on; null: a connection without requests. */
  readonly request: HttpRequestView | null;
  requestHeader(name: string): string | undefined;
  responseHeader(name: string): string | undefined;
  responseTrailer(name: string): string | undefined;
}

type Value = string | number | null;
type Reader = (record: AccessRecord) => Value;
type Operator = Exclude<AccessLogPart, { literal: string }>;

const orNull = (text: string): string | null => (text === "" ? null : text);

let isoSecond = -1;
let isoPrefix = "";
/** ISO time with milliseconds; the text up to the second is kept between calls. */
export function isoTime(wallMs: number): string {
  const second = Math.floor(wallMs / 1000);
  if (second !== isoSecond) {
    isoSecond = second;
    isoPrefix = new Date(second * 1000).toISOString().slice(0, 20);
  }
  const ms = Math.floor(wallMs - second * 1000);
  return `${isoPrefix}${ms < 10 ? "00" : ms < 100 ? "0" : ""}${ms}Z`;
}

function reader(part: Operator): Reader {
  const { argument, alternative, maxLength } = part;
  const read = operatorReader(part.operator, argument, alternative);
  if (maxLength === null) return read;
  return (record) => {
    const value = read(record);
    return typeof value === "string" ? value.slice(0, maxLength) : value;
  };
}

function operatorReader(operator: string, argument: string, alternative: string | null): Reader {
  switch (operator) {
    case "REQ":
      return (r) => r.requestHeader(argument) ?? (alternative === null ? null : (r.requestHeader(alternative) ?? null));
    case "RESP":
      return (r) =>
        r.responseHeader(argument) ?? (alternative === null ? null : (r.responseHeader(alternative) ?? null));
    case "TRAILER":
      return (r) =>
        r.responseTrailer(argument) ?? (alternative === null ? null : (r.responseTrailer(alternative) ?? null));
    case "GRPC_STATUS":
      return (r) => (r.grpcStatus === null ? null : grpcStatusWord(r.grpcStatus));
    case "GRPC_STATUS_NUMBER":
      return (r) => r.grpcStatus;
    case "START_TIME":
      return (r) => isoTime(r.startWallMs);
    case "BYTES_RECEIVED":
      return (r) => r.requestBytes;
    case "BYTES_SENT":
      return (r) => r.responseBytes;
    case "DURATION":
      return (r) => Math.round(r.durationMs);
    case "REQUEST_DURATION":
      return (r) => (r.requestDurationMs === null ? null : Math.round(r.requestDurationMs));
    case "RESPONSE_DURATION":
      return (r) => (r.responseDurationMs === null ? null : Math.round(r.responseDurationMs));
    case "RESPONSE_CODE":
      return (r) => r.status;
    case "RESPONSE_CODE_DETAILS":
      return (r) => orNull(r.details);
    case "RESPONSE_FLAGS":
      return (r) => r.flags;
    case "PROTOCOL":
      return (r) => orNull(r.protocol);
    case "ROUTE_NAME":
      return (r) => orNull(r.routeName);
    case "SPAN_ID":
      return (r) => orNull(r.spanId);
    case "TRACE_ID":
      return (r) => orNull(r.traceId);
    case "UPSTREAM_CLUSTER":
      return (r) => orNull(r.upstreamCluster);
    case "UPSTREAM_HOST":
      return (r) => orNull(r.upstreamHost);
    case "UPSTREAM_LOCAL_ADDRESS":
      return (r) => orNull(r.upstreamLocalAddress);
    case "UPSTREAM_REQUEST_ATTEMPT_COUNT":
      return (r) => r.attempts;
    case "UPSTREAM_TRANSPORT_FAILURE_REASON":
      return (r) => orNull(r.transportFailure);
    case "DOWNSTREAM_TRANSPORT_FAILURE_REASON":
      return (r) => orNull(r.downstreamFailure ?? "");
    case "CONNECTION_TERMINATION_DETAILS":
      return (r) => orNull(r.terminationDetails ?? "");
    case "DOWNSTREAM_REMOTE_ADDRESS":
      return (r) => r.remoteAddress;
    case "DOWNSTREAM_DIRECT_REMOTE_ADDRESS":
      return (r) => r.directRemoteAddress;
    case "DOWNSTREAM_LOCAL_ADDRESS":
      return (r) => r.localAddress;
    case "DOWNSTREAM_PEER_URI_SAN":
      return (r) => orNull(r.peerUriSan);
    case "DOWNSTREAM_TLS_VERSION":
      return (r) => orNull(r.tlsVersion);
    case "REQUESTED_SERVER_NAME":
      return (r) => orNull(r.serverName);
    default:
      return () => null;
  }
}

// Everything but printable ASCII without quote and backslash.
const needsEscape = /[^ !#-[\]-~]/;

function quote(text: string): string {
  return needsEscape.test(text) ? JSON.stringify(text) : `"${text}"`;
}

/** @param told what a value becomes before it stands in the text */
export function formattedText(
  parts: readonly AccessLogPart[],
  absent: string,
  told: (value: string) => string = String,
): (record: AccessRecord) => string {
  const readers = parts.map((part): ((record: AccessRecord) => string) => {
    if ("literal" in part) return () => part.literal;
    const read = reader(part);
    return (record) => {
      const value = read(record);
      return value === null ? absent : told(String(value));
    };
  });
  return (record) => {
    let text = "";
    for (const read of readers) text += read(record);
    return text;
  };
}

/** Writer of one JSON value; null means: leave the entry out. */
type JsonWriter = (record: AccessRecord) => string | null;

function jsonText(value: Exclude<Value, null>): string {
  return typeof value === "number" ? String(value) : quote(value);
}

function jsonWriter(node: AccessLogJson, omitEmpty: boolean): JsonWriter {
  switch (node.kind) {
    case "literal": {
      const text = JSON.stringify(node.value);
      return () => text;
    }
    case "list": {
      const items = node.items.map((item) => jsonWriter(item, omitEmpty));
      return (record) => `[${items.map((item) => item(record) ?? "null").join(",")}]`;
    }
    case "object":
      return objectWriter(node.entries, omitEmpty);
    case "format": {
      const only = loneOperator(node);
      if (only !== null) {
        const read = reader(only);
        return (record) => {
          const value = read(record);
          return value !== null ? jsonText(value) : omitEmpty ? null : "null";
        };
      }
      const text = formattedText(node.parts, omitEmpty ? "" : "-");
      return (record) => quote(text(record));
    }
  }
}

function loneOperator(node: AccessLogJson): Operator | null {
  if (node.kind !== "format" || node.parts.length !== 1) return null;
  const [only] = node.parts;
  return only === undefined || "literal" in only ? null : only;
}

/** What another line seldom repeats. */
const varying = new Set([
  "START_TIME",
  "DURATION",
  "REQUEST_DURATION",
  "RESPONSE_DURATION",
  "BYTES_RECEIVED",
  "BYTES_SENT",
  "TRACE_ID",
  "SPAN_ID",
]);

const varyingHeaders = new Set([":path", "x-envoy-original-path", "x-request-id"]);

function repeats(node: AccessLogJson): boolean {
  const only = loneOperator(node);
  return only !== null && !varying.has(only.operator) && !varyingHeaders.has(only.argument);
}

/** Some entries of an object; `isFirst`: nothing stands before them. */
type EntriesWriter = (record: AccessRecord, isFirst: boolean) => string;

function entryText(key: string, value: string | null, isFirst: boolean): string {
  if (value === null) return "";
  return isFirst ? key + value : `,${key}${value}`;
}

function entryWriter(name: string, node: AccessLogJson, omitEmpty: boolean): EntriesWriter {
  const key = `${JSON.stringify(name)}:`;
  const write = jsonWriter(node, omitEmpty);
  return (record, isFirst) => entryText(key, write(record), isFirst);
}

/** Neighbours whose values mostly repeat: made again only when one of them is new, so that a line is few pieces. */
function repeatingWriter(entries: readonly (readonly [string, Operator])[], omitEmpty: boolean): EntriesWriter {
  const keys = entries.map(([name]) => `${JSON.stringify(name)}:`);
  const readers = entries.map(([, operator]) => reader(operator));
  const values: Value[] = entries.map(() => null);
  let text: string | null = null;
  let wasFirst = false;
  return (record, isFirst) => {
    let isSame = text !== null && isFirst === wasFirst;
    for (let i = 0; i < readers.length; i++) {
      const value = (readers[i] as Reader)(record);
      if (value === values[i]) continue;
      values[i] = value;
      isSame = false;
    }
    if (isSame) return text as string;
    let made = "";
    keys.forEach((key, i) => {
      const value = values[i] ?? null;
      const json = value !== null ? jsonText(value) : omitEmpty ? null : "null";
      made += entryText(key, json, isFirst && made === "");
    });
    text = made;
    wasFirst = isFirst;
    return made;
  };
}

function objectWriter(entries: readonly (readonly [string, AccessLogJson])[], omitEmpty: boolean): JsonWriter {
  const writers: EntriesWriter[] = [];
  let run: (readonly [string, Operator])[] = [];
  const endRun = (): void => {
    if (run.length > 0) writers.push(repeatingWriter(run, omitEmpty));
    run = [];
  };
  for (const [name, node] of entries) {
    if (repeats(node)) run.push([name, loneOperator(node) as Operator]);
    else {
      endRun();
      writers.push(entryWriter(name, node, omitEmpty));
    }
  }
  endRun();
  return (record) => {
    let text = "{";
    for (const write of writers) text += write(record, text.length === 1);
    return `${text}}`;
  };
}

/** One line with its "\n" per finished exchange (text formats bring their own end of line). */
export function compileAccessLog(format: AccessLogFormat): (record: AccessRecord) => string {
  if (format.kind === "text") return formattedText(format.parts, format.omitEmptyValues ? "" : "-");
  const write = jsonWriter(format.root, format.omitEmptyValues);
  return (record) => `${write(record) ?? "{}"}\n`;
}
