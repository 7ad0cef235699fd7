import { expect, test } from "vitest";
import { demoMesh } from "@/lib/mesh";
import { createBrain } from "./brain";
import { measured, measureName } from "./measured";

const brain = () => measured(createBrain(() => "2026-11-21"));
const entries = (name: string) => performance.getEntriesByName(name, "measure");

test("a question answers as before and leaves one entry, that of the last time", () => {
  const asked = brain();
  asked.sync("draft", { version: 1, from: null, put: [], remove: [] }, {});
  expect(asked.findings().version).toBe(1);
  const [first] = entries(measureName("findings"));
  asked.sync("draft", { version: 2, from: 1, put: demoMesh().objects.slice(0, 3), remove: [] }, {});
  asked.findings();
  const now = entries(measureName("findings"));
  expect(now).toHaveLength(1);
  expect(now[0]?.startTime).toBeGreaterThan(first?.startTime ?? Number.POSITIVE_INFINITY);
});

test("a draft that was only saved is no edit: the entries stay those of the last change", () => {
  const asked = brain();
  asked.sync("draft", { version: 7, from: null, put: demoMesh().objects.slice(0, 3), remove: [] }, {});
  asked.findings();
  const before = [...entries(measureName("findings")), ...entries(measureName("sync"))];
  expect(before).toHaveLength(2);
  asked.sync("draft", { version: 8, from: 7, put: [], remove: [] }, {});
  asked.sync("base", { version: 1, from: null, put: demoMesh().objects.slice(0, 3), remove: [] }, {});
  expect(asked.findings().version).toBe(8);
  expect([...entries(measureName("findings")), ...entries(measureName("sync"))]).toEqual(before);
});

test("a question that throws is measured too, and throws on", () => {
  expect(() => brain().ask("base", {} as never)).toThrow("no base design");
  expect(entries(measureName("ask"))).toHaveLength(1);
});
