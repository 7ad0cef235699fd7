// MW1087: a fixed share for a place in which no workload of the service runs: others get it, or callers get 503.
import { isWithin, localityOf, objectKey, type TrafficLocality } from "@/lib/mesh";
import type { FindingBody, Fix, ObjectAnalyzer } from "../finding";
import { hostsByPlace, preferenceOf } from "../localities";

type Distribution = NonNullable<TrafficLocality["distribute"]>[number];

export const mw1087ShareWithoutHosts: ObjectAnalyzer<"TrafficPolicy"> = {
  code: "MW1087",
  title: "Share for a place where nobody is",
  area: "resilience",
  scope: "object",
  kind: "TrafficPolicy",
  ofDesign: true,
  run(index, policy, facts) {
    const distribute = preferenceOf(policy)?.distribute ?? [];
    const places = [...hostsByPlace(index, policy, facts)].filter(([, count]) => count > 0).map(([place]) => place);
    if (places.length === 0) return []; // MW1086
    const key = objectKey(policy);
    return distribute.flatMap(({ from, to }, i): FindingBody[] => {
      const isThere = (pattern: string) => places.some((place) => isWithin(localityOf(place), pattern));
      const empty = Object.keys(to).filter((pattern) => !isThere(pattern));
      if (empty.length === 0) return [];
      const isNobody = empty.length === Object.keys(to).length;
      const what = isNobody ? "they get 503" : "the others get it";
      return [
        {
          code: "MW1087",
          severity: isNobody ? "error" : "warning",
          message: `${policy.metadata.name} sends callers in ${from === "*" ? "any place" : from} to ${empty.join(", ")}, where no workload of ${policy.spec.service.name} runs: ${what}.`,
          cause: `Workloads run in ${places.sort().join(", ")}. A place without hosts is left out of the shares, and a caller whose places are all left out has nobody to call.`,
          refs: [key],
          path: `spec.locality.distribute[${i}].to`,
          fixes: [fixOf(key, i, { from, to }, empty, places)],
        },
      ];
    });
  },
};

function fixOf(key: string, i: number, { to }: Distribution, empty: readonly string[], places: readonly string[]): Fix {
  const left = Object.entries(to).filter(([place]) => !empty.includes(place));
  const value = hundredOf(left.length > 0 ? left : [[places[0] ?? "*", 100]]);
  const title = left.length > 0 ? "Give the share to the others" : `Send them to ${places[0]}`;
  return { title, command: { type: "patchSpec", key, path: ["locality", "distribute", i, "to"], value } };
}

/** In the same proportions, whole and 100 together; what rounding leaves goes to the first. */
function hundredOf(shares: readonly (readonly [string, number])[]): Record<string, number> {
  const sum = shares.reduce((total, [, weight]) => total + weight, 0);
  const whole = shares.map(([place, weight]) => [place, Math.max(1, Math.floor((100 * weight) / sum))] as const);
  const rest = 100 - whole.reduce((total, [, weight]) => total + weight, 0);
  return Object.fromEntries(whole.map(([place, weight], i) => [place, i === 0 ? weight + rest : weight]));
}
