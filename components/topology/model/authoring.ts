// What a hand on the canvas means as commands. Job: add, connect, copy, paste, remove, in the model's words.
// Rule: pure; each gesture is one command (a batch where several objects belong together), so that one undo takes it back.

import { listInWords, plural } from "@/components/ui/format";
import {
  API_VERSION,
  applyCommand,
  type Command,
  type Dependency,
  type Kind,
  keyOf,
  type MeshDocument,
  type MeshObject,
  type ObjectOf,
  objectKey,
  type Position,
  type Positions,
  parseKey,
  type Ref,
  refKey,
  refTo,
  type SpecOf,
} from "@/lib/mesh";

export type Addable = "Service" | "Gateway" | "ExternalService";

export interface Gesture {
  command: Command;
  /** What is selected afterwards. */
  select: string[];
}

const defaultPort = 8080;

function make<K extends Kind>(kind: K, namespace: string, name: string, spec: SpecOf<K>): ObjectOf<K> {
  return { apiVersion: API_VERSION, kind, metadata: { name, namespace }, spec } as unknown as ObjectOf<K>;
}

/** A name as the model takes it: "My Service" becomes "my-service". */
export function toName(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 63)
    .replace(/-+$/, "");
}

export function freeName(document: MeshDocument, kinds: readonly Kind[], namespace: string, wanted: string): string {
  const taken = new Set(document.objects.map(objectKey));
  const isFree = (name: string) => kinds.every((kind) => !taken.has(keyOf(kind, namespace, name)));
  if (isFree(wanted)) return wanted;
  for (let number = 2; ; number += 1) {
    const name = `${wanted.slice(0, 58)}-${number}`;
    if (isFree(name)) return name;
  }
}

export function namespacesOf(document: MeshDocument): string[] {
  const names = new Set<string>();
  for (const object of document.objects) {
    if (object.kind === "Namespace") names.add(object.metadata.name);
    else if (object.metadata.namespace) names.add(object.metadata.namespace);
  }
  return [...names].sort();
}

/** A service comes with its namespace, a port and one workload, so that it can run as soon as it has an app. */
export function addGesture(
  document: MeshDocument,
  kind: Addable,
  text: string,
  namespace: string,
  place: Position,
): Gesture {
  const name = freeName(document, [kind], namespace, toName(text) || defaultNames[kind]);
  const commands: Command[] = [];
  const hasNamespace = document.objects.some(
    (object) => object.kind === "Namespace" && object.metadata.name === namespace,
  );
  if (!hasNamespace) {
    const object = {
      apiVersion: API_VERSION,
      kind: "Namespace",
      metadata: { name: namespace },
      spec: {},
    } as unknown as MeshObject;
    commands.push({ type: "addObject", object });
  }
  commands.push({ type: "addObject", object: newObject(kind, namespace, name), position: place });
  if (kind === "Service") {
    const workload = freeName(document, ["Workload"], namespace, `${name.slice(0, 60)}-v1`);
    commands.push({
      type: "addObject",
      object: make("Workload", namespace, workload, { service: name, version: "v1", replicas: 1 }),
    });
  }
  return { command: { type: "batch", commands, label: `Add ${name}` }, select: [keyOf(kind, namespace, name)] };
}

const defaultNames: Record<Addable, string> = { Service: "service", Gateway: "gateway", ExternalService: "external" };

function newObject(kind: Addable, namespace: string, name: string): MeshObject {
  if (kind === "Service")
    return make("Service", namespace, name, { ports: [{ name: "http", port: defaultPort, protocol: "http" }] });
  if (kind === "Gateway")
    return make("Gateway", namespace, name, {
      type: "ingress",
      listeners: [{ name: "http", port: defaultPort, protocol: "http", hosts: ["*"] }],
    });
  return make("ExternalService", namespace, name, {
    hosts: [`${name}.example.com`],
    ports: [{ name: "http", port: 80, protocol: "http" }],
  });
}

