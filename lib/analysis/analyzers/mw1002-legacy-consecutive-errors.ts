// MW1002: Istio's `consecutiveErrors` is accepted with a warning and read by nothing since its split into two counters.
import { type OutlierDetection, objectKey } from "@/lib/mesh";
import type { ObjectAnalyzer } from "../finding";

/** Envoy default for consecutive_5xx, enforced. */
const ENVOY_CONSECUTIVE_5XX = 5;

export const mw1002LegacyConsecutiveErrors: ObjectAnalyzer<"TrafficPolicy"> = {
  code: "MW1002",
  title: "consecutiveErrors has no effect",
  area: "resilience",
  scope: "object",
  kind: "TrafficPolicy",
  run(_index, policy) {
    const detection = policy.spec.outlierDetection;
    const legacy = detection?.legacyConsecutiveErrors;
    if (!detection || legacy === undefined) return [];
    const { legacyConsecutiveErrors: _ignored, ...rest } = detection;
    const key = objectKey(policy);
    const now = detection.consecutive5xxErrors ?? ENVOY_CONSECUTIVE_5XX;
    const fix = (title: string, value: OutlierDetection) => ({
      title,
      command: { type: "patchSpec" as const, key, path: ["outlierDetection"], value },
    });
    return [
      {
        code: "MW1002",
        severity: "warning",
        message: `consecutiveErrors: ${legacy} of ${policy.metadata.name} has no effect: endpoints are ejected after ${now} 5xx errors in a row, whatever it says.`,
        cause:
          "The field is deprecated: Istio accepts it with a warning and its configuration never contains it, so Envoy's default of five consecutive 5xx applies. It used to count gateway errors (502, 503, 504) only.",
        refs: [key],
        path: "spec.outlierDetection.legacyConsecutiveErrors",
        fixes: [
          fix(`As written: eject after ${legacy} gateway errors (502, 503, 504)`, {
            ...rest,
            consecutiveGatewayErrors: legacy,
            consecutive5xxErrors: 0,
          }),
          fix(`As it runs today: eject after ${now} 5xx errors`, { ...rest, consecutive5xxErrors: now }),
        ],
      },
    ];
  },
};
