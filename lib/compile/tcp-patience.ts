// How long a connection of TCP may be idle, and how often it is tried to be made: what the policies of its callees say.
// The rule: a connection that may go to several callees has the longest time and the most tries that any of them says.
import type { ConnectionPool, ObjectKey } from "@/lib/mesh";
import { targetOfClusterName } from "./destinations";
import { compact, duration, type JsonObject } from "./envoy-json";
import type { Facts } from "./facts";
import { policyBlock } from "./policy-block";

/** Envoy's, of a tcp_proxy that is told nothing. */
const TCP_IDLE_TIMEOUT_MS = 3_600_000;

export type TcpPatience = { idleTimeoutMs: number | undefined; maxConnectAttempts: number | undefined };

/** @param clusters by their names */
export function patienceWith(facts: Facts, clusters: readonly string[]): TcpPatience {
  const pools = clusters.flatMap((name): ConnectionPool[] => {
    const target = targetOfClusterName(name);
    const pool = target && policyBlock(facts, target, "connectionPool");
    return pool ? [pool] : [];
  });
  return {
    idleTimeoutMs: most(pools.map(({ tcpIdleTimeoutMs }) => tcpIdleTimeoutMs)),
    maxConnectAttempts: most(pools.map(({ maxConnectAttempts }) => maxConnectAttempts)),
  };
}

function most(numbers: readonly (number | undefined)[]): number | undefined {
  const said = numbers.filter((each) => each !== undefined);
  return said.length > 0 ? Math.max(...said) : undefined;
}

/** Fields of a tcp_proxy. */
export const tcpProxyPatience = ({ idleTimeoutMs, maxConnectAttempts }: TcpPatience): JsonObject =>
  compact({
    idle_timeout: idleTimeoutMs === undefined ? undefined : duration(idleTimeoutMs),
    max_connect_attempts: maxConnectAttempts,
  });

/** Fields of a route that ends CONNECT. */
export const tunnelPatience = ({ idleTimeoutMs, maxConnectAttempts = 1 }: TcpPatience): JsonObject =>
  compact({
    idle_timeout: idleTimeoutMs === undefined ? undefined : duration(idleTimeoutMs),
    retry_policy:
      maxConnectAttempts === 1 ? undefined : { retry_on: "connect-failure", num_retries: maxConnectAttempts - 1 },
  });

/** Of a callee's own side, which must not close what a caller still keeps: longer than Envoy's hour where a policy says so. */
export function calleePatience(facts: Facts, service: ObjectKey): JsonObject {
  const policies = facts.trafficPoliciesOf.get(service) ?? [];
  const longest = most(policies.map(({ spec }) => spec.connectionPool?.tcpIdleTimeoutMs)) ?? 0;
  return longest > TCP_IDLE_TIMEOUT_MS ? { idle_timeout: duration(longest) } : {};
}
