// The exporters of the process, of spans or of log records. Rule: equal plans share one, and it outlives a swap of the proxy's plan.

import type { ListenerPlan, ProxyPlan } from "../../plan/types";
import type { OtlpExporter } from "./exporter";

export class OtlpExporters<Plan> {
  private known = new Map<string, OtlpExporter>();

  /** @param plansIn those that a listener asks for */
  constructor(
    private readonly make: (plan: Plan) => OtlpExporter,
    private readonly plansIn: (listener: ListenerPlan) => readonly Plan[],
  ) {}

  of(plan: Plan): OtlpExporter {
    const key = JSON.stringify(plan);
    const exporter = this.known.get(key) ?? this.make(plan);
    this.known.set(key, exporter);
    return exporter;
  }

  /** What nobody speaks of any more sends what it has and is forgotten. */
  keepFor(plan: ProxyPlan): void {
    if (this.known.size === 0) return;
    const wanted = new Set(plan.listeners.flatMap(this.plansIn).map((each) => JSON.stringify(each)));
    for (const [key, exporter] of this.known) {
      if (wanted.has(key)) continue;
      this.known.delete(key);
      void exporter.flush();
    }
  }

  /** Before the process ends: what waits, as long as it takes and no longer. */
  async flush(limitMs: number): Promise<void> {
    if (this.known.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((done) => {
      timer = setTimeout(done, limitMs);
    });
    await Promise.race([Promise.all([...this.known.values()].map((exporter) => exporter.flush())), limit]);
    clearTimeout(timer);
  }
}