/** A dependency, and what makes it work: an egress for an external callee, a route for a gateway that has none. */
export function connectGesture(document: MeshDocument, from: string, to: string): Gesture | { refused: string } {
  const caller = find(document, from);
  const callee = find(document, to);
  if (!caller || !callee || !isEnd(caller) || !isEnd(callee))
    return { refused: "Connect services, gateways and external services." };
  if (from === to) return { refused: "A service needs no line to itself." };
  if (caller.kind === "ExternalService")
    return { refused: "An external service is outside the mesh: draw lines to it, not from it." };
  if (callee.kind === "Gateway")
    return { refused: "Calls come in through a gateway: draw from it to the service behind it." };
  const existing = dependencyBetween(document, from, to);
  if (existing) return { refused: `${caller.metadata.name} to ${callee.metadata.name} is drawn already.` };
  const namespace = caller.metadata.namespace ?? "default";
  const name = freeName(
    document,
    ["Dependency"],
    namespace,
    `${caller.metadata.name}-to-${callee.metadata.name}`.slice(0, 200),
  );
  const callerRef = refTo(caller, namespace);
  const calleeRef = refTo(callee, namespace);
  const commands: Command[] = [
    { type: "addObject", object: make("Dependency", namespace, name, { from: callerRef, to: calleeRef }) },
  ];
  if (callee.kind === "ExternalService") commands.push(...egressFor(document, to, namespace, calleeRef));
  if (caller.kind === "Gateway" && callee.kind === "Service")
    commands.push(...routeFor(document, from, namespace, callerRef, callee));
  return {
    command: { type: "batch", commands, label: `Connect ${caller.metadata.name} to ${callee.metadata.name}` },
    select: [keyOf("Dependency", namespace, name)],
  };
}

function egressFor(document: MeshDocument, to: string, namespace: string, calleeRef: Ref): Command[] {
  const has = document.objects.some(
    (object) =>
      object.kind === "Egress" && object.metadata.namespace === namespace && refKey(object.spec.to, object) === to,
  );
  if (has) return [];
  const name = freeName(document, ["Egress"], namespace, calleeRef.name);
  return [{ type: "addObject", object: make("Egress", namespace, name, { to: calleeRef }) }];
}

function routeFor(
  document: MeshDocument,
  gateway: string,
  namespace: string,
  gatewayRef: Ref,
  callee: MeshObject,
): Command[] {
  const has = document.objects.some(
    (object) => object.kind === "Route" && refKey(object.spec.target, object) === gateway,
  );
  if (has) return [];
  const service = refTo(callee as ObjectOf<"Service">, namespace);
  const object = make("Route", namespace, freeName(document, ["Route"], namespace, gatewayRef.name), {
    target: gatewayRef,
    rules: [
      {
        name: "all",
        matches: [{ path: { type: "pathPrefix", value: "/" } }],
        action: {
          type: "forward",
          destinations: [
            {
              service: { name: service.name, ...(service.namespace ? { namespace: service.namespace } : {}) },
              weight: 1,
            },
          ],
        },
      },
    ],
  });
  return [{ type: "addObject", object }];
}

export function find(document: MeshDocument, key: string): MeshObject | undefined {
  return document.objects.find((object) => objectKey(object) === key);
}

export function dependencyBetween(document: MeshDocument, from: string, to: string): Dependency | undefined {
  return document.objects.find(
    (object): object is Dependency =>
      object.kind === "Dependency" &&
      refKey(object.spec.from, object) === from &&
      refKey(object.spec.to, object) === to,
  );
}

const isEnd = (object: MeshObject): object is ObjectOf<"Service" | "Gateway" | "ExternalService"> =>
  object.kind === "Service" || object.kind === "Gateway" || object.kind === "ExternalService";

export interface Removal {
  command: Command;
  /** "payment-service goes, and with it 2 workloads, 1 dependency and 1 route." */
  sentence: string;
  also: number;
}

