// What the analysis says of both designs: what the change brings, what it cures, what was there and stays.
import type { Finding } from "@/lib/analysis";

export type FindingStanding = "new" | "fixed" | "stays";

/** New ones first, then what stays, then what is fixed; within each as the analysis orders them. */
export function compareFindings(
  before: readonly Finding[],
  after: readonly Finding[],
): { standing: FindingStanding; finding: Finding }[] {
  const old = new Set(before.map(({ id }) => id));
  const now = new Set(after.map(({ id }) => id));
  const as = (standing: FindingStanding) => (finding: Finding) => ({ standing, finding });
  return [
    ...after.filter(({ id }) => !old.has(id)).map(as("new")),
    ...after.filter(({ id }) => old.has(id)).map(as("stays")),
    ...before.filter(({ id }) => !now.has(id)).map(as("fixed")),
  ];
}
