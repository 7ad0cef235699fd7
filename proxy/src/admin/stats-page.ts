// /stats with Envoy's query: which of the statistics, and in which form. Rule: what is not understood is refused in Envoy's words, never ignored.

import { RE2JS } from "re2js";
import { isGauge } from "./gauges";

/** prometheus: the page of /stats/prometheus, whose names are Istio's. */
export interface StatsQuery {
  readonly format: "text" | "json" | "prometheus";
  readonly isWanted: (name: string, value: number) => boolean;
}

const USAGE = "usage: /stats?format=(json|prometheus|text)\n\n";
const TYPES: Readonly<Record<string, (name: string) => boolean>> = {
  All: () => true,
  Counters: (name) => !isGauge(name),
  Gauges: isGauge,
  // There are none of them.
  Histograms: () => false,
  TextReadouts: () => false,
};

/** A string: why it is refused. */
export function statsQuery(query: URLSearchParams): StatsQuery | string {
  const format = query.get("format") ?? "text";
  if (format !== "text" && format !== "json" && format !== "prometheus") return USAGE;
  const type = query.get("type") ?? "All";
  const isOfType = TYPES[type];
  if (isOfType === undefined) return `usage: /stats?type=(${Object.keys(TYPES).join("|")})\n\n`;
  const isUsedOnly = query.has("usedonly");
  const expression = query.get("filter") ?? "";
  const pattern = expression === "" ? null : compiled(expression);
  if (typeof pattern === "string") return pattern;
  return {
    format,
    isWanted: (name, value) =>
      (!isUsedOnly || value !== 0) && isOfType(name) && (pattern === null || pattern.matcher(name).find()),
  };
}

function compiled(expression: string): RE2JS | string {
  try {
    return RE2JS.compile(expression);
  } catch (error) {
    return `Invalid re2 regex: ${error instanceof Error ? error.message : String(error)}`;
  }
}

export function statsPage(stats: ReadonlyMap<string, number>, { format, isWanted }: StatsQuery): string {
  const all = [...stats].filter(([name, value]) => isWanted(name, value));
  all.sort(([a], [b]) => (a < b ? -1 : 1));
  if (format === "json") return `${JSON.stringify({ stats: all.map(([name, value]) => ({ name, value })) })}\n`;
  return all.map(([name, value]) => `${name}: ${value}\n`).join("");
}
