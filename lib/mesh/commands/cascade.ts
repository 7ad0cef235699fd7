// What else goes when an object goes: everything that cannot be without it.
// The rule: a removal never widens a permission. A list of callers that becomes empty takes its rule with it; it does not come to mean "any".

import { namespaceMentionsOf, referencesOf, subsetUsesOf } from "../references";
import { keyOf, objectKey, refKey, serviceRefKey, tcpTargetKey } from "../refs";
import type {
  AuthorizationPolicy,
  Authorizer,
  Destination,
  MeshObject,
  MeshRoot,
  ObjectKey,
  Route,
  RouteRule,
  TcpRoute,
} from "../types";

type Gone = { keys: Set<ObjectKey>; subsets: Set<string>; namespaces: Set<string> };
const subsetId = (service: ObjectKey, name: string) => `${service}#${name}`;

/** The objects that are left; those that only lost a mention are changed copies, the others the same values as before. */
export function withoutObject(objects: readonly MeshObject[], key: ObjectKey): MeshObject[] {
  const gone: Gone = { keys: new Set([key]), subsets: new Set(), namespaces: new Set() };
  let left = [...objects];
  for (let before = -1; before !== gone.keys.size; ) {
    before = gone.keys.size;
    for (const object of left) if (gone.keys.has(objectKey(object))) remember(object, gone);
    left = left.flatMap((object) => {
      const rest = gone.keys.has(objectKey(object)) ? undefined : strip(object, gone);
      if (!rest) gone.keys.add(objectKey(object));
      return rest ? [rest] : [];
    });
  }
  return left;
}

function remember(object: MeshObject, gone: Gone): void {
  if (object.kind === "Namespace") gone.namespaces.add(object.metadata.name);
  if (object.kind === "Subset")
    gone.subsets.add(subsetId(serviceRefKey(object.spec.service, object), object.spec.name));
}

/** `object` without its mentions of what is gone; undefined when nothing sensible remains. */
function strip(object: MeshObject, gone: Gone): MeshObject | undefined {
  const mentionsGone =
    referencesOf(object).some((reference) => isGone(reference.key, gone)) ||
    subsetUsesOf(object).some((use) => gone.subsets.has(subsetId(use.service, use.subset))) ||
    (gone.namespaces.size > 0 && namespaceMentionsOf(object).some((mention) => gone.namespaces.has(mention.namespace)));
  if (!mentionsGone) return object;
  if (object.metadata.namespace !== undefined && gone.namespaces.has(object.metadata.namespace)) return undefined;
  switch (object.kind) {
    case "Mesh":
      return withoutAddresses(object, gone);
    case "TrustBoundary": {
      const members = object.spec.members.filter((member) =>
        "service" in member
          ? !isGone(serviceRefKey(member.service, object), gone)
          : !gone.namespaces.has(member.namespace),
      );
      return { ...object, spec: { ...object.spec, members } };
    }
    case "Route":
      return stripRoute(object, gone);
    case "TcpRoute":
      return stripTcpRoute(object, gone);
    case "AuthorizationPolicy":
      return stripAuthorization(object, gone);
    case "Egress": {
      if (isGone(refKey(object.spec.to, object), gone) || !object.spec.from) return undefined;
      const from = object.spec.from.filter((ref) => !isGone(refKey(ref, object), gone));
      return from.length === 0 ? undefined : { ...object, spec: { ...object.spec, from } };
    }
    default:
      return undefined;
  }
}

/** An authorizer that nobody can reach stays by name: what it would decide is refused. */
function withoutAddresses(mesh: MeshRoot, gone: Gone): MeshRoot {
  const authorizers = mesh.spec.authorizers?.map((authorizer): Authorizer => {
    const { address, ...rest } = authorizer;
    return address && isGone(refKey(address.target, mesh), gone) ? rest : authorizer;
  });
  return { ...mesh, spec: { ...mesh.spec, ...(authorizers ? { authorizers } : {}) } };
}

function isGone(key: ObjectKey, gone: Gone): boolean {
  return gone.keys.has(key) || gone.namespaces.has(key.split("/")[1] ?? "");
}

function stripRoute(route: Route, gone: Gone): Route | undefined {
  if (isGone(refKey(route.spec.target, route), gone)) return undefined;
  const rules = route.spec.rules.flatMap((rule) => {
    const rest = withoutMirrors(rule, route, gone);
    if (rule.action.type !== "forward") return [rest];
    const destinations = rule.action.destinations.filter((destination) => isLeft(destination, route, gone));
    return destinations.length === 0 ? [] : [{ ...rest, action: { ...rule.action, destinations } }];
  });
  return rules.length === 0 ? undefined : { ...route, spec: { ...route.spec, rules } };
}

function stripTcpRoute(route: TcpRoute, gone: Gone): TcpRoute | undefined {
  if (isGone(tcpTargetKey(route), gone)) return undefined;
  const rules = route.spec.rules.flatMap((rule) => {
    const destinations = rule.destinations.filter((destination) => isLeft(destination, route, gone));
    return destinations.length === 0 ? [] : [{ ...rule, destinations }];
  });
  return rules.length === 0 ? undefined : { ...route, spec: { ...route.spec, rules } };
}

/** A copy that nobody can take any more is not made; the rule stays. */
function withoutMirrors(rule: RouteRule, route: Route, gone: Gone): RouteRule {
  const { mirrors, ...rest } = rule;
  const left = mirrors?.filter((mirror) => isLeft(mirror, route, gone)) ?? [];
  if (left.length === (mirrors?.length ?? 0)) return rule;
  return left.length === 0 ? rest : { ...rule, mirrors: left };
}

function isLeft(
  { service, subset }: Pick<Destination, "service" | "subset">,
  route: Route | TcpRoute,
  gone: Gone,
): boolean {
  const key = serviceRefKey(service, route);
  return !isGone(key, gone) && (subset === undefined || !gone.subsets.has(subsetId(key, subset)));
}

function stripAuthorization(policy: AuthorizationPolicy, gone: Gone): AuthorizationPolicy | undefined {
  const { target } = policy.spec;
  const namespace = target.namespace ?? policy.metadata.namespace;
  if (target.service && isGone(keyOf("Service", namespace, target.service), gone)) return undefined;
  if (target.gateway && isGone(keyOf("Gateway", namespace, target.gateway), gone)) return undefined;
  if (target.namespace && gone.namespaces.has(target.namespace)) return undefined;
  const rules = policy.spec.rules.flatMap((rule) => {
    if (!rule.from) return [rule];
    const from = rule.from.flatMap((source) => {
      const services = source.services?.filter((ref) => !isGone(refKey(ref, policy), gone));
      const namespaces = source.namespaces?.filter((each) => !gone.namespaces.has(each));
      if (services?.length === 0 || namespaces?.length === 0) return [];
      return [{ ...source, ...(services ? { services } : {}), ...(namespaces ? { namespaces } : {}) }];
    });
    return from.length === 0 ? [] : [{ ...rule, from }];
  });
  return { ...policy, spec: { ...policy.spec, rules } };
}
