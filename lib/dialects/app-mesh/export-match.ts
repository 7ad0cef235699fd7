// Conditions of a rule -> matches of routes, one for each path and method.
// The rule: a condition that App Mesh has no word for takes its match along; a condition is never left out of one.
import { quoteRegex } from "@/lib/compile/envoy-json";
import type { HeaderMatch, PathMatch, QueryMatch, RouteMatch } from "@/lib/mesh";
import type { RouteType } from "./export-out";

export type Said = { match: Record<string, unknown> };
/** Why it cannot be said. */
export type Unsaid = { reason: string };

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]);
const MOST = 10;
const MAX_TEXT = 255;
const MAX_HEADER = 50;

/** Several where one of App Mesh's matches cannot say "or". `saysScheme`: routes do, those of a gateway do not. */
export function matchesOf(match: RouteMatch | undefined, type: RouteType, saysScheme: boolean): Said[] | Unsaid {
  if (match?.port !== undefined)
    return { reason: `the port that was called (${match.port}) is written on routes of TCP alone` };
  if (match?.authority)
    return { reason: `the host that was called (${match.authority.value}) is no condition of App Mesh` };
  if (match?.scheme !== undefined && (!saysScheme || type === "grpcRoute"))
    return { reason: `the scheme (${match.scheme}) is a condition of its routes for HTTP alone` };
  const headers = headersOf(match?.headers ?? []);
  if ("reason" in headers) return headers;
  if (type === "grpcRoute") return grpcMatches(match, headers.list);
  const query = queryOf(match?.query ?? []);
  if ("reason" in query) return query;
  const paths = pathsOf(match?.path);
  if ("reason" in paths) return paths;
  const unknown = match?.methods?.find((each) => !METHODS.has(each));
  if (unknown !== undefined) return { reason: `its method ${unknown} is not one of App Mesh's nine` };
  const rest = {
    ...(match?.scheme === undefined ? {} : { scheme: match.scheme }),
    ...(headers.list.length > 0 ? { headers: headers.list } : {}),
    ...(query.list.length > 0 ? { queryParameters: query.list } : {}),
  };
  return (match?.methods ?? [undefined]).flatMap((method) =>
    paths.list.map((path) => ({ match: { ...path, ...(method === undefined ? {} : { method }), ...rest } })),
  );
}

function pathsOf(path: PathMatch | undefined): { list: Record<string, unknown>[] } | Unsaid {
  if (!path) return { list: [{ prefix: "/" }] };
  const { type, value, ignoreCase } = path;
  if (type !== "regex" && !value.startsWith("/")) return { reason: `its path ${value} does not begin with /` };
  if (ignoreCase) return regex(`(?i)${textRegex(type, value)}`);
  if (type === "regex") return regex(value);
  if (type === "exact") return value.length > MAX_TEXT ? tooLong : { list: [{ path: { exact: value } }] };
  const whole = value.replace(/\/+$/, "");
  if (type === "prefix" || whole === "") return { list: [{ prefix: value }] };
  return { list: [{ path: { exact: whole } }, { prefix: `${whole}/` }] };
}

const tooLong: Unsaid = { reason: `a text of it has more than ${MAX_TEXT} characters` };
const regex = (value: string) => (value.length > MAX_TEXT ? tooLong : { list: [{ path: { regex: value } }] });

function textRegex(type: PathMatch["type"], value: string): string {
  if (type === "regex") return value;
  if (type === "exact") return quoteRegex(value);
  return type === "prefix" ? `${quoteRegex(value)}.*` : `${quoteRegex(value.replace(/\/+$/, ""))}(/.*)?`;
}

function headersOf(headers: readonly HeaderMatch[]): { list: object[] } | Unsaid {
  if (headers.length > MOST) return { reason: `it has more than ${MOST} headers` };
  const list: object[] = [];
  for (const { name, type, value, start, end, invert } of headers) {
    if (name.length > MAX_HEADER) return { reason: `the name of header ${name} is longer than ${MAX_HEADER}` };
    if (type !== "present" && type !== "range" && (value === undefined || value === ""))
      return { reason: `header ${name} is compared with nothing` };
    if ((value?.length ?? 0) > MAX_TEXT) return tooLong;
    list.push({
      name,
      ...(type === "present" ? {} : { match: type === "range" ? { range: { start, end } } : { [type]: value } }),
      ...(invert ? { invert: true } : {}),
    });
  }
  return { list };
}

function queryOf(query: readonly QueryMatch[]): { list: object[] } | Unsaid {
  if (query.length > MOST) return { reason: `it has more than ${MOST} query parameters` };
  const other = query.find(({ type }) => type !== "exact" && type !== "present");
  if (other) return { reason: `query parameter ${other.name} can only be compared as a whole` };
  return {
    list: query.map(({ name, type, value }) => ({ name, ...(type === "exact" ? { match: { exact: value } } : {}) })),
  };
}

/** Calls of gRPC are known by service and method, which stand in the path. */
function grpcMatches(match: RouteMatch | undefined, metadata: object[]): Said[] | Unsaid {
  const { path, methods, query } = match ?? {};
  if (query) return { reason: "calls of gRPC have no query" };
  if (methods && !methods.includes("POST")) return { reason: "calls of gRPC are POST" };
  const [, service, method, ...more] = path?.value.split("/") ?? [];
  const isWhole = path === undefined || (path.type !== "exact" && path.value === "/");
  const isService = path?.type === "prefix" && method === "" && more.length === 0;
  const isSegment = path?.type === "pathPrefix" && (method === undefined || method === "") && more.length === 0;
  const isMethod = path?.type === "exact" && method !== undefined && method !== "" && more.length === 0;
  if (path?.ignoreCase || !(isWhole || isService || isSegment || isMethod))
    return { reason: "calls of gRPC are told apart by a whole service or method" };
  const names = isWhole ? {} : { serviceName: service ?? "", ...(isMethod ? { methodName: method } : {}) };
  return [{ match: { ...names, ...(metadata.length > 0 ? { metadata } : {}) } }];
}
