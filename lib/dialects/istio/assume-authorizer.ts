// Authorizers of the mesh as an import puts them. Rule: a policy with CUSTOM names a provider; where that is, only the mesh configuration says.
import { type Authorizer, type MeshRoot, objectKey, type PolicyTarget, targetKey } from "@/lib/mesh";
import type { ImportContext, Resource } from "../shared/context";

export const putAuthorizers = (context: ImportContext, mesh: MeshRoot, authorizers: Authorizer[]) =>
  context.put("Mesh", mesh.metadata.name, { ...mesh.spec, authorizers }, undefined, mesh);

/** An authorizer of which a policy says nothing but the name. */
export function assumeAuthorizer(context: ImportContext, resource: Resource, name: string): void {
  const [mesh] = context.all("Mesh");
  const known = mesh?.spec.authorizers ?? [];
  if (!mesh || known.some((each) => each.name === name)) return;
  const message = `asks ${name}, and the mesh configuration that says where it is was not read: what it would decide is refused here`;
  const fix = `Read the ConfigMap istio of istio-system as well, or give authorizer ${name} of the Mesh its address.`;
  context.warn(resource, ["spec", "provider", "name"], message, fix, { changesMeaning: true });
  putAuthorizers(context, mesh, [...known, { name }]);
}

/** What istiod needs for a workload that several policies ask several providers about (Istio 1.29); without it all of them refuse. */
export const SEVERAL_PROVIDERS = "PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS";

/** Another provider that a policy asks about the same target. */
export function otherProvider(
  context: ImportContext,
  resource: Resource,
  target: PolicyTarget,
  provider: string,
): string | undefined {
  const own = { kind: "AuthorizationPolicy", metadata: { name: resource.name, namespace: resource.namespace } };
  return context
    .all("AuthorizationPolicy")
    .filter((each) => objectKey(each) !== objectKey(own) && each.spec.action === "custom")
    .find((each) => {
      const isSame = targetKey(each.spec.target, each) === targetKey(target, { ...each, metadata: own.metadata });
      return isSame && each.spec.authorizer !== provider;
    })?.spec.authorizer;
}
