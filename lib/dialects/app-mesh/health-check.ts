// healthCheck of a listener <-> healthCheck of a traffic policy.
// The rule: App Mesh takes thresholds from 2 to 10, an interval from 5 s and a time from 2 s: what is outside is brought in and told.
import { HEALTH_CHECK_DEFAULTS, type HealthCheck, healthCheckAnswers, type Protocol, valueAt } from "@/lib/mesh";
import { numberAt } from "./values";

const RANGES = {
  healthyThreshold: [2, 10],
  unhealthyThreshold: [2, 10],
  intervalMs: [5000, 300_000],
  timeoutMs: [2000, 60_000],
} as const;
type Ranged = keyof typeof RANGES;
const isRanged = (field: string): field is Ranged => field in RANGES;

export function healthCheckAt(listener: unknown): HealthCheck | undefined {
  const at = (field: string) => valueAt(listener, ["healthCheck", field]);
  const number = (field: string) => numberAt(listener, ["healthCheck", field]) || undefined;
  const times = Object.fromEntries(
    Object.entries({
      intervalMs: number("intervalMillis"),
      timeoutMs: number("timeoutMillis"),
      unhealthyThreshold: number("unhealthyThreshold"),
      healthyThreshold: number("healthyThreshold"),
    }).filter(([, value]) => value !== undefined),
  );
  const path = at("path");
  switch (at("protocol")) {
    case "http":
    case "http2":
      return { type: "http", path: typeof path === "string" && path.startsWith("/") ? path : "/", ...times };
    case "grpc":
      return { type: "grpc", ...times };
    case "tcp":
      return { type: "tcp", ...times };
    default:
      return undefined;
  }
}

export function writeHealthCheck(check: HealthCheck, protocol: Protocol): object | undefined {
  if (!healthCheckAnswers(protocol, check.type)) return undefined;
  return {
    protocol: check.type === "http" ? protocol : check.type,
    ...(check.type === "http" ? { path: check.path } : {}),
    intervalMillis: within("intervalMs", check),
    timeoutMillis: within("timeoutMs", check),
    unhealthyThreshold: within("unhealthyThreshold", check),
    healthyThreshold: within("healthyThreshold", check),
  };
}

function within(field: Ranged, check: HealthCheck): number {
  const [least, most] = RANGES[field];
  return Math.min(most, Math.max(least, check[field] ?? HEALTH_CHECK_DEFAULTS[field]));
}

/** Each field of a check, as App Mesh can say it. */
export function judgeHealthCheck(
  check: HealthCheck,
  say: (field: string, verdict: "approximate" | "lost", reason: string) => void,
): void {
  for (const field of Object.keys(check)) {
    if (field === "type" || field === "path")
      say(field, "approximate", "its own proxy checks it in App Mesh, and each caller's proxy in the design");
    else if (!isRanged(field)) say(field, "lost", "App Mesh asks without it");
    else if (within(field, check) !== check[field])
      say(field, "approximate", `App Mesh takes ${RANGES[field].join(" to ")}: ${within(field, check)} is written`);
    else say(field, "approximate", "it counts checks of its own proxy, not of callers");
  }
}
