// The digest of a design: SHA-256 of canonical JSON (RFC 8785) of the objects in key order.
// The rule: what is not the design (positions, the order of the list, comments of a YAML file) does not reach it.
import canonicalize from "canonicalize";
import { objectKey } from "../refs";
import type { MeshDocument, MeshObject } from "../types";
import { sha256Hex } from "./sha256";

/** 64 lower-case hex digits; equal for equal designs in browser, CLI and server. */
export function digestOf(document: MeshDocument): string {
  return sha256Hex(digestedText(document));
}

/**
 * What the digest is of, for who has a quicker SHA-256.
 * @param known text of objects that are never changed in place; what it lacks is added
 */
export function digestedText({ objects }: MeshDocument, known = new WeakMap<MeshObject, string>()): string {
  const texts = sortByKey(objects).map((object) => {
    const text = known.get(object) ?? canonicalJson(withoutText(object));
    known.set(object, text);
    return text;
  });
  return `{"objects":[${texts.join(",")}]}`;
}

/** The object without the text a person wrote it in: comments are not the design. */
function withoutText(object: MeshObject): unknown {
  if (object.metadata.text === undefined) return object;
  const { text: _text, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** RFC 8785. Fields that are `undefined` are absent. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new Error("canonical JSON exists only for JSON values");
  return text;
}

function sortByKey<T extends { kind: string; metadata: { name: string; namespace?: string | undefined } }>(
  objects: readonly T[],
): T[] {
  const keyed = objects.map((object) => ({ key: objectKey(object), object }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return keyed.map((entry) => entry.object);
}
