// Matches in Kuma's words, and which of two Kuma tries first.
// The rule: where a path by expression is in a route, the root is left unsaid everywhere, since a prefix would be tried before it.
import type { ApiMatch, ApiValue } from "../gateway-api/lower";
import { unquoted } from "../gateway-api/match";
import type { Entry, Precedence } from "../gateway-api/order";
import { coversMatch, intersect } from "../gateway-api/overlap";
import { compareRanks } from "../gateway-api/precedence";

/** A path that is not said is tried last in Kuma; a prefix stands before every expression. */
function rankOf({ path, method, headers, query }: ApiMatch): number[] {
  const isRoot = path.type === "prefix" && path.value === "/";
  const type = path.type === "exact" ? [3, 0] : isRoot ? [0, 0] : [path.type === "prefix" ? 2 : 1, path.value.length];
  return [...type, method === undefined ? 0 : 1, headers.length, query.length];
}
export const PRECEDENCE: Precedence = {
  compare: (a, b) => compareRanks(rankOf(a), rankOf(b)),
  leavesExpressionsOpen: false,
};

/** Without matches that another one of the same rule takes anyway, unless a rule between the two would have their calls. */
export function withoutCovered(entries: readonly Entry[]): Entry[] {
  const isBefore = (a: Entry, b: Entry) => (PRECEDENCE.compare(a.match, b.match) || a.rule - b.rule) < 0;
  return entries.filter((entry, i) => {
    const wider = entries.some((other, j) => {
      if (i === j || other.rule !== entry.rule || other.sub !== entry.sub || !coversMatch(other.match, entry.match))
        return false;
      // of two that are the same the first stays
      if (coversMatch(entry.match, other.match) && i < j) return false;
      return !entries.some(
        (each) => each.rule !== entry.rule && isBefore(each, other) && intersect(each.match, entry.match) !== null,
      );
    });
    return !wider;
  });
}

const VALUES = { exact: "Exact", regex: "RegularExpression", absent: "Absent" } as const;
const PATHS = { exact: "Exact", prefix: "PathPrefix", regex: "RegularExpression" } as const;

/** With an expression in the route the root is left unsaid, since a prefix would be tried before it. */
export function matchOf({ match: { path, method, headers, query } }: Entry, hasExpression: boolean): object {
  const isRoot = path.type === "prefix" && path.value === "/";
  return {
    ...(isRoot && hasExpression ? {} : { path: { type: PATHS[path.type], value: path.value } }),
    ...(method === undefined ? {} : { method }),
    ...(headers.length > 0 ? { headers: headers.map(headerOf) } : {}),
    ...(query.length > 0
      ? { queryParams: query.map(({ name, type, value }) => ({ type: VALUES[type], name, value })) }
      : {}),
  };
}

/** The expressions that stand for "present" and "begins with" have words of their own here. */
function headerOf({ name, type, value }: ApiValue): object {
  const own = name.toLowerCase();
  if (type === "absent") return { type: "Absent", name: own };
  if (type === "regex" && value === ".*") return { type: "Present", name: own };
  const literal = type === "regex" && value.endsWith(".*") ? value.slice(0, -2) : undefined;
  const isLiteral =
    literal !== undefined && !/[\\^$.*+?()[\]{}|]/.test(literal.replaceAll(/\\[\\^$.*+?()[\]{}|]/g, ""));
  if (isLiteral) return { type: "Prefix", name: own, value: unquoted(literal) };
  return { type: VALUES[type], name: own, value };
}
