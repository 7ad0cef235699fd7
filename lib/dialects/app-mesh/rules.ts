// A Route of a virtual router -> one rule.
// The rule: a condition that the model has no word for leaves the rule out; App Mesh's own default of 15 seconds is written down.
import type { Destination, HeaderMatch, Retries, RouteMatch, RouteRule } from "@/lib/mesh";
import { valueAt } from "@/lib/mesh";
import { isRecord } from "../shared/fields";
import { durationAt, numberAt, records, textAt } from "./values";

export const DEFAULT_TIMEOUT_MS = 15_000;
const TYPES = ["httpRoute", "http2Route", "grpcRoute"] as const;

export type ReadRule = { rule: RouteRule } | { reason: string };

/** `destination` finds the service and subset of a virtual node. */
export function readRule(
  spec: unknown,
  destination: (node: string) => Omit<Destination, "weight"> | undefined,
): ReadRule {
  const type = TYPES.find((each) => isRecord(valueAt(spec, [each])));
  if (!type) return { reason: "it says neither httpRoute, http2Route, grpcRoute nor tcpRoute" };
  const body = valueAt(spec, [type]);
  const match = type === "grpcRoute" ? grpcMatch(valueAt(body, ["match"])) : httpMatch(valueAt(body, ["match"]));
  if ("reason" in match) return match;
  const targets = records(valueAt(body, ["action", "weightedTargets"]));
  const destinations: Destination[] = [];
  for (const each of targets) {
    const node = textAt(each, ["virtualNode"]) ?? "";
    const found = destination(node);
    if (!found) return { reason: `virtual node ${node} is not in the text` };
    const port = numberAt(each, ["port"]);
    destinations.push({ ...found, ...(port === undefined ? {} : { port }), weight: numberAt(each, ["weight"]) ?? 0 });
  }
  if (destinations.length === 0) return { reason: "it has no target" };
  const timeout = durationAt(body, ["timeout", "perRequest"]);
  const idle = durationAt(body, ["timeout", "idle"]);
  const retries = retriesOf(valueAt(body, ["retryPolicy"]));
  const isEverything = Object.keys(match).length === 0;
  return {
    rule: {
      matches: isEverything ? [] : [match],
      action: { type: "forward", destinations },
      // 0 is App Mesh's word for no limit
      ...(timeout === 0 ? {} : { timeoutMs: timeout ?? DEFAULT_TIMEOUT_MS }),
      ...(idle ? { idleTimeoutMs: idle } : {}),
      retries: retries ?? { attempts: 0 },
    },
  };
}

function httpMatch(value: unknown): RouteMatch | { reason: string } {
  if (valueAt(value, ["port"]) !== undefined) return { reason: "its condition port is not in the model" };
  const scheme = textAt(value, ["scheme"]);
  if (scheme !== undefined && scheme !== "http" && scheme !== "https")
    return { reason: `its scheme ${scheme} is neither http nor https` };
  const headers = headerMatches(valueAt(value, ["headers"]));
  if ("reason" in headers) return headers;
  const exact = textAt(value, ["path", "exact"]);
  const regex = textAt(value, ["path", "regex"]);
  const prefix = textAt(value, ["prefix"]);
  const method = textAt(value, ["method"]);
  const query = records(valueAt(value, ["queryParameters"])).flatMap((each) => {
    const name = textAt(each, ["name"]);
    const own = textAt(each, ["match", "exact"]);
    if (name === undefined) return [];
    return [own === undefined ? { name, type: "present" as const } : { name, type: "exact" as const, value: own }];
  });
  return {
    ...(scheme === undefined ? {} : { scheme }),
    ...(exact === undefined ? {} : { path: { type: "exact" as const, value: exact } }),
    ...(regex === undefined || exact !== undefined ? {} : { path: { type: "regex" as const, value: regex } }),
    ...(prefix === undefined || prefix === "/" || exact !== undefined || regex !== undefined
      ? {}
      : { path: { type: "prefix" as const, value: prefix } }),
    ...(method === undefined ? {} : { methods: [method] }),
    ...(headers.matches.length > 0 ? { headers: headers.matches } : {}),
    ...(query.length > 0 ? { query } : {}),
  };
}

function grpcMatch(value: unknown): RouteMatch | { reason: string } {
  if (valueAt(value, ["port"]) !== undefined) return { reason: "its condition port is not in the model" };
  const headers = headerMatches(valueAt(value, ["metadata"]));
  if ("reason" in headers) return headers;
  const service = textAt(value, ["serviceName"]);
  const method = textAt(value, ["methodName"]);
  const path =
    service === undefined
      ? undefined
      : method === undefined
        ? { type: "prefix" as const, value: `/${service}/` }
        : { type: "exact" as const, value: `/${service}/${method}` };
  return { ...(path ? { path } : {}), ...(headers.matches.length > 0 ? { headers: headers.matches } : {}) };
}

function headerMatches(value: unknown): { matches: HeaderMatch[] } | { reason: string } {
  const matches: HeaderMatch[] = [];
  for (const each of records(value)) {
    const name = textAt(each, ["name"]);
    if (name === undefined) continue;
    const invert = valueAt(each, ["invert"]) === true ? { invert: true } : {};
    if (valueAt(each, ["match", "range"]) !== undefined) {
      const [start, end] = [numberAt(each, ["match", "range", "start"]), numberAt(each, ["match", "range", "end"])];
      if (!isSafe(start) || !isSafe(end) || start >= end)
        return { reason: `the range of header ${name} holds no whole number below 9007199254740992` };
      matches.push({ name, type: "range", start, end, ...invert });
      continue;
    }
    const type = (["exact", "prefix", "suffix", "regex"] as const).find(
      (word) => textAt(each, ["match", word]) !== undefined,
    );
    const own =
      type === undefined ? { type: "present" as const } : { type, value: textAt(each, ["match", type]) ?? "" };
    matches.push({ name, ...own, ...invert });
  }
  return { matches };
}

const isSafe = (value: number | undefined): value is number => Number.isSafeInteger(value);

export const GATEWAY_ERRORS = ["502", "503", "504"];
/** App Mesh counts 500 to 511. */
export const SERVER_ERRORS = Array.from({ length: 12 }, (_, i) => String(500 + i));
const EVENTS: Record<string, string[]> = {
  "server-error": SERVER_ERRORS,
  "gateway-error": GATEWAY_ERRORS,
  "client-error": ["409"],
  "stream-error": ["refused-stream"],
  "connection-error": ["connect-failure"],
  cancelled: ["cancelled"],
  "deadline-exceeded": ["deadline-exceeded"],
  internal: ["internal"],
  "resource-exhausted": ["resource-exhausted"],
  unavailable: ["unavailable"],
};

function retriesOf(policy: unknown): Retries | undefined {
  const attempts = numberAt(policy, ["maxRetries"]);
  if (attempts === undefined) return undefined;
  const events = ["httpRetryEvents", "tcpRetryEvents", "grpcRetryEvents"].flatMap((list) => {
    const found = valueAt(policy, [list]);
    return Array.isArray(found) ? found.filter((each) => typeof each === "string") : [];
  });
  const on = [...new Set(events.flatMap((each) => EVENTS[each] ?? []))] as NonNullable<Retries["on"]>;
  const perTry = durationAt(policy, ["perRetryTimeout"]);
  return { attempts, ...(perTry ? { perTryTimeoutMs: perTry } : {}), ...(on.length > 0 ? { on } : {}) };
}
