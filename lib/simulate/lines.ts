// Lines: where in the YAML the place stands that decided.
// The rule: in the text that the scene was built from; without one, in the object written alone, as the editor shows it.
import { type MeshObject, parsePath, toYaml } from "@/lib/mesh";
import { readYaml } from "@/lib/mesh/yaml/read";
import type { Origin } from "./origins";
import type { Scene } from "./scene";
import type { RuleOrigin } from "./types";

type LineOf = (path: string) => number;
const known = new WeakMap<MeshObject, LineOf>();

export function withLine(scene: Scene, origin: Origin): RuleOrigin {
  const place = scene.locate?.(origin.object, parsePath(origin.path));
  if (place) return { ...origin, ...place };
  const object = scene.index.get(origin.object);
  return object ? { ...origin, line: lineAlone(object)(origin.path) } : origin;
}

function lineAlone(object: MeshObject): LineOf {
  const found = known.get(object);
  if (found) return found;
  const [document] = readYaml(toYaml({ objects: [object] })).documents;
  const lineOf: LineOf = (path) => document?.lineOf(parsePath(path)) ?? 1;
  known.set(object, lineOf);
  return lineOf;
}
