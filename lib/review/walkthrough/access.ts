// Who may call whom, before and after, cell by cell.
// The rule: a cell is one pair with both answers; pairs that are denied in both are left out and counted as such by their absence.
import type { ObjectKey } from "@/lib/mesh";
import type { AccessCell, AccessMatrix, MtlsOutcome } from "@/lib/simulate";

export type Access = AccessCell["access"];
export interface AccessChange {
  caller: ObjectKey;
  callee: ObjectKey;
  /** Null: the pair did not exist. */
  before: Access | null;
  after: Access | null;
  mtlsBefore: MtlsOutcome | null;
  mtlsAfter: MtlsOutcome | null;
  why: ObjectKey[];
}
export interface AccessComparison {
  callers: ObjectKey[];
  callees: ObjectKey[];
  cells: AccessChange[];
  gained: AccessChange[];
  lost: AccessChange[];
  complete: boolean;
}

const pair = ({ caller, callee }: { caller: ObjectKey; callee: ObjectKey }) => `${caller} ${callee}`;
const RANK: Readonly<Record<Access, number>> = { denied: 0, partly: 1, allowed: 2 };
const rank = (access: Access | null) => (access === null ? 0 : RANK[access]);

export function compareAccess(before: AccessMatrix, after: AccessMatrix): AccessComparison {
  const old = new Map(before.cells.map((cell) => [pair(cell), cell]));
  const now = new Map(after.cells.map((cell) => [pair(cell), cell]));
  const cells = [...new Set([...now.keys(), ...old.keys()])].flatMap((id): AccessChange[] => {
    const was = old.get(id);
    const is = now.get(id);
    const any = is ?? was;
    if (!any || (rank(was?.access ?? null) === 0 && rank(is?.access ?? null) === 0)) return [];
    return [
      {
        caller: any.caller,
        callee: any.callee,
        before: was?.access ?? null,
        after: is?.access ?? null,
        mtlsBefore: was?.mtls ?? null,
        mtlsAfter: is?.mtls ?? null,
        why: [...new Set([...(is?.why ?? []), ...(was?.why ?? [])])].sort(),
      },
    ];
  });
  const named = (of: "caller" | "callee", all: readonly ObjectKey[]) => {
    const used = new Set(cells.map((cell) => cell[of]));
    return [...new Set(all)].filter((key) => used.has(key));
  };
  return {
    callers: named("caller", [...after.callers, ...before.callers]),
    callees: named("callee", [...after.callees, ...before.callees]),
    cells,
    gained: cells.filter((cell) => rank(cell.after) > rank(cell.before)),
    lost: cells.filter((cell) => rank(cell.after) < rank(cell.before)),
    complete: before.complete && after.complete,
  };
}
