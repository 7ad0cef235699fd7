// loadBalancer and hashPolicies of a MeshLoadBalancingStrategy <-> loadBalancing of a TrafficPolicy.
// The rule: Kuma merges each field by itself, so keys and sizes are put together when it is known which policies act; 2.x also takes keys
// inside of ringHash and maglev, 3.x and an export have them beside.
import { type HashKey, isHashing, isSameJson, type LoadBalancing } from "@/lib/mesh";
import { PEAK_EWMA_REASON, takenBalancing, takenKeys, takenWhole, withoutPeakEwma } from "../shared/balancing";
import { defined, type Fields, msToDuration } from "../shared/fields";
import type { BalancerConf } from "./state";

const TYPES = {
  RoundRobin: "round-robin",
  LeastRequest: "least-request",
  Random: "random",
  RingHash: "ring-hash",
  Maglev: "maglev",
} as const;
const TO_TYPE = {
  "round-robin": "RoundRobin",
  "least-request": "LeastRequest",
  random: "Random",
  "ring-hash": "RingHash",
  maglev: "Maglev",
} as const;
/** Of Kuma, for a ring. */
const MOST_ENTRIES = 8_000_000;

export function readBalancer(fields: Fields): BalancerConf {
  const balancer = fields.object("loadBalancer");
  const type = balancer?.peek("type");
  const policy = typeof type === "string" && Object.hasOwn(TYPES, type) ? TYPES[type as keyof typeof TYPES] : undefined;
  if (policy) balancer?.take("type");
  const ring = policy === "ring-hash" ? balancer?.object("ringHash") : undefined;
  const table = policy === "maglev" ? balancer?.object("maglev") : undefined;
  const inner = ring ?? table;
  const conf = defined<BalancerConf>({
    policy,
    hash: isHashing(policy ?? "random") || balancer === undefined ? keysOf(fields) : undefined,
    innerHash: inner && keysOf(inner),
    ringHash: ring && sizesOf(ring),
    maglev: table && tableOf(table),
    isAwarenessOff: isAwarenessOff(fields) || undefined,
  });
  inner?.keepRest();
  balancer?.keepRest();
  return conf;
}

/** Said of nothing else: what is beside it in localityAwareness is kept with it. */
function isAwarenessOff(fields: Fields): boolean {
  const isOff = isSameJson(fields.peek("localityAwareness"), { disabled: true });
  if (isOff) fields.take("localityAwareness");
  return isOff;
}

function keysOf(fields: Fields): HashKey[] | undefined {
  return takenWhole(fields, "hashPolicies", (own) => takenKeys(own.list("hashPolicies").map(keyOf)));
}

function keyOf(fields: Fields): unknown {
  const type = fields.text("type");
  const terminal = fields.flag("terminal") || undefined;
  const named = (field: string) => {
    const own = fields.object(field);
    const name = own?.text("name");
    own?.keepRest();
    return name;
  };
  const key = (): unknown => {
    if (type === "Header") return { type: "header", name: named("header") };
    if (type === "QueryParameter") return { type: "query", name: named("queryParameter") };
    if (type === "Cookie") return cookieOf(fields.object("cookie"));
    // SourceIP is the older name of Connection
    const own = type === "Connection" || type === "SourceIP" ? fields.object("connection") : undefined;
    const isSource = own?.flag("sourceIP") ?? type === "SourceIP";
    own?.keepRest();
    return isSource ? { type: "sourceIp" } : {};
  };
  const read = { ...(key() as object), ...(terminal ? { terminal } : {}) };
  fields.keepRest();
  return read;
}

function cookieOf(cookie: Fields | undefined): unknown {
  const ttlMs = cookie?.duration("ttl");
  const key = defined({
    type: "cookie",
    name: cookie?.text("name"),
    ttlSeconds: ttlMs === undefined ? undefined : Math.floor(ttlMs / 1000),
    path: cookie?.text("path") || undefined,
  });
  cookie?.keepRest();
  return key;
}

