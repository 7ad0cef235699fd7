// Shapes that every part of the API shares. Pure: zod and lib/mesh only, so that browser and server read one source.
// The rule of all schemas here: requests are strict (unknown fields are refused), times are ISO 8601 text, absent is null.
import { z } from "zod";

export const slug = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, "must be lower-case letters, digits and dashes");
export const timestamp = z.string().meta({ format: "date-time" });
/** A whole design as text: half as much again as 1,000 services, 3,000 dependencies and 2,000 policies in YAML. */
export const MAX_DESIGN_CHARACTERS = 2_500_000;
export const designText = z.string().min(1).max(MAX_DESIGN_CHARACTERS);
export const objectKeyText = z.string().min(1).max(512);

export const ROLES = ["viewer", "author", "reviewer", "operator", "administrator"] as const;
export const role = z.enum(ROLES);
export type Role = z.infer<typeof role>;

export const violation = z.object({
  path: z.string(),
  message: z.string(),
  fix: z.string().optional(),
  key: z.string().optional(),
  line: z.number().optional(),
  column: z.number().optional(),
  file: z.string().optional(),
});
export type ViolationDto = z.infer<typeof violation>;

/** RFC 9457. `code` is stable; `detail` says what to do; `violations` has every problem with its path. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  instance: z.string().optional(),
  requestId: z.string(),
  violations: z.array(violation).optional(),
});
export type ProblemDto = z.infer<typeof problem>;

export const pageQuery = z.strictObject({
  cursor: z.string().max(256).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

/** "draft" or "r12". */
export const at = z.string().regex(/^(draft|r[1-9][0-9]{0,8})$/, 'must be "draft" or a revision like "r3"');

/** Length of time as "15m", "6h", "7d". */
export const range = z.string().regex(/^[1-9][0-9]{0,3}[smhd]$/, 'must be a length of time like "15m", "6h" or "7d"');

export function rangeToMs(text: string): number {
  const unit = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[text.slice(-1)] ?? 60_000;
  return Number(text.slice(0, -1)) * unit;
}
