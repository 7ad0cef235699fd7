// Envoy TcpProxy -> TcpProxyPlan. One rule: as for routes, one cluster is a list of one.

import type { TcpProxy } from "../contract/messages";
import { accessLogs } from "./access-log";
import { hashesSourceIp } from "./hash-policy";
import type { Scope } from "./scope";
import type { TcpProxyPlan, WeightedName } from "./types";
import { timeout } from "./values";

export function tcpProxyPlan(
  tcp: TcpProxy | undefined,
  scope: Scope,
  clusterNames: ReadonlySet<string> | null,
): TcpProxyPlan {
  const clusters = tcp ? targets(tcp) : [];
  clusters.forEach(({ name }) => {
    if (clusterNames && !clusterNames.has(name)) {
      scope.fail(`there is no cluster ${JSON.stringify(name)}; add it to the clusters or correct the name`);
    }
  });
  return {
    kind: "tcp",
    statPrefix: tcp?.statPrefix ?? "",
    isClusterBySni: false,
    clusters,
    totalWeight: clusters.reduce((sum, { weight }) => sum + weight, 0),
    idleTimeoutMs: timeout(tcp?.idleTimeout, 3_600_000),
    maxConnectAttempts: tcp?.maxConnectAttempts ?? 1,
    hashesSourceIp: hashesSourceIp(tcp?.hashPolicy ?? []),
    accessLogs: tcp ? accessLogs(tcp.accessLog, scope) : [],
  };
}

function targets({ clusterSpecifier: specifier }: TcpProxy): WeightedName[] {
  switch (specifier.case) {
    case "cluster":
      return [{ name: specifier.value, weight: 1 }];
    case "weightedClusters":
      return specifier.value.clusters.map(({ name, weight }) => ({ name, weight }));
    default:
      return [];
  }
}
