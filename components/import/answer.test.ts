import { expect, test } from "vitest";
import { type ImportFacts, importAnswer } from "./answer";

const facts = (change: Partial<ImportFacts> = {}): ImportFacts => ({
  applied: false,
  understood: [{}],
  kept: [],
  violations: [],
  warnings: [],
  findings: [],
  ...change,
});

test("documents that leave a draft nobody can freeze are not all right, before or after they are applied", () => {
  const findings = [{ severity: "error" }, { severity: "error" }, { severity: "warning" }] as const;
  expect(importAnswer(facts({ findings }), null)).toEqual({
    status: "failing",
    text: "1 document understood, 0 fields kept, 0 warnings. 2 problems of the design would be in the way of a revision.",
  });
  expect(importAnswer(facts({ findings: [findings[0]], applied: true }), null)).toEqual({
    status: "failing",
    text: "Applied to the draft. 1 document understood, 0 fields kept, 0 warnings. 1 problem of the design is in the way of a revision.",
  });
});

test("another answer for calls stays loud once it is applied; a warning alone wants a look", () => {
  const warnings = [{ changesMeaning: true }, {}];
  expect(importAnswer(facts({ warnings, applied: true }), null)).toMatchObject({
    status: "failing",
    text: expect.stringContaining("1 of them answers calls differently.") as string,
  });
  expect(importAnswer(facts({ warnings: [{}] }), null).status).toBe("attention");
  expect(importAnswer(facts(), null).status).toBe("ok");
});

test("what did not work or cannot be read says that nothing changed", () => {
  expect(importAnswer(undefined, new Error("away")).text).toMatch(/nothing was changed/);
  expect(importAnswer(facts({ violations: [{}] }), null)).toEqual({
    status: "failing",
    text: "1 problem in the text; nothing was changed.",
  });
  expect(importAnswer(undefined, null).status).toBeUndefined();
});
