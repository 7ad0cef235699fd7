// loadBalancer of a ServiceResolver <-> loadBalancing of a TrafficPolicy.
// The rule: keys keep their order and their `terminal`; a balancer of which a part has no word here is kept whole.
import { type HashKey, isHashing, type LoadBalancing, type Service, type TrafficPolicy } from "@/lib/mesh";
import { PEAK_EWMA_REASON, takenBalancing, takenWhole, withoutPeakEwma } from "../shared/balancing";
import { defined, type Fields, msToDuration } from "../shared/fields";
import { type ConsulExport, filled, isHttp } from "./export-out";

const SIMPLE = { round_robin: "round-robin", least_request: "least-request", random: "random" } as const;
const HASHING = { ring_hash: "ring-hash", maglev: "maglev" } as const;

const of = <W extends object>(words: W, value: unknown): W[keyof W] | undefined =>
  typeof value === "string" && Object.hasOwn(words, value) ? words[value as keyof W] : undefined;

/** @param spec of the resolver */
export function readBalancer(spec: Fields): LoadBalancing | undefined {
  const hashed = takenWhole(spec, "loadBalancer", (all) => {
    const own = all.object("loadBalancer");
    return own && readHashed(own);
  });
  if (hashed) return hashed;
  const fields = spec.object("loadBalancer");
  const simple = fields && of(SIMPLE, fields.peek("policy"));
  if (simple) fields.take("policy");
  fields?.keepRest();
  return simple && { policy: simple };
}

function readHashed(own: Fields): LoadBalancing | undefined {
  const policy = of(HASHING, own.take("policy"));
  const hash = own.list("hashPolicies").map(keyOf);
  const ring = own.object("ringHashConfig");
  // 0 is Envoy's default
  const ringHash = defined({
    minimumRingSize: ring?.number("minimumRingSize") || undefined,
    maximumRingSize: ring?.number("maximumRingSize") || undefined,
  });
  ring?.keepRest();
  own.keepRest();
  const sizes = policy === "ring-hash" && Object.keys(ringHash).length > 0 ? { ringHash } : {};
  return takenBalancing({ policy, hash, ...sizes });
}

const FIELDS = { header: "header", cookie: "cookie", query_parameter: "query" } as const;

function keyOf(fields: Fields): unknown {
  const field = fields.text("field") || undefined;
  const name = fields.text("fieldValue") || undefined;
  const isSource = fields.flag("sourceIP");
  const terminal = fields.flag("terminal") || undefined;
  const cookie = fields.object("cookieConfig");
  const isSession = cookie?.flag("session");
  const ttlMs = cookie?.duration("ttl");
  const path = cookie?.text("path") || undefined;
  // of another kind of key it would say nothing
  if (field !== "cookie") cookie?.keep("path", path ?? null);
  cookie?.keepRest();
  fields.keepRest();
  if (isSource) return defined({ type: field === undefined ? "sourceIp" : undefined, terminal });
  const ttlSeconds = isSession ? 0 : ttlMs ? Math.floor(ttlMs / 1000) : undefined;
  const isCookie = field === "cookie";
  const given = { ttlSeconds: isCookie ? ttlSeconds : undefined, path: isCookie ? path : undefined };
  return defined({ type: of(FIELDS, field), name, ...given, terminal });
}

export function writeBalancer({ policy, hash = [], ringHash }: LoadBalancing): Record<string, unknown> {
  return filled({
    policy: withoutPeakEwma(policy).replace("-", "_"),
    hashPolicies: isHashing(policy) ? hash.map(writeKey) : undefined,
    ringHashConfig: ringHash && filled({ ...ringHash }),
  });
}

function writeKey(key: HashKey): Record<string, unknown> {
  const terminal = key.terminal ? { terminal: true } : {};
  switch (key.type) {
    case "sourceIp":
      return { sourceIP: true, ...terminal };
    case "header":
      return { field: "header", fieldValue: key.name, ...terminal };
    case "query":
      return { field: "query_parameter", fieldValue: key.name, ...terminal };
    case "cookie": {
      const { ttlSeconds: ttl, path } = key;
      const life = ttl === undefined ? {} : ttl === 0 ? { session: true } : { ttl: msToDuration(ttl * 1000) };
      const cookieConfig = { ...life, ...(path === undefined ? {} : { path }) };
      return filled({ field: "cookie", fieldValue: key.name, cookieConfig: filled(cookieConfig), ...terminal });
    }
  }
}

export function judgeBalancing({ context }: ConsulExport, policy: TrafficPolicy, service: Service): void {
  const { loadBalancing } = policy.spec;
  if (!loadBalancing) return;
  const path = ["spec", "loadBalancing"];
  const isHashed = isHashing(loadBalancing.policy);
  if (isHashed && !isHttp(service)) {
    const reason = "Consul hashes requests only: connections go to any host";
    context.lose(policy, path, "lost", reason, { changesMeaning: true });
    return;
  }
  if (loadBalancing.policy === "peak-ewma") context.lose(policy, path, "approximate", `Consul ${PEAK_EWMA_REASON}`);
  else context.tell(policy, path, "exact", "loadBalancer of its ServiceResolver");
  if (loadBalancing.warmup) {
    context.lose(policy, [...path, "warmup"], "lost", "in Consul new hosts have their full share at once");
  }
  if (loadBalancing.maglev) {
    context.lose(policy, [...path, "maglev"], "lost", "Consul leaves the size of the table at Envoy's 65537");
  }
  if (loadBalancing.hash?.some((key) => key.type === "cookie" && key.attributes)) {
    context.lose(
      policy,
      [...path, "hash"],
      "lost",
      "cookies that Consul's proxies give have a path and a lifetime only",
    );
  }
}
