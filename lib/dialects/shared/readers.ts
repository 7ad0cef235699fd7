// The kinds of one group and version, each with what reads it.
// The rule: they are read in the order in which they stand here: what others name comes first.
import type { Importer } from "./dialect";

export type KindReader = readonly [kind: string, run: Importer["run"], isClusterWide?: boolean];

export const importersInOrder = (
  readers: readonly KindReader[],
  { group, version, rank }: { group: string; version: string; rank: number },
): Importer[] =>
  readers.map(([kind, run, isClusterWide = false], i) => ({
    group,
    kind,
    versions: [version],
    rank: rank + i,
    isClusterWide,
    run,
  }));
