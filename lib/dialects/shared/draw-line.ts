// A call that a product's document names -> a Dependency, once.
// The rule: a line is drawn only between objects of the design, and one that is there already stays as it is.
import { type Dependency, keyOf, type MeshObject, type ObjectKey, type Ref, refKey } from "@/lib/mesh";
import type { ImportContext, Resource } from "./context";

export type Place = { kind: Ref["kind"]; namespace: string; name: string };

/** What was drawn. `port`: of the callee; absent: each of its ports, as far as they are not drawn yet. */
export function drawLine(
  context: ImportContext,
  resource: Resource,
  from: Place,
  to: Place,
  port?: number,
): ObjectKey[] {
  const [caller, callee] = [from, to].map(({ kind, namespace, name }) => keyOf(kind, namespace, name));
  if (caller === undefined || callee === undefined || caller === callee) return [];
  if (!context.get(caller) || !context.get(callee)) return [];
  const drawn = new Set(linesBetween(context, caller, callee).map(({ spec }) => spec.port));
  if (drawn.has(undefined) || drawn.has(port)) return [];
  const left = portsOf(context.get(callee)).filter((each) => !drawn.has(each));
  const wanted = port !== undefined ? [port] : drawn.size === 0 ? [undefined] : left;
  return wanted.flatMap((each) => drawOne(context, resource, { from, to, port: each }) ?? []);
}

const portsOf = (object: MeshObject | undefined): number[] =>
  object?.kind === "Service" || object?.kind === "ExternalService" ? object.spec.ports.map(({ port }) => port) : [];

type Line = { from: Place; to: Place; port: number | undefined };

function drawOne(context: ImportContext, resource: Resource, { from, to, port }: Line): ObjectKey | undefined {
  const spec = {
    from: { kind: from.kind, name: from.name },
    to: { kind: to.kind, ...(to.namespace === from.namespace ? {} : { namespace: to.namespace }), name: to.name },
    ...(port === undefined ? {} : { port }),
  };
  const base = `${from.name}-to-${to.name}`.slice(0, 240);
  const isTaken = (name: string) => context.get(keyOf("Dependency", from.namespace, name)) !== undefined;
  const name = !isTaken(base) ? base : `${base}-${port ?? to.namespace}`;
  if (isTaken(name)) return undefined;
  const lines = linesOf(context);
  const key = context.put(
    "Dependency",
    name,
    spec,
    { resource: { ...resource, namespace: from.namespace } },
    undefined,
  );
  const line = context.find("Dependency", key);
  if (line) remember(lines, line);
  known.set(context, { size: context.objects.size, lines });
  return key;
}

/** Lines by their ends; read anew when somebody else has put an object. */
const known = new WeakMap<ImportContext, { size: number; lines: Map<string, Dependency[]> }>();

function linesOf(context: ImportContext): Map<string, Dependency[]> {
  const there = known.get(context);
  if (there?.size === context.objects.size) return there.lines;
  const lines = new Map<string, Dependency[]>();
  for (const each of context.all("Dependency")) remember(lines, each);
  known.set(context, { size: context.objects.size, lines });
  return lines;
}

function remember(lines: Map<string, Dependency[]>, line: Dependency): void {
  const ends = `${refKey(line.spec.from, line)} ${refKey(line.spec.to, line)}`;
  const there = lines.get(ends);
  if (there) there.push(line);
  else lines.set(ends, [line]);
}

export const linesBetween = (context: ImportContext, caller: ObjectKey, callee: ObjectKey): readonly Dependency[] =>
  linesOf(context).get(`${caller} ${callee}`) ?? [];
