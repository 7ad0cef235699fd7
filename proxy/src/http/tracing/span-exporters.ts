// The exporters of the process. Rule: connection managers with equal providers share one, and it outlives a swap of the plan.

import type { UpstreamCluster } from "../../cluster/cluster";
import type { OpenTelemetryPlan, ProxyPlan } from "../../plan/types";
import { type SpanCounts, SpanExporter } from "./span-exporter";

export class SpanExporters {
  private known = new Map<string, SpanExporter>();

  constructor(
    private readonly clusterNamed: (name: string) => UpstreamCluster | undefined,
    private readonly counts: SpanCounts,
  ) {}

  of(plan: OpenTelemetryPlan): SpanExporter {
    const key = JSON.stringify(plan);
    const exporter = this.known.get(key) ?? new SpanExporter(plan, this.clusterNamed, this.counts);
    this.known.set(key, exporter);
    return exporter;
  }

  /** What nobody speaks of any more sends what it has and is forgotten. */
  keepFor(plan: ProxyPlan): void {
    if (this.known.size === 0) return;
    const networks = plan.listeners.flatMap(({ filterChains }) => filterChains.map(({ network }) => network));
    const providers = networks.map((network) => (network.kind === "http" ? network.tracing?.provider : null));
    const wanted = new Set(providers.flatMap((provider) => (provider ? [JSON.stringify(provider)] : [])));
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
