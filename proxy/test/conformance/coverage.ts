// Which rows of the support table a case proves. Rule: a row is proved, exempt with a reason, or in the list of rows without a
// case, which only gets shorter.

import { EXEMPT } from "./exempt";
import { ROWS, rowOf } from "./fields";
import type { Case } from "./types";

export interface Coverage {
  readonly rows: number;
  readonly proved: readonly string[];
  readonly exempt: readonly string[];
  readonly without: readonly string[];
}

export function coverageOf(cases: readonly Case[]): Coverage {
  const claimed = new Set(
    cases.flatMap(({ proves = [], needs = [], inert = [] }) =>
      [...proves, ...needs, ...inert].map((field) => rowOf(field).name),
    ),
  );
  const names = ROWS.map(({ name }) => name);
  const exempt = names.filter((name) => !claimed.has(name) && EXEMPT.has(name));
  return {
    rows: names.length,
    proved: names.filter((name) => claimed.has(name)),
    exempt,
    without: names.filter((name) => !claimed.has(name) && !exempt.includes(name)),
  };
}
