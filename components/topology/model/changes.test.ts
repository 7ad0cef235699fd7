import { describe, expect, it } from "vitest";
import { applyCommand, type Command, demoMesh } from "@/lib/mesh";
import { changesBetween, changesInWords } from "./changes";

const changed = (command: Command) => {
  const result = applyCommand(demoMesh(), {}, command);
  if (!result.ok) throw new Error("refused");
  return result.document;
};

describe("changes on the canvas", () => {
  it("is silent about equal designs", () => {
    const changes = changesBetween(demoMesh(), demoMesh());
    expect(changes.marks.size).toBe(0);
    expect(changesInWords(changes, "r1")).toBe("The same as r1.");
  });

  it("marks the box that a changed policy belongs to", () => {
    const changes = changesBetween(
      demoMesh(),
      changed({
        type: "patchSpec",
        key: "Route/production/payment-service",
        path: ["rules", 0, "timeoutMs"],
        value: 100,
      }),
    );
    expect(changes.marks.get("Service/production/payment-service")).toBe("changed");
    expect(changesInWords(changes, "r1")).toBe("Against r1: 1 changed.");
  });

  it("marks added and removed objects", () => {
    const smaller = changed({ type: "removeObject", key: "Dependency/production/checkout-to-shipping" });
    expect(changesBetween(demoMesh(), smaller).marks.get("Dependency/production/checkout-to-shipping")).toBe("removed");
    expect(changesBetween(smaller, demoMesh()).marks.get("Dependency/production/checkout-to-shipping")).toBe("added");
  });
});
