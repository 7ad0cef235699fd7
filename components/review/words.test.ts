import { expect, test } from "vitest";
import { REVIEW_STATES } from "@/lib/review";
import { clockText, movedOnTo, reviewsAnswer, stateStatus, stateWord } from "./words";

test("only an approval without conditions is ok", () => {
  expect(REVIEW_STATES.filter((state) => stateStatus(state) === "ok")).toEqual(["approved"]);
  expect(new Set(Object.values(stateWord)).size).toBe(REVIEW_STATES.length);
});

test("the list says what waits for this person, and never asks an author to decide", () => {
  const open = { state: "open", waitsForYou: null } as const;
  const mine = { state: "open", waitsForYou: "decision" } as const;
  const back = { state: "changes-asked", waitsForYou: "answer" } as const;
  expect(reviewsAnswer([open, mine, back])).toEqual({
    status: "attention",
    answer: "1 review waits for your decision.",
  });
  expect(reviewsAnswer([open, back, back])).toEqual({ status: "attention", answer: "2 reviews wait for your answer." });
  expect(reviewsAnswer([open])).toEqual({ status: "note", answer: "1 review waits for somebody else's decision." });
  expect(reviewsAnswer([{ ...back, waitsForYou: null }]).answer).toMatch(/with the author, none waits/);
  expect(reviewsAnswer([])).toEqual({ answer: "No review waits for a decision." });
});

test("the clock counts minutes and says when time is over", () => {
  expect([clockText(0), clockText(61_500), clockText(-5_000)]).toEqual(["00:00", "01:01", "-00:05"]);
});

test("a review is overtaken when a later revision runs than the one it is compared with, as long as it is undecided", () => {
  const base = { revision: 3 };
  expect(movedOnTo({ state: "open", base }, 4)).toBe(4);
  expect(movedOnTo({ state: "changes-asked", base: null }, 1)).toBe(1);
  expect(movedOnTo({ state: "open", base }, 3)).toBeNull();
  expect(movedOnTo({ state: "open", base }, 2)).toBeNull();
  expect(movedOnTo({ state: "open", base }, undefined)).toBeNull();
  expect(movedOnTo({ state: "approved", base }, 4)).toBeNull();
});
