import { expect, test } from "vitest";
import { REVIEW_STATES } from "@/lib/review";
import { clockText, stateStatus, stateWord } from "./words";

test("only an approval without conditions is ok", () => {
  expect(REVIEW_STATES.filter((state) => stateStatus(state) === "ok")).toEqual(["approved"]);
  expect(new Set(Object.values(stateWord)).size).toBe(REVIEW_STATES.length);
});

test("the clock counts minutes and says when time is over", () => {
  expect([clockText(0), clockText(61_500), clockText(-5_000)]).toEqual(["00:00", "01:01", "-00:05"]);
});
