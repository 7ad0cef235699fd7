import { expect, test } from "vitest";
import { Counters } from "./counters";

const LIMIT = { requests: 2, perMs: 60_000 };
const NOON = 1_800_000_000_000 - (1_800_000_000_000 % 60_000);

test("a window has its number of requests, whoever asks, and the next one begins anew on the clock's border", () => {
  const counters = new Counters();
  const take = (value: string, at: number) => counters.take("limit", value, LIMIT, 1, NOON + at);
  expect(take("ann", 10_000)).toEqual({ isOver: false, remaining: 1, resetMs: 50_000 });
  expect(take("ann", 59_999)).toEqual({ isOver: false, remaining: 0, resetMs: 1 });
  expect(take("ann", 59_999)).toMatchObject({ isOver: true, remaining: 0 });
  expect(take("bob", 59_999)).toMatchObject({ isOver: false });
  expect(take("ann", 60_000)).toEqual({ isOver: false, remaining: 1, resetMs: 60_000 });
});

test("what is refused takes nothing: a smaller request may still fit", () => {
  const counters = new Counters();
  expect(counters.take("limit", "", LIMIT, 3, NOON)).toMatchObject({ isOver: true, remaining: 2 });
  expect(counters.take("limit", "", LIMIT, 2, NOON)).toMatchObject({ isOver: false, remaining: 0 });
});

test("two that tell each other what they counted share one budget from then on", () => {
  const [one, other] = [new Counters(), new Counters()];
  one.take("limit", "ann", LIMIT, 1, NOON);
  other.take("limit", "ann", LIMIT, 1, NOON);
  const told = [...one.share(NOON), ...other.share(NOON)];
  expect(told.map(({ added }) => added)).toEqual([1, 1]);
  expect(one.share(NOON)).toEqual([]);
  const [{ key, windowEnd } = { key: "", windowEnd: 0 }] = told;
  for (const each of [one, other]) each.learn([{ key, windowEnd, total: 2 }]);
  expect(one.take("limit", "ann", LIMIT, 1, NOON)).toMatchObject({ isOver: true });
  expect(other.take("limit", "ann", LIMIT, 1, NOON)).toMatchObject({ isOver: true });
});

test("what could not be told is told the next time, and counts meanwhile", () => {
  const counters = new Counters();
  counters.take("limit", "", LIMIT, 2, NOON);
  counters.giveBack(counters.share(NOON));
  expect(counters.take("limit", "", LIMIT, 1, NOON)).toMatchObject({ isOver: true });
  expect(counters.share(NOON)).toMatchObject([{ added: 2 }]);
  counters.take("limit", "", LIMIT, 1, NOON + 60_000);
  counters.learn([{ key: "limit\n", windowEnd: NOON + 60_000, total: 99 }]);
  expect(counters.take("limit", "", LIMIT, 1, NOON + 60_000), "a total of the window before").toMatchObject({
    isOver: false,
  });
});

test("windows that are shorter than an exchange are not shared", () => {
  const counters = new Counters();
  counters.take("limit", "", { requests: 2, perMs: 1000 }, 1, NOON);
  expect(counters.share(NOON)).toEqual([]);
});

test("keys are bounded: those beyond share one count, and windows that are over make room", () => {
  const counters = new Counters({ perLimit: 3, all: 100 });
  const take = (value: string, at = NOON) => counters.take("limit", value, LIMIT, 1, at).isOver;
  expect(["a", "b", "c", "d", "e", "f"].map((value) => take(value))).toEqual([false, false, false, false, false, true]);
  expect(take("a")).toBe(false);
  expect(counters.size).toBe(4);
  expect(counters.take("other", "x", LIMIT, 1, NOON)).toMatchObject({ isOver: false });
  counters.sweep(NOON + 60_000);
  expect(counters.size).toBe(0);
  expect(["d", "e", "f"].map((value) => take(value, NOON + 60_000))).toEqual([false, false, false]);
  const few = new Counters({ perLimit: 100, all: 1 });
  expect(["a", "b", "c", "d"].map((value) => few.take("limit", value, LIMIT, 1, NOON).isOver)).toEqual([
    false,
    false,
    false,
    true,
  ]);
});
