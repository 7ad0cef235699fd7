// What a template is: an intent, what it asks, and the command that makes it so. The rule: a template changes what stands there
// (a route that a service has already) instead of making a second object for the same thing.
import type { Command } from "../../commands/schema";
import type { MeshIndex } from "../../index-document";
import { keyOf } from "../../refs";
import { API_VERSION } from "../../schema/document";
import type { Kind, MeshObject, ObjectKey, ObjectOf, Ref, Service, SpecOf } from "../../types";
import type { PolicyFamily } from "../kinds";

/** What a person fills in; keys are object keys. */
export type TemplateInput = {
  to?: ObjectKey | undefined;
  from: ObjectKey[];
  /** A path as an authorization rule takes it: exact, or with a * at the end. */
  path?: string | undefined;
  method?: string | undefined;
};
export type TemplateNeed = "service" | "service-or-mesh" | "external" | "callers" | "path" | "method";
export type TemplateResult = { ok: true; command: Command; open: ObjectKey } | { ok: false; reason: string };
export type PolicyTemplate = {
  id: string;
  title: string;
  /** One sentence: what it is good for. */
  intent: string;
  family: PolicyFamily;
  needs: readonly TemplateNeed[];
  build(index: MeshIndex, input: TemplateInput): TemplateResult;
};

export const refused = (reason: string): TemplateResult => ({ ok: false, reason });

export function newObject<K extends Kind>(kind: K, namespace: string, name: string, spec: SpecOf<K>): ObjectOf<K> {
  return { apiVersion: API_VERSION, kind, metadata: { name, namespace }, spec } as unknown as ObjectOf<K>;
}

/** A name that nothing of the kind has in the namespace. */
export function freeName(index: MeshIndex, kind: Kind, namespace: string, wanted: string): string {
  const base =
    wanted
      .slice(0, 200)
      .replace(/[^a-z0-9.-]+/g, "-")
      .replace(/^[-.]+|[-.]+$/g, "") || "policy";
  for (let i = 1; ; i += 1) {
    const name = i === 1 ? base : `${base}-${i}`;
    if (!index.get(keyOf(kind, namespace, name))) return name;
  }
}

export function serviceOf(index: MeshIndex, key: ObjectKey | undefined): Service | undefined {
  return key === undefined ? undefined : index.find("Service", key);
}

/** A reference as an object of `namespace` writes it; undefined for what cannot call. */
export function callerRef(index: MeshIndex, key: ObjectKey, namespace: string): Ref | undefined {
  const object = index.get(key);
  if (object?.kind !== "Service" && object?.kind !== "Gateway" && object?.kind !== "Workload") return undefined;
  const own = object.metadata.namespace;
  return own === namespace
    ? { kind: object.kind, name: object.metadata.name }
    : { kind: object.kind, namespace: own, name: object.metadata.name };
}

export function adding(...objects: MeshObject[]): Command[] {
  return objects.map((object) => ({ type: "addObject", object }));
}

/** Opens the last object that is added, unless another is named. */
export function built(commands: Command[], open: ObjectKey, label: string): TemplateResult {
  const [only] = commands;
  if (!only) return refused("It is so already: nothing has to change.");
  return { ok: true, command: commands.length === 1 ? only : { type: "batch", commands, label }, open };
}
