import { expect, test } from "vitest";
import { revisionBefore } from "./roll-back";

const ran = (...steps: (number | `back to ${number}`)[]) =>
  revisionBefore(
    steps.map((step) =>
      typeof step === "number"
        ? { revision: step, isRollBack: false }
        : { revision: Number(step.slice("back to ".length)), isRollBack: true },
    ),
  );

test("one step back is the revision that ran before, deployed again or not", () => {
  expect(ran(1, 2, 3)).toBe(2);
  expect(ran(1, 2, 2)).toBe(1);
  expect(ran(1)).toBeNull();
  expect(ran()).toBeNull();
});

test("a second step goes further back, never forward to what was left", () => {
  expect(ran(1, 2, 3, "back to 2")).toBe(1);
  expect(ran(1, 2, 3, "back to 2", "back to 1")).toBeNull();
});

test("what is deployed after a step back goes back to where that step led", () => {
  expect(ran(1, 2, 3, "back to 2", 4)).toBe(2);
  expect(ran(1, 2, 3, "back to 1", 3)).toBe(1);
  expect(ran(1, 2, 1)).toBe(2);
});

test("of a list that begins later, a step back to something older is where it begins", () => {
  expect(ran("back to 1", 5)).toBe(1);
});
