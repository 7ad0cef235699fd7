// MW1006: a rule that no request can reach, because an earlier one takes everything it would match.
import { objectKey, type RouteRule } from "@/lib/mesh";
import type { FindingBody, ObjectAnalyzer } from "../finding";
import { coversRule } from "../path-match";

export const mw1006UnreachableRule: ObjectAnalyzer<"Route"> = {
  code: "MW1006",
  title: "Rule that is never reached",
  area: "routing",
  scope: "object",
  kind: "Route",
  run(_index, route) {
    const { rules } = route.spec;
    return rules.flatMap((rule, i): FindingBody[] => {
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
