// Tracing of the whole mesh, for a product whose resources do not hold it: it goes, and the loss is told.
// The rule: how requests go does not depend on it, so nothing changes its meaning.
import { type MeshDocument, type MeshObject, objectKey } from "@/lib/mesh";
import type { ReportEntry } from "./dialect";

export function withoutTracing(
  document: MeshDocument,
  title: string,
): { document: MeshDocument; losses: ReportEntry[] } {
  const losses: ReportEntry[] = [];
  const objects = document.objects.map((object): MeshObject => {
    if (object.kind !== "Mesh" || !object.spec.tracing) return object;
    const reason = `this export to ${title} has no words for it: set the collector and the share of requests there`;
    losses.push({ key: objectKey(object), path: "spec.tracing", verdict: "lost", reason });
    const { tracing: _, ...spec } = object.spec;
    return { ...object, spec };
  });
  return losses.length > 0 ? { document: { objects }, losses } : { document, losses };
}
