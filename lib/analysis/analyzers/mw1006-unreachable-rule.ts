// MW1006: a rule that no request can reach, because an earlier one takes everything it would match.
import { type MeshObject, objectKey } from "@/lib/mesh";
import type { FindingBody, KindsAnalyzer } from "../finding";
import { coversRule, coversTcpRule } from "../path-match";

export const mw1006UnreachableRule: KindsAnalyzer = {
  code: "MW1006",
  title: "Rule that is never reached",
  area: "routing",
  scope: "object",
  kinds: ["Route", "TcpRoute"],
  run(_index, route) {
    if (route.kind === "Route") return unreachable(route, route.spec.rules, coversRule, "requests");
    return route.kind === "TcpRoute" ? unreachable(route, route.spec.rules, coversTcpRule, "connections") : [];
  },
};

function unreachable<R>(
  route: MeshObject,
  rules: readonly R[],
  coversAll: (earlier: R, later: R) => boolean,
  what: string,
): FindingBody[] {
  return rules.flatMap((rule, i): FindingBody[] => {
    const cover = rules.slice(0, i).findIndex((earlier) => coversAll(earlier, rule));
    if (cover < 0) return [];
    const key = objectKey(route);
    return [
      {
        code: "MW1006",
        severity: "warning",
        message: `Rule ${i + 1} of ${route.metadata.name} is never reached: rule ${cover + 1} takes all of its ${what}.`,
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
}

function moved<R>(rules: readonly R[], from: number, to: number): R[] {
  const rest = rules.filter((_, i) => i !== from);
  return [...rest.slice(0, to), ...rules.slice(from, from + 1), ...rest.slice(to)];
}
