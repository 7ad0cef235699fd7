// A design with the gateway edge as one of edge.ts, https-edge.ts and client-edge.ts, its listeners changed.
import type { Listener, MeshDocument } from "@/lib/mesh";

/** @param change of a copy of them */
export const withListeners = (
  { objects }: MeshDocument,
  change: (listeners: Listener[]) => Listener[],
): MeshDocument => ({
  objects: objects.map((each) =>
    each.kind === "Gateway" && each.metadata.name === "edge"
      ? { ...each, spec: { ...each.spec, listeners: change(structuredClone(each.spec.listeners)) } }
      : each,
  ),
});
