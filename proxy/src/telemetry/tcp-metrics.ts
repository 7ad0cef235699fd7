// Istio's TCP metrics: connections between two parties, opened and closed, with their bytes.
// Rule: a series is looked up when a connection is accepted; its bytes are added as they pass, since a connection may last for days.

import { labelText, type PartyLabels } from "./request-metrics";

export class TcpSeries {
  opened = 0;
  /** Of the app's answers, and of what callers said. */
  sentBytes = 0;
  receivedBytes = 0;
  /** Closed before a byte, because network RBAC did not let the caller in. Istio has no counter for them. */
  refused = 0;
  /** By response flags. */
  readonly closed = new Map<string, number>();

  constructor(readonly labels: PartyLabels) {}

  close(flags: string): void {
    this.closed.set(flags, (this.closed.get(flags) ?? 0) + 1);
  }

  /** A connection that reached nobody: opened by the caller, and over. */
  fail(flags: string): void {
    this.opened++;
    this.close(flags);
  }
}

/** As for requests: principals come from certificates, so this is a backstop. */
const maxSeries = 2000;

export class TcpMetrics {
  private readonly all = new Map<string, TcpSeries>();

  series(labels: PartyLabels): TcpSeries {
    const key = Object.values(labels).join("\n");
    let found = this.all.get(key);
    if (found === undefined) {
      found = new TcpSeries({ ...labels, request_protocol: "tcp" });
      if (this.all.size < maxSeries) this.all.set(key, found);
    }
    return found;
  }

  /** Prometheus text; nothing where there was no connection. */
  render(): string {
    const lines = new Map<string, string[]>(names.map((name) => [name, []]));
    const add = (name: (typeof names)[number], labels: string, value: number): void => {
      lines.get(name)?.push(`${name}{${labels}} ${value}`);
    };
    for (const series of this.all.values()) {
      const labels = labelText({ ...series.labels });
      add("istio_tcp_connections_opened_total", labels, series.opened);
      add("istio_tcp_sent_bytes_total", labels, series.sentBytes);
      add("istio_tcp_received_bytes_total", labels, series.receivedBytes);
      for (const [flags, count] of series.closed)
        add("istio_tcp_connections_closed_total", `${labels},response_flags="${flags}"`, count);
      if (series.refused > 0) add("meshwright_tcp_connections_refused_total", labels, series.refused);
    }
    return [...lines].flatMap(([name, own]) => (own.length > 0 ? [`# TYPE ${name} counter`, ...own] : [])).join("\n");
  }
}

const names = [
  "istio_tcp_connections_opened_total",
  "istio_tcp_connections_closed_total",
  "istio_tcp_sent_bytes_total",
  "istio_tcp_received_bytes_total",
  "meshwright_tcp_connections_refused_total",
] as const;
