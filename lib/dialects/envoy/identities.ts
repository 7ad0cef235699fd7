// Who each proxy of an export is, and where its certificate is expected.
// The rule: a proxy proves who it is by its certificate alone, so every file names a folder of its own.
import { type Gateway, type MeshIndex, serviceAccountOf, spiffeId, type Workload } from "@/lib/mesh";

export type Layout = "hosts" | "one-machine";

export type ExportedProxy = {
  /** As the compiler knows it: `<namespace>/<workload>/<instance>`. */
  id: string;
  owner: Workload | Gateway;
};

/** `production/checkout-v1`, and `production/checkout-v1@1` for its second instance; no name has an @. */
export function fileNameOf({ id }: Pick<ExportedProxy, "id">): string {
  const slash = id.lastIndexOf("/");
  const instance = id.slice(slash + 1);
  return `${id.slice(0, slash)}${instance === "0" ? "" : `@${instance}`}`;
}

/** On hosts of their own the same place everywhere; on one machine a folder each, below where Envoy is started. */
export const identityFolder = (layout: Layout, proxy: Pick<ExportedProxy, "id">) =>
  layout === "hosts" ? "/etc/envoy/identity" : `identity/${fileNameOf(proxy)}`;

export function spiffeIdOf(index: MeshIndex, { owner }: ExportedProxy): string {
  const account = serviceAccountOf(owner) ?? owner.metadata.name;
  return spiffeId(trustDomainOf(index), owner.metadata.namespace, account);
}

export const trustDomainOf = (index: MeshIndex) => index.mesh?.spec.trustDomain ?? "mesh.local";
