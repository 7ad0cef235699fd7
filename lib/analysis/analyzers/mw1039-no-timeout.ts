// MW1039: callers that wait without an end. One slow service makes all of them slow.
import {
  API_VERSION,
  type Dependency,
  keyOf,
  type MeshIndex,
  type ObjectKey,
  objectKey,
  type Route,
  type Service,
} from "@/lib/mesh";
import { durationText } from "@/lib/mesh/diff/words";
import { asks } from "../authorizers";
import { endsOf, isRuleFor } from "../calls";
import type { Fix, ObjectAnalyzer } from "../finding";
import { longestMs } from "../retries";

/** Istio's own examples and Envoy's default (15 s) are longer than a person waits; a few seconds is what most calls need. */
const USUAL_MS = 5000;

export const mw1039NoTimeout: ObjectAnalyzer<"Service"> = {
  code: "MW1039",
  title: "No timeout on a synchronous dependency",
  area: "resilience",
  scope: "object",
  kind: "Service",
  run(index, service) {
    const key = objectKey(service);
    if (service.spec.optOut || service.spec.ports.every((port) => port.protocol === "tcp")) return [];
    const routes = index.routesOf(key);
    const opened = routes.flatMap((route) => openRules(route));
    const hasOpen = (from: ObjectKey) =>
      routes.length === 0 || opened.some(({ given }) => isRuleFor(index, from, given));
    // whoever only asks it as an authorizer says there how long (MW1063)
    const waiting = index.dependenciesTo(key).filter((each) => {
      const { from } = endsOf(each);
      const isWaiting = each.spec.interaction !== "async" && each.spec.from.kind !== "Gateway";
      return isWaiting && hasOpen(from) && !asks(index, from, key);
    });
    const open = opened.filter(({ given }) => waiting.some((each) => isRuleFor(index, endsOf(each).from, given)));
    if (waiting.length === 0) return [];
    const { criticality } = service.spec;
    const names = waiting.map((each) => each.spec.from.name);
    const [first] = open;
    return [
      {
        code: "MW1039",
        severity: criticality === "critical" || criticality === "high" ? "warning" : "info",
        message: `${names.join(", ")} ${names.length === 1 ? "waits" : "wait"} for ${service.metadata.name} without an end.`,
        cause: first
          ? `Rule ${first.rule + 1} of ${first.route.metadata.name} has no timeout, and the mesh sets none by itself.`
          : `${service.metadata.name} has no route with a timeout, and the mesh sets none by itself.`,
        refs: [key, ...(first ? [objectKey(first.route)] : []), ...waiting.map(objectKey)],
        fixes: fixesFor(index, service, routes, open, timeoutFor(index, waiting)),
      },
    ];
  },
};

const openRules = (route: Route) =>
  route.spec.rules.flatMap((rule, i) =>
    rule.action.type === "forward" && longestMs(rule) === undefined ? [{ route, rule: i, given: rule }] : [],
  );

/** Shorter than what those who call have themselves. */
function timeoutFor(index: MeshIndex, waiting: readonly Dependency[]): number {
  const limits = waiting.flatMap((each) =>
    index.routesOf(endsOf(each).from).flatMap((route) => route.spec.rules.flatMap((rule) => longestMs(rule) ?? [])),
  );
  const shortest = Math.min(...limits, Number.POSITIVE_INFINITY);
  return Number.isFinite(shortest) ? Math.max(1, Math.min(USUAL_MS, Math.floor(shortest * 0.8))) : USUAL_MS;
}

function fixesFor(
  index: MeshIndex,
  service: Service,
  routes: readonly Route[],
  open: { route: Route; rule: number }[],
  timeoutMs: number,
): Fix[] {
  const { name, namespace } = service.metadata;
  const title = `End calls to ${name} after ${durationText(timeoutMs)}`;
  if (routes.length > 0) {
    const commands = open.map(({ route, rule }) => ({
      type: "patchSpec" as const,
      key: objectKey(route),
      path: ["rules", rule, "timeoutMs"],
      value: timeoutMs,
    }));
    return [{ title, command: { type: "batch", commands, label: title } }];
  }
  if (index.get(keyOf("Route", namespace, name))) return [];
  return [
    {
      title,
      command: {
        type: "addObject",
        object: {
          apiVersion: API_VERSION,
          kind: "Route",
          metadata: { name, namespace },
          spec: {
            target: { kind: "Service", name },
            rules: [
              {
                name: "default",
                matches: [],
                action: { type: "forward", destinations: [{ service: { name }, weight: 1 }] },
                timeoutMs,
              },
            ],
          },
        },
      },
    },
  ];
}
