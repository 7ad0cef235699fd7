// What stands before the requests and connections of a gateway: the header of a balancer that says who connects, and how many may be open.
// The rule: a port of the machine takes headers from everybody or from nobody, so listeners that share one share that too, the strictest
// first; and what is changed so is told.
import type { Gateway, Listener } from "@/lib/mesh";
import { any, type JsonObject } from "./envoy-json";
import type { CompileContext } from "./parts";

type Taken = NonNullable<Listener["proxyProtocol"]>;

/** The listener filter for a port where these listeners are served; it reads what a connection begins with, so it is the first one. */
export function proxyProtocolFilter(listeners: readonly Listener[]): JsonObject[] {
  const taken = strictest(listeners);
  if (!taken) return [];
  const config = { stat_prefix: "", ...(taken === "optional" ? { allow_requests_without_proxy_protocol: true } : {}) };
  return [
    {
      name: "envoy.filters.listener.proxy_protocol",
      typed_config: any("extensions.filters.listener.proxy_protocol.v3.ProxyProtocol", config),
    },
  ];
}

function strictest(listeners: readonly Listener[]): Taken | undefined {
  const all = listeners.map(({ proxyProtocol }) => proxyProtocol);
  return all.includes("required") ? "required" : all.find((each) => each !== undefined);
}

/** The network filters of a listener's chain, with its limit before them. `name` of its counter. */
export function limited(
  name: string,
  { connectionLimit }: Pick<Listener, "connectionLimit">,
  filters: JsonObject[],
): JsonObject[] {
  if (!connectionLimit) return filters;
  const typed_config = any("extensions.filters.network.connection_limit.v3.ConnectionLimit", {
    stat_prefix: name,
    max_connections: connectionLimit.maxConnections,
  });
  return [{ name: "envoy.filters.network.connection_limit", typed_config }, ...filters];
}

/** Of listeners in plain HTTP, which are one chain: the lowest. */
export function lowestLimit(listeners: readonly Listener[]): Pick<Listener, "connectionLimit"> {
  const limits = listeners.flatMap(({ connectionLimit }) => connectionLimit ?? []);
  const [lowest] = limits.sort((a, b) => a.maxConnections - b.maxConnections);
  return lowest ? { connectionLimit: lowest } : {};
}

/** @param portOf of the machine, where a listener is served */
export function warnOfGuards(
  { problems }: CompileContext,
  gateway: Gateway,
  plain: readonly Listener[],
  portOf: (listener: Listener) => number,
): void {
  const { listeners } = gateway.spec;
  listeners.forEach((listener, i) => {
    const path = `spec.listeners[${i}]`;
    const beside = listeners.filter((each) => portOf(each) === portOf(listener));
    const taken = strictest(beside);
    if (taken !== listener.proxyProtocol) {
      const asked = beside.find(({ proxyProtocol }) => proxyProtocol === taken)?.name;
      problems.warn(
        gateway,
        `${path}.proxyProtocol`,
        `a port of the machine takes the PROXY protocol from everybody or from nobody: ${taken} here too, as at listener ${asked} at the same port`,
        "Say the same at both, or give one a port of its own in the environment's binding (listenerPorts).",
      );
    }
    const { connectionLimit } = lowestLimit(plain);
    if (plain.includes(listener) && connectionLimit?.maxConnections !== listener.connectionLimit?.maxConnections)
      problems.warn(
        gateway,
        `${path}.connectionLimit`,
        `listeners for plain HTTP share one port: the lowest limit of them, ${connectionLimit?.maxConnections}, counts for all together`,
        "Say the same at each of them, or use one gateway per port.",
      );
  });
}
