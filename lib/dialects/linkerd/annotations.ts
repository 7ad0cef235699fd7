// Linkerd's annotations of retries, timeouts and failure accrual, both ways.
// The rule: an annotation that cannot be read is a problem with its place; one that the model has no word for stays on its object.
import { type OutlierDetection, RETRY_CONDITIONS, type Retries } from "@/lib/mesh";

export type Annotations = Readonly<Record<string, string>>;
export const INBOUND_POLICY = "config.linkerd.io/default-inbound-policy";
export const OPAQUE_PORTS = "config.linkerd.io/opaque-ports";
export const INJECT = "linkerd.io/inject";
const RETRY = "retry.linkerd.io/";
const TIMEOUT = "timeout.linkerd.io/";
const ACCRUAL = "balancer.linkerd.io/failure-accrual";

/** Those of Linkerd's controller. */
const DEFAULT_LIMIT = 1;
const DEFAULT_FAILURES = 7;
const DEFAULT_MIN_PENALTY_MS = 1000;
const DEFAULT_MAX_PENALTY_MS = 60_000;
/** Envoy's longest ejection, which a base ejection time grows to. */
const LONGEST_EJECTION_MS = 300_000;
const MAX_CODES = 32;

export const isLinkerds = (name: string) => /(^|\.)linkerd\.io\//.test(name);

/** What a design says itself, and an export writes from it: the annotations that brought it are not written back. */
export const isCarried = (name: string) =>
  [
    `${RETRY}http`,
    `${RETRY}grpc`,
    `${RETRY}limit`,
    `${RETRY}timeout`,
    `${TIMEOUT}request`,
    `${TIMEOUT}idle`,
    ACCRUAL,
  ].includes(name) ||
  [`${ACCRUAL}-consecutive-max-failures`, `${ACCRUAL}-consecutive-min-penalty`, OPAQUE_PORTS, INBOUND_POLICY].includes(
    name,
  );

export const hasFamily = (annotations: Annotations, family: string) =>
  Object.keys(annotations).some((name) => name.startsWith(family));

export type Problem = { name: string; message: string; fix: string };
export type Behaviour = {
  timeoutMs?: number;
  idleTimeoutMs?: number;
  retries?: Retries;
  uncarried: string[];
  problems: Problem[];
};

/** Of a route: a family that it names at all replaces that of its service. */
export function behaviourOf(route: Annotations, service: Annotations): Behaviour {
  const problems: Problem[] = [];
  const times = hasFamily(route, TIMEOUT) ? route : service;
  const tries = hasFamily(route, RETRY) ? route : service;
  const timeoutMs = durationIn(times, `${TIMEOUT}request`, problems);
  const retries = retriesIn(tries, problems);
  const idleTimeoutMs = durationIn(times, `${TIMEOUT}idle`, problems);
  const uncarried = [`${TIMEOUT}response`].filter((name) => times[name] !== undefined);
  return {
    ...(timeoutMs ? { timeoutMs } : {}),
    ...(idleTimeoutMs ? { idleTimeoutMs } : {}),
    ...(retries ? { retries } : {}),
    uncarried,
    problems,
  };
}

function retriesIn(annotations: Annotations, problems: Problem[]): Retries | undefined {
  if (!hasFamily(annotations, RETRY)) return undefined;
  const on = [
    ...httpConditions(annotations[`${RETRY}http`], problems),
    ...grpcConditions(annotations[`${RETRY}grpc`], problems),
  ];
  const limit = numberIn(annotations, `${RETRY}limit`, problems) ?? DEFAULT_LIMIT;
  const perTry = durationIn(annotations, `${RETRY}timeout`, problems);
  const unique = [...new Set(on)].slice(0, MAX_CODES) as NonNullable<Retries["on"]>;
  return {
    // without a condition nothing is tried again but what took too long
    attempts: unique.length > 0 || perTry ? Math.min(limit, 100) : 0,
    ...(perTry ? { perTryTimeoutMs: perTry } : {}),
    ...(unique.length > 0 ? { on: unique } : {}),
  };
}

function httpConditions(text: string | undefined, problems: Problem[]): string[] {
  return (text?.split(",") ?? []).flatMap((part) => {
    const word = part.trim();
    if (word === "5xx" || word === "gateway-error") return [word];
    const [, first, last] = /^(\d{3})(?:-(\d{3}))?$/.exec(word) ?? [];
    const from = Number(first);
    const to = Number(last ?? first);
    if (first === undefined || from < 200 || to > 599 || to < from) {
      const fix = "Write 5xx, gateway-error, or codes as 503 and 505-509.";
      problems.push({ name: `${RETRY}http`, message: `has no condition ${word}`, fix });
      return [];
    }
    if (from === 500 && to === 599) return ["5xx"];
    return Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
  });
}

