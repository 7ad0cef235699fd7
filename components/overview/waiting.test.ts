import { expect, test } from "vitest";
import { waitingRows } from "./waiting";

const NOW = Date.UTC(2026, 10, 22);
const review = (
  number: number,
  waitsForYou: "decision" | "answer" | null,
  state: "open" | "changes-asked" = "open",
) => ({
  number,
  title: `Change ${number}`,
  sentence: "0 of 1 approval.",
  state,
  waitsForYou,
});
const finding = (severity: "error" | "warning" | "info", message: string) => ({ severity, message });
const accepted = (expiresAt: string) => ({
  ...finding("error", "checkout runs once."),
  accepted: { owner: "payments", expiresAt },
});
const titles = (rows: ReturnType<typeof waitingRows>) => rows.map(({ title }) => title);

test("what only this person can do stands first, and leads to where it is done", () => {
  const rows = waitingRows(
    [review(4, null), review(3, "decision"), review(2, "answer", "changes-asked")],
    [finding("warning", "a"), finding("error", "b"), finding("error", "c")],
    NOW,
  );
  expect(rows.map(({ title, path, shows }) => [title, path, shows])).toEqual([
    ["Review #3 waits for your decision", "reviews/3/purpose", {}],
    ["Review #2 waits for your answer", "reviews/2/decision", {}],
    ["1 review waits for somebody else's decision", "reviews", { state: "open" }],
    ["2 errors", "findings", { severity: "error" }],
    ["1 warning", "findings", { severity: "warning" }],
  ]);
  expect(rows.map(({ mark }) => mark)).toEqual(["attention", "attention", "note", "failing", "attention"]);
});

test("many reviews are counted, not listed without end; one that lies with its author waits for nobody else", () => {
  const many = [1, 2, 3, 4, 5].map((number) => review(number, "decision"));
  expect(titles(waitingRows(many, [], NOW)).at(-1)).toBe("2 more reviews wait for you");
  expect(waitingRows([review(1, null, "changes-asked")], [], NOW)).toEqual([]);
});

test("an accepted risk is no finding; it waits again in the week in which it ends", () => {
  expect(waitingRows([], [accepted("2027-01-01T00:00:00Z")], NOW)).toEqual([]);
  const rows = waitingRows([], [accepted("2026-11-28T00:00:00Z"), accepted("2026-11-25T00:00:00Z")], NOW);
  expect(titles(rows)).toEqual(["2 accepted risks end within a week"]);
  expect(rows[0]?.shows).toEqual({ accepted: "1" });
});
