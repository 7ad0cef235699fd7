// Checks JSON against a message descriptor before it is decoded, so that every problem is reported with its path
// (protobuf-es stops at the first and names no path), and takes "true" and "2" for booleans and numbers as Envoy does.

import {
  type DescEnum,
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  ScalarType,
} from "@bufbuild/protobuf";
import { messageOfTypeUrl } from "./registry";
import { joinPath, keyPath, type Violation } from "./violations";

const WRAPPERS: Readonly<Record<string, ScalarType>> = {
  "google.protobuf.BoolValue": ScalarType.BOOL,
  "google.protobuf.BytesValue": ScalarType.BYTES,
  "google.protobuf.DoubleValue": ScalarType.DOUBLE,
  "google.protobuf.FloatValue": ScalarType.FLOAT,
  "google.protobuf.Int32Value": ScalarType.INT32,
  "google.protobuf.Int64Value": ScalarType.INT64,
  "google.protobuf.StringValue": ScalarType.STRING,
  "google.protobuf.UInt32Value": ScalarType.UINT32,
  "google.protobuf.UInt64Value": ScalarType.UINT64,
};
const DURATION = /^-?\d{1,12}(\.\d{1,9})?s$/;
const MAX_DEPTH = 100;

/** Returns the JSON to decode; problems go to `found`. Only decode when none were found. */
export function checkJson(desc: DescMessage, json: JsonValue, path: string, found: Violation[], depth = 0): JsonValue {
  const wrapper = WRAPPERS[desc.typeName];
  if (wrapper !== undefined) {
    return json === null ? null : checkScalar(wrapper, json, path, found);
  }
  switch (desc.typeName) {
    case "google.protobuf.Any":
      return checkAny(json, path, found, depth);
    case "google.protobuf.Duration":
      if (typeof json !== "string" || !DURATION.test(json)) {
        found.push({ path, message: `must be a duration in seconds such as "0.25s", not ${JSON.stringify(json)}` });
      }
      return json;
    case "google.protobuf.Struct":
      if (!isObject(json)) {
        found.push({ path, message: "must be an object" });
      }
      return json;
    case "google.protobuf.Value":
    case "google.protobuf.ListValue":
    case "google.protobuf.Timestamp":
    case "google.protobuf.FieldMask":
      return json;
    default:
      return checkFields(desc, json, path, found, depth);
  }
}

function checkFields(desc: DescMessage, json: JsonValue, path: string, found: Violation[], depth: number): JsonValue {
  if (!isObject(json)) {
    found.push({ path, message: `must be an object (${desc.name}), not ${describe(json)}` });
    return json;
  }
  if (depth > MAX_DEPTH) {
    found.push({ path, message: `nested deeper than ${MAX_DEPTH} levels; flatten it` });
    return {};
  }
  const checked: JsonObject = {};
  const oneofs = new Map<string, string>();
  for (const [key, value] of Object.entries(json)) {
    const field = desc.fields.find(({ name, jsonName }) => name === key || jsonName === key);
    const fieldPath = joinPath(path, key);
    if (!field) {
      found.push({ path: fieldPath, message: `is not a field of ${desc.typeName}; remove it or correct its name` });
      continue;
    }
    const other = field.oneof && value !== null ? oneofs.get(field.oneof.name) : undefined;
    if (other) {
      found.push({ path: fieldPath, message: `cannot be set together with ${other}; keep one of them` });
    } else if (field.oneof && value !== null) {
      oneofs.set(field.oneof.name, field.name);
    }
    checked[key] = value === null ? null : checkValue(field, value, fieldPath, found, depth);
  }
  return checked;
}

function checkValue(field: DescField, value: JsonValue, path: string, found: Violation[], depth: number): JsonValue {
  switch (field.fieldKind) {
    case "scalar":
      return checkScalar(field.scalar, value, path, found);
    case "enum":
      return checkEnum(field.enum, value, path, found);
    case "message":
      return checkJson(field.message, value, path, found, depth + 1);
    case "list":
      if (!Array.isArray(value)) {
        found.push({ path, message: `must be a list, not ${describe(value)}` });
        return value;
      }
      return value.map((item, index) => checkItem(field, item, keyPath(path, index), found, depth));
    case "map":
      if (!isObject(value)) {
        found.push({ path, message: `must be an object, not ${describe(value)}` });
        return value;
      }
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, checkItem(field, item, keyPath(path, key), found, depth)]),
      );
  }
}

