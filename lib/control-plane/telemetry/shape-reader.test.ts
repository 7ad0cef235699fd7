import { describe, expect, it } from "vitest";
import { directoryOf } from "@/lib/signals";
import { testDocument } from "../testing/test-document";
import { type ShapePage, ShapeReader } from "./shape-reader";

const directory = directoryOf(testDocument());
const AT = Date.parse("2026-01-01T00:00:30Z");
const WEB = "spiffe://shop.test/ns/production/sa/web";

function page(
  shapes: { caller?: string; callee?: string; count: number; pathPattern?: string }[],
  change: Partial<ShapePage> = {},
): ShapePage {
  const full = shapes.map((shape) => ({
    caller: WEB,
    callee: "production/cart",
    method: "GET",
    pathPattern: "/items/*",
    code: 200,
    ...shape,
  }));
  const text = JSON.stringify({ seq: 7, shapes: full });
  return { proxyRowId: "p1", process: "one", service: "Service/production/cart", isNewProcess: true, text, ...change };
}

describe("observed shapes", () => {
  it("are counted by growth, under the names of the design, in their minute", () => {
    const reader = new ShapeReader();
    reader.read("e1", page([{ count: 10 }]), directory, AT);
    const rows = reader.read("e1", page([{ count: 14 }]), directory, AT);
    expect(rows).toEqual([
      {
        environmentId: "e1",
        minute: new Date("2026-01-01T00:00:00Z"),
        caller: "Service/production/web",
        callee: "Service/production/cart",
        method: "GET",
        pathPattern: "/items/*",
        code: 200,
        count: 4,
      },
    ]);
    expect(reader.cursor("p1", "one")).toBe(7);
    expect(reader.cursor("p1", "two")).toBe(0);
  });

  it("start from zero for a new process", () => {
    const reader = new ShapeReader();
    reader.read("e1", page([{ count: 10 }]), directory, AT);
    expect(reader.read("e1", page([{ count: 3 }], { process: "two" }), directory, AT)[0]?.count).toBe(3);
  });

  it("of a process that ran before us are a baseline", () => {
    const reader = new ShapeReader();
    expect(reader.read("e1", page([{ count: 10 }], { isNewProcess: false }), directory, AT)).toEqual([]);
    expect(reader.read("e1", page([{ count: 11 }], { isNewProcess: false }), directory, AT)[0]?.count).toBe(1);
  });

  it("count at the callee, so that a call two sidecars saw is one", () => {
    const caller = page([{ count: 5 }], { proxyRowId: "p2", service: "Service/production/web" });
    expect(new ShapeReader().read("e1", caller, directory, AT)).toEqual([]);
  });

  it("of two spellings of one caller become one row", () => {
    const rows = new ShapeReader().read(
      "e1",
      page([{ count: 2 }, { caller: "production/web", count: 3 }]),
      directory,
      AT,
    );
    expect(rows.map((row) => row.count)).toEqual([5]);
  });

  it("ignore a page that is not one", () => {
    expect(new ShapeReader().read("e1", page([], { text: "nonsense" }), directory, AT)).toEqual([]);
  });
});
