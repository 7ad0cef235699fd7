import { expect, test } from "vitest";
import { withMode, withNames } from "./listener-clients";

test("a choice makes the block, and takes it away; names stay with a certificate that is required", () => {
  expect(withMode(undefined, "required")).toEqual({ mode: "required" });
  expect(withMode({ mode: "required", names: ["a"] }, "required")).toEqual({ mode: "required", names: ["a"] });
  expect(withMode({ mode: "required", names: ["a"] }, "optional")).toEqual({ mode: "optional" });
  expect(withMode({ mode: "optional" }, undefined)).toBeUndefined();
});

test("names are written one by one, each once, and make the certificate required", () => {
  expect(withNames({ mode: "optional" }, " spiffe://a/b, a.example\na.example ")).toEqual({
    mode: "required",
    names: ["spiffe://a/b", "a.example"],
  });
  expect(withNames({ mode: "required", names: ["a"] }, " ,")).toEqual({ mode: "required" });
});
