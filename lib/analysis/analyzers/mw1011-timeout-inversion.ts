// MW1011: a caller gives up before what it calls may: the inner work goes on for nobody.
import { type MeshIndex, type ObjectKey, objectKey, type Route, serviceRefKey } from "@/lib/mesh";
import { durationText } from "@/lib/mesh/diff/words";
import { endsOf, isRuleFor, nameOf } from "../calls";
import type { FindingBody, ObjectAnalyzer } from "../finding";
import { longestMs } from "../retries";

type Ruled = { route: Route; rule: number };
type Longest = Ruled & { ms: number };

export const mw1011TimeoutInversion: ObjectAnalyzer<"Dependency"> = {
  code: "MW1011",
  title: "Inner timeout longer than the outer",
  area: "resilience",
  scope: "object",
  kind: "Dependency",
  run(index, dependency) {
    if (dependency.spec.interaction === "async") return [];
    const { from: caller, to: callee } = endsOf(dependency);
    // a gateway's timeout covers its call itself: there the two are the same time
    if (caller.startsWith("Gateway/")) return [];
    const inner = longest(
      index
        .routesOf(callee)
        .flatMap((route) =>
          route.spec.rules.flatMap((each, rule) => (isRuleFor(index, caller, each) ? [{ route, rule }] : [])),
        ),
    );
    const outer = inner && longest(rulesTowards(index, caller));
    if (!inner || !outer || inner.ms < outer.ms) return [];
    const shorter = Math.max(1, Math.floor((outer.ms * 0.8) / 100) * 100 || Math.floor(outer.ms * 0.8));
    const key = objectKey(inner.route);
    const finding: FindingBody = {
      code: "MW1011",
      severity: "warning",
      message: `Calls to ${nameOf(caller)} end after ${durationText(outer.ms)}, but it waits up to ${durationText(inner.ms)} for ${nameOf(callee)}.`,
      cause:
        "When the outer timeout ends first, the caller has its error while the inner work goes on for nobody and holds connections.",
      refs: [key, objectKey(outer.route), objectKey(dependency)],
      path: `spec.rules[${inner.rule}].timeoutMs`,
      fixes: [
        {
          title: `Shorten calls to ${nameOf(callee)} to ${durationText(shorter)}`,
          command: { type: "patchSpec", key, path: ["rules", inner.rule, "timeoutMs"], value: shorter },
        },
      ],
    };
    return [finding];
  },
};

/** The rule with the longest timeout; undefined when one has none, for then there is no limit to compare. */
function longest(rules: readonly Ruled[]): Longest | undefined {
  let found: Longest | undefined;
  for (const { route, rule } of rules) {
    const given = route.spec.rules[rule];
    const ms = given && longestMs(given);
    if (ms === undefined) return undefined;
    if (!found || ms > found.ms) found = { route, rule, ms };
  }
  return found;
}

/** Rules by which calls come to this service: its own route, and those of gateways that forward to it. */
function rulesTowards(index: MeshIndex, service: ObjectKey): Ruled[] {
  const own = index.routesOf(service).flatMap((route) => route.spec.rules.map((_, rule) => ({ route, rule })));
  const entering = index.dependenciesTo(service).flatMap((dependency) => {
    const { from: caller } = endsOf(dependency);
    if (!caller.startsWith("Gateway/")) return [];
    return index
      .routesOf(caller)
      .flatMap((route) =>
        route.spec.rules.flatMap((rule, i) =>
          rule.action.type === "forward" &&
          rule.action.destinations.some((each) => serviceRefKey(each.service, route) === service)
            ? [{ route, rule: i }]
            : [],
        ),
      );
  });
  return [...own, ...entering];
}
