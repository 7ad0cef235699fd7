// MW1012: retries that never happen, because the first try may use all of the time.
import { objectKey } from "@/lib/mesh";
import { durationText } from "@/lib/mesh/diff/words";
import type { FindingBody, ObjectAnalyzer } from "../finding";

export const mw1012RetryWithoutTime: ObjectAnalyzer<"Route"> = {
  code: "MW1012",
  title: "Retries without time for them",
  area: "resilience",
  scope: "object",
  kind: "Route",
  run(_index, route) {
    return route.spec.rules.flatMap((rule, i): FindingBody[] => {
      const { timeoutMs, retries } = rule;
      if (timeoutMs === undefined || !retries?.perTryTimeoutMs || retries.attempts === 0) return [];
      if (retries.perTryTimeoutMs < timeoutMs) return [];
      const key = objectKey(route);
      const each = Math.max(1, Math.floor(timeoutMs / (retries.attempts + 1)));
      return [
        {
          code: "MW1012",
          severity: "warning",
          message: `Rule ${i + 1} of ${route.metadata.name} never retries a slow try: a try may take ${durationText(retries.perTryTimeoutMs)}, all tries together ${durationText(timeoutMs)}.`,
          cause: "The timeout of the route covers all tries and the pauses between them.",
          refs: [key],
          path: `spec.rules[${i}].retries.perTryTimeoutMs`,
          fixes: [
            {
              title: `Give each try ${durationText(each)}`,
              command: { type: "patchSpec", key, path: ["rules", i, "retries", "perTryTimeoutMs"], value: each },
            },
          ],
        },
      ];
    });
  },
};
