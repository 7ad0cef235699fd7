import { describe, expect, it } from "vitest";
import { StreamTable } from "./stream-table";

/** Numbers from 0 to 2^32 - 1 that are the same for the same seed (xorshift). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

function checkSame(table: StreamTable<string>, map: Map<number, string>): void {
  expect(table.size).toBe(map.size);
  expect(table.values().sort()).toEqual([...map.values()].sort());
  for (const [id, stream] of map) expect(table.get(id)).toBe(stream);
}

describe("the table of open streams", () => {
  it.each([1, 2, 3])("holds what a Map holds while ids count up and streams end in any order (seed %i)", (seed) => {
    const next = numbers(seed);
    const [table, map] = [new StreamTable<string>(), new Map<number, string>()];
    let id = 1;
    for (let step = 0; step < 5000; step++) {
      // Up to a hundred are open at a time; some of them stay while ids go on by thousands.
      const isFull = map.size >= 100;
      if (!isFull && next() % 2 === 0) {
        table.set(id, `stream ${id}`);
        map.set(id, `stream ${id}`);
        id += 2 + (next() % 8 === 0 ? 2 * (next() % 500) : 0);
      } else if (map.size > 0) {
        const ended = [...map.keys()][next() % map.size] as number;
        expect(table.delete(ended)).toBe(true);
        map.delete(ended);
        expect(table.get(ended)).toBeUndefined();
      }
      if (step % 97 === 0) checkSame(table, map);
    }
    checkSame(table, map);
  });

  it("finds entries whose slots are the same, and those that wrapped around, after the first of them is gone", () => {
    const table = new StreamTable<string>();
    // Of eight slots these share the last one, so the second and third lie at the beginning.
    for (const id of [15, 31, 47]) table.set(id, `stream ${id}`);
    expect(table.delete(15)).toBe(true);
    expect(table.get(31)).toBe("stream 31");
    expect(table.get(47)).toBe("stream 47");
    expect(table.delete(15)).toBe(false);
    expect(table.size).toBe(2);
  });

  it("knows the largest id of a connection", () => {
    const table = new StreamTable<string>();
    table.set(0x7fffffff, "last");
    expect(table.get(0x7fffffff)).toBe("last");
    expect(table.delete(0x7fffffff)).toBe(true);
  });

  it("replaces a stream of the same id and forgets all", () => {
    const table = new StreamTable<string>();
    table.set(1, "first");
    table.set(1, "second");
    expect([table.size, table.get(1)]).toEqual([1, "second"]);
    table.clear();
    expect([table.size, table.get(1), table.values()]).toEqual([0, undefined, []]);
    expect(table.delete(1)).toBe(false);
  });
});
