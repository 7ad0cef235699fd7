// Every case of the conformance run on our proxy, against what Envoy said when it was recorded (`npm run conformance:envoy --
// --record`). Rule: the cases as they are; `npm run conformance:envoy` takes every field out, on both.

import { expect, test } from "vitest";
import { CASES } from "./cases";
import { compare } from "./compare";
import { readRecorded } from "./golden";
import { runCases } from "./session";
import { variantsOf } from "./variants";

test("our proxy answers as Envoy did", { timeout: 150_000 }, async () => {
  const variants = CASES.flatMap(variantsOf).filter(({ without }) => without === "");
  const seen = await runCases(variants, { envoy: readRecorded() });
  const { unexplained, idle } = compare(variants, seen.envoy, seen.ours);
  expect(unexplained, "configurations with another answer").toEqual([]);
  expect(idle, "explanations that nothing needs").toEqual([]);
});
