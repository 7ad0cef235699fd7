// MeshTimeout, MeshRetry, MeshCircuitBreaker and MeshLoadBalancingStrategy -> what each entry of to[] says in the model's words.
// The rule: only what was said is read, since Kuma fills each field from another policy; what the model has no word for is kept.
import { isSameJson } from "@/lib/mesh";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import { defined, type Fields, type Sink } from "../shared/fields";
import type { BreakerConf, Entry, OutlierConf, Policy, RetryConf, RetryPart, TimeoutConf } from "./state";
import { readRef } from "./target-ref";

type Read<C> = (fields: Fields) => C;

/** `list` is where the policies of this kind are gathered; entries of from[] and rules[] are for the callee's side. */
export function importPolicy<C>(list: Policy<C>[], read: Read<C>) {
  return (_context: ImportContext, resource: Resource, spec: Fields, sink: Sink): Understood => {
    const result = understood(resource);
    const top = readRef(spec.object("targetRef"));
    const to = spec.list("to").flatMap((fields, index): Entry<C>[] => {
      const target = fields.object("targetRef");
      const ref = readRef(target);
      if (!target)
        fields.problem("targetRef", "is missing", "Say what the entry is for, as kind: MeshService and a name.");
      const body = fields.object("default");
      const conf = body ? read(body) : undefined;
      body?.keepRest();
      fields.keepRest();
      return ref && conf ? [{ ref, index, conf }] : [];
    });
    spec.keepRest();
    list.push({ resource, result, top, to, kept: sink.kept });
    return result;
  };
}

export function readTimeout(fields: Fields): TimeoutConf {
  const connectMs = fields.duration("connectionTimeout");
  const idleMs = fields.duration("idleTimeout");
  const http = fields.object("http");
  const requestMs = http?.duration("requestTimeout");
  const lifeMs = http?.duration("maxConnectionDuration");
  const streamIdleMs = http?.duration("streamIdleTimeout");
  http?.keepRest();
  return defined({ connectMs, idleMs, requestMs, lifeMs, streamIdleMs });
}

const HTTP_ON: Record<string, string> = {
  "5XX": "5xx",
  GatewayError: "gateway-error",
  Reset: "reset",
  Retriable4xx: "retriable-4xx",
  ConnectFailure: "connect-failure",
  RefusedStream: "refused-stream",
};
const GRPC_ON: Record<string, string> = {
  Canceled: "cancelled",
  DeadlineExceeded: "deadline-exceeded",
  Internal: "internal",
  ResourceExhausted: "resource-exhausted",
  Unavailable: "unavailable",
};
const swapped = (words: Record<string, string>) => Object.fromEntries(Object.entries(words).map(([a, b]) => [b, a]));
/** The model's conditions in Kuma's words. */
export const TO_HTTP_ON = swapped(HTTP_ON);
export const TO_GRPC_ON = swapped(GRPC_ON);

/** The model's bound. */
const MOST_CONNECT_ATTEMPTS = 100;

export function readRetry(fields: Fields): RetryConf {
  const http = fields.object("http");
  const grpc = fields.object("grpc");
  const tcp = fields.object("tcp");
  const attempts = tcp?.within("maxConnectAttempt", 1, MOST_CONNECT_ATTEMPTS);
  tcp?.keepRest();
  return defined({
    http: http ? retryPart(http, (word) => HTTP_ON[word] ?? (/^[2-5]\d\d$/.test(word) ? word : undefined)) : undefined,
    grpc: grpc ? retryPart(grpc, (word) => GRPC_ON[word]) : undefined,
    tcp: attempts === undefined ? undefined : { attempts },
  });
}

function retryPart(fields: Fields, wordOf: (word: string) => string | undefined): RetryPart {
  const attempts = fields.number("numRetries");
  const perTryMs = fields.duration("perTryTimeout");
  const written = fields.texts("retryOn");
  const on = written?.flatMap((word) => wordOf(word) ?? []);
  // the list is replaced as a whole, so what is not understood of it is kept with the rest
  if (written && on && on.length < written.length) fields.keep("retryOn", written);
  const backOff = fields.object("backOff");
  const baseMs = backOff?.duration("baseInterval");
  const maxMs = backOff?.duration("maxInterval");
  backOff?.keepRest();
  const selection = selectionOf(fields.peek("hostSelection"));
  if (selection) fields.take("hostSelection");
  fields.keepRest();
  return defined({ attempts, perTryMs, on: on && on.length > 0 ? on : undefined, baseMs, maxMs, ...selection });
}

