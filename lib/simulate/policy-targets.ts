// Policies by what they are for: one service, one gateway, one namespace, or the mesh.
// The rule: built once per document; a service's policies are found without walking all of them.
import {
  type AuthorizationPolicy,
  keyOf,
  type MeshDocument,
  type MutualTls,
  type ObjectKey,
  type PolicyTarget,
  parseKey,
  type RequestAuthentication,
} from "@/lib/mesh";

type Policy = AuthorizationPolicy | MutualTls | RequestAuthentication;
/** Of a service, those of its namespace and the mesh too; of a gateway, those that name it. */
export type PolicyTargets = { of(owner: ObjectKey): Policy[] };

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
  const byGateway = new Map<ObjectKey, Policy[]>();
  const byNamespace = new Map<string, Policy[]>();
  const ofMesh: Policy[] = [];
  for (const object of document.objects) {
    const { kind } = object;
    if (kind !== "AuthorizationPolicy" && kind !== "MutualTls" && kind !== "RequestAuthentication") continue;
    const target: PolicyTarget | undefined = object.spec.target;
    if (target?.gateway !== undefined) {
      append(byGateway, keyOf("Gateway", target.namespace ?? object.metadata.namespace, target.gateway), object);
    } else if (target?.service !== undefined) {
      append(byService, keyOf("Service", target.namespace ?? object.metadata.namespace, target.service), object);
    } else if (target?.namespace !== undefined) append(byNamespace, target.namespace, object);
    else ofMesh.push(object);
  }
  return {
    of: (key) => {
      const { kind, namespace = "" } = parseKey(key) ?? {};
      if (kind === "Gateway") return byGateway.get(key) ?? [];
      return [...(byService.get(key) ?? []), ...(byNamespace.get(namespace) ?? []), ...ofMesh];
    },
  };
}

function append(map: Map<string, Policy[]>, key: string, policy: Policy): void {
  const list = map.get(key);
  if (list) list.push(policy);
  else map.set(key, [policy]);
}
