// Which of two matches is tried first: Gateway API goes by how specific a match is, not by the order of the list.
// The rule: exact path, longest prefix, method, number of headers, number of query parameters; only then age, name and order.
import type { RouteMatch } from "@/lib/mesh";

/** Regular expressions stand between exact and prefix, as in most implementations; the standard leaves it to them. */
const PATH_RANK = { exact: 3, regex: 2, prefix: 1 } as const;

export function httpRank({ path, methods, headers, query }: RouteMatch): number[] {
  const type = path?.type === "exact" || path?.type === "regex" ? path.type : "prefix";
  return [PATH_RANK[type], path ? path.value.length : 1, methods ? 1 : 0, headers?.length ?? 0, query?.length ?? 0];
}

/** Negative when the first is tried before the second. */
export function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (b[i] ?? 0) - (a[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
