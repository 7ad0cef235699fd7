// MW1006: a rule that no request can reach, because an earlier one takes everything it would match.
import { isSameJson, objectKey, type PathMatch, type RouteMatch, type RouteRule } from "@/lib/mesh";
import type { Finding, ObjectAnalyzer } from "../finding";

export const mw1006UnreachableRule: ObjectAnalyzer<"Route"> = {
  code: "MW1006",
  title: "Rule that is never reached",
  scope: "object",
  kind: "Route",
  run(_index, route) {
    const { rules } = route.spec;
    return rules.flatMap((rule, i): Finding[] => {
      const cover = rules.slice(0, i).findIndex((earlier) => coversRule(earlier, rule));
      if (cover < 0) return [];
      const key = objectKey(route);
      return [
        {
          code: "MW1006",
          severity: "warning",
          message: `Rule ${i + 1} of ${route.metadata.name} is never reached: rule ${cover + 1} takes all of its requests.`,
          cause: "Rules are tried in the order of the list and the first match decides.",
          refs: [key],
          path: `spec.rules[${i}]`,
          fixes: [
            { title: `Remove rule ${i + 1}`, command: { type: "patchSpec", key, path: ["rules", i] } },
            {
              title: `Move rule ${i + 1} before rule ${cover + 1}`,
              command: { type: "patchSpec", key, path: ["rules"], value: moved(rules, i, cover) },
            },
          ],
        },
      ];
    });
  },
};

function moved(rules: readonly RouteRule[], from: number, to: number): RouteRule[] {
  const rest = rules.filter((_, i) => i !== from);
  return [...rest.slice(0, to), ...rules.slice(from, from + 1), ...rest.slice(to)];
}

function coversRule(earlier: RouteRule, later: RouteRule): boolean {
  if (earlier.matches.length === 0) return true;
  if (later.matches.length === 0) return earlier.matches.some((match) => covers(match, {}));
  return later.matches.every((match) => earlier.matches.some((each) => covers(each, match)));
}

/** Does `wide` match every request that `narrow` matches? Says no when it cannot tell. */
function covers(wide: RouteMatch, narrow: RouteMatch): boolean {
  const among = (list: readonly unknown[] | undefined, other: readonly unknown[] | undefined) =>
    (list ?? []).every((each) => other?.some((one) => isSameJson(one, each)));
  return (
    coversPath(wide.path, narrow.path) &&
    (wide.methods === undefined || (narrow.methods?.every((method) => wide.methods?.includes(method)) ?? false)) &&
    among(wide.headers, narrow.headers) &&
    among(wide.query, narrow.query)
  );
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
