// Applies a command to a document and its positions, and makes the command that takes it back.
// The rule: nothing is changed in place, and a command applies whole or not at all; the inverse restores exactly what was there.
// A command is refused for what is wrong in itself (schema, names, places); whether objects fit together is `validateDocument`.

import { PathError, pathText, withValueAt } from "../references";
import { objectKey, parseKey } from "../refs";
import { position as positionSchema } from "../schema/document";
import { MAX_OBJECTS } from "../schema/primitives";
import type { MeshDocument, MeshObject, ObjectKey, Positions, Violation } from "../types";
import { looseKey, parseObject, violationsOf } from "../violations";
import { withoutObject } from "./cascade";
import { isSameJson } from "./equal";
import { renamed } from "./rename";
import type { Command, SetMetadata } from "./schema";

type State = { objects: Map<ObjectKey, MeshObject>; positions: Positions };
export type Applied =
  | { ok: true; document: MeshDocument; positions: Positions; inverse: Command }
  | { ok: false; violations: Violation[] };

class Refused extends Error {
  constructor(readonly violations: Violation[]) {
    super("refused");
  }
}

/** Pure. On success `inverse` applied to the result gives back the document (as a set of objects) and the positions. */
export function applyCommand(document: MeshDocument, positions: Positions, command: Command): Applied {
  const before: State = { objects: new Map(document.objects.map((o) => [objectKey(o), o])), positions };
  try {
    const after = step({ objects: new Map(before.objects), positions }, command);
    if (after.objects.size > MAX_OBJECTS) {
      refuse("document", `would have more than ${MAX_OBJECTS} objects`, "Split the mesh in two.");
    }
    if (meshCount(before) === 1 && meshCount(after) !== 1) {
      refuse("document", "would not have exactly one Mesh any more", "Change the Mesh that is there instead.");
    }
    const inverse = inverseOf(before, after);
    return { ok: true, document: { objects: [...after.objects.values()] }, positions: after.positions, inverse };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, violations: error.violations };
    throw error;
  }
}

function meshCount(state: State): number {
  let count = 0;
  for (const object of state.objects.values()) if (object.kind === "Mesh") count++;
  return count;
}

function step(state: State, command: Command): State {
  switch (command.type) {
    case "addObject":
      return add(state, command.object, command.position);
    case "removeObject":
      return remove(state, command.key);
    case "replaceSpec":
      return put(state, command.key, { ...existing(state, command.key), spec: command.spec });
    case "patchSpec": {
      const object = existing(state, command.key);
      return put(state, command.key, patched(object, command.path, command.value));
    }
    case "renameObject":
      return rename(state, command.key, command.name);
    case "moveObjects":
      return { ...state, positions: moved(state, command.positions) };
    case "setMetadata":
      return put(state, command.key, withMetadata(existing(state, command.key), command.metadata));
    case "restoreObjects": {
      for (const key of command.remove) state.objects.delete(key);
      const restored = command.put.reduce((next, object) => put(next, objectKeyOf(object), object), state);
      return { ...restored, positions: moved(restored, command.positions) };
    }
    case "batch":
      return command.commands.reduce(step, state);
  }
}

function refuse(path: string, message: string, fix: string): never {
  const key = parseKey(path) ? path : undefined;
  throw new Refused([{ path, message, fix, ...(key ? { key } : {}) }]);
}

function existing(state: State, key: ObjectKey): MeshObject {
  const object = state.objects.get(key);
  return object ?? refuse(key, "is not in the document", "Reload: it may have been removed or renamed meanwhile.");
}

function objectKeyOf(value: unknown): ObjectKey {
  return looseKey(value) ?? refuse("object", "has no kind or name", "Give it a kind and metadata.name.");
}

/** Checks and stores an object under its key. */
function put(state: State, key: ObjectKey, value: unknown): State {
  const parsed = parseObject(value);
  if (!parsed.ok) throw new Refused(violationsOf(parsed.issues, key, key));
  state.objects.set(key, parsed.object);
  return state;
}

