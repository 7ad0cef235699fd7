// A match of the model -> what Gateway API can say of it.
// The rule: what is nearly said is named with what differs; what cannot be said is a reason, and the rule does without this match.
import type { HeaderMatch, PathMatch, QueryMatch, RouteMatch } from "@/lib/mesh";
import { withoutRange } from "../shared/integer-range";
import { quoted, regexAsPrefix } from "./match";
import { ROOT } from "./state";

export type ApiPath = { type: "exact" | "prefix" | "regex"; value: string };
/** absent: only where a product has the word. */
export type ApiValue = { name: string; type: "exact" | "regex" | "absent"; value: string };
export type ApiMatch = { path: ApiPath; method?: string; headers: ApiValue[]; query: ApiValue[] };

export type Lowered = {
  matches: ApiMatch[];
  /** The prefix is one of text that ends with a slash: the bare path is not meant. */
  bareExcluded?: string;
  /** What differs, where something does. */
  difference?: string;
};

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]);
const MAX_VALUES = 16;
const PATH = /^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+$/;
const BAD_PARTS = ["//", "/./", "/../", "%2f", "%2F"];

/** `saysAbsent`: the product can ask for a header that is not there. */
export function lowerMatch(match: RouteMatch, saysAbsent = false): Lowered | { reason: string } {
  const path = lowerPath(match.path);
  const headers = lowerValues((match.headers ?? []).map(withoutRange), (name) => name.toLowerCase(), saysAbsent);
  const query = lowerValues(match.query ?? [], (name) => name);
  const bad = match.methods?.filter((method) => !METHODS.has(method)) ?? [];
  const reason =
    unsaidOf(match) ??
    path.reason ??
    headers.reason ??
    query.reason ??
    (bad.length > 0 ? `method ${bad.join(", ")} is none that Gateway API knows` : undefined);
  if (reason !== undefined || !path.path) return { reason: reason ?? "its path cannot be said" };
  const base = { path: path.path, headers: headers.values, query: query.values };
  const matches = match.methods ? match.methods.map((method) => ({ ...base, method })) : [base];
  return {
    matches,
    ...(path.bareExcluded === undefined ? {} : { bareExcluded: path.bareExcluded }),
    ...(path.difference === undefined ? {} : { difference: path.difference }),
  };
}

/** A condition that the standard has no field for, in words. */
export function unsaidOf({ port, scheme, authority }: RouteMatch): string | undefined {
  if (port !== undefined) return `the port that was called (${port}) is no condition of a rule there`;
  if (scheme !== undefined) return `the scheme (${scheme}) is no condition of a rule there`;
  return authority && `the host that was called (${authority.value}) is no condition of a rule there`;
}

type LoweredPath = { path?: ApiPath; bareExcluded?: string; difference?: string; reason?: string };

function lowerPath(path: PathMatch | undefined): LoweredPath {
  if (!path) return { path: { type: "prefix", value: ROOT } };
  const { type, value, ignoreCase } = path;
  if (type === "regex") {
    const prefix = regexAsPrefix(value);
    return {
      path: prefix === undefined || !isSayable(prefix) ? { type: "regex", value } : { type: "prefix", value: prefix },
    };
  }
  if (ignoreCase) return { path: { type: "regex", value: `(?i)${asRegex(type, value)}` } };
  if (type === "exact") {
    return { path: isSayable(value) ? { type: "exact", value } : { type: "regex", value: quoted(value) } };
  }
  const bare = value.replace(/\/+$/, "");
  if (bare === "")
    return value === "" || value === ROOT || type === "pathPrefix"
      ? { path: { type: "prefix", value: ROOT } }
      : { reason: `prefix ${value} cannot be said` };
  if (!isSayable(bare)) return { path: { type: "regex", value: asRegex(type, value) } };
  const prefix: ApiPath = { type: "prefix", value: bare };
  if (type === "pathPrefix") return { path: prefix };
  if (value === `${bare}/`) return { path: prefix, bareExcluded: bare };
  const difference = `PathPrefix goes by segments: ${bare}x, which this rule takes here, goes on to other rules`;
  return { path: prefix, difference };
}

function asRegex(type: "exact" | "prefix" | "pathPrefix", value: string): string {
  if (type === "exact") return quoted(value);
  if (type === "prefix") return `${quoted(value)}.*`;
  return `${quoted(value.replace(/\/+$/, ""))}(?:/.*)?`;
}

/** What the published schema takes as Exact and PathPrefix. */
function isSayable(path: string): boolean {
  return (
    path.startsWith("/") &&
    PATH.test(path) &&
    !BAD_PARTS.some((part) => path.includes(part)) &&
    !path.endsWith("/..") &&
    !path.endsWith("/.")
  );
}

const NAME = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,256}$/;

function lowerValues(
  list: readonly (HeaderMatch | QueryMatch)[],
  identity: (name: string) => string,
  saysAbsent = false,
): { values: ApiValue[]; reason?: string } {
  const values: ApiValue[] = [];
  for (const each of list) {
    const value = lowerValue(each, saysAbsent);
    if (typeof value === "string") return { values, reason: value };
    const same = values.find((other) => identity(other.name) === identity(value.name));
    if (!same) values.push(value);
    else if (same.type !== value.type || same.value !== value.value) {
      return { values, reason: `two conditions on ${value.name}: only the first would count` };
    }
  }
  if (values.length > MAX_VALUES) return { values, reason: `more than ${MAX_VALUES} conditions of a kind` };
  return { values };
}

function lowerValue(each: HeaderMatch | QueryMatch, saysAbsent: boolean): ApiValue | string {
  const { name, type, value = "" } = each;
  if (saysAbsent && "invert" in each && each.invert && type === "present") return { name, type: "absent", value };
  if ("invert" in each && each.invert) return `"not" on header ${name} cannot be said`;
  if (!NAME.test(name)) return `the name ${name} cannot be said`;
  if (type === "exact") return value === "" ? `an empty ${name} cannot be said` : { name, type, value };
  if (type === "regex") return value === "" ? `an empty ${name} cannot be said` : { name, type, value };
  const regex = type === "present" ? ".*" : type === "prefix" ? `${quoted(value)}.*` : `.*${quoted(value)}`;
  return { name, type: "regex", value: regex };
}
