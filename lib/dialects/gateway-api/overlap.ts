// What two matches of Gateway API have in common, and which one the product tries first.
// The rule: "unknown" is an answer; whoever asks treats it as a reason not to say "exact".
import { RE2JS } from "re2js";
import type { ApiMatch, ApiPath, ApiValue } from "./lower";
import { compareRanks } from "./precedence";

export function rankOf({ path, method, headers, query }: ApiMatch): number[] {
  const type = path.type === "exact" ? 3 : path.type === "regex" ? 2 : 1;
  return [type, path.value.length, method === undefined ? 0 : 1, headers.length, query.length];
}

/** Negative: the first is tried before the second. */
export const compareMatches = (a: ApiMatch, b: ApiMatch) => compareRanks(rankOf(a), rankOf(b));

/** What both take; null: nothing; "unknown": an expression stands between. */
export function intersect(a: ApiMatch, b: ApiMatch): ApiMatch | null | "unknown" {
  if (a.method !== undefined && b.method !== undefined && a.method !== b.method) return null;
  const headers = commonValues(a.headers, b.headers, (name) => name.toLowerCase());
  const query = commonValues(a.query, b.query, (name) => name);
  if (headers === null || query === null) return null;
  const path = commonPath(a.path, b.path);
  if (path === null) return null;
  if (path === "unknown" || headers === "unknown" || query === "unknown") return "unknown";
  const method = a.method ?? b.method;
  return { path, ...(method === undefined ? {} : { method }), headers, query };
}

function commonPath(a: ApiPath, b: ApiPath): ApiPath | null | "unknown" {
  if (a.type === b.type && a.value === b.value) return a;
  if (a.type === "regex" || b.type === "regex") {
    const [regex, other] = a.type === "regex" ? [a, b] : [b, a];
    if (other.type === "exact") return matchesRegex(regex.value, other.value) ? other : null;
    return other.type === "prefix" && other.value === "/" ? regex : "unknown";
  }
  if (a.type === "exact" && b.type === "exact") return null;
  if (a.type === "exact") return isUnder(a.value, b.value) ? a : null;
  if (b.type === "exact") return isUnder(b.value, a.value) ? b : null;
  return isUnder(a.value, b.value) ? a : isUnder(b.value, a.value) ? b : null;
}

export const isUnder = (path: string, prefix: string) =>
  prefix === "/" || path === prefix || path.startsWith(`${prefix}/`);

function matchesRegex(regex: string, text: string): boolean {
  try {
    return RE2JS.compile(regex).matches(text);
  } catch {
    return true;
  }
}

function commonValues(
  a: readonly ApiValue[],
  b: readonly ApiValue[],
  identity: (name: string) => string,
): ApiValue[] | null | "unknown" {
  const result = [...a];
  // one pair that excludes itself is enough, whatever the others are
  let isUnknown = false;
  for (const value of b) {
    const other = a.find((each) => identity(each.name) === identity(value.name));
    if (!other) result.push(value);
    else if (other.type !== value.type || other.value !== value.value) {
      if (other.type === "absent" || value.type === "absent") return null;
      if (other.type === "exact" && value.type === "exact") return null;
      if (other.type === "regex" && value.type === "regex") {
        isUnknown = true;
        continue;
      }
      const [exact, regex] = other.type === "exact" ? [other, value] : [value, other];
      if (!matchesRegex(regex.value, exact.value)) return null;
      // the exact one is the narrower, and stands for both
      result[result.indexOf(other)] = exact;
    }
  }
  return isUnknown ? "unknown" : result;
}

/** Whether `wide` takes everything that `narrow` takes; says no when it cannot tell. */
export function coversMatch(wide: ApiMatch, narrow: ApiMatch): boolean {
  const path =
    (wide.path.type === narrow.path.type && wide.path.value === narrow.path.value) ||
    (wide.path.type === "prefix" &&
      (wide.path.value === "/" || (narrow.path.type !== "regex" && isUnder(narrow.path.value, wide.path.value))));
  const has = (list: readonly ApiValue[], value: ApiValue, identity: (name: string) => string) =>
    list.some(
      (each) => identity(each.name) === identity(value.name) && each.type === value.type && each.value === value.value,
    );
  return (
    path &&
    (wide.method === undefined || wide.method === narrow.method) &&
    wide.headers.every((each) => has(narrow.headers, each, (name) => name.toLowerCase())) &&
    wide.query.every((each) => has(narrow.query, each, (name) => name))
  );
}