function add(state: State, object: MeshObject, place: Positions[string] | undefined): State {
  const key = objectKeyOf(object);
  if (state.objects.has(key)) refuse(key, "exists already", "Choose another name, or change the one that is there.");
  if (object.kind === "Mesh" && [...state.objects.values()].some((each) => each.kind === "Mesh")) {
    refuse(key, "would be a second Mesh", "Change the Mesh that is there.");
  }
  const next = put(state, key, object);
  return place ? { ...next, positions: moved(next, { [key]: place }) } : next;
}

function remove(state: State, key: ObjectKey): State {
  if (existing(state, key).kind === "Mesh") refuse(key, "cannot be removed", "Delete the whole mesh in its settings.");
  const left = withoutObject([...state.objects.values()], key);
  const objects = new Map(left.map((object) => [objectKey(object), object]));
  const positions = Object.fromEntries(
    Object.entries(state.positions).filter(([each]) => objects.has(each) || !state.objects.has(each)),
  );
  return { objects, positions };
}

function patched(object: MeshObject, path: (string | number)[], value: unknown): MeshObject {
  try {
    return withValueAt(object, ["spec", ...path], value);
  } catch (error) {
    if (!(error instanceof PathError)) throw error;
    return refuse(
      objectKey(object),
      `has no place ${pathText(["spec", ...path])}`,
      "Reload: the object may have changed meanwhile.",
    );
  }
}

function rename(state: State, key: ObjectKey, name: string): State {
  const object = existing(state, key);
  if (name === object.metadata.name) return state;
  const parsed = parseObject({ ...object, metadata: { ...object.metadata, name } });
  if (!parsed.ok) throw new Refused(violationsOf(parsed.issues, key, key));
  const newKey = objectKey(parsed.object);
  if (state.objects.has(newKey)) refuse(newKey, "exists already", "Choose another name.");
  if (object.kind === "Namespace" && [...state.objects.values()].some((each) => each.metadata.namespace === name)) {
    refuse(newKey, "is in use by other objects", "Choose a namespace name that nothing uses yet.");
  }
  const result = renamed([...state.objects.values()], state.positions, object, name);
  return { objects: new Map(result.objects.map((each) => [objectKey(each), each])), positions: result.positions };
}

function moved(state: State, places: Record<ObjectKey, Positions[string] | null>): Positions {
  const positions = { ...state.positions };
  for (const [key, place] of Object.entries(places)) {
    if (place === null) {
      delete positions[key];
      continue;
    }
    if (!parseKey(key)) refuse(key, "is not an object key", "Use Kind/namespace/name.");
    const parsed = positionSchema.safeParse(place);
    if (!parsed.success) refuse(key, "has a place that is not two numbers", "Give finite x and y below a million.");
    positions[key] = place;
  }
  return positions;
}

function withMetadata(object: MeshObject, patch: SetMetadata["metadata"]): unknown {
  const metadata: Record<string, unknown> = { ...object.metadata };
  for (const [field, value] of Object.entries(patch)) {
    if (field === "name" || field === "namespace") {
      refuse(objectKey(object), `does not change its ${field} here`, "Use renameObject.");
    }
    if (value === null) delete metadata[field];
    else if (value !== undefined) metadata[field] = value;
  }
  return { ...object, metadata };
}

function inverseOf(before: State, after: State): Command {
  const positions: Record<ObjectKey, Positions[string] | null> = {};
  for (const key of new Set([...Object.keys(before.positions), ...Object.keys(after.positions)])) {
    const place = before.positions[key];
    if (!isSameJson(place, after.positions[key])) positions[key] = place ?? null;
  }
  const remove = [...after.objects.keys()].filter((key) => !before.objects.has(key));
  const put = [...before.objects].flatMap(([key, object]) => {
    const now = after.objects.get(key);
    return now === object || (now && isSameJson(now, object)) ? [] : [object];
  });
  if (remove.length === 0 && put.length === 0) return { type: "moveObjects", positions };
  return { type: "restoreObjects", remove, put, positions };
}
