// MW1005: weights that do not sum to 100. They work (they are relative), but are read as percents and are not.
import { type Destination, objectKey, type Path, pathText, type Route, type TcpRoute, tcpTargetOf } from "@/lib/mesh";
import { shares } from "@/lib/mesh/diff/words";
import type { FindingBody, KindsAnalyzer } from "../finding";

export const mw1005Weights: KindsAnalyzer = {
  code: "MW1005",
  title: "Weights that are not percents",
  area: "routing",
  scope: "object",
  kinds: ["Route", "TcpRoute"],
  run(_index, route) {
    if (route.kind !== "Route" && route.kind !== "TcpRoute") return [];
    return splitsOf(route).flatMap(({ rule: i, path, destinations }): FindingBody[] => {
      if (destinations.length < 2) return [];
      const sum = destinations.reduce((total, each) => total + each.weight, 0);
      if (sum === 100 || sum === 0) return [];
      const key = objectKey(route);
      const text = [...shares(destinations, nameOfTarget(route))].map(([name, share]) => `${name} ${share}`);
      return [
        {
          code: "MW1005",
          severity: "info",
          message: `The weights of rule ${i + 1} of ${route.metadata.name} sum to ${sum}, so the shares are ${text.join(", ")}.`,
          cause: "Weights are relative to their sum. Who reads them as percents is misled.",
          refs: [key],
          path: pathText(["spec", ...path]),
          fixes: [
            {
              title: "Write the same shares as percents",
              command: {
                type: "patchSpec",
                key,
                path: [...path],
                value: asPercents(destinations, sum),
              },
            },
          ],
        },
      ];
    });
  },
};

type Split = { rule: number; path: Path; destinations: readonly Destination[] };

/** Path within the spec. */
function splitsOf(route: Route | TcpRoute): Split[] {
  if (route.kind === "TcpRoute") {
    return route.spec.rules.map(({ destinations }, rule) => ({
      rule,
      path: ["rules", rule, "destinations"],
      destinations,
    }));
  }
  return route.spec.rules.flatMap(({ action }, rule) =>
    action.type === "forward"
      ? [{ rule, path: ["rules", rule, "action", "destinations"], destinations: action.destinations }]
      : [],
  );
}

const nameOfTarget = (route: Route | TcpRoute): string =>
  route.kind === "Route" ? route.spec.target.name : tcpTargetOf(route).name;

/** Largest remainders, so that the result sums to exactly 100. */
function asPercents(destinations: readonly Destination[], sum: number): Destination[] {
  const exact = destinations.map((each) => (each.weight / sum) * 100);
  const whole = exact.map(Math.floor);
  const order = exact.map((value, i) => ({ i, rest: value - Math.floor(value) })).sort((a, b) => b.rest - a.rest);
  const missing = 100 - whole.reduce((total, each) => total + each, 0);
  for (const { i } of order.slice(0, missing)) whole[i] = (whole[i] ?? 0) + 1;
  return destinations.map((each, i) => ({ ...each, weight: whole[i] ?? 0 }));
}
