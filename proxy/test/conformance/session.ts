// A run over all cases: observe, and look again at what differs, alone and in fresh processes. Rule: a busy machine may cost a
// second look, never an answer; what differs three times is a difference.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compare, unproved } from "./compare";
import { createMaterial } from "./material";
import { type Observations, observe } from "./observe";
import type { SideName } from "./sides";
import type { Variant } from "./types";

const LOOKS = 3;
const AT_ONCE = 32;

type Observed = Record<SideName, Observations>;

/** Variants that are not as they should be. */
function doubtful(variants: readonly Variant[], { envoy, ours }: Observed): Variant[] {
  const keys = new Set([
    ...compare(variants, envoy, ours).unexplained.map(({ key }) => key),
    ...[...unproved(variants, envoy), ...unproved(variants, ours)].map((text) => text.slice(0, text.lastIndexOf(": "))),
  ]);
  const ids = new Set(variants.filter(({ key }) => keys.has(key)).map(({ of }) => of.id));
  return variants.filter(({ of }) => ids.has(of.id));
}

/** @param known observations of a side that is not asked again: what was recorded */
export async function runCases(
  variants: readonly Variant[],
  known: Partial<Observed> = {},
  say: (text: string) => void = () => {},
): Promise<Observed> {
  const folder = mkdtempSync(join(tmpdir(), "meshwright-conformance-"));
  try {
    const material = await createMaterial(join(folder, "material"));
    const seen: Record<SideName, Map<string, unknown>> = { envoy: new Map(known.envoy), ours: new Map(known.ours) };
    const sides: readonly SideName[] = (["envoy", "ours"] as const).filter((name) => known[name] === undefined);
    let left: readonly Variant[] = variants;
    for (let look = 0; look < LOOKS && left.length > 0; look++) {
      const place = { folder, material, atOnce: look === 0 ? AT_ONCE : 2, say };
      for (const name of sides) {
        const startedAt = performance.now();
        for (const [key, value] of await observe(name, left, place)) seen[name].set(key, value);
        say(`${name}: ${left.length} configurations in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
      }
      left = doubtful(variants, seen);
    }
    return seen;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
