// MW1027: retries that nothing bounds against the load they are made in.
import { objectKey } from "@/lib/mesh";
import type { FindingBody, ObjectAnalyzer } from "../finding";

/** Google SRE book, chapter 21: a tenth; half already doubles the load of a service that fails. */
const MAX_PERCENT = 50;
/** Envoy's default for max_retries is 3; a few more are still few. */
const MAX_FIXED = 10;

export const mw1027RetriesUnbounded: ObjectAnalyzer<"TrafficPolicy"> = {
  code: "MW1027",
  title: "Retries without a budget",
  area: "resilience",
  scope: "object",
  kind: "TrafficPolicy",
  run(_index, policy) {
    const { retryBudget, connectionPool } = policy.spec;
    const key = objectKey(policy);
    const name = policy.spec.service.name;
    const fixes: FindingBody["fixes"] = [
      {
        title: "Let at most a fifth of the requests be retries",
        command: { type: "patchSpec", key, path: ["retryBudget"], value: { ...retryBudget, percent: 20 } },
      },
    ];
    if (retryBudget) {
      if (retryBudget.percent <= MAX_PERCENT) return [];
      return [
        {
          code: "MW1027",
          severity: "warning",
          message: `Up to ${retryBudget.percent} % of the requests to ${name} may be retries.`,
          cause:
            "When everything fails, retries come on top of the load that made it fail. A budget keeps them a small part.",
          refs: [key],
          path: "spec.retryBudget.percent",
          fixes,
        },
      ];
    }
    const fixed = connectionPool?.maxRetries;
    if (fixed === undefined || fixed <= MAX_FIXED) return [];
    return [
      {
        code: "MW1027",
        severity: "warning",
        message: `${policy.metadata.name} lets each caller of ${name} have ${fixed} retries under way at once, without a budget.`,
        cause:
          "A fixed number replaces the budget (by default a fifth of what is under way). It does not shrink with the traffic, so at little traffic every request may be a retry.",
        refs: [key],
        path: "spec.connectionPool.maxRetries",
        fixes,
      },
    ];
  },
};
