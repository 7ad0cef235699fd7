// Tracing and access log of the whole mesh, for a product whose resources do not hold them: they go, and the loss is told.
// The rule: how requests go does not depend on them, so nothing changes its meaning.
import { type MeshDocument, type MeshObject, objectKey } from "@/lib/mesh";
import type { ReportEntry } from "./dialect";

const FIXES = {
  tracing: "set the collector and the share of requests there",
  accessLog: "set where proxies log, and what, there",
} as const;

export function withoutTelemetry(
  document: MeshDocument,
  title: string,
): { document: MeshDocument; losses: ReportEntry[] } {
  const losses: ReportEntry[] = [];
  const objects = document.objects.map((object): MeshObject => {
    if (object.kind !== "Mesh" || !(object.spec.tracing || object.spec.accessLog)) return object;
    const { tracing, accessLog, ...spec } = object.spec;
    for (const [field, value] of Object.entries({ accessLog, tracing })) {
      if (!value) continue;
      const reason = `this export to ${title} has no words for it: ${FIXES[field as keyof typeof FIXES]}`;
      losses.push({ key: objectKey(object), path: `spec.${field}`, verdict: "lost", reason });
    }
    return { ...object, spec };
  });
  return losses.length > 0 ? { document: { objects }, losses } : { document, losses };
}
