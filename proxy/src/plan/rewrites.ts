// Path rewrites and redirects of routes, compiled to functions of the request (Envoy common/router/config_impl.cc).
// One rule: a rewrite sees the path as it is on the wire and keeps the query.

import type { RegexMatchAndSubstitute } from "../contract/gen/envoy/type/matcher/v3/regex_pb";
import {
  RedirectAction_RedirectResponseCode as Code,
  type RedirectAction as EnvoyRedirect,
} from "../contract/messages";
import { compileRegex } from "./matchers";
import type { Scope } from "./scope";
import type { PathMatcher, RedirectAction } from "./types";
import type { HttpRequestView } from "./views";

export type PathRewrite = (path: string) => string;

const STATUS = {
  [Code.MOVED_PERMANENTLY]: 301,
  [Code.FOUND]: 302,
  [Code.SEE_OTHER]: 303,
  [Code.TEMPORARY_REDIRECT]: 307,
  [Code.PERMANENT_REDIRECT]: 308,
} as const;

/** The matched prefix (all of the path for exact and regex matches) becomes `replacement`. */
export function prefixRewrite(match: PathMatcher, replacement: string): PathRewrite {
  if (match.kind === "regex" || match.kind === "exact") {
    return (path) => replacement + path.slice(queryStart(path));
  }
  const { length } = match.value;
  return (path) => replacement + path.slice(length);
}

/** All matches in the path without its query are substituted. Null after reporting a bad pattern. */
export function regexRewrite(rewrite: RegexMatchAndSubstitute, scope: Scope): PathRewrite | null {
  const substitute = regexSubstitution(rewrite, scope);
  return substitute === null
    ? null
    : (path) => {
        const end = queryStart(path);
        return substitute(path.slice(0, end)) + path.slice(end);
      };
}

/** All matches are substituted. Null after reporting a bad pattern. */
export function regexSubstitution(rewrite: RegexMatchAndSubstitute, scope: Scope): ((text: string) => string) | null {
  const pattern = compileRegex(rewrite.pattern, scope.field("pattern"));
  const parts = substitutionParts(rewrite.substitution, pattern?.groupCount() ?? 9, scope.field("substitution"));
  if (!pattern || !parts) {
    return null;
  }
  const replace = (...groups: (string | undefined)[]): string =>
    parts.map((part) => (typeof part === "string" ? part : (groups[part] ?? ""))).join("");
  return (text) => pattern.matcher(text).replaceAll(replace);
}

/** RE2's `\\1` are group numbers, everything else is text. */
function substitutionParts(text: string, groupCount: number, scope: Scope): (string | number)[] | null {
  const parts: (string | number)[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] ?? "";
    if (character !== "\\") {
      parts.push(character);
      continue;
    }
    index += 1;
    const next = text[index] ?? "";
    if (/\d/.test(next) && Number(next) <= groupCount) {
      parts.push(Number(next));
    } else if (next === "\\") {
      parts.push(next);
    } else {
      scope.fail(`has \\${next}, which is no group of the pattern; write \\\\ for a backslash`);
      return null;
    }
  }
  return parts;
}

export function redirectAction(
  redirect: EnvoyRedirect,
  match: PathMatcher,
  scope: Scope,
): Omit<RedirectAction, "responseHeaders"> {
  const rewritePath = redirectPath(redirect, match, scope);
  const { hostRedirect, portRedirect } = redirect;
  const scheme = redirect.schemeRewriteSpecifier;
  return {
    kind: "redirect",
    status: STATUS[redirect.responseCode],
    location: (request) => {
      const newScheme =
        scheme.case === "httpsRedirect" && scheme.value
          ? "https"
          : scheme.case === "schemeRedirect" && scheme.value !== ""
            ? scheme.value
            : request.scheme;
      const host = hostRedirect || keptHost(request, newScheme, portRedirect !== 0);
      return `${newScheme}://${host}${portRedirect === 0 ? "" : `:${portRedirect}`}${rewritePath(request.path)}`;
    },
  };
}

function redirectPath(redirect: EnvoyRedirect, match: PathMatcher, scope: Scope): PathRewrite {
  const specifier = redirect.pathRewriteSpecifier;
  const strip: PathRewrite = redirect.stripQuery ? (path) => path.slice(0, queryStart(path)) : (path) => path;
  if (specifier.case === "pathRedirect" && specifier.value !== "") {
    const target = specifier.value;
    // A query in path_redirect wins over the request's; without one the request's is kept.
    return target.includes("?") ? () => target : (path) => strip(target + path.slice(queryStart(path)));
  }
  if (specifier.case === "prefixRewrite") {
    const rewrite = prefixRewrite(match, specifier.value);
    return (path) => strip(rewrite(path));
  }
  if (specifier.case === "regexRewrite") {
    const rewrite = regexRewrite(specifier.value, scope.field("regex_rewrite"));
    return rewrite ? (path) => strip(rewrite(path)) : strip;
  }
  return strip;
}

/** The request's host; its port is dropped for a new port, or when it was the default of the old scheme. */
function keptHost(request: HttpRequestView, newScheme: string, hasNewPort: boolean): string {
  const { authority, scheme } = request;
  const colon = authority.lastIndexOf(":");
  if (colon < 0 || colon < authority.lastIndexOf("]")) {
    return authority;
  }
  const port = authority.slice(colon + 1);
  const isOldDefault =
    newScheme !== scheme && ((scheme === "https" && port === "443") || (scheme === "http" && port === "80"));
  return hasNewPort || isOldDefault ? authority.slice(0, colon) : authority;
}

export function queryStart(path: string): number {
  const start = path.search(/[?#]/);
  return start < 0 ? path.length : start;
}
