// Header changes of routes on a list of (name, value) pairs. One rule: operations apply in the order of the plan.
// The data path may apply the same operations on its own header representation; this is the reference.

import type { HeaderOp } from "../plan/types";

/** Applies `ops` to `pairs` in place and returns it. Names in `pairs` are lower case. */
export function applyHeaderOps(ops: readonly HeaderOp[], pairs: [string, string][]): [string, string][] {
  for (const op of ops) {
    applyOne(op, pairs);
  }
  return pairs;
}

function applyOne(op: HeaderOp, pairs: [string, string][]): void {
  const isPresent = pairs.some(([name]) => name === op.name);
  switch (op.op) {
    case "append":
      pairs.push([op.name, op.value]);
      return;
    case "add-if-absent":
      if (!isPresent) {
        pairs.push([op.name, op.value]);
      }
      return;
    case "set-if-present":
    case "set":
      if (isPresent || op.op === "set") {
        removeAll(op.name, pairs);
        pairs.push([op.name, op.value]);
      }
      return;
    case "remove":
      removeAll(op.name, pairs);
  }
}

function removeAll(name: string, pairs: [string, string][]): void {
  for (let index = pairs.length - 1; index >= 0; index -= 1) {
    if (pairs[index]?.[0] === name) {
      pairs.splice(index, 1);
    }
  }
}
