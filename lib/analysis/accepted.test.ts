import { expect, test } from "vitest";
import { type AcceptedRisk, markAccepted, withAccepted } from "./accepted";

const risk = (findingId: string, expiresAt: string): AcceptedRisk => ({
  findingId,
  message: "checkout has no timeout",
  reason: "the bank is slow",
  owner: "payments",
  expiresAt,
  acceptedBy: "Ada",
  acceptedAt: "2026-01-01T00:00:00Z",
});
const now = Date.UTC(2026, 5, 1);
const ended = risk("a", "2026-05-31T23:59:59Z");
const running = risk("b", "2026-06-01T00:00:01Z");

test("a finding is covered until its risk ends, and keeps its place", () => {
  expect(withAccepted([{ id: "a" }, { id: "b" }, { id: "c" }], [ended, running], now)).toEqual([
    { id: "a" },
    { id: "b", accepted: running },
    { id: "c" },
  ]);
});

test("a mark of before is gone when no risk in force covers the finding any more", () => {
  const before = [
    { id: "a", code: "MW1030", accepted: ended },
    { id: "b", code: "MW1031", accepted: ended },
  ];
  expect(markAccepted(before, [running])).toEqual([
    { id: "a", code: "MW1030" },
    { id: "b", code: "MW1031", accepted: running },
  ]);
});
