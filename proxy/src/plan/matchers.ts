// Envoy's matchers compiled to closures. One rule: a pattern is compiled once here, and regular expressions are RE2
// (linear time) with a full match, as in Envoy.

import { RE2JS } from "re2js";
import type { RegexMatcher } from "../contract/gen/envoy/type/matcher/v3/regex_pb";
import type { StringMatcher as EnvoyStringMatcher } from "../contract/gen/envoy/type/matcher/v3/string_pb";
import type { HeaderMatcher as EnvoyHeaderMatcher, QueryParameterMatcher } from "../contract/messages";
import type { Scope } from "./scope";
import type { HeaderMatcher, QueryMatcher, StringMatcher } from "./types";
import { type HttpRequestView, pseudoHeader } from "./views";

const NEVER: StringMatcher = { text: "nothing", matches: () => false, exact: null };

/** Compiles an RE2 pattern; null after reporting what is wrong with it. */
export function compileRegex(regex: RegexMatcher | undefined, scope: Scope): RE2JS | null {
  try {
    return RE2JS.compile(regex?.regex ?? "");
  } catch (error) {
    scope.field("regex").fail(`is not a valid RE2 pattern: ${(error as Error).message}`);
    return null;
  }
}

export function stringMatcher(matcher: EnvoyStringMatcher | undefined, scope: Scope): StringMatcher {
  const pattern = matcher?.matchPattern;
  const isCaseless = matcher?.ignoreCase ?? false;
  switch (pattern?.case) {
    case "exact":
    case "prefix":
    case "suffix":
    case "contains":
      return textMatcher(pattern.case, pattern.value, isCaseless);
    case "safeRegex": {
      const regex = compileRegex(pattern.value, scope.field("safe_regex"));
      return regex
        ? {
            text: `regex ${JSON.stringify(pattern.value.regex)}`,
            matches: (value) => regex.testExact(value),
            exact: null,
          }
        : NEVER;
    }
    default:
      scope.fail("needs one of exact, prefix, suffix, contains, safe_regex");
      return NEVER;
  }
}

type TextMatch = "exact" | "prefix" | "suffix" | "contains";

function textMatcher(kind: TextMatch, wanted: string, isCaseless: boolean): StringMatcher {
  const text = `${kind} ${JSON.stringify(wanted)}${isCaseless ? " in any case" : ""}`;
  const target = isCaseless ? wanted.toLowerCase() : wanted;
  const test: (value: string) => boolean = {
    exact: (value: string) => value === target,
    prefix: (value: string) => value.startsWith(target),
    suffix: (value: string) => value.endsWith(target),
    contains: (value: string) => value.includes(target),
  }[kind];
  const matches = isCaseless ? (value: string) => test(value.toLowerCase()) : test;
  return { text, matches, exact: kind === "exact" && !isCaseless ? wanted : null };
}

export function headerMatcher(matcher: EnvoyHeaderMatcher, scope: Scope): HeaderMatcher {
  const name = matcher.name.toLowerCase();
  const isInverted = matcher.invertMatch;
  const specifier = matcher.headerMatchSpecifier;
  if (specifier.case === undefined || specifier.case === "presentMatch") {
    const wanted = (specifier.case === undefined || specifier.value) !== isInverted;
    return {
      name,
      text: `${name} ${wanted ? "present" : "absent"}`,
      matches: (request) => isPresent(request, name) === wanted,
    };
  }
  const { text, matches } = valueMatcher(specifier, scope);
  return {
    name,
    text: `${name} ${isInverted ? "not " : ""}${text}`,
    matches: headerTest(name, matches, isInverted, matcher.treatMissingHeaderAsEmpty),
  };
}

function valueMatcher(
  specifier: Exclude<EnvoyHeaderMatcher["headerMatchSpecifier"], { case: undefined } | { case: "presentMatch" }>,
  scope: Scope,
): { text: string; matches: (value: string) => boolean } {
  switch (specifier.case) {
    case "exactMatch":
      return textMatcher("exact", specifier.value, false);
    case "prefixMatch":
      return textMatcher("prefix", specifier.value, false);
    case "suffixMatch":
      return textMatcher("suffix", specifier.value, false);
    case "containsMatch":
      return textMatcher("contains", specifier.value, false);
    case "stringMatch":
      return stringMatcher(specifier.value, scope.field("string_match"));
    case "safeRegexMatch": {
      const regex = compileRegex(specifier.value, scope.field("safe_regex_match"));
      return regex
        ? { text: `regex ${JSON.stringify(specifier.value.regex)}`, matches: (value) => regex.testExact(value) }
        : NEVER;
    }
    case "rangeMatch": {
      const { start, end } = specifier.value;
      return {
        text: `in [${start}, ${end})`,
        matches: (value) =>
          // More digits than int64 has are outside of every range; zeros before them do not count.
          /^[-+]?0*\d{1,19}$/.test(value) &&
          BigInt(value.replace("+", "")) >= start &&
          BigInt(value.replace("+", "")) < end,
      };
    }
  }
}

/**
 * Envoy 1.40, observed: repeated headers are tested value by value; any match counts, and inverted none may match.
 * A missing header never matches, inverted or not, unless it is treated as empty.
 */
function headerTest(
  name: string,
  matches: (value: string) => boolean,
  isInverted: boolean,
  isMissingEmpty: boolean,
): (request: HttpRequestView) => boolean {
  const missing = isMissingEmpty && matches("") !== isInverted;
  const pseudo = pseudoHeader(name);
  if (pseudo) {
    return (request) => (pseudo(request) === "" ? missing : matches(pseudo(request)) !== isInverted);
  }
  return ({ headers }) => {
    let isFound = false;
    for (let index = 0; index < headers.count; index += 1) {
      if (headers.nameAt(index) === name) {
        isFound = true;
        if (matches(headers.valueAt(index))) {
          return !isInverted;
        }
      }
    }
    return isFound ? isInverted : missing;
  };
}

function isPresent(request: HttpRequestView, name: string): boolean {
  const pseudo = pseudoHeader(name);
  if (pseudo) {
    return pseudo(request) !== "";
  }
  for (let index = 0; index < request.headers.count; index += 1) {
    if (request.headers.nameAt(index) === name) {
      return true;
    }
  }
  return false;
}

export function queryMatcher(matcher: QueryParameterMatcher, scope: Scope): QueryMatcher {
  const { name } = matcher;
  const specifier = matcher.queryParameterMatchSpecifier;
  if (specifier.case === "stringMatch") {
    const { text, matches } = stringMatcher(specifier.value, scope.field("string_match"));
    return { name, text: `?${name} ${text}`, matches: (value) => value !== undefined && matches(value) };
  }
  const wanted = specifier.case === undefined || specifier.value;
  return {
    name,
    text: `?${name} ${wanted ? "present" : "absent"}`,
    matches: (value) => (value !== undefined) === wanted,
  };
}
