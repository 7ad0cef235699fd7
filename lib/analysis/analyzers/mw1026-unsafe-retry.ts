// MW1026: retries of requests that may have been worked on already. A payment may be booked twice.
import { objectKey } from "@/lib/mesh";
import type { FindingBody, ObjectAnalyzer } from "../finding";
import { retriesAnswers } from "../retries";
import { unsafeMethods } from "../unsafe-methods";

const BEFORE_ANY_WORK = ["connect-failure", "refused-stream", "reset-before-request"];

export const mw1026UnsafeRetry: ObjectAnalyzer<"Route"> = {
  code: "MW1026",
  title: "Retry of what may have happened",
  area: "resilience",
  scope: "object",
  kind: "Route",
  run(_index, route) {
    return route.spec.rules.flatMap((rule, i): FindingBody[] => {
      const methods = unsafeMethods(rule);
      if (!retriesAnswers(rule.retries) || methods === "none") return [];
      const key = objectKey(route);
      return [
        {
          code: "MW1026",
          severity: methods === "any" ? "info" : "warning",
          message: `Rule ${i + 1} of ${route.metadata.name} repeats ${methods === "any" ? "every method, POST too," : methods} after an answer: it may happen twice.`,
          cause: `It retries on ${rule.retries?.on?.join(", ")}. Such a request may have been worked on before it failed; only methods that can be repeated without harm (RFC 9110: GET, HEAD, OPTIONS, PUT, DELETE) may be.`,
          refs: [key],
          path: `spec.rules[${i}].retries.on`,
          fixes: [
            {
              title: "Retry only what did not arrive",
              command: { type: "patchSpec", key, path: ["rules", i, "retries", "on"], value: BEFORE_ANY_WORK },
            },
          ],
        },
      ];
    });
  },
};
