import { expect, test } from "vitest";
import { compile } from "./compile";
import { encodeResources } from "./resources";
import { demoInput } from "./testing/inputs";

test("compiles every proxy of the demo without warnings", () => {
  const input = demoInput();
  for (const { proxyId } of input.endpoints) {
    const result = compile(input, proxyId);
    expect(result.ok ? result.warnings : result.violations).toEqual([]);
    if (result.ok) expect(encodeResources(result.resources).length).toBeGreaterThan(2);
  }
});
