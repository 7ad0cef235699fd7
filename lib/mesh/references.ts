// Which object names which others, and where. Index, validation, rename, cascade and merge all read references from here.
// The rule: a new field that names another object is added here and nowhere else.
import { isCallerOnly, refKey, serviceRefKey, tcpTargetOf, workloadOwnerKey } from "./refs";
import { labelName } from "./schema/primitives";
import type { Destination, MeshObject, ObjectKey, Path, PolicyTarget, Ref, Route, ServiceRef, TcpRoute } from "./types";

/** One mention of another object: what stands at `path` names it in its field `field`. */
export type Reference = {
  key: ObjectKey;
  /** As written; absent: that of the object that holds the mention. */
  namespace: string | undefined;
  path: Path;
  field: "name" | "service" | "gateway";
};
/** A mention of a namespace alone; it needs no Namespace object, so it is told apart. */
export type NamespaceMention = { namespace: string; path: Path };
/** A mention of a subset of a service by the subset's short name. */
export type SubsetUse = { service: ObjectKey; subset: string; path: Path };

/** Leads to the string that holds the name. */
export const namePath = ({ path, field }: Reference): Path => [...path, field];

const NONE: Path = [];

export function referencesOf(object: MeshObject): Reference[] {
  const found: Reference[] = [];
  const at = (path: Path, ref: Ref) =>
    found.push({ key: refKey(ref, object), namespace: ref.namespace, path, field: "name" });
  const service = (path: Path, ref: ServiceRef) =>
    found.push({ key: serviceRefKey(ref, object), namespace: ref.namespace, path, field: "name" });

  switch (object.kind) {
    case "Mesh":
      object.spec.authorizers?.forEach(({ address }, i) => {
        if (address) at(["spec", "authorizers", i, "address", "target"], address.target);
      });
      break;
    case "TrustBoundary":
      object.spec.members.forEach((member, i) => {
        if ("service" in member) service(["spec", "members", i, "service"], member.service);
      });
      break;
    case "Workload": {
      if (isCallerOnly(object)) break;
      found.push({ key: workloadOwnerKey(object), namespace: undefined, path: ["spec"], field: "service" });
      break;
    }
    case "Dependency":
      at(["spec", "from"], object.spec.from);
      at(["spec", "to"], object.spec.to);
      break;
    case "Subset":
    case "TrafficPolicy":
    case "RateLimit":
      service(["spec", "service"], object.spec.service);
      break;
    case "Route":
      at(["spec", "target"], object.spec.target);
      for (const end of routeEndsOf(object)) service([...end.path, "service"], end.service);
      break;
    case "TcpRoute":
      at(["spec", object.spec.gateway ? "gateway" : "service"], tcpTargetOf(object));
      for (const end of routeEndsOf(object)) service([...end.path, "service"], end.service);
      break;
    case "MutualTls":
    case "RequestAuthentication":
      found.push(...referencesOfTarget(object.spec.target, object));
      break;
    case "AuthorizationPolicy":
      found.push(...referencesOfTarget(object.spec.target, object));
      object.spec.rules.forEach((rule, r) => {
        rule.from?.forEach((from, f) => {
          from.services?.forEach((ref, s) => {
            at(["spec", "rules", r, "from", f, "services", s], ref);
          });
        });
      });
      break;
    case "Egress":
      at(["spec", "to"], object.spec.to);
      object.spec.from?.forEach((ref, i) => {
        at(["spec", "from", i], ref);
      });
      break;
    default:
      break;
  }
  return found;
}

function referencesOfTarget(target: PolicyTarget | undefined, holder: MeshObject): Reference[] {
  if (target?.gateway) {
    const { namespace } = target;
    const key = refKey({ kind: "Gateway", namespace, name: target.gateway }, holder);
    return [{ key, namespace, path: ["spec", "target"], field: "gateway" }];
  }
  if (!target?.service) return [];
  const { namespace } = target;
  const key = serviceRefKey({ namespace, name: target.service }, holder);
  return [{ key, namespace, path: ["spec", "target"], field: "service" }];
}

export function subsetUsesOf(object: MeshObject): SubsetUse[] {
  if (object.kind === "TrafficPolicy" && object.spec.subset) {
    const service = serviceRefKey(object.spec.service, object);
    return [{ service, subset: object.spec.subset, path: ["spec", "subset"] }];
  }
  if (object.kind !== "Route" && object.kind !== "TcpRoute") return [];
  return routeEndsOf(object).flatMap(({ service, subset, path }) =>
    subset === undefined ? [] : [{ service: serviceRefKey(service, object), subset, path: [...path, "subset"] }],
  );
}

/** Where a route sends requests or copies of them, or connections; rule by rule. */
export type RouteEnd = Pick<Destination, "service" | "subset" | "port"> & { rule: number; path: Path };

