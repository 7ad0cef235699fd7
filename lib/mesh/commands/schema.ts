// The commands by which a design changes: plain JSON, so that they are sent, stored, merged and undone.
// The rule: a change of the design that is not a command does not exist.
import { z } from "zod";
import { position } from "../schema/document";
import { annotations, labels, MAX_OBJECTS, MAX_TEXT, origin } from "../schema/primitives";
import type { MeshObject, ObjectKey, Position } from "../types";

const MAX_BATCH_DEPTH = 4;

/** A new object, and where it stands on the canvas. */
export type AddObject = { type: "addObject"; object: MeshObject; position?: Position | undefined };
/** Removes the object, and with it what cannot be without it. */
export type RemoveObject = { type: "removeObject"; key: ObjectKey };
export type ReplaceSpec = { type: "replaceSpec"; key: ObjectKey; spec: unknown };
/** `path` is inside the spec; no `value` removes (from a list: takes the item out; one past the end appends). */
export type PatchSpec = { type: "patchSpec"; key: ObjectKey; path: (string | number)[]; value?: unknown };
/** Keeps the identity and rewrites every reference. */
export type RenameObject = { type: "renameObject"; key: ObjectKey; name: string };
/** `null` takes the place away. */
export type MoveObjects = { type: "moveObjects"; positions: Record<ObjectKey, Position | null> };
/** The given fields replace; `null` removes. Name and namespace are not changed by it. */
export type SetMetadata = { type: "setMetadata"; key: ObjectKey; metadata: z.infer<typeof metadataPatch> };
/** Puts whole objects back as they were; inverses are made of it. */
export type RestoreObjects = {
  type: "restoreObjects";
  remove: ObjectKey[];
  put: MeshObject[];
  positions: Record<ObjectKey, Position | null>;
};
/** All or nothing, in order. */
export type Batch = { type: "batch"; commands: Command[]; label?: string | undefined };

export type Command =
  | AddObject
  | RemoveObject
  | ReplaceSpec
  | PatchSpec
  | RenameObject
  | MoveObjects
  | SetMetadata
  | RestoreObjects
  | Batch;

const key = z.string().min(1).max(512);
const metadataPatch = z.strictObject({
  labels: labels.nullable().optional(),
  annotations: annotations.nullable().optional(),
  uid: z.string().min(1).max(400).nullable().optional(),
  origin: origin.nullable().optional(),
  text: z.string().max(MAX_TEXT).nullable().optional(),
});
// Objects are checked when the command is applied: there every problem gets the path of its object.
const anyObject = z.custom<MeshObject>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "must be an object",
);
const places = z.record(key, position.nullable());

const simple = [
  z.strictObject({ type: z.literal("addObject"), object: anyObject, position: position.optional() }),
  z.strictObject({ type: z.literal("removeObject"), key }),
  z.strictObject({ type: z.literal("replaceSpec"), key, spec: z.unknown() }),
  z.strictObject({
    type: z.literal("patchSpec"),
    key,
    path: z
      .array(z.union([z.string().min(1).max(316), z.int().min(0)]))
      .min(1)
      .max(16),
    value: z.unknown().optional(),
  }),
  z.strictObject({ type: z.literal("renameObject"), key, name: z.string().max(253) }),
  z.strictObject({ type: z.literal("moveObjects"), positions: places }),
  z.strictObject({ type: z.literal("setMetadata"), key, metadata: metadataPatch }),
  z.strictObject({
    type: z.literal("restoreObjects"),
    remove: z.array(key).max(MAX_OBJECTS),
    put: z.array(anyObject).max(MAX_OBJECTS),
    positions: places,
  }),
] as const;

function batchOf(depth: number): z.ZodType<Batch> {
  return z.strictObject({
    type: z.literal("batch"),
    commands: z.array(commandUpTo(depth - 1)).max(MAX_OBJECTS),
    label: z.string().max(256).optional(),
  });
}

function commandUpTo(depth: number): z.ZodType<Command> {
  const leaf = z.discriminatedUnion("type", simple) as z.ZodType<Command>;
  return depth === 0 ? leaf : (z.union([leaf, batchOf(depth)]) as z.ZodType<Command>);
}

/** Commands of any origin; nested batches to a depth of four. */
export const commandSchema: z.ZodType<Command> = commandUpTo(MAX_BATCH_DEPTH);
