import { expect, test } from "vitest";
import { createBrain } from "./brain";
import { measured, measureName } from "./measured";

const brain = () => measured(createBrain(() => "2026-11-21"));
const entries = (name: string) => performance.getEntriesByName(name, "measure");

test("a question answers as before and leaves one entry, that of the last time", () => {
  const asked = brain();
  asked.sync("draft", { version: 1, from: null, put: [], remove: [] }, {});
  expect(asked.findings().version).toBe(1);
  const [first] = entries(measureName("findings"));
  asked.findings();
  const now = entries(measureName("findings"));
  expect(now).toHaveLength(1);
  expect(now[0]?.startTime).toBeGreaterThan(first?.startTime ?? Number.POSITIVE_INFINITY);
});

test("a question that throws is measured too, and throws on", () => {
  expect(() => brain().ask("base", {} as never)).toThrow("no base design");
  expect(entries(measureName("ask"))).toHaveLength(1);
});
