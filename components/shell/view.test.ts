import { describe, expect, it } from "vitest";
import {
  baseOf,
  baseWord,
  comparingOf,
  isOverTime,
  parseView,
  sharedSearch,
  subjectOf,
  subjectWord,
  viewParameters,
  writeParameters,
} from "./view";

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

describe("what a screen is about", () => {
  it.each([
    ["topology", "chosen"],
    ["services/production/cart", "chosen"],
    ["document", "chosen"],
    ["checklist", "run-or-revision"],
    ["policies/Route/production/cart", "draft"],
    ["merge", "draft"],
    ["reviews/new", "draft"],
    ["reviews/3/purpose", "frozen"],
    ["signals", "running"],
    ["proxies", "running"],
    ["rollouts", "running"],
    ["overview", "both"],
    ["settings", "none"],
  ])("%s: %s", (screen, subject) => {
    expect(subjectOf(`/meshes/shop/${screen}`)).toBe(subject);
  });

  it("is said in words where nobody chooses it", () => {
    expect(subjectWord("running", "r4")).toBe("Running r4");
    expect(subjectWord("running", null)).toBe("Nothing runs");
    expect(subjectWord("both", "r4")).toBe("Draft and running r4");
    expect(subjectWord("both", null)).toBe("Draft");
    expect(subjectWord("draft", "r4")).toBe("Draft");
    expect(subjectWord("none", "r4")).toBeNull();
  });
});

it("offers a time range only where something is measured over it", () => {
  const offered = [
    "overview",
    "topology",
    "services/production/cart",
    "signals",
    "simulate",
    "settings",
    "import",
  ].filter((screen) => isOverTime(`/meshes/shop/${screen}`));
  expect(offered).toEqual(["overview", "topology", "services/production/cart", "signals", "simulate"]);
});

describe("what a draft is compared with", () => {
  const known = { running: "r4", latest: "r6" };
  it.each([
    ["nothing chosen: what runs", null, known, "what runs (r4)", "r4"],
    ["the draft is no other state", "draft", known, "what runs (r4)", "r4"],
    ["a chosen revision", "r2", known, "Revision r2", "r2"],
    ["nothing runs: the newest revision", null, { running: null, latest: "r6" }, "Revision r6", "r6"],
    ["what runs was chosen, and nothing does", "running", { running: null, latest: "r6" }, "nothing", null],
    ["no revision yet", null, { running: null, latest: null }, "nothing", null],
  ])("%s", (_, vs, of, word, revision) => {
    const base = baseOf(vs, of);
    expect([baseWord(base), base.revision]).toEqual([word, revision]);
  });

  it("is offered where a screen compares, and nowhere else", () => {
    expect(comparingOf("/meshes/shop/topology")).toBe("chosen");
    expect(comparingOf("/meshes/shop/policies/Route/production/cart")).toBe("always");
    expect(comparingOf("/meshes/shop/policies/new")).toBe("never");
    expect(comparingOf("/meshes/shop/policies")).toBe("never");
    expect(comparingOf("/meshes/shop/rollouts")).toBe("never");
  });
});