/** The predicates that the model has words for. */
export const OTHER_HOSTS = { predicate: "OmitPreviousHosts" };
/** The frequency is that of the compiler. */
export const OTHER_LOCALITIES = { predicate: "OmitPreviousPriorities", updateFrequency: 2 };

/** The list is replaced as a whole, so with anything else in it all of it is kept. */
function selectionOf(value: unknown): Pick<RetryPart, "isElsewhere" | "isRemote"> | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const has = (predicate: object) => value.some((each) => isSameJson(each, predicate));
  if (!value.every((each) => isSameJson(each, OTHER_HOSTS) || isSameJson(each, OTHER_LOCALITIES))) return undefined;
  return defined({ isElsewhere: has(OTHER_HOSTS), isRemote: has(OTHER_LOCALITIES) });
}

export const LIMITS = ["maxConnections", "maxPendingRequests", "maxRequests", "maxRetries"] as const;
/** Envoy's default for a detector that is named without a number. */
const CONSECUTIVE = 5;

export function readBreaker(fields: Fields): BreakerConf {
  const pool = fields.object("connectionLimits");
  const limits = Object.fromEntries(
    LIMITS.flatMap((name) => {
      const value = pool?.number(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  pool?.keepRest();
  const outlier = fields.object("outlierDetection");
  return defined({ limits: pool ? limits : undefined, outlier: outlier ? readOutlier(outlier) : undefined });
}

function readOutlier(fields: Fields): OutlierConf {
  const detectors = fields.object("detectors");
  const count = (name: string) => {
    const detector = detectors?.object(name);
    const value = detector?.number("consecutive");
    detector?.keepRest();
    return detector ? (value ?? CONSECUTIVE) : undefined;
  };
  const total = count("totalFailures");
  const gateway = count("gatewayFailures");
  const local = count("localOriginFailures");
  const successRate = successRateOf(detectors?.object("successRate"));
  const failurePercentage = failurePercentageOf(detectors?.object("failurePercentage"));
  detectors?.keepRest();
  const conf = defined({
    isOff: fields.flag("disabled"),
    total,
    gateway,
    isSplit: fields.flag("splitExternalAndLocalErrors"),
    local,
    successRate,
    failurePercentage,
    intervalMs: fields.duration("interval"),
    ejectionMs: fields.duration("baseEjectionTime"),
    maxPercent: fields.number("maxEjectionPercent"),
    panic: panicOf(fields),
  });
  fields.keepRest();
  return conf;
}

const volumeOf = (fields: Fields) => ({
  minimumHosts: fields.within("minimumHosts", 1, 10_000),
  requestVolume: fields.within("requestVolume", 1, 100_000_000),
});

function successRateOf(fields: Fields | undefined): OutlierConf["successRate"] {
  if (!fields) return undefined;
  const written = fields.take("standardDeviationFactor");
  const factor = typeof written === "string" && /^\d{1,4}(\.\d{1,9})?$/.test(written) ? Number(written) : written;
  const isFactor = typeof factor === "number" && factor >= 0 && factor <= 1000;
  if (!isFactor && written !== undefined) fields.keep("standardDeviationFactor", written);
  const rate = defined({ ...volumeOf(fields), standardDeviationFactor: isFactor ? factor : undefined });
  fields.keepRest();
  return rate;
}

function failurePercentageOf(fields: Fields | undefined): OutlierConf["failurePercentage"] {
  if (!fields) return undefined;
  const rate = defined({ threshold: fields.within("threshold", 0, 100), ...volumeOf(fields) });
  fields.keepRest();
  return rate;
}

/** A whole number, or a text with a decimal one. */
function panicOf(fields: Fields): number | undefined {
  const value = fields.take("healthyPanicThreshold");
  const number = typeof value === "string" && /^\d+(\.0+)?$/.test(value) ? Number(value) : value;
  if (typeof number === "number" && Number.isInteger(number)) return number;
  if (value !== undefined) fields.keep("healthyPanicThreshold", value);
  return undefined;
}
