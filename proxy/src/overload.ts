// Overload of the whole process, as Envoy's overload manager is configured: connections at a time, and what the heap sheds. Rule: asked
// only where it is configured; memory is looked at on a timer, never per request.

import type { Socket } from "node:net";
import { getHeapStatistics } from "node:v8";
import type { OverloadActionKind, OverloadPlan, OverloadTriggerPlan } from "./plan/overload-types";
import { envoyWord, type NamedCounts } from "./telemetry/named-counts";

const LIMIT = "envoy.resource_monitors.global_downstream_max_connections";

/** What V8 holds, and what its objects hold outside of its heaps (buffers, sockets, TLS). */
function heapBytes(): number {
  const { total_physical_size, malloced_memory, external_memory } = getHeapStatistics();
  return total_physical_size + malloced_memory + external_memory;
}

export class Overload {
  private connections = 0;
  private readonly shares: Record<OverloadActionKind, number> = {
    "stop-requests": 0,
    "disable-keep-alive": 0,
    "reject-connections": 0,
  };

  constructor(
    private readonly plan: OverloadPlan,
    private readonly counts: NamedCounts,
    private readonly bytesInUse: () => number = heapBytes,
  ) {
    if (plan.maxConnections !== null) this.limitCounts();
    if (plan.heaps.length > 0) setInterval(() => this.refresh(), plan.refreshMs).unref();
  }

  private limitCounts() {
    return this.counts.of("overloadLimit", `overload.${LIMIT}.`);
  }

  /** Of a share that is shed, chance decides which. */
  sheds(kind: OverloadActionKind): boolean {
    const share = this.shares[kind];
    return share > 0 && (share >= 1 || Math.random() < share);
  }

  /** False: one too many. It counts until it closes. */
  hasRoomFor(socket: Socket): boolean {
    const { maxConnections } = this.plan;
    if (maxConnections === null) return true;
    if (this.connections >= maxConnections) {
      this.limitCounts().failed_updates++;
      return false;
    }
    this.connections++;
    socket.once("close", () => this.connections--);
    return true;
  }

  refresh(): void {
    const bytes = this.bytesInUse();
    const pressures = new Map(this.plan.heaps.map(({ name, maxBytes }) => [name, bytes / maxBytes]));
    for (const [name, pressure] of pressures)
      this.counts.of("overloadMonitor", `overload.${envoyWord(name)}.`).pressure = Math.floor(pressure * 100);
    for (const { kind, name, triggers } of this.plan.actions) {
      const share = Math.max(...triggers.map((trigger) => shareOf(trigger, pressures.get(trigger.monitor) ?? 0)));
      this.shares[kind] = share;
      const counts = this.counts.of("overloadAction", `overload.${name}.`);
      counts.active = Number(share >= 1);
      counts.scale_percent = Math.floor(share * 100);
    }
  }
}

function shareOf({ from, to }: OverloadTriggerPlan, pressure: number): number {
  if (pressure >= to) return 1;
  return pressure <= from ? 0 : (pressure - from) / (to - from);
}