/** What a removal takes along, said in numbers before it happens. */
export function removalOf(document: MeshDocument, positions: Positions, keys: readonly string[]): Removal | null {
  const present = keys.filter((key) => find(document, key));
  if (present.length === 0) return null;
  const commands: Command[] = [];
  let state = { document, positions };
  for (const key of present) {
    const result = applyCommand(state.document, state.positions, { type: "removeObject", key });
    if (!result.ok) continue;
    commands.push({ type: "removeObject", key });
    state = result;
  }
  const left = new Set(state.document.objects.map(objectKey));
  const chosen = new Set(present);
  const also = document.objects.filter((object) => !left.has(objectKey(object)) && !chosen.has(objectKey(object)));
  const counts = new Map<string, number>();
  for (const object of also) counts.set(object.kind, (counts.get(object.kind) ?? 0) + 1);
  const who = listInWords(present.map((key) => parseKey(key)?.name ?? key));
  const goes = present.length === 1 ? "goes" : "go";
  const along = listInWords(
    [...counts].map(([kind, count]) => plural(count, kindWords[kind] ?? kind, kindPlurals[kind])),
    6,
  );
  return {
    command: { type: "batch", commands, label: `Delete ${who}` },
    sentence:
      also.length > 0
        ? `${who} ${goes}, and with ${present.length === 1 ? "it" : "them"} ${along}.`
        : `${who} ${goes}; nothing else depends on ${present.length === 1 ? "it" : "them"}.`,
    also: also.length,
  };
}

const kindWords: Record<string, string> = {
  Workload: "workload",
  Dependency: "dependency",
  Subset: "subset",
  Route: "route",
  TrafficPolicy: "traffic policy",
  MutualTls: "mTLS policy",
  AuthorizationPolicy: "authorization policy",
  Egress: "egress rule",
  Service: "service",
};
const kindPlurals: Record<string, string> = {
  Dependency: "dependencies",
  TrafficPolicy: "traffic policies",
  MutualTls: "mTLS policies",
  AuthorizationPolicy: "authorization policies",
};

/** What travels over the clipboard: the chosen objects with their workloads and the lines among them. */
export interface Clip {
  meshwright: 1;
  objects: MeshObject[];
  positions: Positions;
}

export function clipOf(document: MeshDocument, positions: Positions, keys: readonly string[]): Clip | null {
  const chosen = new Set(keys);
  const objects = document.objects.filter((object) => {
    if (isEnd(object)) return chosen.has(objectKey(object));
    if (object.kind === "Workload") return chosen.has(keyOf("Service", object.metadata.namespace, object.spec.service));
    if (object.kind === "Dependency")
      return chosen.has(refKey(object.spec.from, object)) && chosen.has(refKey(object.spec.to, object));
    return false;
  });
  if (!objects.some(isEnd)) return null;
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
  for (const object of clip.objects.filter(isEnd)) {
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
    if (object.kind === "Workload") {
      const service = renames.get(keyOf("Service", namespace, object.spec.service)) ?? object.spec.service;
      const name = freeName(state, ["Workload"], namespace, `${service.slice(0, 50)}-${toName(object.spec.version)}`);
      put(make("Workload", namespace, name, { ...object.spec, service }));
    } else if (object.kind === "Dependency") {
      const from = {
        ...object.spec.from,
        name: renames.get(refKey(object.spec.from, object)) ?? object.spec.from.name,
      };
      const to = { ...object.spec.to, name: renames.get(refKey(object.spec.to, object)) ?? object.spec.to.name };
      put(
        make("Dependency", namespace, freeName(state, ["Dependency"], namespace, `${from.name}-to-${to.name}`), {
          ...object.spec,
          from,
          to,
        }),
      );
    }
  }
  return { command: { type: "batch", commands, label: `Paste ${plural(select.length, "object")}` }, select };
}

export function readClip(text: string): Clip | null {
  try {
    const value: unknown = JSON.parse(text);
    const isClip =
      typeof value === "object" &&
      value !== null &&
      (value as Clip).meshwright === 1 &&
      Array.isArray((value as Clip).objects);
    return isClip ? (value as Clip) : null;
  } catch {
    return null;
  }
}

/** "orders", "gateway: front door", "external: api.stripe.com", "orders > payment-service". */
export function readQuickAdd(text: string): { kind: Addable; name: string } | { from: string; to: string } | null {
  const arrow = text.split(/\s*(?:->|→|>)\s*/);
  if (arrow.length === 2 && arrow[0] && arrow[1]) return { from: toName(arrow[0]), to: toName(arrow[1]) };
  const typed = /^(service|gateway|external)\s*:\s*(.+)$/i.exec(text.trim());
  const kinds: Record<string, Addable> = { service: "Service", gateway: "Gateway", external: "ExternalService" };
  const name = toName(typed?.[2] ?? text);
  if (name === "") return null;
  return { kind: kinds[typed?.[1]?.toLowerCase() ?? "service"] ?? "Service", name };
}
