// What a team decides about an evaluation: the shape as it is sent and kept, and what may be wrong with it.
// The rule: every text and every list has a limit, and a problem names the field and what to do.
import { z } from "zod";
import { MAX_WEIGHT } from "./evaluate";
import { PRODUCTS } from "./products";
import { CRITERION_ROWS } from "./sources";
import type { ProductId } from "./types";

const MAX_CRITERIA = 200;
const MAX_OVERRIDES = 500;

const NOT_AN_ID = "must be the id of a criterion, as mirroring";
const criterionId = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, NOT_AN_ID);
const productId = z.enum(PRODUCTS.map(({ id }) => id) as [ProductId, ...ProductId[]]);
const verdict = z.enum(["yes", "partly", "no"]);
const WHOLE = `must be a whole number from 0 to ${MAX_WEIGHT}`;
const weight = z.int(WHOLE).min(0, WHOLE).max(MAX_WEIGHT, WHOLE);
const reason = (most: number) => z.string().trim().min(1, "has to say why").max(most);

const ownVerdict = z.strictObject({
  product: productId,
  criterion: criterionId,
  verdict,
  reason: reason(500),
});

const atMost = <T extends z.ZodType>(value: T) =>
  z
    .record(criterionId, value, { error: ({ code }) => (code === "invalid_key" ? NOT_AN_ID : undefined) })
    .refine((each) => Object.keys(each).length <= MAX_CRITERIA, `must have at most ${MAX_CRITERIA} entries`);

/** A file of criteria, and the part of what the API takes that makes the ranking. */
export const criteriaSchema = z.strictObject({
  weights: atMost(weight)
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
  const unknown = (path: string, id: string) =>
    known.has(id) ? [] : [{ path, message: `there is no criterion ${id}`, fix: fixOf(id, [...known]) }];
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

function fixOf(id: string, known: readonly string[]): string {
  const [nearest] = known
    .map((each) => ({ each, steps: editsBetween(id, each) }))
    .sort((one, other) => one.steps - other.steps);
  const isNear = nearest !== undefined && nearest.steps <= Math.max(2, id.length / 3);
  return `${isNear ? `Did you mean ${nearest.each}? ` : ""}Take the id of a criterion from docs/reference/selection.md.`;
}

/** Levenshtein's distance: letters to add, to take away or to replace. Ids have at most 64. */
function editsBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
