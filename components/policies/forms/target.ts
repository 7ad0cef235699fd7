// What a policy is for, between the form and the model. Pure.
// Rule: a reference is written without the namespace when it is the object's own.
import { keyOf, type PolicyTarget, parseKey, type Ref } from "@/lib/mesh";

/** What a target names one of; each is the name of its field. */
const KIND_OF = { service: "Service", gateway: "Gateway" } as const;
export type Level = keyof typeof KIND_OF | "namespace" | "mesh";

export function levelOf(target: PolicyTarget | undefined): Level {
  if (target?.gateway) return "gateway";
  return target?.service ? "service" : target?.namespace ? "namespace" : "mesh";
}

/** The kind of what is named at this level; null: none is. */
export const kindOf = (level: Level) => (level === "service" || level === "gateway" ? KIND_OF[level] : null);

export function keyOfTarget(target: PolicyTarget | undefined, own: string | undefined): string | null {
  const name = target?.gateway ?? target?.service;
  const kind = kindOf(levelOf(target));
  return kind && name !== undefined ? keyOf(kind, target?.namespace ?? own, name) : null;
}

export function targetOfKey(key: string, own: string | undefined): PolicyTarget | undefined {
  const ref = refOfKey(key, own);
  if (!ref) return undefined;
  const namespace = ref.namespace === undefined ? {} : { namespace: ref.namespace };
  return ref.kind === "Gateway" ? { ...namespace, gateway: ref.name } : { ...namespace, service: ref.name };
}

/** `{kind, name}` as an object of namespace `own` writes it. */
export function refOfKey(key: string, own: string | undefined): Ref | undefined {
  const parts = parseKey(key);
  if (!parts) return undefined;
  const kind = parts.kind as Ref["kind"];
  return parts.namespace === own || parts.namespace === undefined
    ? { kind, name: parts.name }
    : { kind, namespace: parts.namespace, name: parts.name };
}
