import { describe, expect, it } from "vitest";
import { changeMarks, drawnAt } from "./change-marks";
import { applyCommand } from "./commands/apply";
import type { Command } from "./commands/schema";
import { objectKey } from "./refs";
import { demoMesh } from "./samples/demo";
import { API_VERSION } from "./schema/document";

const changed = (...commands: Command[]) => {
  const result = applyCommand(demoMesh(), {}, { type: "batch", commands });
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  return result.document;
};
const removal: Command = { type: "removeObject", key: "Dependency/production/checkout-to-shipping" };
const slower: Command = {
  type: "patchSpec",
  key: "Route/production/payment-service",
  path: ["rules", 0, "timeoutMs"],
  value: 100,
};
const denial = (name: string, service: string): Command => ({
  type: "addObject",
  object: {
    apiVersion: API_VERSION,
    kind: "AuthorizationPolicy",
    metadata: { name, namespace: "production" },
    spec: { target: { service }, action: "deny", rules: [{ to: [{ paths: ["/admin"] }] }] },
  },
});

describe("the marks of a change", () => {
  it("are none between equal designs", () => {
    const { marks, counts, removed } = changeMarks(demoMesh(), demoMesh());
    expect(marks.size).toBe(0);
    expect(counts).toEqual({ added: 0, removed: 0, changed: 0 });
    expect(removed).toEqual([]);
  });

  it("stand on the box of what is not drawn itself, which then counts as changed", () => {
    const { marks, counts } = changeMarks(
      demoMesh(),
      changed(slower, denial("a", "payment-service"), denial("b", "cart")),
    );
    expect([...marks]).toEqual([
      ["Service/production/payment-service", "changed"],
      ["Service/production/cart", "changed"],
    ]);
    expect(counts).toEqual({ added: 2, removed: 0, changed: 1 });
  });

  it("say added one way where they say removed the other way, and give what was removed", () => {
    const smaller = changed(removal);
    const there = changeMarks(demoMesh(), smaller);
    expect([...there.marks]).toEqual([[removal.key, "removed"]]);
    expect(there.removed.map(objectKey)).toEqual([removal.key]);
    const back = changeMarks(smaller, demoMesh());
    expect([...back.marks]).toEqual([[removal.key, "added"]]);
    expect(back.removed).toEqual([]);
  });

  it("keep a box's own mark when something of it is added too", () => {
    const before = { objects: demoMesh().objects.filter((object) => drawnAt(object) !== "Service/production/cart") };
    expect(changeMarks(before, demoMesh()).marks.get("Service/production/cart")).toBe("added");
  });
});

describe("where an object is drawn", () => {
  const at = (key: string) => {
    const object = demoMesh().objects.find((each) => objectKey(each) === key);
    if (!object) throw new Error(`no ${key} in the demo`);
    return drawnAt(object);
  };

  it("is its own box or line", () => {
    expect(at("Service/production/cart")).toBe("Service/production/cart");
    expect(at("Dependency/production/checkout-to-shipping")).toBe("Dependency/production/checkout-to-shipping");
  });

  it("is the service that it is about", () => {
    expect(at("Workload/production/cart-v1")).toBe("Service/production/cart");
    expect(at("Route/production/payment-service")).toBe("Service/production/payment-service");
  });

  it("is nowhere for what speaks of the whole mesh", () => {
    const mesh = demoMesh().objects.find(({ kind }) => kind === "Mesh");
    expect(mesh && drawnAt(mesh)).toBeNull();
  });
});
