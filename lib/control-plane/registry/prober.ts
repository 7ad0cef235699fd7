// Asks each proxy's admin port how it is: every two seconds, and every 100 ms while something is expected to change
// (a new stream, an ACK, a restart), so that a rollout and a recovery are seen at once.
// One rule: one probe of a proxy at a time.

import { ADMIN_HOST, callAdmin } from "@/lib/agent/admin-client";
import type { ProxyEntry } from "./proxy-entry";
import { decodeProxyStatus } from "./proxy-status";
import type { Registry } from "./registry";

const SLOW_MS = 2_000;
const FAST_MS = 100;
const FAST_FOR_MS = 15_000;
const LIMIT_MS = 1_000;

interface Plan {
  nextAt: number;
  fastUntil: number;
  isRunning: boolean;
}

export class Prober {
  private readonly plans = new Map<string, Plan>();
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly registry: Registry,
    private readonly now: () => number,
  ) {
    registry.subscribe((event) => {
      if (event.type === "probe") {
        this.expectChange(event.entry);
      }
    });
  }

  start(): void {
    this.timer = setInterval(() => this.tick(), FAST_MS / 2);
  }

  stop(): void {
    if (this.timer) {
      clearInterval(this.timer);
      this.timer = null;
    }
  }

  expectChange(entry: ProxyEntry): void {
    const plan = this.planOf(entry.row.id);
    plan.nextAt = this.now();
    plan.fastUntil = this.now() + FAST_FOR_MS;
  }

  private tick(): void {
    const now = this.now();
    for (const rowId of this.plans.keys()) {
      if (!this.registry.find(rowId)) {
        this.plans.delete(rowId);
      }
    }
    for (const entry of this.registry.all()) {
      if (entry.row.origin !== "agent") continue; // says itself how it is (joining/joined-proxies.ts)
      const plan = this.planOf(entry.row.id);
      if (!plan.isRunning && plan.nextAt <= now && entry.row.adminPort !== null && entry.row.desired !== "stopped") {
        void this.probe(entry, plan, entry.row.adminPort);
      }
    }
  }

  private async probe(entry: ProxyEntry, plan: Plan, port: number): Promise<void> {
    plan.isRunning = true;
    try {
      const { body } = await callAdmin(ADMIN_HOST, port, "/meshwright/status", { timeoutMs: LIMIT_MS });
      const status = decodeProxyStatus(body);
      // Another proxy on this port after a mix-up is not this one.
      this.registry.probed(entry, status?.proxyId === entry.proxyKey ? status : "refused");
    } catch (error) {
      const isRefused = error instanceof Error && "code" in error;
      this.registry.probed(entry, isRefused ? "refused" : "timeout");
    } finally {
      const isSettled =
        entry.row.ready && entry.status?.digest === entry.current?.digest && entry.row.desired === "running";
      plan.isRunning = false;
      plan.nextAt = this.now() + (!isSettled && this.now() < plan.fastUntil ? FAST_MS : SLOW_MS);
    }
  }

  private planOf(rowId: string): Plan {
    const plan = this.plans.get(rowId) ?? { nextAt: 0, fastUntil: 0, isRunning: false };
    this.plans.set(rowId, plan);
    return plan;
  }
}
