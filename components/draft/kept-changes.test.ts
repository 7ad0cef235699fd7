import { expect, test } from "vitest";
import type { Command } from "@/lib/mesh";
import { dropKeptChange, keepChange, keptChanges, namesOf } from "./kept-changes";

function storage() {
  const values = new Map<string, string>();
  return {
    getItem: (name: string) => values.get(name) ?? null,
    setItem: (name: string, value: string) => void values.set(name, value),
    removeItem: (name: string) => void values.delete(name),
  };
}
const owner = (name: string, value = "web"): Command => ({
  type: "patchSpec",
  key: `Service/production/${name}`,
  path: ["owner"],
  value,
});

test("a change is kept for its mesh until it is dropped", () => {
  const place = storage();
  keepChange("shop", { version: 3, commands: [owner("cart")] }, place);
  keepChange("other", { version: 1, commands: [owner("cart")] }, place);
  const [change] = keptChanges("shop", place);
  expect(keptChanges("shop", place)).toMatchObject([{ version: 3, commands: [owner("cart")] }]);
  dropKeptChange("shop", change?.id ?? "", place);
  expect(keptChanges("shop", place)).toEqual([]);
  expect(keptChanges("other", place)).toHaveLength(1);
});

test("the newest ten are kept, and no more than the browser has room for", () => {
  const place = storage();
  for (let version = 1; version <= 12; version++) keepChange("shop", { version, commands: [owner("cart")] }, place);
  expect(keptChanges("shop", place).map(({ version }) => version)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  keepChange("shop", { version: 13, commands: [owner("cart", "x".repeat(999_000))] }, place);
  const left = keptChanges("shop", place);
  expect(JSON.stringify(left).length).toBeLessThanOrEqual(1_000_000);
  expect([left.length < 10, left.at(-1)?.version]).toEqual([true, 13]);
  keepChange("shop", { version: 14, commands: [owner("cart", "x".repeat(1_000_000))] }, place);
  expect(keptChanges("shop", place)).toEqual([]);
});

test("what is not ours in the storage is no change", () => {
  const place = storage();
  place.setItem("meshwright-kept shop", "{");
  expect(keptChanges("shop", place)).toEqual([]);
});

test("a change is told by the objects that it names, each once", () => {
  expect(namesOf([owner("cart"), owner("cart"), owner("shipping")])).toEqual(["cart", "shipping"]);
});
