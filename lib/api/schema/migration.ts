// A move to another product as decisions to take: the API's answer and the CLI's are the same shape.
import { z } from "zod";

export const decision = z.strictObject({
  id: z.string().meta({ description: "of what it is about and of all its parts: the same again for the same design" }),
  group: z.enum(["meaning", "lost", "approximate", "by-hand"]).meta({ description: "in the order of danger" }),
  step: z.enum(["reading", "writing"]),
  verdict: z.enum(["exact", "approximate", "moved", "escape", "lost", "ignored"]),
  about: z.string(),
  parts: z.array(
    z.strictObject({
      object: z.string().meta({ description: "of the design, or the resource that was read" }),
      path: z.string(),
      key: z.string().optional(),
      file: z.string().optional(),
      line: z.int().optional(),
    }),
  ),
  options: z.array(z.strictObject({ id: z.string(), means: z.string() })),
});

export const migration = z.strictObject({
  format: z.literal("meshwright.dev/migration/v1"),
  from: z.string(),
  to: z.string(),
  channel: z.string().optional(),
  retired: z.string().optional().meta({ description: "the product is no more" }),
  done: z.strictObject({
    exact: z.int(),
    moved: z.array(z.strictObject({ about: z.string(), parts: z.int() })),
  }),
  decisions: z.array(decision),
});
