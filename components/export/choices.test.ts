import { expect, test } from "vitest";
import { keepChoices, placeOf, readChoices, withChoice } from "./choices";

function memory(fails = false) {
  const kept = new Map<string, string>();
  const refuse = () => {
    throw new Error("full");
  };
  return {
    kept,
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: fails ? refuse : (name: string, value: string) => void kept.set(name, value),
    removeItem: (name: string) => void kept.delete(name),
  };
}

test("choices are kept by mesh, product and variant, and taken back", () => {
  const storage = memory();
  const place = placeOf("shop", "kuma", "3.x");
  expect(place).not.toBe(placeOf("shop", "kuma", "2.x"));
  expect(placeOf("shop", "linkerd", undefined)).toBe("meshwright-decisions shop linkerd");
  const chosen = withChoice(withChoice({}, "a", "stay"), "b", "by-hand");
  keepChoices(storage, place, chosen);
  expect(readChoices(storage, place)).toEqual({ a: "stay", b: "by-hand" });
  keepChoices(storage, place, withChoice(withChoice(chosen, "a", null), "b", null));
  expect(storage.kept.size).toBe(0);
});

test("what somebody else left under the name is no choice, and a full storage costs only the keeping", () => {
  const storage = memory();
  for (const text of ["not JSON", "[1]", "null", '{"a": 1}']) {
    storage.setItem("place", text);
    expect(readChoices(storage, "place")).toEqual({});
  }
  expect(readChoices(undefined, "place")).toEqual({});
  expect(() => keepChoices(memory(true), "place", { a: "stay" })).not.toThrow();
});
