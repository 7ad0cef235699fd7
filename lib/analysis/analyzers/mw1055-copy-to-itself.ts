// MW1055: copies that go where the requests go already. The same workloads work twice and nobody learns anything.
import { type Destination, type Mirror, objectKey, type Route, type RouteRule, serviceRefKey } from "@/lib/mesh";
import { destinationText } from "@/lib/mesh/diff/words";
import type { FindingBody, ObjectAnalyzer } from "../finding";

export const mw1055CopyToItself: ObjectAnalyzer<"Route"> = {
  code: "MW1055",
  title: "Copy to its own destination",
  area: "routing",
  scope: "object",
  kind: "Route",
  run(_index, route) {
    return route.spec.rules.flatMap((rule, i) =>
      (rule.mirrors ?? []).flatMap((mirror, m): FindingBody[] =>
        mirror.percent > 0 && isDestination(route, rule, mirror) ? [findingOf(route, rule, i, m, mirror)] : [],
      ),
    );
  },
};

function isDestination(route: Route, { action }: RouteRule, mirror: Mirror): boolean {
  if (action.type !== "forward") return false;
  const same = ({ service, subset, port }: Destination) =>
    serviceRefKey(service, route) === serviceRefKey(mirror.service, route) &&
    subset === mirror.subset &&
    (port === mirror.port || port === undefined || mirror.port === undefined);
  const isOnly = action.destinations.length === 1;
  return action.destinations.some((destination) => (isOnly || destination.weight > 0) && same(destination));
}

function findingOf(route: Route, rule: RouteRule, i: number, m: number, mirror: Mirror): FindingBody {
  const key = objectKey(route);
  const isLast = rule.mirrors?.length === 1;
  const path = ["rules", i, "mirrors"];
  return {
    code: "MW1055",
    severity: "warning",
    message: `Rule ${i + 1} of ${route.metadata.name} copies ${mirror.percent} % to ${destinationText(mirror, route.spec.target.name)}, where the requests go already.`,
    cause: "A mirror shows what another version does with real requests. Here the same workloads get them once more.",
    refs: [key],
    path: `spec.rules[${i}].mirrors[${m}]`,
    fixes: [{ title: "Make no copy", command: { type: "patchSpec", key, path: isLast ? path : [...path, m] } }],
  };
}
