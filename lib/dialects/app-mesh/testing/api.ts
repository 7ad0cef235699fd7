// Whether exported resources are what the "create" calls of App Mesh took, by the service model that AWS published.
import { readFileSync } from "node:fs";
import Ajv, { type ValidateFunction } from "ajv";
import type { Manifest } from "../../shared/dialect";

type Shape = {
  type: string;
  members?: Record<string, { shape: string }>;
  member?: { shape: string };
  required?: string[];
  enum?: string[];
  pattern?: string;
  min?: number;
  max?: number;
  union?: boolean;
};

const NUMBERS = new Set(["integer", "long"]);
const compiled = new Map<string, ValidateFunction>();
let shapes: Record<string, Shape> | undefined;

function schemaOf(name: string): object {
  const shape = shapes?.[name];
  if (!shape) return { not: {} };
  const { min, max } = shape;
  const bounds = (low: string, high: string) => ({
    ...(min === undefined ? {} : { [low]: min }),
    ...(max === undefined ? {} : { [high]: max }),
  });
  if (shape.type === "structure") {
    return {
      type: "object",
      properties: Object.fromEntries(
        Object.entries(shape.members ?? {}).map(([field, each]) => [field, { $ref: `#/$defs/${each.shape}` }]),
      ),
      required: shape.required ?? [],
      additionalProperties: false,
      ...(shape.union ? { minProperties: 1, maxProperties: 1 } : {}),
    };
  }
  if (shape.type === "list")
    return { type: "array", items: { $ref: `#/$defs/${shape.member?.shape}` }, ...bounds("minItems", "maxItems") };
  if (NUMBERS.has(shape.type)) return { type: "integer", ...bounds("minimum", "maximum") };
  if (shape.type === "boolean") return { type: "boolean" };
  return {
    type: "string",
    ...bounds("minLength", "maxLength"),
    ...(shape.enum ? { enum: shape.enum } : {}),
    ...(shape.pattern ? { pattern: shape.pattern } : {}),
  };
}

function validatorOf(kind: string): ValidateFunction {
  if (!shapes) {
    const text = readFileSync(new URL("../fixtures/schemas/service-2.json", import.meta.url), "utf8");
    shapes = (JSON.parse(text) as { shapes: Record<string, Shape> }).shapes;
  }
  const known = compiled.get(kind);
  if (known) return known;
  const $defs = Object.fromEntries(Object.keys(shapes).map((name) => [name, schemaOf(name)]));
  const ajv = new Ajv({ strict: false, allErrors: true });
  const made = ajv.compile({ $defs, $ref: `#/$defs/Create${kind}Input` });
  compiled.set(kind, made);
  return made;
}

/** Every way in which the resources are not what the API took. */
export function apiErrors(resources: readonly Manifest[]): string[] {
  return resources.flatMap(({ kind, metadata, spec }) => {
    const validate = validatorOf(kind);
    if (validate(spec)) return [];
    return (validate.errors ?? []).map((each) => `${kind} ${metadata.name}${each.instancePath}: ${each.message}`);
  });
}
