// Times and retries of a rule -> timeout and retryPolicy of a route.
// The rule: App Mesh's own defaults (15 seconds) are never relied on: what the design leaves open is written out.
import type { Retries, RouteRule } from "@/lib/mesh";
import { durationOf, NO_LIMIT, type RouteType } from "./export-out";
import { GATEWAY_ERRORS, SERVER_ERRORS } from "./rules";

export type Told = { field: "retries" | "timeoutMs"; reason: string };

/** What a design without a word means: two more tries, before the callee began to work. */
const STANDARD: Retries = { attempts: 2, on: ["connect-failure", "refused-stream", "unavailable", "cancelled"] };
/** Status codes that one event stands for; the wider one first. */
const GROUPS: readonly [string, readonly string[]][] = [
  ["server-error", SERVER_ERRORS],
  ["gateway-error", GATEWAY_ERRORS],
];
const SINGLE: Record<string, string> = {
  "5xx": "server-error",
  "gateway-error": "gateway-error",
  "409": "client-error",
  "retriable-4xx": "client-error",
  "refused-stream": "stream-error",
};
const GRPC = new Set(["cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable"]);

export function callOf(
  rule: Pick<RouteRule, "timeoutMs" | "idleTimeoutMs" | "retries">,
  type: RouteType,
): { call: object; told: Told[] } {
  const told: Told[] = [];
  const retryPolicy = retryPolicyOf(rule, type, told);
  const perRequest = rule.timeoutMs === undefined ? NO_LIMIT : durationOf(rule.timeoutMs);
  const idle = rule.idleTimeoutMs === undefined ? {} : { idle: durationOf(rule.idleTimeoutMs) };
  return { call: { timeout: { perRequest, ...idle }, ...(retryPolicy ? { retryPolicy } : {}) }, told };
}

function retryPolicyOf(
  rule: Pick<RouteRule, "timeoutMs" | "retries">,
  type: RouteType,
  told: Told[],
): object | undefined {
  const { attempts, perTryTimeoutMs, on } = rule.retries ?? STANDARD;
  if (attempts === 0) return undefined;
  if (rule.retries?.backoff) told.push({ field: "retries", reason: "App Mesh has no back-off between retries" });
  if (rule.retries?.ignorePreviousHosts)
    told.push({ field: "retries", reason: "App Mesh does not leave out hosts that were tried" });
  if (rule.retries?.remoteLocalities)
    told.push({ field: "retries", reason: "App Mesh does not send retries to other localities" });
  const { http, tcp, grpc, unsaid } = eventsOf(on ?? STANDARD.on ?? [], type);
  if (unsaid.length > 0 && rule.retries)
    told.push({ field: "retries", reason: `App Mesh does not try again for ${unsaid.join(", ")}` });
  if (http.length + tcp.length + grpc.length === 0) return undefined;
  const limit = perTryTimeoutMs ?? rule.timeoutMs;
  if (limit === undefined && rule.retries)
    told.push({ field: "retries", reason: "App Mesh asks for a time of each try: 0 is written for none" });
  return {
    maxRetries: attempts,
    perRetryTimeout: limit === undefined ? NO_LIMIT : durationOf(limit),
    ...(http.length > 0 ? { httpRetryEvents: http } : {}),
    ...(tcp.length > 0 ? { tcpRetryEvents: tcp } : {}),
    ...(grpc.length > 0 ? { grpcRetryEvents: grpc } : {}),
  };
}

type Events = { http: string[]; tcp: string[]; grpc: string[]; unsaid: string[] };

function eventsOf(on: readonly string[], type: RouteType): Events {
  const codes = new Set(on);
  const http = new Set<string>();
  const result: Events = { http: [], tcp: [], grpc: [], unsaid: [] };
  const whole = GROUPS.filter(([, wanted]) => wanted.every((each) => codes.has(each)));
  for (const each of on) {
    const group = whole.find(([, wanted]) => wanted.includes(each))?.[0] ?? SINGLE[each];
    if (group !== undefined) http.add(group);
    else if (each === "connect-failure") result.tcp = ["connection-error"];
    else if (GRPC.has(each) && type === "grpcRoute") result.grpc.push(each);
    // these are for answers of gRPC, which this route does not carry
    else if (!GRPC.has(each)) result.unsaid.push(each);
  }
  return { ...result, http: [...http] };
}
