// What analyzers ask about authorizers: which policies ask one, and whether a caller would get in where it is.
import {
  type AuthorizationPolicy,
  type Authorizer,
  keyOf,
  type MeshIndex,
  type ObjectKey,
  refKey,
  type Service,
} from "@/lib/mesh";
import { namesCaller } from "./callers";
import { protectionIn } from "./protection";

export const authorizerOf = (index: MeshIndex, { spec }: AuthorizationPolicy): Authorizer | undefined =>
  spec.action === "custom" ? index.mesh?.spec.authorizers?.find(({ name }) => name === spec.authorizer) : undefined;

/** Policies that ask it about something. */
export const policiesAsking = (index: MeshIndex, name: string): AuthorizationPolicy[] =>
  index
    .all("AuthorizationPolicy")
    .filter(({ spec }) => spec.action === "custom" && spec.authorizer === name && spec.rules.length > 0);

/** The service of the mesh that answers; undefined for one outside, and for one that nobody knows. */
export function serviceBehind(index: MeshIndex, { address }: Authorizer): Service | undefined {
  if (address?.target.kind !== "Service") return undefined;
  return index.find("Service", keyOf("Service", address.target.namespace, address.target.name));
}

/** Does what runs there ask this service as an authorizer? Such calls go by no route, have a time limit of their own and are not tried again. */
export function asks(index: MeshIndex, from: ObjectKey, to: ObjectKey): boolean {
  const known = index.mesh?.spec.authorizers ?? [];
  const names = known.flatMap(({ name, address }) => {
    const { kind, namespace, name: service } = address?.target ?? {};
    return kind && service !== undefined && keyOf(kind, namespace, service) === to ? [name] : [];
  });
  if (names.length === 0) return false;
  return index
    .authorizationsOn(from)
    .some(({ spec }) => spec.action === "custom" && spec.rules.length > 0 && names.includes(spec.authorizer ?? ""));
}

/** Is a call of this service refused there? As its sidecar decides, by lines and grants. */
export function isRefused(index: MeshIndex, caller: ObjectKey, target: Service, key: ObjectKey, port: number): boolean {
  if (target.spec.optOut || protectionIn(index, target, port).allowed !== "enforced") return false;
  const grants = index.authorizationsOn(key).filter(({ spec }) => spec.action === "allow" && !spec.shadow);
  const isGranted = grants.some((policy) => policy.spec.rules.some((rule) => namesCaller(index, rule, policy, caller)));
  switch (index.mesh?.spec.defaults.authorization ?? "drawn") {
    case "drawn":
      return !isGranted && !isDrawn(index, caller, key, port);
    case "deny":
      return !isGranted;
    case "allow":
      return grants.length > 0 && !isGranted;
  }
}

const isDrawn = (index: MeshIndex, caller: ObjectKey, key: ObjectKey, port: number): boolean =>
  index
    .dependenciesTo(key)
    .some(({ spec, metadata }) => refKey(spec.from, { metadata }) === caller && (spec.port ?? port) === port);
