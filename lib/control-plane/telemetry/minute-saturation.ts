// One proxy's saturation over a minute: the worst reading of each kind; refused requests add up.

import type { Saturation } from "@/lib/signals";

/** The columns of a minute. */
export type MinuteSaturation = Omit<Saturation, "clusters" | "cpuUse" | "memoryUse">;

function larger(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b);
}

export function worstOf(a: MinuteSaturation | undefined, b: MinuteSaturation): MinuteSaturation {
  return {
    eventLoopDelayP99Ms: larger(a?.eventLoopDelayP99Ms ?? null, b.eventLoopDelayP99Ms),
    cpuMillicores: larger(a?.cpuMillicores ?? null, b.cpuMillicores),
    residentBytes: larger(a?.residentBytes ?? null, b.residentBytes),
    privateBytes: larger(a?.privateBytes ?? null, b.privateBytes),
    connectionsActive: Math.max(a?.connectionsActive ?? 0, b.connectionsActive),
    requestsActive: Math.max(a?.requestsActive ?? 0, b.requestsActive),
    requestsPending: Math.max(a?.requestsPending ?? 0, b.requestsPending),
    poolUse: larger(a?.poolUse ?? null, b.poolUse),
    pendingUse: larger(a?.pendingUse ?? null, b.pendingUse),
    requestsUse: larger(a?.requestsUse ?? null, b.requestsUse),
    overflow: (a?.overflow ?? 0) + b.overflow,
    ejectionsActive: Math.max(a?.ejectionsActive ?? 0, b.ejectionsActive),
  };
}
