// MW1050: an exact origin that no browser writes so: with a path, a trailing slash, upper case, the usual port, or without a scheme.
import { objectKey, type Route } from "@/lib/mesh";
import type { FindingBody, ObjectAnalyzer } from "../finding";
import { originAsSent } from "../origins";

export const mw1050OriginNeverSent: ObjectAnalyzer<"Route"> = {
  code: "MW1050",
  title: "Origin that no browser sends",
  area: "broken",
  scope: "object",
  kind: "Route",
  run(_, route) {
    return route.spec.rules.flatMap(({ cors }, i) =>
      (cors?.allowOrigins ?? []).flatMap(({ type, value }, at): FindingBody[] => {
        const isFine = type !== "exact" || value === "*" || value === "null" || originAsSent(value) === value;
        return isFine ? [] : [findingOf(route, i, at, value)];
      }),
    );
  },
};

function findingOf(route: Route, i: number, at: number, value: string): FindingBody {
  const key = objectKey(route);
  const sent = originAsSent(value.includes("://") ? value : `https://${value}`);
  return {
    code: "MW1050",
    severity: "warning",
    message: `Rule ${i + 1} of ${route.metadata.name} allows ${value}, which no browser sends as an origin.`,
    cause:
      "An origin is a scheme, a host in lower case, and a port only if it is not the usual one; nothing follows. It is compared as text, so pages of it are refused.",
    refs: [key],
    path: `spec.rules[${i}].cors.allowOrigins[${at}].value`,
    ...(sent === undefined
      ? {}
      : {
          fixes: [
            {
              title: `Write ${sent}`,
              command: { type: "patchSpec", key, path: ["rules", i, "cors", "allowOrigins", at, "value"], value: sent },
            },
          ],
        }),
  };
}
