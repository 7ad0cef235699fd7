import { describe, expect, it } from "vitest";
import { applyCommand, emptyMesh, objectKey } from "@/lib/mesh";
import { bindPair, drawPair, type StartFacts, startProgress } from "./start-steps";

const caller = { name: "caller", port: 9001 };
const callee = { name: "hello", port: 9002 };
const drawn = () => {
  const result = applyCommand(emptyMesh("mine"), {}, drawPair(emptyMesh("mine"), caller, callee, "default"));
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  return result.document;
};
const nothing = { instances: [], externals: [], gateways: [] };
const facts = (change: Partial<StartFacts> = {}): StartFacts => ({
  document: drawn(),
  binding: nothing,
  proxies: [],
  isDeploying: false,
  dependencies: [],
  ...change,
});

describe("the start list", () => {
  it("starts with nothing done in an empty mesh", () => {
    expect(startProgress(facts({ document: emptyMesh("mine") })).pair).toBeNull();
  });

  it("draws two services and their line with one command", () => {
    expect(startProgress(facts()).pair).toEqual({
      caller: "caller",
      callee: "hello",
      namespace: "default",
      port: 9002,
    });
  });

  it("counts as bound only when both have a process", () => {
    expect(startProgress(facts()).isBound).toBe(false);
    expect(startProgress(facts({ binding: bindPair(nothing, [caller], "default") })).isBound).toBe(false);
    expect(startProgress(facts({ binding: bindPair(nothing, [caller, callee], "default") })).isBound).toBe(true);
  });

  it("leaves out what a first try drew, so that a second can go on", () => {
    expect(drawPair(drawn(), caller, callee, "default").commands).toEqual([]);
    const { commands } = drawPair(drawn(), caller, { name: "other", port: 9003 }, "default");
    expect(commands.map((each) => (each.type === "addObject" ? objectKey(each.object) : each.type))).toEqual([
      "Service/default/other",
      "Workload/default/other-v1",
      "Dependency/default/caller-to-other",
    ]);
  });

  it("binds again without doubling", () => {
    const once = bindPair(nothing, [caller, callee], "default");
    expect(bindPair(once, [caller, callee], "default").instances).toHaveLength(2);
  });

  it("is finished by a measured call, not by a button", () => {
    const seen = {
      source: "Service/default/caller",
      target: "Service/default/hello",
      seen: true,
      state: "live",
      now: { requestsPerSecond: 1, mtlsRatio: 1, p99: 4 },
    };
    expect(startProgress(facts({ dependencies: [{ ...seen, seen: false }] })).call).toBeNull();
    expect(startProgress(facts({ dependencies: [seen] })).call).toEqual({ mtlsRatio: 1, p99: 4 });
  });
});
