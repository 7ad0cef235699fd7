// Policies by what they are for: one service, one namespace, or the mesh.
// The rule: built once per document; a service's policies are found without walking all of them.
import {
  type AuthorizationPolicy,
  keyOf,
  type MeshDocument,
  type MutualTls,
  type ObjectKey,
  parseKey,
  type RequestAuthentication,
} from "@/lib/mesh";

type Policy = AuthorizationPolicy | MutualTls | RequestAuthentication;
export type PolicyTargets = { of(service: ObjectKey): Policy[] };

const known = new WeakMap<MeshDocument, PolicyTargets>();

export function policyTargets(document: MeshDocument): PolicyTargets {
  const found = known.get(document);
  if (found) return found;
  const made = arrange(document);
  known.set(document, made);
  return made;
}

function arrange(document: MeshDocument): PolicyTargets {
  const byService = new Map<ObjectKey, Policy[]>();
  const byNamespace = new Map<string, Policy[]>();
  const ofMesh: Policy[] = [];
  for (const object of document.objects) {
    const { kind } = object;
    if (kind !== "AuthorizationPolicy" && kind !== "MutualTls" && kind !== "RequestAuthentication") continue;
    const { target } = object.spec;
    if (target?.service !== undefined) {
      append(byService, keyOf("Service", target.namespace ?? object.metadata.namespace, target.service), object);
    } else if (target?.namespace !== undefined) append(byNamespace, target.namespace, object);
    else ofMesh.push(object);
  }
  return {
    of: (service) => [
      ...(byService.get(service) ?? []),
      ...(byNamespace.get(parseKey(service)?.namespace ?? "") ?? []),
      ...ofMesh,
    ],
  };
}

function append(map: Map<string, Policy[]>, key: string, policy: Policy): void {
  const list = map.get(key);
  if (list) list.push(policy);
  else map.set(key, [policy]);
}
