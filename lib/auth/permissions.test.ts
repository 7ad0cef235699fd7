import { describe, expect, test } from "vitest";
import { actionsOn, type Binding, can, highestRole, type Principal } from "./permissions";

const who = (bindings: Partial<Binding>[], limit: Principal["limit"] = null): Principal => ({
  kind: limit ? "token" : "person",
  userId: "u",
  tokenId: null,
  name: "u",
  email: "u",
  bindings: bindings.map((binding) => ({ role: "viewer", meshId: null, namespace: null, ...binding })),
  limit,
});

describe("a role", () => {
  test("on one mesh says nothing about another, nor about the installation", () => {
    const principal = who([{ role: "administrator", meshId: "a" }]);
    expect(can(principal, "mesh.delete", { meshId: "a" })).toBe(true);
    expect(can(principal, "mesh.read", { meshId: "b" })).toBe(false);
    expect(can(principal, "people.manage")).toBe(false);
    expect(can(principal, "mesh.create")).toBe(false);
  });

  test("in one namespace reads the whole mesh and writes that namespace only", () => {
    const principal = who([{ role: "author", meshId: "a", namespace: "n" }]);
    expect(can(principal, "mesh.read", { meshId: "a" })).toBe(true);
    expect(can(principal, "draft.write", { meshId: "a", namespace: "n" })).toBe(true);
    expect(can(principal, "draft.write", { meshId: "a", namespace: "m" })).toBe(false);
    expect(can(principal, "draft.write", { meshId: "a" })).toBe(false);
    expect(can(principal, "revision.create", { meshId: "a" })).toBe(false);
    expect(actionsOn(principal, "a")).toContain("draft.write");
  });

  test("several add up", () => {
    const principal = who([{ role: "author" }, { role: "operator", meshId: "a" }]);
    expect(can(principal, "deployment.create", { meshId: "a" })).toBe(true);
    expect(can(principal, "deployment.create", { meshId: "b" })).toBe(false);
    expect(highestRole(principal, "a")).toBe("operator");
    expect(highestRole(principal, "b")).toBe("author");
  });
});

describe("a token", () => {
  test("does what both its owner and its own limit allow", () => {
    const limited = who([{ role: "administrator" }], { role: "author", meshId: "a" });
    expect(can(limited, "draft.write", { meshId: "a" })).toBe(true);
    expect(can(limited, "draft.write", { meshId: "b" })).toBe(false);
    expect(can(limited, "mesh.delete", { meshId: "a" })).toBe(false);
    expect(can(limited, "mesh.create")).toBe(false);
    const wide = who([{ role: "viewer" }], { role: "administrator", meshId: null });
    expect(can(wide, "draft.write", { meshId: "a" })).toBe(false);
    expect(can(wide, "mesh.read", { meshId: "a" })).toBe(true);
  });

  test("of somebody with a namespace stays in it", () => {
    const token = who([{ role: "author", meshId: "a", namespace: "n" }], { role: "administrator", meshId: null });
    expect(can(token, "draft.write", { meshId: "a", namespace: "n" })).toBe(true);
    expect(can(token, "draft.write", { meshId: "a", namespace: "m" })).toBe(false);
  });
});

test("nobody may do nothing", () => {
  expect(can(who([]), "mesh.read", { meshId: "a" })).toBe(false);
  expect(highestRole(who([]), "a")).toBeNull();
});
