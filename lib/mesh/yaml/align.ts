// Which item of a list became which, so that the comments of an item stay with it when others are added, removed or moved.
// The rule: equal items first (in order, then moved ones), then the same name, then the same place between two that match.
import { canonicalJson } from "../digest/digest";

/** For each new item the index of the old one that it was; undefined for an item that is new. */
export function alignItems(before: readonly unknown[], after: readonly unknown[]): (number | undefined)[] {
  const old = before.map(canonicalJson);
  const now = after.map(canonicalJson);
  const plan: (number | undefined)[] = inOrder(old, now);
  const isTaken = new Set(plan.filter((each) => each !== undefined));
  const take = (i: number, from: number) => {
    if (from < 0) return;
    plan[i] = from;
    isTaken.add(from);
  };
  now.forEach((text, i) => {
    if (plan[i] === undefined)
      take(
        i,
        old.findIndex((each, from) => each === text && !isTaken.has(from)),
      );
  });
  after.forEach((item, i) => {
    const name = nameOf(item);
    if (plan[i] === undefined && name !== undefined)
      take(
        i,
        before.findIndex((each, from) => nameOf(each) === name && !isTaken.has(from)),
      );
  });
  after.forEach((_, i) => {
    if (plan[i] !== undefined) return;
    const previous = i === 0 ? -1 : plan[i - 1];
    if (previous !== undefined && previous + 1 < before.length && !isTaken.has(previous + 1)) take(i, previous + 1);
  });
  return plan;
}

/** Longest common subsequence; of several the one with most items in their old place, for an item may have become equal to another. */
function inOrder(old: readonly string[], now: readonly string[]): (number | undefined)[] {
  const width = now.length + 1;
  const length = new Uint32Array((old.length + 1) * width);
  const at = (i: number, j: number) => length[i * width + j] ?? 0;
  const matched = (i: number, j: number) =>
    old[i] === now[j] ? at(i + 1, j + 1) + old.length + 1 + Number(i === j) : -1;
  for (let i = old.length - 1; i >= 0; i -= 1)
    for (let j = now.length - 1; j >= 0; j -= 1)
      length[i * width + j] = Math.max(matched(i, j), at(i + 1, j), at(i, j + 1));
  const plan = new Array<number | undefined>(now.length).fill(undefined);
  for (let i = 0, j = 0; i < old.length && j < now.length; ) {
    if (matched(i, j) === at(i, j)) plan[j++] = i++;
    else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return plan;
}

/** What a person would call an item by: its name, or the service and subset of a destination. */
function nameOf(item: unknown): string | undefined {
  if (item === null || typeof item !== "object") return undefined;
  const { name, service, subset, port } = item as Record<string, unknown>;
  if (service !== undefined && typeof service === "object") return canonicalJson({ service, subset: subset ?? null });
  if (typeof name === "string") return `name ${name}`;
  return typeof port === "number" ? `port ${port}` : undefined;
}
