// Bringing a change up to date with the draft: three designs in, both sides' changes, conflicts and the result out.
// The rule: "mine" is the change that is brought, "theirs" the draft as it is now; nothing is decided that nobody chose.
import { z } from "zod";
import { commandSchema } from "@/lib/mesh";
import { at, designText, objectKeyText, timestamp, violation } from "./common";

const MAX_CHOICES = 2_000;
/** More are counted, and decided together by `otherwise`. */
export const MAX_LISTED_CONFLICTS = 300;
export const MAX_LISTED_CHANGES = 500;

const side = z.enum(["mine", "theirs"]);
const place = { key: objectKeyText, path: z.string().max(2_000) };

export const mergeChoice = z.union([
  z.strictObject({ ...place, take: side }),
  /** In the place of both; only inside an object. */
  z.strictObject({ ...place, path: place.path.min(1), value: z.json() }),
]);

export const mergeRequest = z.strictObject({
  /** What the change started from: a revision ("r3"), a version of the draft ("v12"), or "empty". */
  base: z
    .string()
    .regex(
      /^(empty|[rv][1-9][0-9]{0,8})$/,
      'must be a revision like "r3", a version of the draft like "v12", or "empty"',
    ),
  /** The change: a frozen revision, commands that are repeated on the base, or a whole design as YAML. */
  mine: z.union([
    z.strictObject({ at }),
    z.strictObject({ commands: z.array(commandSchema).min(1).max(1_000) }),
    z.strictObject({ text: designText }),
  ]),
  choices: z.array(mergeChoice).max(MAX_CHOICES).default([]),
  /** For every conflict that no choice names. */
  otherwise: side.optional(),
  /** False shows what would happen; true saves it to the draft, with If-Match. */
  apply: z.boolean().default(false),
  clientId: z.string().min(1).max(64).default("merge"),
});
export type MergeRequest = z.output<typeof mergeRequest>;

const change = z.looseObject({
  kind: z.enum(["added", "removed", "changed", "renamed"]),
  key: objectKeyText,
  sentence: z.string(),
});
/** `items` ends at a limit, `total` does not. */
const changes = z.object({ total: z.int(), items: z.array(change) });

export const mergeConflict = z.object({
  ...place,
  kind: z.enum(["changed", "added", "mine-removed", "theirs-removed", "together", "name"]),
  message: z.string(),
  /** Absent: it was not there. */
  base: z.unknown().optional(),
  mine: z.unknown().optional(),
  theirs: z.unknown().optional(),
  /** What was chosen; absent while it is open. */
  taken: z.enum(["mine", "theirs", "value"]).optional(),
  /** Why the value that was given does not fit. */
  problem: z.object({ message: z.string(), fix: z.string() }).optional(),
  /** Who changed theirs last. */
  theirsBy: z.object({ name: z.string(), at: timestamp }).optional(),
});
export type MergeConflictDto = z.infer<typeof mergeConflict>;

const heard = z.object({
  id: z.string(),
  code: z.string(),
  severity: z.enum(["error", "warning", "info"]),
  message: z.string(),
});

export const mergeAnswer = z.object({
  base: z.string(),
  /** Of the draft that it was merged with: send it in If-Match to save. */
  version: z.int(),
  /** From the base to the change. */
  mine: changes,
  /** From the base to the draft. */
  theirs: changes.extend({ by: z.array(z.string()) }),
  conflicts: z.object({ total: z.int(), open: z.int(), items: z.array(mergeConflict) }),
  /** From the draft to what saving makes of it; where a conflict is open, theirs stands. */
  result: changes,
  /** Of the result and not of the draft: two changes that fit each alone may not fit together. */
  problems: z.array(violation),
  findings: z.object({ added: z.array(heard), gone: z.array(heard) }),
  applied: z.boolean(),
});
export type MergeAnswer = z.infer<typeof mergeAnswer>;
