// MW1049: a rule says what preflights are told, but takes no OPTIONS, so they go to another rule.
import { objectKey, type Route, type RouteMatch, type RouteRule } from "@/lib/mesh";
import type { FindingBody, ObjectAnalyzer } from "../finding";

/** Browsers ask before any other one. */
const SIMPLE = new Set(["GET", "HEAD", "POST"]);

export const mw1049PreflightPassesBy: ObjectAnalyzer<"Route"> = {
  code: "MW1049",
  title: "Preflights pass by the rule",
  area: "broken",
  scope: "object",
  kind: "Route",
  run(_, route) {
    const { rules } = route.spec;
    return rules.flatMap((rule, i): FindingBody[] => {
      if (!rule.cors || !expectsPreflights(rule) || rule.matches.length === 0 || rule.matches.some(takesOptions))
        return [];
      const isTakenElsewhere = rules.some((other) => other.cors !== undefined && other !== rule && covers(other, rule));
      return isTakenElsewhere ? [] : [findingOf(route, rule, i)];
    });
  },
};

const takesOptions = ({ methods }: RouteMatch) => methods === undefined || methods.includes("OPTIONS");

function expectsPreflights({ matches, cors }: RouteRule): boolean {
  const isTold =
    cors?.allowMethods !== undefined || cors?.allowHeaders !== undefined || cors?.maxAgeSeconds !== undefined;
  return isTold || matches.some(({ methods }) => methods?.some((method) => !SIMPLE.has(method)));
}

/** Another rule with a policy takes OPTIONS of the same paths. */
function covers(other: RouteRule, rule: RouteRule): boolean {
  const taken = other.matches.filter((match) => takesOptions(match) && !match.caller).map(({ path }) => path);
  if (other.matches.length === 0 || taken.includes(undefined)) return true;
  return rule.matches.every(({ path }) => taken.some((each) => JSON.stringify(each) === JSON.stringify(path)));
}

function findingOf(route: Route, { matches }: RouteRule, i: number): FindingBody {
  const key = objectKey(route);
  return {
    code: "MW1049",
    severity: "warning",
    message: `Rule ${i + 1} of ${route.metadata.name} never sees a preflight: it does not take OPTIONS.`,
    cause:
      "A browser asks by OPTIONS before it sends such a call. The rules after this one decide what it is told, and without a policy the app does.",
    refs: [key],
    path: `spec.rules[${i}].matches`,
    fixes: [
      {
        title: "Take OPTIONS too",
        command: {
          type: "patchSpec",
          key,
          path: ["rules", i, "matches"],
          value: matches.map((match) => ({ ...match, methods: [...(match.methods ?? []), "OPTIONS"] })),
        },
      },
    ],
  };
}