/** A size that the model does not take is kept. */
function sizesOf(ring: Fields): LoadBalancing["ringHash"] {
  if (ring.peek("hashFunction") === "XXHash") ring.take("hashFunction");
  const size = (name: string) => takenWhole(ring, name, (own) => own.number(name));
  const ringHash = defined({ minimumRingSize: size("minRingSize"), maximumRingSize: size("maxRingSize") });
  return Object.keys(ringHash).length > 0 ? ringHash : undefined;
}

function tableOf(table: Fields): LoadBalancing["maglev"] {
  const tableSize = takenWhole(table, "tableSize", (own) => {
    const value = own.number("tableSize");
    return takenBalancing({ policy: "maglev", hash: [{ type: "sourceIp" }], maglev: { tableSize: value } }) && value;
  });
  return tableSize === undefined ? undefined : { tableSize };
}

/** What the merged policies say; a hash of nothing chooses by chance, in Kuma as here. */
export function balancingOf({ policy, hash, innerHash, ringHash, maglev }: BalancerConf): LoadBalancing | undefined {
  if (policy === undefined) return undefined;
  if (!isHashing(policy)) return { policy };
  const keys = hash ?? innerHash;
  if (!keys) return { policy: "random" };
  const sizes = policy === "maglev" ? defined({ maglev }) : defined({ ringHash });
  return takenBalancing({ policy, hash: keys, ...sizes }) ?? { policy, hash: keys };
}

export function writeBalancer({ policy, hash, ringHash, maglev }: LoadBalancing): Record<string, unknown> {
  const { minimumRingSize: least, maximumRingSize: most } = ringHash ?? {};
  const ring = {
    ...(least === undefined ? {} : { minRingSize: Math.min(least, MOST_ENTRIES) }),
    ...(most === undefined ? {} : { maxRingSize: Math.min(most, MOST_ENTRIES) }),
  };
  return {
    loadBalancer: {
      type: TO_TYPE[withoutPeakEwma(policy)],
      ...(Object.keys(ring).length > 0 ? { ringHash: ring } : {}),
      ...(maglev ? { maglev } : {}),
    },
    ...(hash ? { hashPolicies: hash.map(writeKey) } : {}),
  };
}

function writeKey(key: HashKey): Record<string, unknown> {
  const terminal = key.terminal ? { terminal: true } : {};
  switch (key.type) {
    case "header":
      return { type: "Header", header: { name: key.name }, ...terminal };
    case "query":
      return { type: "QueryParameter", queryParameter: { name: key.name }, ...terminal };
    case "sourceIp":
      return { type: "Connection", connection: { sourceIP: true }, ...terminal };
    case "cookie": {
      const ttl = key.ttlSeconds === undefined ? {} : { ttl: msToDuration(key.ttlSeconds * 1000) };
      const path = key.path === undefined ? {} : { path: key.path };
      return { type: "Cookie", cookie: { name: key.name, ...ttl, ...path }, ...terminal };
    }
  }
}

export function judgeBalancing(
  { policy, hash = [], ringHash, warmup }: LoadBalancing,
  say: (path: string[], verdict: "exact" | "approximate" | "lost", reason: string) => void,
): void {
  if (policy === "peak-ewma") say(["loadBalancing"], "approximate", `Kuma ${PEAK_EWMA_REASON}`);
  else say(["loadBalancing"], "exact", "means the same in MeshLoadBalancingStrategy");
  if (warmup) say(["loadBalancing", "warmup"], "lost", "in Kuma new hosts have their full share at once");
  if (hash.some((key) => key.type === "cookie" && key.attributes)) {
    say(["loadBalancing", "hash"], "lost", "cookies that Kuma's proxies give have a path and a lifetime only");
  }
  if (Object.values(ringHash ?? {}).some((size) => size > MOST_ENTRIES)) {
    say(["loadBalancing", "ringHash"], "approximate", `Kuma's rings have at most ${MOST_ENTRIES} entries`);
  }
}
