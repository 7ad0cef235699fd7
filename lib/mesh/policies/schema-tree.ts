// The model's schema as a tree of fields with descriptions: what completion offers, hover explains and forms print under a field.
// The rule: it is read from the zod schema itself, so an editor can never offer what the model refuses.
import { z } from "zod";
import { objectSchemas } from "../schema/document";
import type { Kind, Path } from "../types";

export type SchemaField = {
  name: string;
  description: string;
  /** `text`, `number`, `list`, `object`, `strict or permissive` */
  type: string;
  isRequired: boolean;
  holds: "object" | "list" | "value";
};

type Json = {
  type?: string;
  description?: string;
  properties?: Record<string, Json>;
  required?: string[];
  items?: Json;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Json[];
  oneOf?: Json[];
  additionalProperties?: Json | boolean;
};

const trees = new Map<Kind, Json>();

function treeOf(kind: Kind): Json {
  const known = trees.get(kind);
  if (known) return known;
  const made = z.toJSONSchema(objectSchemas[kind], { unrepresentable: "any", reused: "inline" }) as Json;
  trees.set(kind, made);
  return made;
}

/** Every shape that may stand at `path`; a choice (an action's type) that `value` has made already narrows it. */
function shapesAt(kind: Kind, path: Path, value?: unknown): Json[] {
  let shapes = [treeOf(kind)];
  let here = value;
  for (const step of path) {
    shapes = shapes.flatMap((shape) => narrowed(shape, here)).flatMap((shape) => below(shape, step));
    here = here !== null && typeof here === "object" ? (here as Record<string | number, unknown>)[step] : undefined;
  }
  return shapes.flatMap((shape) => narrowed(shape, here));
}

function narrowed(shape: Json, value: unknown): Json[] {
  const forms = shape.oneOf ?? shape.anyOf;
  if (!forms) return [shape];
  const described = forms.map((form) =>
    form.description || !shape.description ? form : { ...form, description: shape.description },
  );
  const fitting = described.filter((form) => fits(form, value));
  return (fitting.length > 0 ? fitting : described).flatMap((form) => narrowed(form, value));
}

/** Whether the constants of a form (`type: forward`) are those of the value. */
function fits(form: Json, value: unknown): boolean {
  if (value === null || typeof value !== "object") return true;
  return Object.entries(form.properties ?? {}).every(([name, field]) => {
    const own = (value as Record<string, unknown>)[name];
    return field.const === undefined || own === undefined || own === null || own === field.const;
  });
}

function below(shape: Json, step: string | number): Json[] {
  if (typeof step === "number") return shape.items ? [shape.items] : [];
  const own = shape.properties && Object.hasOwn(shape.properties, step) ? shape.properties[step] : undefined;
  if (own) return [own];
  return typeof shape.additionalProperties === "object" ? [shape.additionalProperties] : [];
}

const HIDDEN = new Set(["text", "origin", "uid"]);

/** The fields of the object at `path`, in the order of the schema. */
export function fieldsAt(kind: Kind, path: Path, value?: unknown): SchemaField[] {
  const fields = new Map<string, SchemaField>();
  for (const shape of shapesAt(kind, path, value)) {
    for (const [name, field] of Object.entries(shape.properties ?? {})) {
      if (path[0] === "metadata" && HIDDEN.has(name)) continue;
      const known = fields.get(name);
      const made = fieldOf(name, field, shape.required?.includes(name) ?? false);
      fields.set(name, known && made.type !== known.type ? { ...known, type: `${known.type} or ${made.type}` } : made);
    }
  }
  return [...fields.values()];
}

/** The field at `path` itself. */
export function fieldAt(kind: Kind, path: Path, value?: unknown): SchemaField | undefined {
  const name = [...path].reverse().find((step) => typeof step === "string");
  const [shape, ...others] = shapesAt(kind, path, value);
  if (!shape || name === undefined) return undefined;
  const parents = shapesAt(kind, path.slice(0, -1), value);
  const made = fieldOf(
    String(name),
    shape,
    parents.some((each) => each.required?.includes(String(path.at(-1)))),
  );
  const own = parents.map((each) => each.properties?.[String(path.at(-1))]?.description).find(Boolean);
  const types = new Set([made.type, ...others.map((each) => fieldOf(String(name), each, false).type)]);
  return { ...made, type: [...types].join(" or "), description: own ?? made.description };
}

/** Allowed values at `path`: of an enumeration, a yes or no, or a constant. */
export function valuesAt(kind: Kind, path: Path, value?: unknown): string[] {
  const found = shapesAt(kind, path, path.length > 0 ? value : undefined).flatMap((shape) => {
    if (shape.const !== undefined) return [String(shape.const)];
    if (shape.enum) return shape.enum.map(String);
    return shape.type === "boolean" ? ["true", "false"] : [];
  });
  return [...new Set(found)];
}

function fieldOf(name: string, shape: Json, isRequired: boolean): SchemaField {
  const holds = shape.type === "array" ? "list" : shape.type === "object" || shape.oneOf ? "object" : "value";
  return { name, description: shape.description ?? "", type: typeWords(shape), isRequired, holds };
}

function typeWords(shape: Json): string {
  const forms = shape.oneOf ?? shape.anyOf;
  if (shape.const !== undefined) return String(shape.const);
  if (shape.enum) return shape.enum.join(", ");
  if (forms?.every((form) => form.const !== undefined)) return forms.map((form) => String(form.const)).join(", ");
  if (shape.type === "array") return "list";
  if (shape.type === "integer") return "whole number";
  if (shape.type === "string") return "text";
  if (shape.type === "boolean") return "true or false";
  return shape.type ?? "object";
}
