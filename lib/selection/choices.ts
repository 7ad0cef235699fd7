// What a team decides about an evaluation: the shape as it is sent and kept, and what may be wrong with it.
// The rule: every text and every list has a limit, and a problem names the field and what to do.
import { z } from "zod";
import { MAX_WEIGHT } from "./evaluate";
import { PRODUCTS } from "./products";
import { CRITERION_ROWS } from "./sources";
import type { ProductId } from "./types";

const MAX_CRITERIA = 200;
const MAX_OVERRIDES = 500;

const criterionId = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "must be the id of a criterion, as mirroring");
const productId = z.enum(PRODUCTS.map(({ id }) => id) as [ProductId, ...ProductId[]]);
const verdict = z.enum(["yes", "partly", "no"]);
const reason = (most: number) => z.string().trim().min(1, "has to say why").max(most);

const ownVerdict = z.strictObject({
  product: productId,
  criterion: criterionId,
  verdict,
  reason: reason(500),
});

const atMost = <T extends z.ZodType>(value: T) =>
  z
    .record(criterionId, value)
    .refine((each) => Object.keys(each).length <= MAX_CRITERIA, `must have at most ${MAX_CRITERIA} entries`);

/** A file of criteria, and the part of what the API takes that makes the ranking. */
export const criteriaSchema = z.strictObject({
  weights: atMost(z.int().min(0).max(MAX_WEIGHT))
    .default({})
    .meta({ description: "by criterion: 0, it does not count, to 5; 1 where nothing is said" }),
  constraints: atMost(z.enum(["yes", "partly"]))
    .default({})
    .meta({ description: "by criterion: what a product has to be at least, or it is excluded" }),
  overrides: z
    .array(ownVerdict)
    .max(MAX_OVERRIDES)
    .default([])
    .meta({ description: "own verdicts in place of facts, each with its reason" }),
});
export type Criteria = z.output<typeof criteriaSchema>;

export const selectionRequest = criteriaSchema.extend({
  notes: z.string().max(10_000).default(""),
  decision: z
    .strictObject({ product: productId, reason: reason(4_000) })
    .nullable()
    .default(null),
});
export type SelectionRequest = z.output<typeof selectionRequest>;

/** What the shape alone does not say. `path` is inside the request, as `overrides[2].criterion`. */
export function criteriaProblems({ weights, constraints, overrides }: Criteria): {
  path: string;
  message: string;
  fix: string;
}[] {
  const known = new Set(CRITERION_ROWS.map(({ id }) => id));
  const fix = "Take the id of a criterion from docs/reference/selection.md.";
  const unknown = (path: string, id: string) =>
    known.has(id) ? [] : [{ path, message: `there is no criterion ${id}`, fix }];
  const seen = new Map<string, number>();
  return [
    ...Object.keys(weights).flatMap((id) => unknown(`weights.${id}`, id)),
    ...Object.keys(constraints).flatMap((id) => unknown(`constraints.${id}`, id)),
    ...overrides.flatMap(({ product, criterion }, index) => {
      const key = `${product} ${criterion}`;
      const before = seen.get(key);
      seen.set(key, before ?? index);
      const twice = { path: `overrides[${index}]`, message: `says the same fact as overrides[${before}]` };
      return [
        ...unknown(`overrides[${index}].criterion`, criterion),
        ...(before === undefined ? [] : [{ ...twice, fix: "Keep one of the two." }]),
      ];
    }),
  ];
}
