import { describe, expect, test } from "vitest";
import { demoMesh, validateDocument } from "@/lib/mesh";
import { controls } from "./controls";
import { evaluateDesign } from "./evaluate";
import { breakages, soundMesh } from "./testing/breakages";

const anywhere = {
  instances: [],
  gateways: [],
  externals: [{ namespace: "production", name: "anywhere", endpoints: [{ host: "127.0.0.1", port: 9 }] }],
};

const failing = (document: ReturnType<typeof soundMesh>) =>
  evaluateDesign(document, { binding: anywhere }).flatMap(({ control, design, compiled }) => [
    ...(design.state === "fail" ? [`${control} design`] : []),
    ...(compiled.state === "fail" ? [`${control} compiled`] : []),
  ]);

describe("controls on a design", () => {
  test("are the fifteen, each with an id of its own, a question, mappings, and a reason for each layer that it leaves out", () => {
    expect(controls.map(({ id }) => id)).toEqual([
      "TLS-01",
      "TLS-03",
      "TLS-04",
      "TLS-05",
      "TLS-06",
      "PKI-02",
      "PKI-03",
      "AZ-01",
      "AZ-03",
      "AZ-06",
      "RL-01",
      "RL-03",
      "EG-01",
      "GV-06",
      "OB-05",
    ]);
    for (const { asks, mappings, design, compiled, live } of controls) {
      expect(asks.length).toBeGreaterThan(30);
      expect(mappings.length).toBeGreaterThan(0);
      for (const layer of [design, compiled, live])
        expect("look" in layer || layer.doesNotApply.length > 20).toBe(true);
    }
  });

  test("all pass or do not apply on a sound mesh", () => {
    const document = soundMesh();
    expect(validateDocument(document)).toEqual([]);
    const states = evaluateDesign(document).flatMap(({ design, compiled }) => [design, compiled]);
    expect(states.filter(({ state }) => state !== "pass" && state !== "does-not-apply")).toEqual([]);
  });

  test.each(breakages.map((breakage) => [breakage.name, breakage] as const))(
    "%s: those controls fail, and no other",
    (_name, breakage) => {
      const document = breakage.change(soundMesh());
      expect(validateDocument(document)).toEqual([]);
      const expected = Object.entries(breakage.fails).flatMap(([control, layers]) =>
        layers.filter((layer) => layer !== "live").map((layer) => `${control} ${layer}`),
      );
      expect(failing(document).sort()).toEqual(expected.sort());
    },
  );

  test("each control but PKI-03 is broken by one of them; PKI-03 needs a certificate that was really issued wrong", () => {
    const broken = new Set(breakages.flatMap(({ fails }) => Object.keys(fails)));
    expect(controls.map(({ id }) => id).filter((id) => !broken.has(id))).toEqual(["PKI-03"]);
  });

  test("the demo shop does not pass all of them, and says why", () => {
    const failed = evaluateDesign(demoMesh()).filter(({ design, compiled }) =>
      [design, compiled].some(({ state }) => state === "fail"),
    );
    expect(failed.map(({ control }) => control)).toEqual(["TLS-06", "RL-01", "RL-03"]);
    expect(failed.map(({ compiled }) => compiled.summary)).toEqual([
      expect.stringContaining("shop-gateway's public listener has no TLS"),
      expect.stringContaining("can become 81"),
      expect.stringContaining("waits for ever"),
    ]);
  });
});
