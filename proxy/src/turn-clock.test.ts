import { expect, test } from "vitest";
import { turnNow, turnWallNow } from "./turn-clock";

const spin = (ms: number): void => {
  const until = performance.now() + ms;
  while (performance.now() < until) {}
};
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("the time stands still within a turn, and goes on with the next", async () => {
  await nextTurn();
  const before = performance.now();
  const [first, wall] = [turnNow(), turnWallNow()];
  expect(first).toBeGreaterThanOrEqual(before);
  spin(5);
  expect([turnNow(), turnWallNow()]).toEqual([first, wall]);
  await nextTurn();
  expect(turnNow()).toBeGreaterThanOrEqual(first + 5);
});
