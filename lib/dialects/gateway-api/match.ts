// HTTPRouteMatch and GRPCRouteMatch -> one match of the model with its rank.
// The rule: what has no word in the model is kept in the fields' sink; the caller leaves the rule out then.
import type { PathMatch, QueryMatch, RouteMatch } from "@/lib/mesh";
import type { Fields } from "../shared/fields";
import { httpRank } from "./precedence";
import { type RankedMatch, ROOT } from "./state";

export function importHttpMatch(fields: Fields): RankedMatch {
  const path = pathOf(fields.object("path"));
  const method = fields.text("method");
  const headers = namedValues(fields, "headers", (name) => name.toLowerCase());
  const query = namedValues(fields, "queryParams", (name) => name);
  fields.keepRest();
  const match: RouteMatch = {
    ...(path ? { path } : {}),
    ...(method === undefined ? {} : { methods: [method] }),
    ...(headers.length > 0 ? { headers } : {}),
    ...(query.length > 0 ? { query } : {}),
  };
  return { match, rank: httpRank(match) };
}

function pathOf(fields: Fields | undefined): PathMatch | undefined {
  if (!fields) return undefined;
  const type = fields.text("type") ?? "PathPrefix";
  const value = fields.text("value") ?? ROOT;
  fields.keepRest();
  switch (type) {
    case "Exact":
      return { type: "exact", value };
    case "RegularExpression":
      return { type: "regex", value };
    case "PathPrefix": {
      const bare = value.replace(/\/+$/, "");
      return bare === "" ? undefined : { type: "pathPrefix", value: bare };
    }
    default:
      fields.keep("type", type);
      return undefined;
  }
}

/** Of entries with the same name only the first counts. */
function namedValues(fields: Fields, list: string, identity: (name: string) => string): QueryMatch[] {
  const seen = new Set<string>();
  return fields.list(list).flatMap((each): QueryMatch[] => {
    const name = each.text("name");
    const type = each.text("type") ?? "Exact";
    const value = each.text("value");
    each.keepRest();
    if (name === undefined || value === undefined) {
      each.problem(name === undefined ? "name" : "value", "is missing", "Write name and value.");
      return [];
    }
    if (type !== "Exact" && type !== "RegularExpression") {
      each.keep("type", type);
      return [];
    }
    if (seen.has(identity(name))) return [];
    seen.add(identity(name));
    return [{ name, type: type === "Exact" ? "exact" : "regex", value }];
  });
}

const ANY = "[^/]+";

/** gRPC calls are POSTs to /service/method. */
export function importGrpcMatch(fields: Fields): RankedMatch {
  const method = fields.object("method");
  const type = method?.text("type") ?? "Exact";
  const service = method?.text("service");
  const name = method?.text("method");
  method?.keepRest();
  const headers = namedValues(fields, "headers", (each) => each.toLowerCase());
  fields.keepRest();
  if (type !== "Exact" && type !== "RegularExpression") method?.keep("type", type);
  const path = grpcPath(type, service, name);
  const match: RouteMatch = { ...(path ? { path } : {}), ...(headers.length > 0 ? { headers } : {}) };
  return { match, rank: [service?.length ?? 0, name?.length ?? 0, headers.length] };
}

function grpcPath(type: string, service: string | undefined, method: string | undefined): PathMatch | undefined {
  if (!service && !method) return undefined;
  if (type === "RegularExpression") return { type: "regex", value: `/${service || ANY}/${method || ANY}` };
  if (service && method) return { type: "exact", value: `/${service}/${method}` };
  if (service) return { type: "prefix", value: `/${service}/` };
  return { type: "regex", value: `/${ANY}/${quoted(method ?? "")}` };
}

export const quoted = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
export const unquoted = (text: string) => text.replace(/\\([\\^$.*+?()[\]{}|])/g, "$1");

/** A prefix by segment as an expression of the whole path, for actions that replace all of it. */
export function prefixAsRegex(prefix: string): string {
  return prefix === ROOT ? "/.*" : `${quoted(prefix)}(?:/.*)?`;
}

/** The way back from `prefixAsRegex`. */
export function regexAsPrefix(regex: string): string | undefined {
  if (regex === "/.*") return ROOT;
  if (!regex.endsWith("(?:/.*)?")) return undefined;
  const prefix = unquoted(regex.slice(0, -"(?:/.*)?".length));
  return prefixAsRegex(prefix) === regex && prefix.startsWith("/") ? prefix : undefined;
}