function checkItem(
  field: DescField & { fieldKind: "list" | "map" },
  item: JsonValue,
  path: string,
  found: Violation[],
  depth: number,
): JsonValue {
  if (item === null) {
    found.push({ path, message: "must not be null" });
    return item;
  }
  if (field.message) {
    return checkJson(field.message, item, path, found, depth + 1);
  }
  return field.enum ? checkEnum(field.enum, item, path, found) : checkScalar(field.scalar, item, path, found);
}

function checkAny(json: JsonValue, path: string, found: Violation[], depth: number): JsonValue {
  if (!isObject(json) || typeof json["@type"] !== "string") {
    found.push({ path, message: 'needs "@type" with the type URL of what it holds' });
    return json;
  }
  const { "@type": typeUrl, ...content } = json;
  const desc = messageOfTypeUrl(typeUrl);
  if (!desc) {
    found.push({
      path: joinPath(path, "@type"),
      message: `${typeUrl} is not supported by this proxy; remove it or run Envoy`,
    });
    return json;
  }
  const isWellKnown = desc.typeName.startsWith("google.protobuf.");
  const checked = checkJson(desc, isWellKnown ? (content["value"] ?? null) : content, path, found, depth + 1);
  const rest = isWellKnown ? { value: checked } : isObject(checked) ? checked : {};
  return { "@type": typeUrl, ...rest };
}

function checkEnum(desc: DescEnum, value: JsonValue, path: string, found: Violation[]): JsonValue {
  const isKnown =
    typeof value === "number" ? desc.value[value] !== undefined : desc.values.some(({ name }) => name === value);
  if (!isKnown) {
    const names = desc.values.map(({ name }) => name).join(", ");
    found.push({ path, message: `must be one of ${names}, not ${JSON.stringify(value)}` });
  }
  return value;
}

function checkScalar(type: ScalarType, value: JsonValue, path: string, found: Violation[]): JsonValue {
  const problem = (what: string): JsonValue => {
    found.push({ path, message: `must be ${what}, not ${describe(value)}` });
    return value;
  };
  switch (type) {
    case ScalarType.STRING:
      return typeof value === "string" ? value : problem("a string (put it in quotes)");
    case ScalarType.BYTES:
      return typeof value === "string" && /^[A-Za-z0-9+/_=-]*$/.test(value) ? value : problem("base64 text");
    case ScalarType.BOOL:
      if (value === "true" || value === "false") {
        return value === "true";
      }
      return typeof value === "boolean" ? value : problem("true or false");
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT: {
      const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
      return typeof number === "number" && Number.isFinite(number) ? number : problem("a number");
    }
    default:
      return checkInteger(type, value) ?? problem("an integer in range");
  }
}

const RANGES: Readonly<Partial<Record<ScalarType, readonly [bigint, bigint]>>> = {
  [ScalarType.UINT32]: [0n, 2n ** 32n - 1n],
  [ScalarType.FIXED32]: [0n, 2n ** 32n - 1n],
  [ScalarType.INT32]: [-(2n ** 31n), 2n ** 31n - 1n],
  [ScalarType.SINT32]: [-(2n ** 31n), 2n ** 31n - 1n],
  [ScalarType.SFIXED32]: [-(2n ** 31n), 2n ** 31n - 1n],
  [ScalarType.UINT64]: [0n, 2n ** 64n - 1n],
  [ScalarType.FIXED64]: [0n, 2n ** 64n - 1n],
};

function checkInteger(type: ScalarType, value: JsonValue): JsonValue | undefined {
  const isText = typeof value === "string" && /^-?\d{1,20}$/.test(value);
  if (!isText && !(typeof value === "number" && Number.isInteger(value))) {
    return undefined;
  }
  const integer = BigInt(value as string | number);
  const [low, high] = RANGES[type] ?? [-(2n ** 63n), 2n ** 63n - 1n];
  return integer >= low && integer <= high ? value : undefined;
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function describe(value: JsonValue): string {
  return Array.isArray(value) ? "a list" : isObject(value) ? "an object" : JSON.stringify(value);
}
