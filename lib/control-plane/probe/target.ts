// Whom to ask: for each workload of the running design one sidecar that is ready, with what the design means for it.
// Machines that joined are left out: their ways out and their logs are their own.

import { planProbes, type ServiceProbe } from "@/lib/compliance";
import { keyOf, type MeshDocument, type ObjectKey } from "@/lib/mesh";
import type { ProxyEntry } from "../registry/proxy-entry";

/** Workloads that are probed; a larger mesh gets a sample that covers its services in order. */
export const MAX_TARGETS = 300;

export interface Target {
  /** Service or gateway. */
  subject: ObjectKey;
  entry: ProxyEntry;
  probe: ServiceProbe | null;
  /** The first instance of its workload: the others are asked for their certificate only. */
  isFirst: boolean;
}

export interface Targets {
  targets: Target[];
  /** Services without a sidecar that is ready and can be asked. */
  unreachable: ObjectKey[];
}

export function targetsOf(document: MeshDocument, entries: readonly ProxyEntry[]): Targets {
  const probes = new Map(planProbes(document).map((probe) => [probe.service, probe]));
  const gateways = new Set(
    document.objects.flatMap((each) =>
      each.kind === "Gateway" ? [keyOf("Gateway", each.metadata.namespace, each.metadata.name)] : [],
    ),
  );
  const seen = new Set<string>();
  const targets: Target[] = [];
  for (const entry of entries) {
    const { namespace, workload, service, desired, ready, inboundPort, origin } = entry.row;
    if (origin !== "agent" || desired !== "running" || !ready || inboundPort === null) continue;
    const asGateway = keyOf("Gateway", namespace, workload);
    const subject = gateways.has(asGateway) ? asGateway : keyOf("Service", namespace, service ?? "");
    const probe = probes.get(subject) ?? null;
    if (!probe && subject !== asGateway) continue;
    const key = `${namespace}/${workload}`;
    targets.push({ subject, entry, probe, isFirst: !seen.has(key) });
    seen.add(key);
  }
  const reached = new Set(targets.map(({ subject }) => subject));
  const unreachable = [...probes.keys()].filter((service) => !reached.has(service));
  return { targets: targets.slice(0, MAX_TARGETS), unreachable };
}
