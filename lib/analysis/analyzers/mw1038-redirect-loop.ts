// MW1038: a redirect that leads to itself. The caller goes round until it gives up.
import { objectKey, type RouteMatch, type RouteRule } from "@/lib/mesh";
import type { FindingBody, ObjectAnalyzer } from "../finding";
import { covers } from "../path-match";

export const mw1038RedirectLoop: ObjectAnalyzer<"Route"> = {
  code: "MW1038",
  title: "Redirect to itself",
  area: "broken",
  scope: "object",
  kind: "Route",
  run(_index, route) {
    const { rules } = route.spec;
    return rules.flatMap((_rule, i): FindingBody[] => {
      if (!isLoop(rules, i)) return [];
      const key = objectKey(route);
      return [
        {
          code: "MW1038",
          severity: "error",
          message: `Rule ${i + 1} of ${route.metadata.name} redirects to what it matches itself.`,
          cause:
            "Host, scheme and port stay as they are and the new path is taken by the same rule, so every answer is the next redirect.",
          refs: [key],
          path: `spec.rules[${i}].action`,
          fixes:
            rules.length > 1
              ? [{ title: `Remove rule ${i + 1}`, command: { type: "patchSpec", key, path: ["rules", i] } }]
              : [],
        },
      ];
    });
  },
};

/** Says no when it cannot tell. */
function isLoop(rules: readonly RouteRule[], i: number): boolean {
  const rule = rules[i];
  if (rule?.action.type !== "redirect") return false;
  const { host, scheme, port } = rule.action;
  // of a prefix that is replaced, the shortest path that it takes
  const path = rule.action.path ?? rule.action.prefixRewrite;
  if (host !== undefined || scheme !== undefined || port !== undefined) return false;
  if (path === undefined) return true;
  const target = path.split("?")[0] ?? path;
  const next = rules.findIndex((each) => takes(each, target, rule));
  return next === i;
}

/** Would a request that this rule redirected be taken again, with only its path changed? */
function takes(rule: RouteRule, path: string, redirecting: RouteRule): boolean {
  const asked: RouteMatch[] = redirecting.matches.length > 0 ? redirecting.matches : [{}];
  const at = (match: RouteMatch): RouteMatch => ({ ...match, path: { type: "exact", value: path } });
  if (rule.matches.length === 0) return true;
  return rule.matches.some((match) => asked.some((each) => covers(match, at(each))));
}
