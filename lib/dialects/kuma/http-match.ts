// A match of MeshHTTPRoute -> one match of the model, with its place in Kuma's order.
// The rule: exact before prefix before expression before no path at all, longer before shorter; then method, headers, query parameters.
import type { HeaderMatch, PathMatch, QueryMatch, RouteMatch } from "@/lib/mesh";
import type { RankedMatch } from "../gateway-api/state";
import type { Fields } from "../shared/fields";

const TYPES = { Exact: "exact", Prefix: "prefix", RegularExpression: "regex", Present: "present" } as const;

export function importMatch(fields: Fields): RankedMatch {
  const path = fields.object("path");
  const type = path?.text("type");
  const value = path?.text("value");
  path?.keepRest();
  const method = fields.text("method");
  const headers = fields.list("headers").flatMap((each) => valueMatch(each) ?? []);
  const query: QueryMatch[] = fields.list("queryParams").flatMap((each) => valueMatch(each) ?? []);
  fields.keepRest();
  const own = path ? pathOf(path, type, value) : undefined;
  const match: RouteMatch = {
    ...(own ? { path: own } : {}),
    ...(method === undefined ? {} : { methods: [method] }),
    ...(headers.length > 0 ? { headers } : {}),
    ...(query.length > 0 ? { query } : {}),
  };
  return { match, rank: [...pathRank(type, value), method === undefined ? 0 : 1, headers.length, query.length] };
}

/** Exact paths are not told apart by their length. */
function pathRank(type: string | undefined, value = ""): [number, number] {
  if (type === "Exact") return [3, 0];
  if (type === "PathPrefix") return [2, value.length];
  return type === "RegularExpression" ? [1, value.length] : [0, 0];
}

function pathOf(fields: Fields, type: string | undefined, value: string | undefined): PathMatch | undefined {
  if (value === undefined) fields.problem("value", "is missing", "Write the path.");
  else if (type === "Exact") return { type: "exact", value };
  else if (type === "RegularExpression") return { type: "regex", value };
  else if (type === "PathPrefix") {
    const bare = value.replace(/\/+$/, "");
    return bare === "" ? undefined : { type: "pathPrefix", value: bare };
  } else fields.problem("type", "is unknown", "Use Exact, PathPrefix or RegularExpression.");
  return undefined;
}

function valueMatch(fields: Fields): (QueryMatch & Pick<HeaderMatch, "invert">) | undefined {
  const name = fields.text("name");
  const type = fields.text("type") ?? "Exact";
  const value = fields.text("value");
  fields.keepRest();
  if (name === undefined) {
    fields.problem("name", "is missing", "Name it.");
    return undefined;
  }
  if (type === "Absent") return { name, type: "present", invert: true };
  const known = Object.hasOwn(TYPES, type) ? TYPES[type as keyof typeof TYPES] : undefined;
  if (known === undefined) {
    fields.problem("type", `is unknown: ${type}`, "Use Exact, Prefix, RegularExpression, Present or Absent.");
    return undefined;
  }
  if (known === "present") return { name, type: known };
  if (value === undefined) fields.problem("value", "is missing", "Write the value, or the type Present.");
  return { name, type: known, value: value ?? "" };
}
