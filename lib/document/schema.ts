// What a technical design document is made of, before it is Markdown or PDF, as types and as the check of one that was sent.
// The rule: a block says what it is, never how it looks; both renderings show the same blocks in the same order.
import { z } from "zod";

const text = z.string();
const block = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("heading"), level: z.literal([1, 2, 3]), text }),
  z.object({ kind: z.literal("paragraph"), text }),
  z.object({ kind: z.literal("list"), items: z.array(text) }),
  z.object({ kind: z.literal("facts"), rows: z.array(z.tuple([text, text])) }),
  z.object({
    kind: z.literal("table"),
    head: z.array(text),
    rows: z.array(z.array(text)),
    widths: z.array(z.enum(["auto", "*"])),
  }),
  z.object({ kind: z.literal("code"), language: text, text }),
  z.object({ kind: z.literal("diagram"), title: text, svg: text, mermaid: text, wide: z.boolean() }),
]);
export type Block = z.infer<typeof block>;

const known = new Set<string>(block.options.map(({ shape }) => shape.kind.value));

/** Blocks of a kind that only a newer version knows are left out. */
export const designDocumentSchema = z.object({
  title: text,
  subtitle: text,
  digest: text,
  blocks: z
    .array(z.looseObject({ kind: text }))
    .transform((all) => all.filter(({ kind }) => known.has(kind)))
    .pipe(z.array(block)),
});
export type DesignDocument = z.infer<typeof designDocumentSchema>;
