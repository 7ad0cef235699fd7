import { describe, expect, it } from "vitest";
import { parseView, sharedSearch, viewParameters, writeParameters } from "./view";

describe("the view in the URL", () => {
  it("falls back to the draft and fifteen minutes when nothing or nonsense is given", () => {
    expect(parseView(new URLSearchParams("at=r0&range=1y"))).toEqual({
      at: "draft",
      vs: null,
      range: "15m",
      environment: null,
    });
  });

  it("reads a pasted link", () => {
    expect(parseView(new URLSearchParams("at=r12&vs=running&range=6h&env=local"))).toEqual({
      at: "r12",
      vs: "running",
      range: "6h",
      environment: "local",
    });
  });

  it("keeps the selection when the view changes, and writes no defaults", () => {
    const search = writeParameters("?sel=Service/production/cart&at=r3", viewParameters({ at: "draft", range: "1h" }));
    expect(search).toBe("?sel=Service/production/cart&range=1h");
  });

  it("takes only the shared part along to another screen", () => {
    expect(sharedSearch("?sel=x&at=r2&range=1h&q=pay")).toBe("?at=r2&range=1h");
  });
});
