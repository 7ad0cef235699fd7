// MW1028: a connection pool smaller than the load that the design expects. The breaker opens on a normal day.
import { type Dependency, type MeshIndex, objectKey, serviceRefKey } from "@/lib/mesh";
import { endsOf } from "../calls";
import type { Facts, FindingBody, ObjectAnalyzer } from "../finding";

export const mw1028BreakerTooSmall: ObjectAnalyzer<"TrafficPolicy"> = {
  code: "MW1028",
  title: "Breaker smaller than the load",
  area: "resilience",
  scope: "object",
  kind: "TrafficPolicy",
  run(index, policy, facts) {
    const pool = policy.spec.connectionPool;
    const callee = serviceRefKey(policy.spec.service, policy);
    const service = index.find("Service", callee);
    const latencyMs = service?.spec.slo?.latency?.thresholdMs;
    if (!pool || !service || latencyMs === undefined || policy.spec.subset) return [];
    const isHttp1 = service.spec.ports.every((port) => port.protocol === "http");
    const queue = pool.maxPendingRequests ?? 0;
    const key = objectKey(policy);
    return index.dependenciesTo(callee).flatMap((dependency): FindingBody[] => {
      const atOnce = requestsAtOnce(index, dependency, facts, latencyMs);
      const tight = ([field, limit]: [string, number | undefined]) =>
        limit !== undefined && limit < atOnce ? field : [];
      const [field] = [
        tight(["maxRequests", pool.maxRequests]),
        tight([
          "maxConnections",
          isHttp1 && pool.maxConnections !== undefined ? pool.maxConnections + queue : undefined,
        ]),
      ].flat();
      if (field === undefined) return [];
      const needed = Math.ceil(atOnce * 2);
      return [
        {
          code: "MW1028",
          severity: "warning",
          message: `Each ${dependency.spec.from.name} needs about ${Math.ceil(atOnce)} requests to ${service.metadata.name} at once; ${field} of ${policy.metadata.name} is smaller.`,
          cause: `${dependency.spec.expectedRequestsPerSecond} requests per second are drawn, and each may take ${latencyMs} ms by the SLO (Little's law). What does not fit gets 503.`,
          refs: [key, objectKey(dependency)],
          path: `spec.connectionPool.${field}`,
          fixes: [
            {
              title: `Set ${field} to ${needed}`,
              command: { type: "patchSpec", key, path: ["connectionPool", field], value: needed },
            },
          ],
        },
      ];
    });
  },
};

/** Requests under way at each instance of the caller; limits hold per sidecar. */
function requestsAtOnce(index: MeshIndex, dependency: Dependency, facts: Facts, latencyMs: number): number {
  const rate = dependency.spec.expectedRequestsPerSecond ?? 0;
  const { from: caller } = endsOf(dependency);
  const instances = index.workloadsOf(caller).reduce((sum, workload) => sum + facts.endpointsOf(workload), 0);
  return ((rate / Math.max(1, instances)) * latencyMs) / 1000;
}
