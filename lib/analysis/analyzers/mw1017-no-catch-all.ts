// MW1017: a route that leaves some requests without a rule. Callers inside the mesh get 404 for them.
import { objectKey, refKey } from "@/lib/mesh";
import type { ObjectAnalyzer } from "../finding";
import { isCatchAll } from "../path-match";

export const mw1017NoCatchAll: ObjectAnalyzer<"Route"> = {
  code: "MW1017",
  title: "Route without a rule for the rest",
  area: "routing",
  scope: "object",
  kind: "Route",
  run(index, route) {
    // a gateway that does not know a path answers 404 on purpose
    if (route.spec.target.kind !== "Service" || route.spec.rules.some(isCatchAll)) return [];
    const service = refKey(route.spec.target, route);
    const callers = index.dependenciesTo(service).filter((each) => each.spec.from.kind !== "Gateway");
    if (callers.length === 0 || !index.get(service)) return [];
    const key = objectKey(route);
    const { name } = route.spec.target;
    return [
      {
        code: "MW1017",
        severity: "warning",
        message: `Requests to ${name} that no rule of ${route.metadata.name} matches get 404.`,
        cause: `A route replaces the way to its service whole: ${callers.map((each) => each.spec.from.name).join(", ")} may call ${name} with anything, and only what a rule matches arrives.`,
        refs: [key, service],
        path: "spec.rules",
        fixes: [
          {
            title: `Send the rest to ${name}`,
            command: {
              type: "patchSpec",
              key,
              path: ["rules", route.spec.rules.length],
              value: {
                name: "default",
                matches: [],
                action: { type: "forward", destinations: [{ service: serviceRef(route.spec.target), weight: 1 }] },
              },
            },
          },
        ],
      },
    ];
  },
};

const serviceRef = ({ namespace, name }: { namespace?: string | undefined; name: string }) =>
  namespace === undefined ? { name } : { namespace, name };
