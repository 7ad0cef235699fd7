// What analyzers ask of outlier detection.
import type { TrafficPolicy } from "@/lib/mesh";

/** Envoy default for max_ejection_percent; Istio leaves it as it is. */
const DEFAULT_MAX_EJECTION_PERCENT = 10;

/** Percent of the hosts that may be out at once, and in words where it comes from. */
export function ejectable({ maxEjectionPercent }: NonNullable<TrafficPolicy["spec"]["outlierDetection"]>) {
  const percent = maxEjectionPercent ?? DEFAULT_MAX_EJECTION_PERCENT;
  return { percent, told: maxEjectionPercent === undefined ? `unset, so Envoy's default of ${percent}` : `${percent}` };
}
