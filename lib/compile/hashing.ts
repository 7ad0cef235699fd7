// Consistent hashing as Envoy has it: the table of hosts belongs to the cluster, the keys to every route that leads to it.
// The rule: on a connection only the caller's address is a key; all else is said on it, and nobody's to read.
import { type HashKey, isHashing, type LoadBalancing, type Warmup } from "@/lib/mesh";
import { any, compact, duration, type JsonObject } from "./envoy-json";

const SIMPLE = { "round-robin": "ROUND_ROBIN", "least-request": "LEAST_REQUEST", random: "RANDOM" } as const;

const CONFIGS = { "round-robin": "round_robin_lb_config", "least-request": "least_request_lb_config" } as const;

function slowStart({ durationMs, minimumPercent, aggression }: Warmup): JsonObject {
  return compact({
    slow_start_window: duration(durationMs),
    min_weight_percent: minimumPercent === undefined ? undefined : { value: minimumPercent },
    aggression:
      aggression === undefined ? undefined : { default_value: aggression, runtime_key: "slow_start.aggression" },
  });
}

/** Stock Envoy does not have it: contrib builds do. Its numbers are Envoy's defaults, which are our proxy's. */
const PEAK_EWMA: JsonObject = {
  load_balancing_policy: {
    policies: [
      {
        typed_extension_config: {
          name: "envoy.load_balancing_policies.peak_ewma",
          typed_config: any("extensions.load_balancing_policies.peak_ewma.v3alpha.PeakEwma"),
        },
      },
    ],
  },
};

/** Fields of the cluster; nothing said is least request. */
export function balancerOf(balancing: LoadBalancing | undefined): JsonObject {
  const { policy = "least-request", ringHash, maglev } = balancing ?? {};
  if (policy === "peak-ewma") return PEAK_EWMA;
  if (!isHashing(policy)) {
    const config = policy === "random" ? undefined : CONFIGS[policy];
    const slowly = balancing?.warmup && slowStart(balancing.warmup);
    return { lb_policy: SIMPLE[policy], ...(config && slowly ? { [config]: { slow_start_config: slowly } } : {}) };
  }
  if (policy === "maglev") {
    return compact({ lb_policy: "MAGLEV", maglev_lb_config: maglev && { table_size: maglev.tableSize } });
  }
  const sizes = compact({
    minimum_ring_size: ringHash?.minimumRingSize,
    maximum_ring_size: ringHash?.maximumRingSize,
  });
  return compact({ lb_policy: "RING_HASH", ring_hash_lb_config: Object.keys(sizes).length > 0 ? sizes : undefined });
}

/** `hash_policy` of an HTTP route. */
export function hashPolicies(keys: readonly HashKey[]): JsonObject {
  return keys.length > 0 ? { hash_policy: keys.map(hashPolicy) } : {};
}

function hashPolicy(key: HashKey): JsonObject {
  return compact({ ...specifierOf(key), terminal: key.terminal || undefined });
}

function specifierOf(key: HashKey): JsonObject {
  switch (key.type) {
    case "header":
      return { header: { header_name: key.name } };
    case "query":
      return { query_parameter: { name: key.name } };
    case "sourceIp":
      return { connection_properties: { source_ip: true } };
    case "cookie":
      return {
        cookie: compact({
          name: key.name,
          ttl: key.ttlSeconds === undefined ? undefined : `${key.ttlSeconds}s`,
          path: key.path,
          attributes: key.attributes?.map(({ name, value = "" }) => ({ name, value })),
        }),
      };
  }
}

const onConnections = (keys: readonly HashKey[]) => keys.filter(({ type }) => type === "sourceIp").slice(0, 1);

/** Of a route of CONNECT: what the app says on its connection is nobody's to read. */
export const tunnelHashPolicies = (keys: readonly HashKey[]): JsonObject =>
  hashPolicies(onConnections(keys).map(({ type }) => ({ type }) as HashKey));

/** Of Envoy's TCP proxy. */
export const tcpHashPolicies = (keys: readonly HashKey[]): JsonObject =>
  onConnections(keys).length > 0 ? { hash_policy: [{ source_ip: {} }] } : {};
