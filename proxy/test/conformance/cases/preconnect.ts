// Connections before they are needed. Rule: what the upstream has seen after a while is counted, not when.

import { cluster, httpOptions, TO_APP, web } from "../config";
import type { Case, Config } from "../types";
import type { Wire } from "../wire";

const ahead = (ratio: number): Config => ({ preconnect_policy: { per_upstream_preconnect_ratio: ratio } });
const HTTP2_ONE = httpOptions({
  explicit_http_config: { http2_protocol_options: { max_concurrent_streams: 1 } },
});

/** Connections that the upstream has once there are `most`, or no more come. */
async function settled(wire: Wire, most: number): Promise<number> {
  for (let left = 40; left > 0 && wire.connections("app") < most; left--) await wire.wait(50);
  await wire.wait(200);
  return wire.connections("app");
}
const slow = { headers: { "x-do": "slow500" } };

export const preconnectCases: readonly Case[] = [
  {
    id: "a connection more than is needed",
    config: web({ clusters: [cluster("app", ahead(2))] }),
    run: async (wire) => [await wire.status(), await settled(wire, 2)],
    proves: ["cluster.v3.Cluster.preconnect_policy", "Cluster.PreconnectPolicy.per_upstream_preconnect_ratio"],
  },
  {
    id: "connections for one and a half times the requests",
    config: web({ clusters: [cluster("app", ahead(1.5))] }),
    run: async (wire) => {
      const counts = [await wire.status(), await settled(wire, 2)];
      const both = Promise.all([wire.status(slow), wire.status(slow)]);
      return [...counts, await both, await settled(wire, 3)];
    },
  },
  {
    id: "connections for three times the requests",
    config: web({ clusters: [cluster("app", ahead(3))] }),
    run: async (wire) => {
      const counts = [await wire.status(), await settled(wire, 3)];
      const both = Promise.all([wire.status(slow), wire.status(slow)]);
      return [...counts, await both, await settled(wire, 6), await wire.status(), await settled(wire, 6)];
    },
  },
  {
    id: "a connection more than HTTP/2 of one stream needs",
    config: web({ clusters: [cluster("app", { ...HTTP2_ONE, ...ahead(2) })] }),
    upstreams: { app: "http2" },
    run: async (wire) => [await wire.status(), await settled(wire, 2)],
    proves: ["Cluster.PreconnectPolicy.per_upstream_preconnect_ratio"],
  },
  {
    id: "no connection more than HTTP/2 needs",
    config: web({
      clusters: [
        cluster("app", { ...httpOptions({ explicit_http_config: { http2_protocol_options: {} } }), ...ahead(3) }),
      ],
    }),
    upstreams: { app: "http2" },
    run: async (wire) => [await wire.status(), await settled(wire, 2)],
  },
  {
    id: "connections before they are needed, up to the limit",
    config: web({
      routes: [TO_APP],
      clusters: [cluster("app", { ...ahead(3), circuit_breakers: { thresholds: [{ max_connections: 2 }] } })],
    }),
    run: async (wire) => [await wire.status(), await settled(wire, 3)],
  },
];
