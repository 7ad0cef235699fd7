// Who calls what: caller, callee, method, bounded path pattern, code, count. Input for least privilege and replay.
// Rule: bounded in every dimension. Identifiers in paths become "*"; past the bound everything counts as "/**".

import { PROBE_MARK } from "./labels";
import type { RequestMetrics, RequestSeries, ShapeCounter } from "./request-metrics";

const maxShapesPerSeries = 200;
const maxCached = 1000;
const maxSegments = 6;

// "/orders/8f14e45f?x=1" -> "/orders/*": digits, hex, UUIDs and long words are identifiers.
export function pathPattern(path: string): string {
  const query = path.indexOf("?");
  const segments = (query < 0 ? path : path.slice(0, query)).split("/").slice(1);
  const kept = segments.slice(0, maxSegments).map((segment) => (isIdentifier(segment) ? "*" : segment));
  return `/${kept.join("/")}${segments.length > maxSegments ? "/**" : ""}`;
}

function isIdentifier(segment: string): boolean {
  return segment.length > 32 || /^\d+$|^[0-9a-f]{8,}$|^[0-9a-f]{8}-[0-9a-f-]{27}$|%|\d{3,}/i.test(segment);
}

export interface ObservedShape {
  readonly caller: string;
  readonly callee: string;
  readonly method: string;
  readonly pathPattern: string;
  readonly code: number;
  readonly count: number;
}

export class ObservedShapes {
  /** Advances at each read; a counter remembers the value at its last change. */
  private seq = 1;

  constructor(private readonly metrics: RequestMetrics) {}

  count(series: RequestSeries, method: string, path: string, code: number): void {
    const query = path.indexOf("?");
    const key = `${method} ${code} ${query < 0 ? path : path.substring(0, query)}`;
    let counter = series.shapeCache.get(key);
    if (counter === undefined) {
      counter = this.find(series, method, path, code);
      if (series.shapeCache.size >= maxCached) series.shapeCache.clear();
      series.shapeCache.set(key, counter);
    }
    counter.count++;
    counter.seq = this.seq;
  }

  private find(series: RequestSeries, method: string, path: string, code: number): ShapeCounter {
    const isFull = series.shapes.size >= maxShapesPerSeries;
    let pattern = pathPattern(path);
    let found = series.shapes.get(`${method} ${code} ${pattern}`);
    if (found === undefined && isFull) {
      pattern = "/**";
      found = series.shapes.get(`${method} ${code} ${pattern}`);
    }
    if (found === undefined) {
      found = { method, pathPattern: pattern, code, count: 0, seq: this.seq };
      series.shapes.set(`${method} ${code} ${pattern}`, found);
    }
    return found;
  }

  /** Cumulative counts of all shapes that changed since a read that answered `since`. */
  read(since: number): { seq: number; shapes: ObservedShape[] } {
    const shapes: ObservedShape[] = [];
    for (const series of this.metrics.all.values()) {
      const { labels } = series;
      // Nobody needs a grant for what a probe asked.
      if (labels.source_version === PROBE_MARK) continue;
      const caller = partyName(labels.source_workload_namespace, labels.source_workload, labels.source_principal);
      const callee = partyName(labels.destination_service_namespace, labels.destination_service_name, "");
      for (const shape of series.shapes.values()) {
        if (shape.seq < since) continue;
        const { method, pathPattern: pattern, code, count } = shape;
        shapes.push({ caller, callee, method, pathPattern: pattern, code, count });
      }
    }
    this.seq++;
    return { seq: this.seq, shapes };
  }
}

function partyName(namespace: string, name: string, principal: string): string {
  return principal !== "" && principal !== "unknown" ? principal : `${namespace}/${name}`;
}
