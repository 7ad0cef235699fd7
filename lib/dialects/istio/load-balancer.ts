// loadBalancer of a DestinationRule <-> loadBalancing of a TrafficPolicy.
// The rule: Istio hashes one key; of several the first is written, which all of Istio's callers then hash alike.
import { type HashKey, isHashing, type LoadBalancing, type TrafficPolicy, type Warmup } from "@/lib/mesh";
import { hashKeyText } from "@/lib/mesh/diff/balancing-text";
import { PEAK_EWMA_REASON, takenBalancing, takenWhole, withoutPeakEwma } from "../shared/balancing";
import type { ExportContext } from "../shared/export-context";
import { defined, durationToMs, type Fields, msToDuration } from "../shared/fields";

const POLICIES: Record<string, "round-robin" | "least-request" | "random"> = {
  ROUND_ROBIN: "round-robin",
  LEAST_REQUEST: "least-request",
  // Istio's deprecated alias
  LEAST_CONN: "least-request",
  RANDOM: "random",
};

/** Envoy's; Istio refuses a table without a size. */
const DEFAULT_TABLE_SIZE = 65_537;

export function importLoadBalancer(fields: Fields | undefined): LoadBalancing | undefined {
  if (!fields) return undefined;
  const simple = fields.text("simple");
  const policy = simple === undefined ? undefined : POLICIES[simple];
  if (simple !== undefined && !policy && simple !== "UNSPECIFIED") fields.keep("simple", simple);
  const hashed = importConsistentHash(fields);
  const warmup = !fields.has("consistentHash") && !hashed && isWarmed(policy, simple) ? warmupOf(fields) : undefined;
  fields.keepRest();
  if (warmup) return { policy: policy ?? "least-request", warmup };
  return policy ? { policy } : hashed;
}

/** Where nothing is said, Istio spreads by least request. */
const isWarmed = (policy: LoadBalancing["policy"] | undefined, simple: string | undefined): boolean =>
  policy === "round-robin" || policy === "least-request" || simple === undefined || simple === "UNSPECIFIED";

/** Hash policies have none; what the model does not take stays whole. */
function warmupOf(fields: Fields): Warmup | undefined {
  const old = fields.peek("warmupDurationSecs");
  const written = fields.peek("warmup") ?? (typeof old === "string" ? { duration: old } : undefined);
  const name = fields.has("warmup") ? "warmup" : "warmupDurationSecs";
  if (written === null || typeof written !== "object") return undefined;
  const { duration, minimumPercent, aggression, ...rest } = written as Record<string, unknown>;
  const durationMs = typeof duration === "string" ? durationToMs(duration) : undefined;
  if (durationMs === undefined || durationMs < 1000 || durationMs > 86_400_000 || Object.keys(rest).length > 0)
    return undefined;
  const hasShare = typeof minimumPercent === "number" && Number.isInteger(minimumPercent) && minimumPercent <= 100;
  const hasAggression = typeof aggression === "number" && aggression >= 1 && aggression <= 100;
  if (!(hasShare && minimumPercent >= 0) && minimumPercent !== undefined) return undefined;
  if (!hasAggression && aggression !== undefined) return undefined;
  fields.take(name);
  return { durationMs, ...(hasShare ? { minimumPercent } : {}), ...(hasAggression ? { aggression } : {}) };
}

/** Kept as it is where it names no key, or what the model does not take. */
function importConsistentHash(fields: Fields): LoadBalancing | undefined {
  return takenWhole(fields, "consistentHash", (all) => {
    const own = all.object("consistentHash");
    if (!own) return undefined;
    const hash = keysOf(own);
    const [ring, maglev] = [own.object("ringHash"), own.object("maglev")];
    const older = own.number("minimumRingSize");
    // Istio takes 0 for its default.
    const least = (ring ? ring.number("minimumRingSize") : older) || undefined;
    const size = maglev?.number("tableSize") || undefined;
    const tableSize = size === DEFAULT_TABLE_SIZE ? undefined : size;
    for (const each of [ring, maglev, own]) each?.keepRest();
    if (hash.length !== 1 || (ring && maglev)) return undefined;
    return takenBalancing(
      maglev
        ? { policy: "maglev", hash, ...(tableSize === undefined ? {} : { maglev: { tableSize } }) }
        : { policy: "ring-hash", hash, ...(least === undefined ? {} : { ringHash: { minimumRingSize: least } }) },
    );
  });
}

