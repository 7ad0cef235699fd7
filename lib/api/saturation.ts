// How full the proxies of a scope are: now, over time, and beside the budget that the design gives them.
// The rule: only a proxy that spoke within the last 150 s counts as now.
import type { SaturationPoint } from "@/lib/data/signals";
import { type MeshDocument, parseKey, type Workload } from "@/lib/mesh";
import { mergeSaturation, type Scope } from "@/lib/signals";
import type { Measured } from "./measure";

type Reading = Omit<SaturationPoint, "atMs" | "proxyKey" | "service">;

function merged(points: readonly Reading[]) {
  const known = points.map((point) => ({
    ...point,
    cpuUse: null,
    memoryUse: null,
    connectionsActive: point.connectionsActive ?? 0,
    requestsActive: point.requestsActive ?? 0,
    requestsPending: point.requestsPending ?? 0,
    ejectionsActive: point.ejectionsActive ?? 0,
  }));
  const sum = mergeSaturation(known);
  const toMb = (bytes: number | null | undefined) => (bytes === null || bytes === undefined ? null : bytes / 1_048_576);
  return {
    eventLoopDelayP99Ms: sum?.eventLoopDelayP99Ms ?? null,
    cpuMillicores: sum?.cpuMillicores ?? null,
    residentMb: toMb(sum?.residentBytes),
    privateMb: toMb(sum?.privateBytes),
    connectionsActive: sum?.connectionsActive ?? null,
    requestsActive: sum?.requestsActive ?? null,
    requestsPending: sum?.requestsPending ?? null,
    poolUse: sum?.poolUse ?? null,
    pendingUse: sum?.pendingUse ?? null,
    requestsUse: sum?.requestsUse ?? null,
    overflow: sum?.overflow ?? null,
    ejectionsActive: sum?.ejectionsActive ?? null,
  };
}

/** Proxies that a scope is about: a service's own, a dependency's caller's (its pools carry the calls). */
export function proxiesOf(
  scope: Scope,
  gateway: string | null,
  document: MeshDocument | null,
): (point: SaturationPoint) => boolean {
  const key = gateway ?? (scope.kind === "service" ? scope.key : scope.kind === "dependency" ? scope.source : null);
  if (key === null) return () => true;
  const { kind, namespace, name } = parseKey(key) ?? {};
  const workloads = new Set(
    kind === "Gateway"
      ? [`${namespace}/${name}`]
      : (document?.objects ?? [])
          .filter(
            (object): object is Workload =>
              object.kind === "Workload" && object.metadata.namespace === namespace && object.spec.service === name,
          )
          .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
  );
  return ({ proxyKey }) => workloads.has(proxyKey.split("/").slice(0, 2).join("/"));
}

function budgetsOf(points: readonly SaturationPoint[], document: MeshDocument | null) {
  const budgets = new Map<string, { cpu: number; memory: number }>();
  for (const object of document?.objects ?? []) {
    if (object.kind !== "Workload" || !object.spec.sidecar) continue;
    const { cpuMillicores = 0, memoryMb = 0 } = object.spec.sidecar;
    budgets.set(`${object.metadata.namespace}/${object.metadata.name}`, { cpu: cpuMillicores, memory: memoryMb });
  }
  let cpu = 0;
  let memory = 0;
  for (const { proxyKey } of points) {
    const budget = budgets.get(proxyKey.split("/").slice(0, 2).join("/"));
    cpu += budget?.cpu ?? 0;
    memory += budget?.memory ?? 0;
  }
  return { cpuBudgetMillicores: cpu > 0 ? cpu : null, memoryBudgetMb: memory > 0 ? memory : null };
}

export function saturationOf(
  measured: Measured,
  isOurs: (point: SaturationPoint) => boolean,
  document: MeshDocument | null,
  stepMs: number,
  fromMs: number,
) {
  const ours = measured.saturation.filter(isOurs);
  const latest = new Map<string, SaturationPoint>();
  for (const point of ours) {
    if (point.atMs >= measured.nowMs - 150_000) latest.set(point.proxyKey, point);
  }
  const slotMs = Math.max(stepMs, 60_000);
  const slots = new Map<number, Map<string, SaturationPoint>>();
  for (const point of ours) {
    if (point.atMs < fromMs) continue;
    const at = Math.floor(point.atMs / slotMs) * slotMs;
    const slot = slots.get(at) ?? new Map<string, SaturationPoint>();
    slots.set(at, slot.set(point.proxyKey, point));
  }
  const points = [...slots]
    .sort(([a], [b]) => a - b)
    .map(([atMs, slot]) => {
      const { eventLoopDelayP99Ms, cpuMillicores, privateMb, poolUse, pendingUse, requestsUse } = merged([
        ...slot.values(),
      ]);
      return {
        at: new Date(atMs).toISOString(),
        eventLoopDelayP99Ms,
        cpuMillicores,
        privateMb,
        poolUse,
        pendingUse,
        requestsUse,
      };
    });
  const now = [...latest.values()];
  return { ...merged(now), ...budgetsOf(now, document), points };
}
