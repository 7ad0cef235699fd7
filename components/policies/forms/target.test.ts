import { expect, test } from "vitest";
import type { PolicyTarget } from "@/lib/mesh";
import { keyOfTarget, kindOf, type Level, levelOf, targetOfKey } from "./target";

test.each<[PolicyTarget, Level, string | null]>([
  [{}, "mesh", null],
  [{ namespace: "shop" }, "namespace", null],
  [{ service: "cart" }, "service", "Service/own/cart"],
  [{ namespace: "shop", service: "cart" }, "service", "Service/shop/cart"],
  [{ gateway: "front" }, "gateway", "Gateway/own/front"],
  [{ namespace: "edge", gateway: "front" }, "gateway", "Gateway/edge/front"],
])("%j is shown as %s, and choosing what it names writes it again", (target, level, key) => {
  expect(levelOf(target)).toBe(level);
  expect(keyOfTarget(target, "own")).toBe(key);
  expect(kindOf(level)).toBe(key?.split("/")[0] ?? null);
  if (key !== null) expect(targetOfKey(key, "own")).toEqual(target);
});

test("what is no key names nothing", () => expect(targetOfKey("nonsense", "own")).toBeUndefined());
