import { describe, expect, it } from "vitest";
import { frozenAlready, planInWords, proxyStatus, rolloutAnswer } from "./words";

const deployment = (state: string, states: string[] = []) => ({
  revision: 3,
  state,
  reason: null,
  environment: "local",
  waves: [{ proxies: states.map((each, index) => ({ proxyKey: `p${index}`, state: each })) }],
});

describe("rollouts in words", () => {
  it("takes a draft that is frozen already as its revision, and no other refusal", () => {
    expect(frozenAlready({ code: "nothing-changed", revision: 2 })).toBe(2);
    expect(frozenAlready({ code: "nothing-changed" })).toBeNull();
    expect(frozenAlready({ code: "model-violation", revision: 2 })).toBeNull();
  });

  it("counts only proxies that said they run it", () => {
    expect(rolloutAnswer(deployment("rolling", ["ready", "sent", "pending"]), null, "local").text).toBe(
      "r3 is on its way to local: 1 of 3 proxies run it.",
    );
  });

  it("says what runs after a restore", () => {
    expect(rolloutAnswer(deployment("restored"), { revision: 2 }, "local")).toEqual({
      status: "attention",
      text: "r3 was taken back; local runs r2.",
    });
    expect(rolloutAnswer(undefined, null, "local").status).toBe("note");
    expect(rolloutAnswer(deployment("done", ["ready"]), { revision: 3 }, "local").status).toBe("ok");
  });

  it("counts no machine among those that run it that was away when it was rolled out", () => {
    expect(rolloutAnswer(deployment("done", ["ack", "pending"]), { revision: 3 }, "local").text).toBe(
      "local runs revision r3, on 1 of 2 proxies.",
    );
    expect(rolloutAnswer(deployment("done", ["ack", "ack"]), { revision: 3 }, "local").text).toBe(
      "local runs revision r3, on 2 proxies.",
    );
  });

  it("never shows a waiting proxy as ok", () => {
    expect(["pending", "sent", "nack", "timeout"].map(proxyStatus)).not.toContain("ok");
  });

  it("says a plan in numbers", () => {
    expect(planInWords([{ change: "create" }, { change: "update" }, { change: "update" }, { change: "keep" }])).toBe(
      "It starts 1 proxy, sends new configuration to 2, leaves 1 as it is.",
    );
    expect(planInWords([])).toBe("It changes no proxy.");
  });
});
