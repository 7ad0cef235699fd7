// Observed shapes of one environment: who calls what, per minute. Proxies hand out cumulative counts; the growth since
// the last read is added to the minute. Both ends of a call report it: the callee's word counts, the caller's only for
// the outside. One rule: the first read of a proxy that was running before us is a baseline, not traffic.

import { z } from "zod";
import type { ShapeRow } from "@/lib/data/system";
import { calleeKey, callerKey, type Directory, minuteOf } from "@/lib/signals";

const pageSchema = z.object({
  seq: z.number(),
  shapes: z.array(
    z.object({
      caller: z.string(),
      callee: z.string(),
      method: z.string(),
      pathPattern: z.string(),
      code: z.number().int(),
      count: z.number(),
    }),
  ),
});

interface Known {
  process: string;
  cursor: number;
  counts: Map<string, number>;
}

export interface ShapePage {
  proxyRowId: string;
  /** Tells one process of the proxy from the next. */
  process: string;
  /** Object key of the service behind this sidecar, null for a gateway. */
  service: string | null;
  isNewProcess: boolean;
  text: string;
}

export class ShapeReader {
  private readonly known = new Map<string, Known>();

  cursor(proxyRowId: string, process: string): number {
    const known = this.known.get(proxyRowId);
    return known?.process === process ? known.cursor : 0;
  }

  read(environmentId: string, page: ShapePage, directory: Directory, atMs: number): ShapeRow[] {
    const decoded = pageSchema.safeParse(safeJson(page.text)).data;
    if (!decoded) {
      return [];
    }
    const before = this.known.get(page.proxyRowId);
    const isSame = before?.process === page.process;
    const known: Known = isSame ? before : { process: page.process, cursor: 0, counts: new Map() };
    const isBaseline = !isSame && before === undefined && !page.isNewProcess;
    const rows: ShapeRow[] = [];
    for (const shape of decoded.shapes) {
      const { method, pathPattern, code } = shape;
      const key = [shape.caller, shape.callee, method, pathPattern, code].join(" ");
      const growth = shape.count - (known.counts.get(key) ?? 0);
      known.counts.set(key, shape.count);
      const callee = partyKey(directory, shape.callee, "callee");
      if (!isBaseline && growth > 0 && (callee === page.service || callee.startsWith("ExternalService/"))) {
        const caller = partyKey(directory, shape.caller, "caller");
        rows.push({
          environmentId,
          minute: new Date(minuteOf(atMs)),
          caller,
          callee,
          method,
          pathPattern,
          code,
          count: growth,
        });
      }
    }
    known.cursor = decoded.seq;
    this.known.set(page.proxyRowId, known);
    return merged(rows);
  }
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A party is written as a SPIFFE ID or as `namespace/name`. */
function partyKey(directory: Directory, party: string, side: "caller" | "callee"): string {
  if (party.startsWith("spiffe://")) {
    return callerKey(directory, party, "", "");
  }
  const slash = party.indexOf("/");
  const namespace = party.slice(0, Math.max(slash, 0));
  const name = party.slice(slash + 1);
  return side === "caller" ? callerKey(directory, "", namespace, name) : calleeKey(directory, namespace, name);
}

/** Two names of one caller may become one key; a statement may not touch a row twice. */
function merged(rows: readonly ShapeRow[]): ShapeRow[] {
  const byKey = new Map<string, ShapeRow>();
  for (const row of rows) {
    const key = [row.caller, row.callee, row.method, row.pathPattern, row.code].join(" ");
    const known = byKey.get(key);
    byKey.set(key, known ? { ...known, count: known.count + row.count } : row);
  }
  return [...byKey.values()];
}
