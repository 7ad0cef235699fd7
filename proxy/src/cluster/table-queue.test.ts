import { afterEach, expect, it, vi } from "vitest";
import type { HashTable, TableSteps } from "../semantics";
import { TableQueue } from "./table-queue";

afterEach(() => void vi.restoreAllMocks());

const named = (name: string): HashTable & { name: string } => ({ name, find: () => 0 });
/** Each step takes a millisecond of a clock that nothing else moves. */
function slowSteps(name: string, count: number, seen: string[]): TableSteps {
  return (function* () {
    for (let i = 0; i < count; i++) {
      clock++;
      seen.push(name);
      yield;
    }
    return named(name);
  })();
}
let clock = 0;

it("makes one table after the other, and lets others have their turn in between", async () => {
  vi.spyOn(performance, "now").mockImplementation(() => clock);
  const queue = new TableQueue();
  const seen: string[] = [];
  const done = (table: HashTable) => seen.push(`${(table as ReturnType<typeof named>).name} made`);
  queue.make(slowSteps("a", 5, seen), done);
  queue.make(slowSteps("b", 1, seen), done);
  expect([queue.isIdle, seen]).toEqual([false, []]);
  const others = (async () => {
    while (!queue.isIdle) {
      await new Promise((resolve) => setImmediate(resolve));
      seen.push("|");
    }
  })();
  await queue.whenIdle();
  await others;
  expect(seen.join(" ")).toMatch(/^a a \| a a \| a a made b \| b made( \|)*$/);
  expect(queue.isIdle).toBe(true);
  await queue.whenIdle();
});

it("forgets what is not wanted any more, and goes on with the rest", async () => {
  const queue = new TableQueue();
  const seen: string[] = [];
  const done = (table: HashTable) => seen.push((table as ReturnType<typeof named>).name);
  const forget = queue.make(slowSteps("a", 3, []), done);
  forget();
  queue.make(slowSteps("b", 3, []), done);
  await queue.whenIdle();
  forget();
  expect(seen).toEqual(["b"]);
});
