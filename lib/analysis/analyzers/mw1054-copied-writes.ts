// MW1054: copies of requests that change something. What a customer does once is done twice.
import { type Mirror, objectKey, type Route, type RouteRule } from "@/lib/mesh";
import { destinationText } from "@/lib/mesh/diff/words";
import type { FindingBody, ObjectAnalyzer } from "../finding";
import { unsafeMethods } from "../unsafe-methods";

/** RFC 9110 section 9.2.1: nothing is changed by them. */
const READS = ["GET", "HEAD", "OPTIONS"] as const;

export const mw1054CopiedWrites: ObjectAnalyzer<"Route"> = {
  code: "MW1054",
  title: "Copied writes",
  area: "routing",
  scope: "object",
  kind: "Route",
  run(_index, route) {
    return route.spec.rules.flatMap((rule, i): FindingBody[] => {
      const mirrors = (rule.mirrors ?? []).filter(({ percent }) => percent > 0);
      const methods = unsafeMethods(rule);
      return mirrors.length === 0 || methods === "none" ? [] : [findingOf(route, rule, i, mirrors, methods)];
    });
  },
};

function findingOf(route: Route, rule: RouteRule, i: number, mirrors: readonly Mirror[], methods: string): FindingBody {
  const key = objectKey(route);
  const { target, rules } = route.spec;
  const names = [...new Set(mirrors.map((mirror) => destinationText(mirror, target.name)))].join(" and ");
  const { mirrors: _, ...plain } = rule;
  const isAny = methods === "any";
  return {
    code: "MW1054",
    severity: isAny ? "info" : "warning",
    message: `Rule ${i + 1} of ${route.metadata.name} copies ${isAny ? "every method, POST too," : methods} to ${names}: it may happen twice.`,
    cause:
      "A copy is a request like any other to who gets it, and its answer is dropped: what it writes, books or sends is done once more, without anybody being told.",
    refs: [key],
    path: `spec.rules[${i}].mirrors`,
    fixes: isAny
      ? [
          {
            title: "Copy reads only",
            command: {
              type: "patchSpec",
              key,
              path: ["rules"],
              value: [...rules.slice(0, i), readsOf(rule), plain, ...rules.slice(i + 1)],
            },
          },
        ]
      : [{ title: "Copy nothing", command: { type: "patchSpec", key, path: ["rules", i, "mirrors"] } }],
  };
}

/** The rule for requests that change nothing, tried before the rest of it. */
function readsOf(rule: RouteRule): RouteRule {
  const { name, ...rest } = rule;
  const matches = (rule.matches.length > 0 ? rule.matches : [{}]).map((match) => ({ ...match, methods: [...READS] }));
  return { ...(name === undefined ? {} : { name: `${name}-reads`.slice(0, 60) }), ...rest, matches };
}
