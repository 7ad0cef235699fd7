// Envoy's own validation rules (protoc-gen-validate), read from the descriptors: what Envoy refuses, we refuse.
// One rule: no rule is written here by hand. Rules on bytes, Any and timestamps are not evaluated: the messages of
// the support table have none that matters.

import type { DescMessage } from "@bufbuild/protobuf";
import { type DescField, type DescOneof, getOption, hasOption, type Message } from "@bufbuild/protobuf";
import type { Duration } from "@bufbuild/protobuf/wkt";
import { type FieldRules, KnownRegex, required, rules as rulesExtension } from "./gen/validate/validate_pb";
import { joinPath, keyPath, type Violation } from "./violations";
import { walkMessage } from "./walk-message";

type NumberRules = {
  const?: number | bigint;
  lt?: number | bigint;
  lte?: number | bigint;
  gt?: number | bigint;
  gte?: number | bigint;
  in?: (number | bigint)[];
  notIn?: (number | bigint)[];
};

/** All broken rules in a message and below it. */
export function findConstraintViolations(desc: DescMessage, message: Message, path: string): Violation[] {
  const found: Violation[] = [];
  walkMessage(desc, message, path, {
    problem: () => {}, // findUnsupported reports them
    message(owner, value, messagePath) {
      for (const oneof of owner.oneofs) {
        found.push(...oneofProblems(oneof, value, messagePath));
      }
      for (const field of owner.fields) {
        found.push(...missingProblems(field, value, messagePath));
      }
    },
    field(_owner, field, value, fieldPath) {
      const own = rulesOf(field);
      if (own) found.push(...fieldProblems(field, value, fieldPath, own));
      return true;
    },
  });
  return found;
}

/** Options are read from bytes each time they are asked for, and a configuration has the same fields thousands of times. */
const fieldRules = new WeakMap<DescField, FieldRules | null>();
const requiredOneofs = new WeakMap<DescOneof, boolean>();

function rulesOf(field: DescField): FieldRules | null {
  let own = fieldRules.get(field);
  if (own === undefined) {
    own = hasOption(field, rulesExtension) ? getOption(field, rulesExtension) : null;
    fieldRules.set(field, own);
  }
  return own;
}

function isRequired(oneof: DescOneof): boolean {
  let answer = requiredOneofs.get(oneof);
  if (answer === undefined) {
    answer = hasOption(oneof, required) && getOption(oneof, required);
    requiredOneofs.set(oneof, answer);
  }
  return answer;
}

function oneofProblems(oneof: DescOneof, message: Message, path: string): Violation[] {
  if (!isRequired(oneof)) return [];
  const held = (message as unknown as Record<string, { case?: string }>)[oneof.localName];
  const names = oneof.fields.map(({ name }) => name).join(", ");
  return held?.case ? [] : [{ path, message: `one of ${names} must be set` }];
}

/** Rules about absence: the walk visits set fields only. */
function missingProblems(field: DescField, message: Message, path: string): Violation[] {
  const rule = field.oneof ? null : rulesOf(field);
  if (!rule) return [];
  const value = (message as unknown as Record<string, unknown>)[field.localName];
  const fieldPath = joinPath(path, field.name);
  const isEmpty =
    value === undefined || value === "" || value === 0 || value === 0n || (Array.isArray(value) && value.length === 0);
  if (!isEmpty) {
    return [];
  }
  if (rule.message?.required || (rule.type.case === "duration" && rule.type.value.required)) {
    return value === undefined ? [{ path: fieldPath, message: "must be set" }] : [];
  }
  const isWrapper = field.fieldKind === "message";
  return isWrapper ? [] : fieldProblems(field, value, fieldPath, rule);
}

function fieldProblems(field: DescField, value: unknown, path: string, rule: FieldRules): Violation[] {
  if (rule.type.case === "repeated") {
    return repeatedProblems(field, value as unknown[], path, rule.type.value);
  }
  if (rule.type.case === "map") {
    const size = Object.keys(value as object).length;
    const { minPairs } = rule.type.value;
    return minPairs !== undefined && minPairs !== 0n && size < minPairs
      ? [{ path, message: `needs at least ${minPairs} entries` }]
      : [];
  }
  const problem = scalarProblem(field, value, rule);
  return problem === null ? [] : [{ path, message: problem }];
}

function repeatedProblems(
  field: DescField,
  values: unknown[],
  path: string,
  rule: { minItems?: bigint; maxItems?: bigint; unique?: boolean; items?: FieldRules },
): Violation[] {
  const found: Violation[] = [];
  if (rule.minItems !== undefined && values.length < rule.minItems) {
    found.push({ path, message: `needs at least ${rule.minItems} item${rule.minItems === 1n ? "" : "s"}` });
  }
  if (rule.maxItems !== undefined && rule.maxItems !== 0n && values.length > rule.maxItems) {
    found.push({ path, message: `takes at most ${rule.maxItems} items` });
  }
  if (rule.unique && new Set(values).size < values.length) {
    found.push({ path, message: "must not repeat an item" });
  }
  values.forEach((value, index) => {
    const problem = rule.items ? scalarProblem(field, value, rule.items) : null;
    if (problem !== null) {
      found.push({ path: keyPath(path, index), message: problem });
    }
  });
  return found;
}

