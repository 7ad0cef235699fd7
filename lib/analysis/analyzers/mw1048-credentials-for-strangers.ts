// MW1048: pages of strangers may call with the cookies and logins of whoever looks at them.
import { objectKey, type Route } from "@/lib/mesh";
import type { FindingBody, ObjectAnalyzer } from "../finding";
import { strangerTakenBy } from "../origins";

export const mw1048CredentialsForStrangers: ObjectAnalyzer<"Route"> = {
  code: "MW1048",
  title: "Strangers' pages call with credentials",
  area: "access",
  scope: "object",
  kind: "Route",
  run(_, route) {
    return route.spec.rules.flatMap(({ cors }, i): FindingBody[] => {
      if (!cors?.allowCredentials) return [];
      const at = cors.allowOrigins.findIndex((origin) => strangerTakenBy(origin) !== undefined);
      const origin = cors.allowOrigins[at];
      return origin ? [findingOf(route, i, at, strangerTakenBy(origin) ?? "")] : [];
    });
  },
};

function findingOf(route: Route, i: number, at: number, stranger: string): FindingBody {
  const key = objectKey(route);
  return {
    code: "MW1048",
    severity: "warning",
    message: `Rule ${i + 1} of ${route.metadata.name} lets ${stranger} call with credentials.`,
    cause:
      "A browser sends its cookies and logins, and the page may read the answer: whoever can put up such a page acts as its visitors. A proxy answers with the origin that asked, never with a star, so browsers do not object.",
    refs: [key],
    path: `spec.rules[${i}].cors.allowOrigins[${at}]`,
    fixes: [
      {
        title: "Call without credentials",
        command: { type: "patchSpec", key, path: ["rules", i, "cors", "allowCredentials"] },
      },
    ],
  };
}
