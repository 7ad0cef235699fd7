// MeshHealthCheck <-> healthCheck of a traffic policy.
// The rule: Kuma asks each port by what it speaks and has defaults of its own: both are written out, so that a check means here what it meant there.
import { HEALTH_CHECK_DEFAULTS, type HealthCheck, type Service } from "@/lib/mesh";
import { defined, type Fields, msToDuration } from "../shared/fields";
import type { Verdict } from "../shared/verdict";
import type { CheckConf } from "./state";

/** Kuma's own, where a policy says nothing. */
const KUMA = { intervalMs: 60_000, timeoutMs: 15_000, unhealthyThreshold: 5, healthyThreshold: 1, jitterPercent: 0 };

/** "": not base64. Without Node, since the browser reads files too. */
function toHex(base64: string): string {
  try {
    return [...atob(base64)].map((letter) => letter.charCodeAt(0).toString(16).padStart(2, "0")).join("");
  } catch {
    return "";
  }
}
const toBase64 = (hex: string): string =>
  btoa(String.fromCharCode(...(hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16))));

export function readHealthCheck(fields: Fields): CheckConf {
  const http = fields.object("http");
  const grpc = fields.object("grpc");
  const tcp = fields.object("tcp");
  const conf = defined<CheckConf>({
    when: defined({
      intervalMs: fields.duration("interval"),
      timeoutMs: fields.duration("timeout"),
      unhealthyThreshold: fields.number("unhealthyThreshold"),
      healthyThreshold: fields.number("healthyThreshold"),
      jitterPercent: fields.number("intervalJitterPercent"),
      initialJitterMs: fields.duration("initialJitter") || undefined,
      noTrafficIntervalMs: fields.duration("noTrafficInterval"),
      reuseConnection: fields.flag("reuseConnection"),
    }),
    http: http && readHttp(http),
    grpc:
      grpc &&
      defined({ isOff: grpc.flag("disabled"), serviceName: grpc.text("serviceName"), host: grpc.text("authority") }),
    tcp:
      tcp &&
      defined({
        isOff: tcp.flag("disabled"),
        send: hexOf(tcp.text("send")),
        receive: tcp.texts("receive")?.flatMap((each) => hexOf(each) ?? []),
      }),
  });
  http?.keepRest();
  grpc?.keepRest();
  tcp?.keepRest();
  return conf;
}

const hexOf = (base64: string | undefined): string | undefined => toHex(base64 ?? "") || undefined;

function readHttp(fields: Fields): CheckConf["http"] {
  const added = fields.object("requestHeadersToAdd");
  const pairs = added?.list("set").flatMap((each) => {
    const [name, value] = [each.text("name"), each.text("value")];
    each.keepRest();
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  });
  added?.keepRest();
  return defined({
    isOff: fields.flag("disabled"),
    path: fields.text("path"),
    expectedStatuses: statusesOf(fields),
    headers: pairs && pairs.length > 0 ? Object.fromEntries(pairs) : undefined,
  });
}

/** A list that is not one of statuses is kept as it is. */
function statusesOf(fields: Fields): number[] | undefined {
  const value = fields.take("expectedStatuses");
  if (Array.isArray(value) && value.length > 0 && value.every(isStatus)) return value;
  if (value !== undefined) fields.keep("expectedStatuses", value);
  return undefined;
}

const isStatus = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 100 && value < 600;

/** What Kuma would ask of the service's first port; a section that is off leaves a connection to be made. */
export function healthCheckOf({ when, http, grpc, tcp }: CheckConf, { spec: { ports } }: Service): HealthCheck | null {
  const shared = { ...KUMA, ...when };
  const speaks = (...names: string[]) => ports.some(({ protocol }) => names.includes(protocol));
  if (http && !http.isOff && speaks("http", "http2")) {
    const { isOff: _, path = "/", ...rest } = http;
    return { type: "http", path, ...rest, ...shared };
  }
  if (grpc && !grpc.isOff && speaks("grpc", "http2")) {
    const { isOff: _, ...rest } = grpc;
    return { type: "grpc", ...rest, ...shared };
  }
  if (tcp?.isOff) return null;
  const { isOff: _, ...rest } = tcp ?? {};
  return { type: "tcp", ...rest, ...shared };
}

export function writeHealthCheck(check: HealthCheck): Record<string, unknown> {
  const { initialJitterMs, noTrafficIntervalMs, reuseConnection } = check;
  const said = { ...HEALTH_CHECK_DEFAULTS, ...check };
  return defined({
    interval: msToDuration(said.intervalMs),
    timeout: msToDuration(said.timeoutMs),
    unhealthyThreshold: said.unhealthyThreshold,
    healthyThreshold: said.healthyThreshold,
    intervalJitterPercent: said.jitterPercent || undefined,
    initialJitter: initialJitterMs === undefined ? undefined : msToDuration(initialJitterMs),
    noTrafficInterval: noTrafficIntervalMs === undefined ? undefined : msToDuration(noTrafficIntervalMs),
    reuseConnection,
    ...asked(check),
  });
}

function asked(check: HealthCheck): Record<string, unknown> {
  switch (check.type) {
    case "http": {
      const set = Object.entries(check.headers ?? {}).map(([name, value]) => ({ name: name.toLowerCase(), value }));
      const requestHeadersToAdd = set.length > 0 ? { set } : undefined;
      return { http: defined({ path: check.path, expectedStatuses: check.expectedStatuses, requestHeadersToAdd }) };
    }
    case "grpc":
      return { grpc: defined({ serviceName: check.serviceName, authority: check.host }) };
    case "tcp":
      return {
        tcp: defined({
          send: check.send === undefined ? undefined : toBase64(check.send),
          receive: check.receive?.map(toBase64),
        }),
      };
  }
}

/** Each field of a check, as Kuma can say it. */
export function judgeHealthCheck(
  check: HealthCheck,
  say: (path: string[], verdict: Extract<Verdict, "exact" | "lost">, reason: string) => void,
): void {
  const lost: Record<string, string> = {
    method: "Kuma asks with GET",
    unhealthyIntervalMs: "Kuma asks hosts that are out as often as others",
    ...(check.type === "http" ? { host: "Kuma asks by the name of the service" } : {}),
  };
  for (const field of Object.keys(check)) {
    const why = lost[field];
    if (why === undefined) say(["healthCheck", field], "exact", "means the same in MeshHealthCheck");
    else say(["healthCheck", field], "lost", why);
  }
}