function scalarProblem(field: DescField, value: unknown, rule: FieldRules): string | null {
  const { type } = rule;
  switch (type.case) {
    case undefined:
    case "repeated":
    case "map":
    case "bytes":
    case "any":
    case "timestamp":
      return null;
    case "string":
      return type.value.ignoreEmpty && value === "" ? null : stringProblem(String(value), type.value);
    case "bool":
      return type.value.const !== undefined && hasOwn(type.value, "const") && value !== type.value.const
        ? `must be ${type.value.const}`
        : null;
    case "enum":
      return enumProblem(field, value as number, type.value);
    case "duration":
      return durationProblem(value as Duration, type.value);
    default:
      return "ignoreEmpty" in type.value && type.value.ignoreEmpty && Number(value) === 0
        ? null
        : numberProblem(value as number | bigint, type.value);
  }
}

/** proto2 optional fields read as defaults through the prototype: only own properties were written in the rule. */
function hasOwn(rule: object, name: string): boolean {
  return Object.hasOwn(rule, name);
}

function numberProblem(value: number | bigint, rule: object): string | null {
  const bounds = rule as NumberRules;
  const has = (name: keyof NumberRules): boolean => hasOwn(rule, name) && bounds[name] !== undefined;
  if (has("const") && value !== bounds.const) {
    return `must be ${bounds.const}`;
  }
  if (has("gte") && value < (bounds.gte ?? 0)) {
    return `must be at least ${bounds.gte}`;
  }
  if (has("gt") && value <= (bounds.gt ?? 0)) {
    return `must be greater than ${bounds.gt}`;
  }
  if (has("lte") && value > (bounds.lte ?? 0)) {
    return `must be at most ${bounds.lte}`;
  }
  if (has("lt") && value >= (bounds.lt ?? 0)) {
    return `must be less than ${bounds.lt}`;
  }
  if (bounds.in && bounds.in.length > 0 && !bounds.in.includes(value)) {
    return `must be one of ${bounds.in.join(", ")}`;
  }
  return bounds.notIn?.includes(value) ? `must not be ${value}` : null;
}

const HEADER_NAME = /^:?[0-9a-zA-Z!#$%&'*+\-.^_|~`]+$/;

function stringProblem(value: string, rule: object): string | null {
  const limits = rule as {
    minLen?: bigint;
    minBytes?: bigint;
    maxLen?: bigint;
    maxBytes?: bigint;
    prefix?: string;
    in?: string[];
    notIn?: string[];
    const?: string;
    wellKnown?: { case?: string; value?: unknown };
    strict?: boolean;
  };
  const has = (name: string): boolean => hasOwn(rule, name);
  const length = new TextEncoder().encode(value).length;
  if (
    (has("minLen") && [...value].length < (limits.minLen ?? 0n)) ||
    (has("minBytes") && length < (limits.minBytes ?? 0n))
  ) {
    return value === "" ? "must not be empty" : "is too short";
  }
  if (
    (has("maxLen") && [...value].length > (limits.maxLen ?? 0n)) ||
    (has("maxBytes") && length > (limits.maxBytes ?? 0n))
  ) {
    return `must be at most ${limits.maxBytes || limits.maxLen} bytes long`;
  }
  if (has("const") && value !== limits.const) {
    return `must be ${JSON.stringify(limits.const)}`;
  }
  if (has("prefix") && !value.startsWith(limits.prefix ?? "")) {
    return `must start with ${JSON.stringify(limits.prefix)}`;
  }
  if (limits.in && limits.in.length > 0 && !limits.in.includes(value)) {
    return `must be one of ${limits.in.join(", ")}`;
  }
  return limits.wellKnown?.case === "wellKnownRegex" ? regexProblem(value, limits) : null;
}

function regexProblem(value: string, rule: { wellKnown?: { value?: unknown }; strict?: boolean }): string | null {
  const isStrict = !hasOwn(rule, "strict") || rule.strict !== false;
  if (rule.wellKnown?.value === KnownRegex.HTTP_HEADER_NAME && value !== "" && isStrict && !HEADER_NAME.test(value)) {
    return "must be a header name";
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that split a header
  return /[\u0000\n\r]/.test(value) ? "must not hold line breaks or NUL" : null;
}

function enumProblem(
  field: DescField,
  value: number,
  rule: { definedOnly?: boolean; notIn?: number[] },
): string | null {
  if (rule.definedOnly && field.enum && !field.enum.value[value]) {
    return `${value} is not a value of ${field.enum.name}`;
  }
  return rule.notIn?.includes(value) ? `must not be ${field.enum?.value[value]?.name ?? value}` : null;
}

function durationProblem(value: Duration, rule: object): string | null {
  const bounds = rule as { gt?: Duration; gte?: Duration; lt?: Duration; lte?: Duration };
  const seconds = toSeconds(value);
  if (bounds.gt && seconds <= toSeconds(bounds.gt)) {
    return `must be longer than ${toSeconds(bounds.gt)}s`;
  }
  if (bounds.gte && seconds < toSeconds(bounds.gte)) {
    return `must be at least ${toSeconds(bounds.gte)}s`;
  }
  if (bounds.lt && seconds >= toSeconds(bounds.lt)) {
    return `must be shorter than ${toSeconds(bounds.lt)}s`;
  }
  return bounds.lte && seconds > toSeconds(bounds.lte) ? `must be at most ${toSeconds(bounds.lte)}s` : null;
}

function toSeconds(duration: Duration): number {
  return Number(duration.seconds) + duration.nanos / 1e9;
}
