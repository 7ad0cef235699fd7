// Envoy RouteMatch -> RouteMatchPlan, for routes and for filters that have rules of their own. Rule: what does not compile is
// refused by its path.

import type { RouteMatch } from "../contract/messages";
import { compileRegex, headerMatcher, queryMatcher } from "./matchers";
import type { Scope } from "./scope";
import type { PathMatcher, RouteMatchPlan } from "./types";
import { share } from "./values";

export function routeMatch(match: RouteMatch | undefined, scope: Scope): RouteMatchPlan {
  const fraction = match?.runtimeFraction?.defaultValue;
  return {
    path: pathMatcher(match, scope),
    isGrpc: match?.grpc !== undefined,
    headers: match?.headers.map((one, index) => headerMatcher(one, scope.item("headers", index))) ?? [],
    query: match?.queryParameters.map((one, index) => queryMatcher(one, scope.item("query_parameters", index))) ?? [],
    fraction: fraction ? share(fraction) : null,
  };
}

function pathMatcher(match: RouteMatch | undefined, scope: Scope): PathMatcher {
  const specifier = match?.pathSpecifier;
  const caseSensitive = match?.caseSensitive ?? true;
  const fold = caseSensitive ? (text: string) => text : (text: string) => text.toLowerCase();
  switch (specifier?.case) {
    case "path": {
      const wanted = fold(specifier.value);
      return { kind: "exact", value: specifier.value, caseSensitive, matches: (path) => fold(path) === wanted };
    }
    case "prefix": {
      const wanted = fold(specifier.value);
      return {
        kind: "prefix",
        value: specifier.value,
        caseSensitive,
        matches: (path) => path !== "" && fold(path).startsWith(wanted),
      };
    }
    case "pathSeparatedPrefix": {
      const wanted = fold(specifier.value);
      return {
        kind: "path-separated-prefix",
        value: specifier.value,
        caseSensitive,
        matches: (path) =>
          fold(path).startsWith(wanted) && (path.length === wanted.length || path[wanted.length] === "/"),
      };
    }
    case "safeRegex": {
      const regex = compileRegex(specifier.value, scope.field("safe_regex"));
      return {
        kind: "regex",
        value: specifier.value.regex,
        caseSensitive: true,
        matches: (path) => regex?.testExact(path) ?? false,
      };
    }
    case "connectMatcher":
      return { kind: "connect", value: "", caseSensitive: true, matches: (path) => path === "" };
    default:
      return { kind: "prefix", value: "", caseSensitive, matches: () => false }; // refused by the constraints
  }
}
