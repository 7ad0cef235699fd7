// All that an evaluation is made of: what is looked up, and what is measured on the design.
import { CRITERIA } from "./criteria";
import type { Sources } from "./evaluate";
import { FACTS } from "./facts";
import { type Fit, factsOfFit, MEASURED_CRITERIA } from "./fit";
import { PRODUCTS } from "./products";
import type { Criterion, CriterionGroup } from "./types";

export type CriterionRow = Omit<Criterion, "group"> & { group: CriterionGroup | "design" };

/** This design first: it is what a team knows best. */
export const CRITERION_ROWS: readonly CriterionRow[] = [...MEASURED_CRITERIA, ...CRITERIA];

/** `sourceOf`: where the report of a product's fit stands; `today` as 2026-11-23. Without fits their criteria are unknown. */
export function sourcesWith(
  fits: readonly Fit[],
  { today, sourceOf }: { today: string; sourceOf(fit: Fit): string },
): Sources {
  const facts = Object.fromEntries(
    PRODUCTS.map(({ id }) => {
      const fit = fits.find(({ product }) => product === id);
      return [id, [...(fit ? factsOfFit(fit, { today, source: sourceOf(fit) }) : []), ...FACTS[id]]];
    }),
  );
  return { products: PRODUCTS, criteria: CRITERION_ROWS, facts };
}
