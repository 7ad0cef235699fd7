// MW1084: a rule that shares requests among destinations which hash by different keys.
import { isSameJson, objectKey, serviceRefKey } from "@/lib/mesh";
import { hashKeysText } from "@/lib/mesh/diff/balancing-text";
import type { FindingBody, ObjectAnalyzer } from "../finding";
import { keysFor } from "../hashing";

export const mw1084KeysThatDiffer: ObjectAnalyzer<"Route"> = {
  code: "MW1084",
  title: "Destinations that hash by different keys",
  area: "routing",
  scope: "object",
  kind: "Route",
  run(index, route) {
    return route.spec.rules.flatMap(({ action }, r): FindingBody[] => {
      if (action.type !== "forward") return [];
      const hashed = action.destinations.flatMap(({ service, subset, weight }) => {
        const keys = weight > 0 ? keysFor(index, serviceRefKey(service, route), subset) : undefined;
        return keys ? [{ name: subset ?? service.name, keys }] : [];
      });
      const [first, ...more] = hashed;
      const other = more.find(({ keys }) => !isSameJson(keys, first?.keys));
      if (!first || !other) return [];
      return [
        {
          code: "MW1084",
          severity: "warning",
          message: `Rule ${r + 1} of ${route.metadata.name} sends to ${first.name}, which hashes ${hashKeysText(first.keys)}, and to ${other.name}, which hashes ${hashKeysText(other.keys)}.`,
          cause:
            "Keys belong to the route, which has one list for all its destinations: both are hashed together, and requests that are equal in the one and differ in the other no longer stay at one host.",
          refs: [objectKey(route)],
          path: `spec.rules[${r}].action.destinations`,
        },
      ];
    });
  },
};
