import { describe, expect, it } from "vitest";
import { type AnswerInput, answerOf } from "./answer";

const node = (title: string, tone: AnswerInput["nodes"][number]["tone"] = "ok") => ({
  id: title,
  title,
  tone,
  shape: "box",
});
const edge = (line = "solid") => ({
  id: "Dependency/shipping-to-carrier",
  tone: "ok" as const,
  warning: null,
  line,
  sentence: "shipping to carrier-api: 5/s",
});
const input = (change: Partial<AnswerInput> = {}): AnswerInput => ({
  nodes: [node("cart")],
  edges: [edge()],
  services: 1,
  dependencies: 1,
  changes: null,
  isReading: false,
  ...change,
});

describe("the sentence over the topology", () => {
  it("says that traffic flows as drawn only when it was measured", () => {
    expect(answerOf(input(), null)).toEqual({ status: "ok", text: "1 service, 1 dependency: traffic flows as drawn." });
    expect(answerOf(input({ nodes: [node("cart", "unmeasured")] }), null).status).toBe("unmeasured");
    expect(answerOf(input({ isReading: true }), null).text).toMatch(/reading the traffic/);
  });

  it("puts failing services before plain text", () => {
    expect(answerOf(input({ nodes: [node("cart", "failing")], edges: [edge("dotted")] }), null).text).toBe(
      "cart is failing.",
    );
    expect(answerOf(input({ edges: [edge("dotted")] }), null).text).toBe("shipping to carrier-api carries plain text.");
  });

  it("names what it is about, to be shown at a click", () => {
    expect(answerOf(input({ nodes: [node("cart", "failing"), node("mail")] }), null).about).toEqual(["cart"]);
    expect(answerOf(input({ edges: [edge("dotted"), edge()] }), null).about).toEqual([
      "Dependency/shipping-to-carrier",
    ]);
    expect(answerOf(input(), null).about).toBeUndefined();
  });

  it("does not tell old plain text as if it were seen now", () => {
    const answer = answerOf(input({ nodes: [node("cart", "stale")], edges: [edge("dotted")] }), null);
    expect(answer).toEqual({ status: "stale", text: "1 service, 1 dependency; what was measured is stale." });
  });
});
