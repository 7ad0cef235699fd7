// One of several processes that serve the same plan. Rule: it decides nothing by itself: plans, secrets and its end come from the first
// process, which it does not outlive.

import { viewOf } from "../admin/view";
import { drain } from "../drain";
import { DataPlane } from "../listener/data-plane";
import type { ProxyPlan } from "../plan/types";
import { replan } from "../xds/replan";
import type { Applied, Asked, FromWorker, Order, Questions, ToWorker } from "./messages";
import { partOf } from "./part";

export interface WorkerOptions {
  /** How many there are. */
  readonly processes: number;
  /** Where relative paths of configuration begin; null: here. */
  readonly home: string | null;
}

/** Serves until it is told to end. */
export function work(options: WorkerOptions): void {
  // A terminal tells the whole group: the first process hears it too, and says when.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"]) process.on(signal, () => {});
  const worker = new Worker(options);
  process.on("message", (message: ToWorker) => worker.hear(message));
  process.on("disconnect", () => worker.end());
  tell({ kind: "here" });
}

const tell = (message: FromWorker): boolean => process.send?.(message) ?? false;

class Worker {
  private readonly dataPlane: DataPlane;
  private readonly taps = new Map<number, () => void>();

  constructor(private readonly options: WorkerOptions) {
    this.dataPlane = new DataPlane(options.processes);
    if (options.home !== null) this.dataPlane.home = options.home;
  }

  hear(message: ToWorker): void {
    if (!("id" in message) || message.kind === "tap" || message.kind === "untap") this.obey(message);
    else void this.answer(message).then((answer) => tell({ kind: "answer", id: message.id, answer }));
  }

  private async answer(asked: Asked): Promise<Questions[keyof Questions]["answer"]> {
    const view = viewOf(this.dataPlane);
    switch (asked.kind) {
      case "plan":
        return this.apply(asked.ask);
      case "secrets": {
        const made = replan(asked.ask);
        if (made.ok) this.dataPlane.onSecrets(made.secrets);
        return null;
      }
      case "drain":
        await drain(this.dataPlane, asked.ask);
        return null;
      case "stats":
        return view.stats();
      case "metrics":
        return view.metrics(asked.ask);
      case "clusters":
        return view.clusters();
      case "shapes":
        return view.shapes(asked.ask);
    }
  }

  private async apply(origin: Questions["plan"]["ask"]): Promise<Applied> {
    const made = replan(origin);
    if (!made.ok) return { result: made, ports: [] };
    const plan: ProxyPlan = partOf(made.plan, this.options.processes);
    const result = await this.dataPlane.onPlan(plan, made.secrets);
    return { result, ports: Array.from(this.dataPlane.listeners, ([name, { port }]) => [name, port] as const) };
  }

  private obey(order: Order): void {
    switch (order.kind) {
      case "deny":
        this.dataPlane.onDenyList(order.denied);
        return;
      case "health":
        this.dataPlane.hasFailedHealthChecks = order.isFailed;
        return;
      case "reopen":
        this.dataPlane.reopenLogs();
        return;
      case "tap": {
        const { id, request } = order;
        const end = viewOf(this.dataPlane).tap(request, (line) => tell({ kind: "line", id, line }));
        if (end !== null) this.taps.set(id, end);
        return;
      }
      case "untap":
        this.taps.get(order.id)?.();
        this.taps.delete(order.id);
        return;
      case "end":
        this.end();
    }
  }

  end(): never {
    this.dataPlane.closeLogs();
    process.exit(0);
  }
}
