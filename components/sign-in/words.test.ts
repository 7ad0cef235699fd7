import { describe, expect, it } from "vitest";
import { problemInWords, safeCallback } from "./words";

describe("sign-in", () => {
  it("follows no address outside this site", () => {
    expect(safeCallback("//evil.example/x")).toBe("/");
    expect(safeCallback("/\\evil.example")).toBe("/");
    expect(safeCallback("https://evil.example/x")).toBe("/");
    expect(safeCallback("javascript:alert(1)")).toBe("/");
    expect(safeCallback("/meshes/shop/topology?at=r2")).toBe("/meshes/shop/topology?at=r2");
  });

  it("says what to do for every error, known or not", () => {
    expect(problemInWords(null)).toBeNull();
    for (const code of ["CredentialsSignin", "link", "unreachable", "AccessDenied", "Throttled", "SomethingNew"]) {
      expect(problemInWords(code)).toMatch(/again|ask/i);
    }
  });
});
