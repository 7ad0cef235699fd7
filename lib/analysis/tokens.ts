// What analyzers ask about tokens: which services a policy is for, and whether it asks of tokens.
import {
  type AuthorizationPolicy,
  type AuthorizationSource,
  keyOf,
  type MeshIndex,
  type ObjectKey,
  objectKey,
  type PolicyTarget,
  type RequestAuthentication,
} from "@/lib/mesh";

/** Services in the mesh that its target means. */
export function servicesOf(
  index: MeshIndex,
  { spec, metadata }: AuthorizationPolicy | RequestAuthentication,
): ObjectKey[] {
  const target: PolicyTarget = spec.target;
  if (target.gateway) return [];
  const all = index.all("Service").filter(({ spec }) => !spec.optOut);
  const wanted = target.service && keyOf("Service", target.namespace ?? metadata.namespace, target.service);
  return all
    .filter((service) =>
      wanted ? objectKey(service) === wanted : !target.namespace || service.metadata.namespace === target.namespace,
    )
    .map(objectKey);
}

/** Whose proxies keep the policy: services in the mesh, or a gateway. */
export function keepersOf(index: MeshIndex, policy: AuthorizationPolicy): ObjectKey[] {
  const { target } = policy.spec;
  if (!target.gateway) return servicesOf(index, policy);
  const gateway = keyOf("Gateway", target.namespace ?? policy.metadata.namespace, target.gateway);
  return index.get(gateway) ? [gateway] : [];
}

export const asksOfTokens = (source: AuthorizationSource): boolean =>
  source.requestPrincipals !== undefined || source.notRequestPrincipals !== undefined || source.claims !== undefined;

export const sourcesAskingOfTokens = ({ spec: { rules } }: AuthorizationPolicy): AuthorizationSource[] =>
  rules.flatMap(({ from }) => from ?? []).filter(asksOfTokens);
