// MW1098: redirects that are followed with the write that was answered. A browser would ask for the new address by GET.
import { type InternalRedirects, objectKey } from "@/lib/mesh";
import type { FindingBody, ObjectAnalyzer } from "../finding";
import { unsafeMethods } from "../unsafe-methods";

/** RFC 9110 sections 15.4.2 and 15.4.3: a caller may make GET of POST. Envoy does not, but for 303. */
const METHOD_IS_OPEN: readonly number[] = [301, 302];
const METHOD_IS_SAID: InternalRedirects["codes"] = [303, 307, 308];

export const mw1098RedirectedWrites: ObjectAnalyzer<"Route"> = {
  code: "MW1098",
  title: "Writes made again by redirects",
  area: "routing",
  scope: "object",
  kind: "Route",
  run(_index, route) {
    return route.spec.rules.flatMap((rule, i): FindingBody[] => {
      const { internalRedirects, action } = rule;
      const methods = unsafeMethods(rule);
      if (!internalRedirects || action.type !== "forward" || methods === "none") return [];
      const codes = internalRedirects.codes ?? [302];
      const open = codes.filter((code) => METHOD_IS_OPEN.includes(code));
      if (open.length === 0) return [];
      const rest = codes.filter((code) => !METHOD_IS_OPEN.includes(code));
      const key = objectKey(route);
      const isAny = methods === "any";
      return [
        {
          code: "MW1098",
          severity: isAny ? "info" : "warning",
          message: `Rule ${i + 1} of ${route.metadata.name} follows ${open.join(" and ")} of ${isAny ? "every method, POST too" : methods}: the write is sent again to where it is redirected.`,
          cause: `An app answers a form with ${open.join(" or ")} to have its result shown: browsers and most clients then ask by GET. A proxy that follows sends the same method and body again. 303 becomes GET; 307 and 308 mean that it is sent again.`,
          refs: [key],
          path: `spec.rules[${i}].internalRedirects`,
          fixes: [
            {
              title: "Follow only redirects that say the method",
              command: {
                type: "patchSpec",
                key,
                path: ["rules", i, "internalRedirects", "codes"],
                value: rest.length > 0 ? rest : METHOD_IS_SAID,
              },
            },
          ],
        },
      ];
    });
  },
};
