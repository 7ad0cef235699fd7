// Turns what zod says into violations that name the place and say what to do.
import { z } from "zod";
import { pathText } from "./references";
import { objectKey } from "./refs";
import { API_VERSION, KINDS, objectSchemas } from "./schema/document";
import { MAX_OBJECTS } from "./schema/primitives";
import type { Kind, MeshDocument, MeshObject, Path, Violation } from "./types";

export type ParsedObject = { ok: true; object: MeshObject } | { ok: false; issues: ObjectIssue[] };
/** `path` is inside the object. */
export type ObjectIssue = { path: Path; message: string; fix: string };

const API_GROUP = API_VERSION.replace(/[^/]*$/, "");

/** Checks one value against the schema of its kind; all problems at once. */
export function parseObject(value: unknown): ParsedObject {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    return {
      ok: false,
      issues: [{ path: [], message: "is not an object", fix: "Write apiVersion, kind, metadata and spec." }],
    };
  }
  const { kind, apiVersion } = value as { kind?: unknown; apiVersion?: unknown };
  if (typeof apiVersion === "string" && !apiVersion.startsWith(API_GROUP)) {
    const message = `is ${apiVersion}, which is no part of a design`;
    const fix = `A manifest of a product is imported; commands read it with --dialect. A design has ${API_VERSION}.`;
    return { ok: false, issues: [{ path: ["apiVersion"], message, fix }] };
  }
  if (typeof kind !== "string" || !Object.hasOwn(objectSchemas, kind)) {
    const message = kind === undefined ? "has no kind" : `has the unknown kind ${JSON.stringify(kind)}`;
    return { ok: false, issues: [{ path: ["kind"], message, fix: `Use one of ${KINDS.join(", ")}.` }] };
  }
  const result = objectSchemas[kind as Kind].safeParse(value);
  if (result.success) return { ok: true, object: result.data as MeshObject };
  return { ok: false, issues: result.error.issues.flatMap((issue) => issuesFrom(issue, kind)) };
}

function issuesFrom(issue: z.core.$ZodIssue, kind: string): ObjectIssue[] {
  const path = issue.path.filter((step): step is string | number => typeof step !== "symbol");
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: `"${key}" is not a field here`,
        fix: `Remove it, or check its spelling against the fields of ${kind} in docs/reference/model.md.`,
      }));
    case "invalid_type": {
      if (issue.input === undefined && !/received (?!undefined)/.test(issue.message)) {
        return [{ path, message: "is missing", fix: `Add it (${issue.expected}).` }];
      }
      const message = issue.message.replace(/^Invalid input: /, "");
      return [{ path, message, fix: typeFix(issue.expected, message) }];
    }
    case "invalid_union": {
      const inner = issue.errors.flat();
      if (inner.length === 0) return [{ path, message: "is none of the allowed forms", fix: unionFix(issue) }];
      const best = issue.errors.reduce((a, b) => (b.length < a.length ? b : a));
      return best.flatMap((each) => issuesFrom({ ...each, path: [...issue.path, ...each.path] }, kind));
    }
    case "invalid_value":
      return [
        {
          path,
          message: "has a value that is not allowed here",
          fix: `Use ${issue.values.map((v) => JSON.stringify(v)).join(" or ")}.`,
        },
      ];
    default:
      return [{ path, message: issue.message, fix: "Change the value to fit." }];
  }
}

function typeFix(expected: string, message: string): string {
  if (expected === "string" && /received (number|boolean)/.test(message)) return "Put the value in quotes.";
  return `Use a value of type ${expected}.`;
}

function unionFix(issue: z.core.$ZodIssueInvalidUnion): string {
  return issue.discriminator
    ? `Give "${issue.discriminator}" one of its allowed values.`
    : "Use one of the allowed forms.";
}

/** Issues of one object as violations; `where` is its key, or its place when it has no usable name. */
export function violationsOf(issues: ObjectIssue[], where: string, key?: string): Violation[] {
  return issues.map((issue) => {
    const inside = pathText(issue.path);
    const path = inside === "" ? where : `${where}#${inside}`;
    return { path, message: issue.message, fix: issue.fix, ...(key === undefined ? {} : { key }) };
  });
}

/** Made once: making a schema costs more than an object's own parsing. */
const NAMED = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});

/** The key of something that may not be an object yet; undefined when kind or name are missing. */
export function looseKey(value: unknown): string | undefined {
  const loose = NAMED.safeParse(value);
  return loose.success ? objectKey(loose.data) : undefined;
}

export type ParsedDocument = { ok: true; document: MeshDocument } | { ok: false; violations: Violation[] };

/** Decodes a document of any origin; every problem with its path. Consistency between objects is `validateDocument`. */
export function parseDocument(value: unknown): ParsedDocument {
  const shape = z.strictObject({ objects: z.array(z.unknown()).max(MAX_OBJECTS) });
  const outer = shape.safeParse(value);
  if (!outer.success) {
    return {
      ok: false,
      violations: violationsOf(
        outer.error.issues.flatMap((issue) => issuesFrom(issue, "document")),
        "document",
      ),
    };
  }
  const objects: MeshObject[] = [];
  const violations: Violation[] = [];
  outer.data.objects.forEach((each, i) => {
    const parsed = parseObject(each);
    if (parsed.ok) objects.push(parsed.object);
    else violations.push(...violationsOf(parsed.issues, looseKey(each) ?? `objects[${i}]`, looseKey(each)));
  });
  return violations.length > 0 ? { ok: false, violations } : { ok: true, document: { objects } };
}
