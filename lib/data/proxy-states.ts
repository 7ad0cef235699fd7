// Proxies of an environment, counted by the service, gateway or calling workload they stand for. The caller has checked that it may be read.
import { keyOf } from "@/lib/mesh";
import type { Database } from "./client";

export interface ProxyStates {
  total: number;
  ready: number;
  ack: number;
  pending: number;
  nack: number;
  disconnected: number;
}

export async function listProxyStates(database: Database, environmentId: string): Promise<Map<string, ProxyStates>> {
  const rows = await database.proxy.findMany({
    where: { environmentId, desired: "running" },
    select: { namespace: true, workload: true, service: true, workloadVersion: true, state: true, ready: true },
  });
  const states = new Map<string, ProxyStates>();
  for (const { namespace, workload, service, workloadVersion, state, ready } of rows) {
    // without a service it is a gateway, which has no version, or a workload that only calls
    const alone = workloadVersion === null ? "Gateway" : "Workload";
    const key = service ? keyOf("Service", namespace, service) : keyOf(alone, namespace, workload);
    const counts = states.get(key) ?? { total: 0, ready: 0, ack: 0, pending: 0, nack: 0, disconnected: 0 };
    states.set(key, counts);
    counts.total += 1;
    if (ready) counts.ready += 1;
    if (state === "ack" || state === "pending" || state === "nack" || state === "disconnected") counts[state] += 1;
  }
  return states;
}
