import { expect, test } from "vitest";
import { checklistAnswer, subjectWord } from "./words";

const controls = (...states: Parameters<typeof checklistAnswer>[0][number]["state"][]) =>
  states.map((state) => ({ state }));

test("the answer is yes only when every control that applies was proved", () => {
  expect(checklistAnswer(controls("pass", "pass", "does-not-apply"), true)).toEqual({
    status: "ok",
    text: "Yes: all 2 controls that apply are proved.",
  });
});
test("one failing control makes it no, with everything else counted", () => {
  expect(checklistAnswer(controls("pass", "fail", "waived", "stale", "partly"), true)).toEqual({
    status: "failing",
    text: "No: 1 of 5 controls are proved, 1 fails, 1 is waived, 1 is measured in part and 1 is not measured or stale.",
  });
});
test("what is not measured or stale is no pass, and a waiver is said", () => {
  expect(checklistAnswer(controls("pass", "not-measured"), false).status).toBe("unmeasured");
  expect(checklistAnswer(controls("pass", "stale"), true).text).toBe(
    "Not proved yet: 1 of 2 controls are proved, 1 is not measured or stale.",
  );
  expect(checklistAnswer(controls("pass", "waived"), true).text).toMatch(/^With waivers/);
});
test("subjects are named as people name them", () => {
  expect([
    subjectWord("Service/production/cart"),
    subjectWord("production/cart-v1/0"),
    subjectWord("Event log"),
  ]).toEqual(["cart", "production/cart-v1/0", "Event log"]);
});