function keysOf(own: Fields): unknown[] {
  const header = own.text("httpHeaderName");
  const query = own.text("httpQueryParameterName");
  const cookie = own.object("httpCookie");
  return [
    ...(header === undefined ? [] : [{ type: "header", name: header }]),
    ...(query === undefined ? [] : [{ type: "query", name: query }]),
    ...(own.flag("useSourceIp") ? [{ type: "sourceIp" }] : []),
    ...(cookie ? [cookieOf(cookie)] : []),
  ];
}

function cookieOf(cookie: Fields): unknown {
  const ttlMs = cookie.duration("ttl");
  const attributes = cookie.list("attributes").map((each) => {
    const attribute = defined({ name: each.text("name"), value: each.text("value") || undefined });
    each.keepRest();
    return attribute;
  });
  const key = defined({
    type: "cookie",
    name: cookie.text("name"),
    path: cookie.text("path") || undefined,
    // Envoy reads whole seconds
    ttlSeconds: ttlMs === undefined ? undefined : Math.floor(ttlMs / 1000),
    attributes: attributes.length > 0 ? attributes : undefined,
  });
  cookie.keepRest();
  return key;
}

export function exportLoadBalancer(context: ExportContext, policy: TrafficPolicy): Record<string, unknown> | undefined {
  const { loadBalancing } = policy.spec;
  if (!loadBalancing) return undefined;
  const { warmup } = loadBalancing;
  if (!isHashing(loadBalancing.policy)) {
    const { durationMs, ...rest } = warmup ?? {};
    if (loadBalancing.policy === "peak-ewma")
      context.lose(policy, ["spec", "loadBalancing"], "approximate", `Istio ${PEAK_EWMA_REASON}`);
    return {
      simple: withoutPeakEwma(loadBalancing.policy).toUpperCase().replace("-", "_"),
      ...(durationMs === undefined ? {} : { warmup: { duration: msToDuration(durationMs), ...rest } }),
    };
  }
  const { hash: [first, ...more] = [], ringHash, maglev } = loadBalancing;
  const path = ["spec", "loadBalancing"];
  if (more.length > 0 && first) {
    const reason = `Istio hashes one key: ${hashKeyText(first)} is written, and ${more.map(hashKeyText).join(", ")} is not`;
    context.lose(policy, [...path, "hash"], "approximate", reason, { changesMeaning: true });
  }
  if (ringHash?.maximumRingSize !== undefined) {
    const reason = "Istio limits a ring from below only; Envoy's own limit is 8388608 entries";
    context.lose(policy, [...path, "ringHash", "maximumRingSize"], "lost", reason);
  }
  const least = ringHash?.minimumRingSize;
  return {
    consistentHash: {
      ...(first ? keyFields(first) : {}),
      ...(least === undefined ? {} : { ringHash: { minimumRingSize: least } }),
      ...(loadBalancing.policy === "maglev" ? { maglev: maglev ?? { tableSize: DEFAULT_TABLE_SIZE } } : {}),
    },
  };
}

function keyFields(key: HashKey): Record<string, unknown> {
  switch (key.type) {
    case "header":
      return { httpHeaderName: key.name };
    case "query":
      return { httpQueryParameterName: key.name };
    case "sourceIp":
      return { useSourceIp: true };
    case "cookie":
      return {
        httpCookie: defined({
          name: key.name,
          path: key.path,
          ttl: key.ttlSeconds === undefined ? undefined : msToDuration(key.ttlSeconds * 1000),
          attributes: key.attributes,
        }),
      };
  }
}
