// What the finder finds. Job: the best rows for what was typed, names before descriptions. Rule: pure, and it stops at the limit:
// a mesh of 10,000 objects is searched while somebody types.
export interface FinderRow {
  id: string;
  label: string;
  description: string;
  /** Also found by these. */
  keywords?: readonly string[];
}

/** Rows whose name begins with the text, then whose name holds it, then whose description or keywords do. */
export function bestRows<T extends FinderRow>(rows: readonly T[], query: string, limit: number): T[] {
  const text = query.trim().toLowerCase();
  if (text === "") return rows.slice(0, limit);
  const tiers: [T[], T[], T[]] = [[], [], []];
  for (const row of rows) {
    const label = row.label.toLowerCase();
    const tier = label.startsWith(text)
      ? tiers[0]
      : label.includes(text)
        ? tiers[1]
        : isAbout(row, text)
          ? tiers[2]
          : null;
    if (tier && tier.length < limit) tier.push(row);
    if (tiers[0].length === limit) break;
  }
  return tiers.flat().slice(0, limit);
}

function isAbout({ description, keywords }: FinderRow, text: string): boolean {
  return description.toLowerCase().includes(text) || (keywords?.some((word) => word.includes(text)) ?? false);
}
