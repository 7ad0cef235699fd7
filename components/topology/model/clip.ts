// Copy and paste. Job: what travels over the clipboard, and how it lands. Rule: pure; pasted names are free names.
import { z } from "zod";
import { plural } from "@/components/ui/format";
import {
  type Command,
  isCallerOnly,
  isDependencyEnd,
  type MeshDocument,
  type MeshObject,
  meshObject,
  objectKey,
  type Position,
  type Positions,
  positions,
  refKey,
  workloadOwnerKey,
  workloadOwnerName,
} from "@/lib/mesh";
import type { Gesture } from "./authoring";
import { freeName, named, toName } from "./document";

const longestClip = 2_000_000;
const clipSchema = z.strictObject({
  meshwright: z.literal(1),
  objects: z.array(meshObject).min(1).max(5_000),
  positions,
});

/** What travels over the clipboard: the chosen objects with their workloads and the lines among them. */
export interface Clip {
  meshwright: 1;
  objects: MeshObject[];
  positions: Positions;
}

export function clipOf(document: MeshDocument, positions: Positions, keys: readonly string[]): Clip | null {
  const chosen = new Set(keys);
  const objects = document.objects.filter((object) => {
    if (isDependencyEnd(object)) return chosen.has(objectKey(object));
    if (object.kind === "Workload") return chosen.has(workloadOwnerKey(object));
    if (object.kind === "Dependency")
      return chosen.has(refKey(object.spec.from, object)) && chosen.has(refKey(object.spec.to, object));
    return false;
  });
  if (!objects.some(isDependencyEnd)) return null;
  return {
    meshwright: 1,
    objects,
    positions: Object.fromEntries(Object.entries(positions).filter(([key]) => chosen.has(key))),
  };
}

/** Pasted things get free names and stand beside what they were copied from. */
export function pasteGesture(document: MeshDocument, clip: Clip, offset: Position): Gesture {
  let state = document;
  const renames = new Map<string, string>();
  const commands: Command[] = [];
  const select: string[] = [];
  const put = (object: MeshObject, place?: Position) => {
    commands.push(place ? { type: "addObject", object, position: place } : { type: "addObject", object });
    state = { objects: [...state.objects, object] };
  };
  for (const object of clip.objects.filter(isDependencyEnd)) {
    const namespace = object.metadata.namespace;
    const name = freeName(state, [object.kind], namespace, object.metadata.name);
    const from = clip.positions[objectKey(object)];
    renames.set(objectKey(object), name);
    const copy = {
      ...object,
      metadata: { name, namespace, ...(object.metadata.labels ? { labels: object.metadata.labels } : {}) },
    } as MeshObject;
    put(copy, from ? { x: from.x + offset.x, y: from.y + offset.y } : undefined);
    select.push(objectKey(copy));
  }
  for (const object of clip.objects) {
    const namespace = object.metadata.namespace ?? "default";
    if (isCallerOnly(object)) continue;
    if (object.kind === "Workload") {
      const service = renames.get(workloadOwnerKey(object)) ?? workloadOwnerName(object);
      const name = freeName(state, ["Workload"], namespace, `${service.slice(0, 50)}-${toName(object.spec.version)}`);
      put({ ...named(namespace, name), kind: "Workload", spec: { ...object.spec, service } });
    } else if (object.kind === "Dependency") {
      const from = {
        ...object.spec.from,
        name: renames.get(refKey(object.spec.from, object)) ?? object.spec.from.name,
      };
      const to = { ...object.spec.to, name: renames.get(refKey(object.spec.to, object)) ?? object.spec.to.name };
      put({
        ...named(namespace, freeName(state, ["Dependency"], namespace, `${from.name}-to-${to.name}`)),
        kind: "Dependency",
        spec: {
          ...object.spec,
          from,
          to,
        },
      });
    }
  }
  return { command: { type: "batch", commands, label: `Paste ${plural(select.length, "object")}` }, select };
}

/** A clipboard holds anything: only what the model reads as objects of a canvas is taken. */
export function readClip(text: string): Clip | null {
  if (text.length > longestClip) return null;
  try {
    const read = clipSchema.safeParse(JSON.parse(text));
    return read.success ? read.data : null;
  } catch {
    return null;
  }
}
