// The evaluation of mesh products that belongs to a mesh, and what it comes to.
import { z } from "zod";
import { FIT_VERDICTS, PRODUCTS, type ProductId } from "@/lib/selection";
import { selectionRequest } from "@/lib/selection/choices";
import { at, timestamp } from "./common";

const product = z.enum(PRODUCTS.map(({ id }) => id) as [ProductId, ...ProductId[]]);
const day = z.string().meta({ format: "date" });
const said = { by: z.string(), on: day };
const { weights, constraints, overrides, notes } = selectionRequest.shape;

export const selectionBody = selectionRequest;

export const selection = z.object({
  version: z.int().meta({ description: "0: nobody has saved one yet" }),
  weights: weights.unwrap(),
  constraints: constraints.unwrap(),
  overrides: z.array(overrides.unwrap().element.extend(said)),
  notes: notes.unwrap(),
  decision: z.object({ product, reason: z.string(), ...said }).nullable(),
  updatedAt: timestamp.nullable(),
  updatedBy: z.string().nullable(),
});
export type SelectionDto = z.infer<typeof selection>;

export const selectionQuery = z.strictObject({ at: at.default("draft") });

const fit = z.object({
  product,
  objects: z.int(),
  counts: z.record(z.enum(FIT_VERDICTS), z.int()),
  changed: z.int().meta({ description: "objects by which calls get another answer" }),
  losses: z.array(
    z.object({
      object: z.string(),
      path: z.string(),
      verdict: z.enum(["approximate", "lost"]),
      changesMeaning: z.boolean(),
      reason: z.string(),
    }),
  ),
  lossesTotal: z.int().meta({ description: "of which losses are the first" }),
});

const fits = z.object({ at, digest: z.string(), items: z.array(fit) });
export const selectionFits = fits;
export type SelectionFitsDto = z.infer<typeof fits>;

const known = z.enum(["yes", "partly", "no", "unknown"]);
const criterion = z.string();

export const selectionEvaluation = z.object({
  at,
  digest: z.string(),
  today: day,
  first: z.array(product).meta({ description: "more than one: a tie; none: nothing is left, or nothing counts" }),
  isSure: z.boolean().meta({ description: "nothing that is unknown could put another one first" }),
  items: z.array(
    z.object({
      product,
      rank: z.int().nullable().meta({ description: "null: excluded, or nothing counts" }),
      low: z.number().meta({ description: "0 to 1, with every unknown as no" }),
      middle: z.number(),
      high: z.number().meta({ description: "with every unknown as yes" }),
      fails: z.array(z.object({ criterion, need: z.enum(["yes", "partly"]), verdict: known, reason: z.string() })),
      unproved: z.array(z.object({ criterion, need: z.enum(["yes", "partly"]) })),
      contributions: z.array(z.object({ criterion, weight: z.int(), verdict: known, share: z.number() })),
      unknown: z.array(criterion),
      stale: z.array(z.object({ criterion, asOf: day, days: z.int() })),
    }),
  ),
  sensitivity: z.object({
    weightings: z.int(),
    stays: z.array(z.object({ product, first: z.int(), shared: z.int() })),
    tipping: z.array(z.object({ criterion, from: z.int(), to: z.int(), first: z.array(product) })),
  }),
  fits: z.array(fit),
});
