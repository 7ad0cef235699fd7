// Holds two sides against each other and the claims of the cases against both. Rule: a difference that no case explains is an
// error, and so is a claim that an observation does not bear out.

import { same } from "./comparable";
import type { Observations } from "./observe";
import { REFUSED, type Variant } from "./types";

export interface Finding {
  readonly key: string;
  readonly envoy: unknown;
  readonly ours: unknown;
}

export interface Comparison {
  readonly unexplained: readonly Finding[];
  readonly explained: readonly (Finding & { readonly why: string })[];
  /** Explanations that nothing needs. */
  readonly idle: readonly string[];
}

export function compare(variants: readonly Variant[], envoy: Observations, ours: Observations): Comparison {
  const unexplained: Finding[] = [];
  const explained: (Finding & { why: string })[] = [];
  const idle: string[] = [];
  for (const { key, of, without } of variants) {
    const finding = { key, envoy: envoy.get(key), ours: ours.get(key) };
    const why = of.explained?.[without];
    const isSame = same(finding.envoy, finding.ours);
    if (!isSame && why !== undefined) explained.push({ ...finding, why });
    else if (!isSame) unexplained.push(finding);
    else if (why !== undefined) idle.push(key);
  }
  return { unexplained, explained, idle };
}

/** Claims that these observations of one side do not bear out. */
export function unproved(variants: readonly Variant[], seen: Observations): string[] {
  return variants.flatMap(({ key, of, without }) => {
    if (without === "") return [];
    const [whole, less] = [seen.get(of.id), seen.get(key)];
    if (of.needs?.includes(without)) {
      return less === REFUSED || of.explained?.[without] !== undefined ? [] : [`${key}: is not refused`];
    }
    const isSame = same(whole, less);
    if (of.explained?.[without] !== undefined) return [];
    if (of.inert?.includes(without)) return isSame ? [] : [`${key}: said to be without effect, but has one`];
    return isSame ? [`${key}: nothing changes without it`] : [];
  });
}
