// Which service a proxy stands before, and which design it is served: what it may count in. One rule: both come from the registry, which
// knows the certificate; nothing of it is what the proxy says.

import { keyOf, type MeshDocument, type ObjectKey, objectKey, workloadOwnerKey } from "@/lib/mesh";
import type { PeerIdentity } from "../ca/peer";
import type { Designs } from "../registry/designs";
import type { Registry } from "../registry/registry";
import type { CountingProxy } from "./rate-limit-service";

const servicesOf = new WeakMap<MeshDocument, ReadonlyMap<ObjectKey, ObjectKey>>();

export function countingProxies(registry: Registry, designs: Designs): (peer: PeerIdentity) => CountingProxy | string {
  return (peer) => {
    const entry = registry.proxyOf(peer);
    if (typeof entry === "string") return entry;
    const { environmentId, namespace, workload, deploymentId } = entry.row;
    const document = designs.get(entry.currentDeploymentId ?? deploymentId)?.document ?? null;
    const key = keyOf("Workload", namespace, workload);
    return { environmentId, service: (document && services(document).get(key)) ?? key, document };
  };
}

/** By workload; a gateway has none. */
function services(document: MeshDocument): ReadonlyMap<ObjectKey, ObjectKey> {
  const known = servicesOf.get(document);
  if (known) return known;
  const found = new Map<ObjectKey, ObjectKey>();
  for (const object of document.objects) {
    if (object.kind !== "Workload") continue;
    found.set(objectKey(object), workloadOwnerKey(object));
  }
  servicesOf.set(document, found);
  return found;
}