const GRPC = new Set<string>(["cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable"]);

function grpcConditions(text: string | undefined, problems: Problem[]): string[] {
  return (text?.split(",") ?? []).flatMap((part) => {
    const word = part.trim();
    if (GRPC.has(word) && RETRY_CONDITIONS.some((each) => each === word)) return [word];
    problems.push({ name: `${RETRY}grpc`, message: `has no condition ${word}`, fix: `Write ${[...GRPC].join(", ")}.` });
    return [];
  });
}

function numberIn(annotations: Annotations, name: string, problems: Problem[]): number | undefined {
  const text = annotations[name];
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  problems.push({ name, message: "must be a whole number", fix: `Write it as "5", not ${JSON.stringify(text)}.` });
  return undefined;
}

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Linkerd takes whole numbers with one unit. */
export function parseLinkerdDuration(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  return count === undefined ? (text === "0" ? 0 : undefined) : Number(count) * (UNITS[unit ?? ""] ?? 0);
}

export const linkerdDuration = (ms: number) => (ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`);

function durationIn(annotations: Annotations, name: string, problems: Problem[]): number | undefined {
  const text = annotations[name];
  if (text === undefined) return undefined;
  const ms = parseLinkerdDuration(text);
  if (ms === undefined) {
    problems.push({ name, message: "must be a duration like 30s", fix: "Write a whole number of ms, s, m or h." });
  }
  return ms;
}

export function accrualOf(annotations: Annotations): {
  detection?: OutlierDetection;
  problems: Problem[];
  mode?: string;
} {
  const mode = annotations[ACCRUAL];
  const problems: Problem[] = [];
  if (mode !== "consecutive") return { problems, ...(mode === undefined ? {} : { mode }) };
  const failures = numberIn(annotations, `${ACCRUAL}-consecutive-max-failures`, problems) ?? DEFAULT_FAILURES;
  const penalty = durationIn(annotations, `${ACCRUAL}-consecutive-min-penalty`, problems) ?? DEFAULT_MIN_PENALTY_MS;
  const detection = {
    consecutive5xxErrors: failures,
    baseEjectionTimeMs: Math.max(penalty, 1),
    // Linkerd has no limit on how many endpoints are out
    maxEjectionPercent: 100,
  };
  return { detection, problems, mode };
}

/** `own` are the annotations that the service has: its longest penalty stays where it still is one. */
export function accrualAnnotations(failures: number, penaltyMs: number | undefined, own: Annotations): Annotations {
  const longest = parseLinkerdDuration(own[`${ACCRUAL}-consecutive-max-penalty`] ?? "");
  const base = penaltyMs ?? DEFAULT_MIN_PENALTY_MS;
  const keepsLongest =
    longest === undefined ? base <= DEFAULT_MAX_PENALTY_MS && penaltyMs === undefined : longest >= base;
  return {
    [ACCRUAL]: "consecutive",
    [`${ACCRUAL}-consecutive-max-failures`]: String(failures),
    ...(penaltyMs === undefined ? {} : { [`${ACCRUAL}-consecutive-min-penalty`]: linkerdDuration(penaltyMs) }),
    ...(keepsLongest
      ? {}
      : { [`${ACCRUAL}-consecutive-max-penalty`]: linkerdDuration(Math.max(LONGEST_EJECTION_MS, base)) }),
  };
}

export type RetryAnnotations = { annotations: Annotations; unsaid: string[] };

/** `unsaid`: conditions that Linkerd has no word for. */
export function retryAnnotations({ attempts, perTryTimeoutMs, on }: Retries): RetryAnnotations {
  if (attempts === 0) return { annotations: {}, unsaid: [] };
  const http = (on ?? []).filter((each) => each === "5xx" || each === "gateway-error" || /^[2-5]\d\d$/.test(each));
  const grpc = (on ?? []).filter((each) => GRPC.has(each));
  const unsaid = (on ?? []).filter((each) => !http.includes(each) && !grpc.includes(each));
  if (http.length + grpc.length === 0 && perTryTimeoutMs === undefined) return { annotations: {}, unsaid };
  const annotations = {
    ...(http.length > 0 ? { [`${RETRY}http`]: http.join(",") } : {}),
    ...(grpc.length > 0 ? { [`${RETRY}grpc`]: grpc.join(",") } : {}),
    [`${RETRY}limit`]: String(attempts),
    ...(perTryTimeoutMs === undefined ? {} : { [`${RETRY}timeout`]: linkerdDuration(perTryTimeoutMs) }),
  };
  return { annotations, unsaid };
}

export const idleAnnotation = (ms: number): Annotations => ({ [`${TIMEOUT}idle`]: linkerdDuration(ms) });

export const TIMES = [RETRY, TIMEOUT] as const;
