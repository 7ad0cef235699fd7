// When one match of a route takes everything that another does. Says no when it cannot tell: regexes are compared only as texts.
import {
  type CallerMatch,
  coversServerName,
  type HeaderMatch,
  isSameJson,
  type PathMatch,
  type RouteMatch,
  type RouteRule,
  type TcpMatch,
  type TcpRule,
} from "@/lib/mesh";

export function coversRule(earlier: RouteRule, later: RouteRule): boolean {
  if (earlier.matches.length === 0) return true;
  if (later.matches.length === 0) return earlier.matches.some((match) => covers(match, {}));
  return later.matches.every((match) => earlier.matches.some((each) => covers(each, match)));
}

/** The same of connections. */
export function coversTcpRule(earlier: TcpRule, later: TcpRule): boolean {
  const takes = (wide: TcpMatch, narrow: TcpMatch) =>
    (wide.port === undefined || wide.port === narrow.port) &&
    coversNames(wide.serverNames, narrow.serverNames) &&
    coversCaller(wide.caller, narrow.caller);
  if (earlier.matches.length === 0) return true;
  return later.matches.length > 0 && later.matches.every((match) => earlier.matches.some((each) => takes(each, match)));
}

function coversNames(wide: readonly string[] | undefined, narrow: readonly string[] | undefined): boolean {
  if (wide === undefined) return true;
  return narrow?.every((name) => wide.some((each) => coversServerName(each, name))) ?? false;
}

/** Does the rule take every request? */
export const isCatchAll = (rule: RouteRule): boolean =>
  rule.matches.length === 0 || rule.matches.some((match) => covers(match, {}));

/** Does `wide` match every request that `narrow` matches? */
export function covers(wide: RouteMatch, narrow: RouteMatch): boolean {
  const among = (list: readonly unknown[] | undefined, other: readonly unknown[] | undefined) =>
    (list ?? []).every((each) => other?.some((one) => isSameJson(one, each)));
  return (
    coversCaller(wide.caller, narrow.caller) &&
    (wide.port === undefined || wide.port === narrow.port) &&
    (wide.scheme === undefined || wide.scheme === narrow.scheme) &&
    (wide.authority === undefined || isSameJson(wide.authority, narrow.authority)) &&
    coversPath(wide.path, narrow.path) &&
    (wide.methods === undefined || (narrow.methods?.every((method) => wide.methods?.includes(method)) ?? false)) &&
    (wide.headers ?? []).every((each) => narrow.headers?.some((one) => coversHeader(each, one))) &&
    among(wide.query, narrow.query)
  );
}

function coversCaller(wide: CallerMatch | undefined, narrow: CallerMatch | undefined): boolean {
  if (!wide) return true;
  if (wide.namespace !== undefined && wide.namespace !== narrow?.namespace) return false;
  return Object.entries(wide.labels ?? {}).every(([name, value]) => narrow?.labels?.[name] === value);
}

function coversHeader(wide: HeaderMatch, narrow: HeaderMatch): boolean {
  if (isSameJson(wide, narrow)) return true;
  if (wide.name.toLowerCase() !== narrow.name.toLowerCase() || wide.invert || narrow.invert) return false;
  if (wide.start === undefined || wide.end === undefined) return false;
  if (narrow.start === undefined || narrow.end === undefined) return false;
  return wide.start <= narrow.start && narrow.end <= wide.end;
}

function coversPath(wide: PathMatch | undefined, narrow: PathMatch | undefined): boolean {
  if (!wide || ((wide.type === "prefix" || wide.type === "pathPrefix") && wide.value === "/")) return true;
  if (wide.type === "regex" && wide.value === ".*") return true;
  if (!narrow) return false;
  if (isSameJson(wide, narrow)) return true;
  if (narrow.type === "regex" || wide.ignoreCase || narrow.ignoreCase) return false;
  if (wide.type === "prefix") return narrow.value.startsWith(wide.value);
  if (wide.type !== "pathPrefix") return false;
  const under = narrow.value === wide.value || narrow.value.startsWith(`${wide.value.replace(/\/$/, "")}/`);
  return under && (narrow.type !== "prefix" || narrow.value !== wide.value);
}
