// Envoy TcpProxy -> TcpProxyPlan. One rule: as for routes, one cluster is a list of one.

import type { TcpProxy } from "../contract/messages";
import { accessLogs } from "./access-log";
import { hashesSourceIp } from "./hash-policy";
import type { Scope } from "./scope";
import { subsetMatch } from "./subsets";
import type { TcpClusterPlan, TcpProxyPlan } from "./types";
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
    subset: subsetMatch(tcp?.metadataMatch),
    idleTimeoutMs: timeout(tcp?.idleTimeout, 3_600_000),
    maxConnectAttempts: tcp?.maxConnectAttempts ?? 1,
    hashesSourceIp: hashesSourceIp(tcp?.hashPolicy ?? []),
    accessLogs: tcp ? accessLogs(tcp.accessLog, scope) : [],
  };
}

function targets({ clusterSpecifier: specifier, metadataMatch }: TcpProxy): TcpClusterPlan[] {
  switch (specifier.case) {
    case "cluster":
      return [{ name: specifier.value, weight: 1, subset: subsetMatch(metadataMatch) }];
    case "weightedClusters":
      return specifier.value.clusters.map(({ name, weight, metadataMatch: own }) => ({
        name,
        weight,
        subset: subsetMatch(metadataMatch, own),
      }));
    default:
      return [];
  }
}
