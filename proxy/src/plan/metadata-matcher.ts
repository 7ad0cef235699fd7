// Envoy MetadataMatcher and ValueMatcher compiled to closures: what a verified token said, as authorization asks it.
// Rule: a value of another kind than the matcher's does not match; a missing one is no null.

import type { MetadataMatcher } from "../contract/gen/envoy/type/matcher/v3/metadata_pb";
import type { DoubleMatcher } from "../contract/gen/envoy/type/matcher/v3/number_pb";
import type { ValueMatcher } from "../contract/gen/envoy/type/matcher/v3/value_pb";
import { stringMatcher } from "./matchers";
import type { RbacMatcher } from "./rule-types";
import type { Scope } from "./scope";
import type { DynamicMetadata, JsonValue } from "./views";

interface ValueTest {
  readonly text: string;
  readonly matches: (value: JsonValue | undefined) => boolean;
}

const NEVER: ValueTest = { text: "nothing", matches: () => false };

export function metadataMatcher(matcher: MetadataMatcher, scope: Scope): RbacMatcher {
  const { filter, invert } = matcher;
  const path = matcher.path.map(({ segment }) => segment.value ?? "");
  const { text, matches } = valueTest(matcher.value, scope.field("value"));
  return {
    text: `${invert ? "not " : ""}metadata ${[filter, ...path].join(".")} ${text}`,
    matches: ({ metadata }) => matches(valueAt(metadata ?? null, filter, path)) !== invert,
  };
}

function valueAt(metadata: DynamicMetadata | null, filter: string, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined =
    metadata !== null && Object.hasOwn(metadata, filter) ? metadata[filter] : undefined;
  for (const key of path) {
    if (typeof value !== "object" || value === null || Array.isArray(value) || !Object.hasOwn(value, key))
      return undefined;
    value = (value as Readonly<Record<string, JsonValue>>)[key];
  }
  return value;
}

function valueTest(matcher: ValueMatcher | undefined, scope: Scope): ValueTest {
  const pattern = matcher?.matchPattern;
  switch (pattern?.case) {
    case "nullMatch":
      return { text: "is null", matches: (value) => value === null };
    case "doubleMatch":
      return numberTest(pattern.value);
    case "stringMatch": {
      const { text, matches } = stringMatcher(pattern.value, scope.field("string_match"));
      return { text, matches: (value) => typeof value === "string" && matches(value) };
    }
    case "boolMatch": {
      const wanted = pattern.value;
      return { text: `is ${wanted}`, matches: (value) => value === wanted };
    }
    case "presentMatch": {
      const wanted = pattern.value;
      // Envoy 1.40, observed: `present_match: false` matches nothing.
      return { text: wanted ? "present" : "nothing", matches: (value) => wanted && value !== undefined };
    }
    case "listMatch": {
      const one = pattern.value.matchPattern;
      const inner = one.case === "oneOf" ? valueTest(one.value, scope.field("list_match").field("one_of")) : NEVER;
      return {
        text: `has an entry that is ${inner.text}`,
        matches: (value) => Array.isArray(value) && value.some((each) => inner.matches(each)),
      };
    }
    case "orMatch": {
      const all = pattern.value.valueMatchers.map((each, index) =>
        valueTest(each, scope.field("or_match").item("value_matchers", index)),
      );
      return {
        text: all.map(({ text }) => text).join(" or "),
        matches: (value) => all.some(({ matches }) => matches(value)),
      };
    }
    default:
      scope.fail("needs a matcher of a value");
      return NEVER;
  }
}

function numberTest({ matchPattern: pattern }: DoubleMatcher): ValueTest {
  if (pattern.case === "exact") {
    const wanted = pattern.value;
    return { text: `is ${wanted}`, matches: (value) => value === wanted };
  }
  const { start, end } = pattern.case === "range" ? pattern.value : { start: 0, end: 0 };
  return {
    text: `in [${start}, ${end})`,
    matches: (value) => typeof value === "number" && value >= start && value < end,
  };
}
