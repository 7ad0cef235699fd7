// A match of the model -> matches of a router. One match by path segments is two of Consul's: the path itself, and what is below it.
import type { HeaderMatch, PathMatch, QueryMatch, RouteMatch } from "@/lib/mesh";
import { withoutRange } from "../shared/integer-range";
import { escaped } from "./read-intentions";

type Spec = Record<string, unknown>;
/** `rewrite` is what replaces the matched part, as Consul has to say it for this form of the path. */
export type OutMatch = { http: Spec; rewrite?: string };

const withSlash = (text: string) => (text.endsWith("/") ? text : `${text}/`);

export function exportMatch(match: RouteMatch, rewrite: string | undefined): OutMatch[] {
  const { methods, headers = [], query = [] } = match;
  const rest = {
    ...(headers.length > 0 ? { header: headers.map(withoutRange).map(exportHeader) } : {}),
    ...(query.length > 0 ? { queryParam: query.map(exportQuery) } : {}),
    ...(methods ? { methods: [...new Set(methods)] } : {}),
  };
  return paths(match.path, rewrite).map(({ http, ...own }) => ({ ...own, http: { ...http, ...rest } }));
}

function paths(path: PathMatch | undefined, rewrite: string | undefined): OutMatch[] {
  const to = (text: string | undefined) => (text === undefined ? {} : { rewrite: text });
  // only where it is replaced does the slash that every path begins with have to be said
  const anything = rewrite === undefined ? {} : { http: { pathPrefix: "/" }, rewrite: withSlash(rewrite) };
  if (!path) return [{ http: {}, ...anything }];
  const letterCase = path.ignoreCase ? { caseInsensitive: true } : {};
  const { value } = path;
  switch (path.type) {
    case "exact":
      return [{ http: { pathExact: value, ...letterCase }, ...to(rewrite) }];
    case "prefix":
      return [{ http: { pathPrefix: value, ...letterCase }, ...to(rewrite) }];
    case "regex":
      return [{ http: { pathRegex: value }, ...to(rewrite) }];
    case "pathPrefix": {
      const bare = value.replace(/\/+$/, "");
      if (bare === "") return [{ http: {}, ...anything }];
      const whole = rewrite === undefined ? undefined : rewrite.replace(/\/+$/, "") || "/";
      return [
        { http: { pathExact: bare, ...letterCase }, ...to(whole) },
        { http: { pathPrefix: `${bare}/`, ...letterCase }, ...to(whole && withSlash(whole)) },
      ];
    }
  }
}

function exportHeader({ name, type, value, invert }: HeaderMatch): Spec {
  return { name, ...(type === "present" ? { present: true } : { [type]: value }), ...(invert ? { invert } : {}) };
}

function exportQuery({ name, type, value = "" }: QueryMatch): Spec {
  if (type === "present") return { name, present: true };
  if (type === "prefix") return { name, regex: `${escaped(value)}.*` };
  if (type === "suffix") return { name, regex: `.*${escaped(value)}` };
  return { name, [type]: value };
}
