// Marks on charts: what was done to the mesh while the line was drawn.
export type Mark = { atMs: number; kind: string; text: string; id: string };

/** Marks within the range, oldest first; marks of one kind closer than a step are one mark that counts them. */
export function marksInRange(marks: readonly Mark[], fromMs: number, toMs: number, stepMs: number): Mark[] {
  const inRange = marks.filter((mark) => mark.atMs >= fromMs && mark.atMs < toMs).sort((a, b) => a.atMs - b.atMs);
  const groups: { first: Mark; count: number }[] = [];
  for (const mark of inRange) {
    const last = groups.findLast((group) => group.first.kind === mark.kind);
    if (last && mark.atMs - last.first.atMs < stepMs) last.count++;
    else groups.push({ first: mark, count: 1 });
  }
  return groups.map(({ first, count }) =>
    count === 1 ? first : { ...first, text: `${first.text} (+${count - 1} more)` },
  );
}
