// The matches of a rule -> Envoy's route matches. One match is one Envoy route; a rule without matches is one that takes everything.
import type { AuthorityMatch, HeaderMatch, PathMatch, QueryMatch, RouteMatch } from "@/lib/mesh";
import { compact, type JsonObject, quoteRegex } from "./envoy-json";

/** Scheme, host and method are headers to Envoy. */
export function compileMatch(match: RouteMatch): JsonObject {
  const headers = [
    ...schemeMatch(match.scheme),
    ...authorityMatch(match.authority),
    ...methodMatch(match.methods),
    ...(match.headers ?? []).map(headerMatch),
  ];
  const query = (match.query ?? []).map(queryMatch);
  return compact({
    ...pathFields(match.path),
    headers: headers.length > 0 ? headers : undefined,
    query_parameters: query.length > 0 ? query : undefined,
  });
}

/** `/foo` by segment; Envoy wants it without the last slash, and the root is every path. */
export function segmentPrefix(value: string): string {
  const trimmed = value.replace(/\/+$/, "");
  return trimmed === "" ? "/" : trimmed;
}

function pathFields(path: PathMatch | undefined): JsonObject {
  if (!path) return { prefix: "/" };
  // As in Istio and Envoy, a regular expression says itself whether case counts.
  const letterCase: JsonObject = path.ignoreCase && path.type !== "regex" ? { case_sensitive: false } : {};
  switch (path.type) {
    case "exact":
      return { path: path.value, ...letterCase };
    case "prefix":
      return { prefix: path.value, ...letterCase };
    case "pathPrefix": {
      const prefix = segmentPrefix(path.value);
      return prefix === "/" ? { prefix } : { path_separated_prefix: prefix, ...letterCase };
    }
    case "regex":
      return { safe_regex: { regex: path.value } };
  }
}

function schemeMatch(scheme: RouteMatch["scheme"]): JsonObject[] {
  return scheme === undefined ? [] : [{ name: ":scheme", string_match: { exact: scheme } }];
}

function authorityMatch(authority: AuthorityMatch | undefined): JsonObject[] {
  return authority ? [{ name: ":authority", string_match: stringMatch(authority.type, authority.value) }] : [];
}

function methodMatch(methods: readonly string[] | undefined): JsonObject[] {
  const [first, ...more] = methods ?? [];
  if (first === undefined) return [];
  const matcher: JsonObject =
    more.length === 0 ? { exact: first } : { safe_regex: { regex: [first, ...more].map(quoteRegex).join("|") } };
  return [{ name: ":method", string_match: matcher }];
}

function headerMatch(match: HeaderMatch): JsonObject {
  const name = match.name.toLowerCase();
  const inverted: JsonObject = match.invert ? { invert_match: true } : {};
  if (match.type === "present") return { name, present_match: true, ...inverted };
  if (match.type === "range")
    return { name, range_match: { start: match.start ?? 0, end: match.end ?? 0 }, ...inverted };
  return { name, string_match: stringMatch(match.type, match.value ?? ""), ...inverted };
}

function queryMatch(match: QueryMatch): JsonObject {
  if (match.type === "present") return { name: match.name, present_match: true };
  return { name: match.name, string_match: stringMatch(match.type, match.value ?? "") };
}

function stringMatch(type: "exact" | "prefix" | "suffix" | "regex", value: string): JsonObject {
  return type === "regex" ? { safe_regex: { regex: value } } : { [type]: value };
}