export function routeEndsOf(route: Route | TcpRoute): RouteEnd[] {
  if (route.kind === "TcpRoute") {
    return route.spec.rules.flatMap(({ destinations }, rule) =>
      destinations.map(({ service, subset, port }, d) => {
        return { service, subset, port, rule, path: ["spec", "rules", rule, "destinations", d] };
      }),
    );
  }
  const ends: RouteEnd[] = [];
  route.spec.rules.forEach(({ action, mirrors }, rule) => {
    if (action.type === "forward") {
      action.destinations.forEach(({ service, subset, port }, d) => {
        ends.push({ service, subset, port, rule, path: ["spec", "rules", rule, "action", "destinations", d] });
      });
    }
    mirrors?.forEach(({ service, subset, port }, m) => {
      ends.push({ service, subset, port, rule, path: ["spec", "rules", rule, "mirrors", m] });
    });
  });
  return ends;
}

/** Every place below `object` whose value is a namespace's name, its own metadata included. */
export function namespaceMentionsOf(object: MeshObject, references = referencesOf(object)): NamespaceMention[] {
  const found: NamespaceMention[] = [];
  if (object.metadata.namespace !== undefined) {
    found.push({ namespace: object.metadata.namespace, path: ["metadata", "namespace"] });
  }
  for (const { namespace, path } of references) {
    if (namespace !== undefined) found.push({ namespace, path: [...path, "namespace"] });
  }
  if (object.kind === "TrustBoundary") {
    object.spec.members.forEach((member, i) => {
      if ("namespace" in member) found.push({ namespace: member.namespace, path: ["spec", "members", i, "namespace"] });
    });
  }
  if (object.kind === "Route" || object.kind === "TcpRoute") {
    for (const [r, { matches }] of object.spec.rules.entries()) {
      for (const [m, { caller }] of matches.entries()) {
        if (caller?.namespace === undefined) continue;
        const path: Path = ["spec", "rules", r, "matches", m, "caller", "namespace"];
        found.push({ namespace: caller.namespace, path });
      }
    }
  }
  if (object.kind === "MutualTls" || object.kind === "AuthorizationPolicy" || object.kind === "RequestAuthentication") {
    const target: PolicyTarget | undefined = object.spec.target;
    if (target?.namespace && !target.service && !target.gateway) {
      found.push({ namespace: target.namespace, path: ["spec", "target", "namespace"] });
    }
  }
  if (object.kind === "AuthorizationPolicy") {
    object.spec.rules.forEach((rule, r) => {
      rule.from?.forEach((from, f) => {
        from.namespaces?.forEach((namespace, n) => {
          // a pattern names none
          if (labelName.safeParse(namespace).success)
            found.push({ namespace, path: ["spec", "rules", r, "from", f, "namespaces", n] });
        });
      });
    });
  }
  return found;
}

/** The value at `path`, own properties only. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (value === null || typeof value !== "object" || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

/** A copy of `root` with `value` at `path`; `undefined` removes (from a list: takes the item out). Shares what did not change. */
export function withValueAt<T>(root: T, path: Path, value: unknown): T {
  return replaceAt(root, path, value) as T;
}

function replaceAt(root: unknown, path: Path, value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (Array.isArray(root) || (root === undefined && typeof step === "number")) {
    const list: unknown[] = Array.isArray(root) ? [...root] : [];
    const index = Number(step);
    if (!Number.isInteger(index) || index < 0 || index > list.length) throw new PathError(path);
    if (value === undefined && rest.length === 0) list.splice(index, 1);
    else list[index] = replaceAt(list[index], rest, value);
    return list;
  }
  if (root !== undefined && (root === null || typeof root !== "object")) throw new PathError(path);
  if (step === "__proto__") throw new PathError(path);
  const copy: Record<string, unknown> = { ...(root as Record<string, unknown> | undefined) };
  if (value === undefined && rest.length === 0) delete copy[step];
  else copy[step] = replaceAt(Object.hasOwn(copy, step) ? copy[step] : undefined, rest, value);
  return copy;
}

/** A path that leads through something that is neither object nor list, or past the end of a list. */
export class PathError extends Error {
  constructor(readonly rest: Path = NONE) {
    super(`there is no place for ${pathText(rest)}`);
  }
}

/** `["spec", "rules", 0, "timeoutMs"]` -> `spec.rules[0].timeoutMs` */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    const name = String(step);
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return `${text}[${JSON.stringify(name)}]`;
    return text === "" ? name : `${text}.${name}`;
  }, "");
}

/** The inverse of pathText: `spec.http[0]["a.b"]` -> path. */
export function parsePath(text: string): (string | number)[] {
  const steps: (string | number)[] = [];
  for (const [, name, index, quoted] of text.matchAll(
    /\.?([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/g,
  )) {
    if (name !== undefined) steps.push(name);
    else if (index !== undefined) steps.push(Number(index));
    else if (quoted !== undefined) steps.push(JSON.parse(quoted) as string);
  }
  return steps;
}
