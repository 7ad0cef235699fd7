// TCP routes for a product whose resources do not hold them: they go, and each loss is told.
// The rule: connections still reach the service, all of its versions alike; so what a route changed about that changes its meaning.
import { type MeshDocument, objectKey } from "@/lib/mesh";
import type { ReportEntry } from "./dialect";

export function withoutTcpRoutes(
  document: MeshDocument,
  title: string,
): { document: MeshDocument; losses: ReportEntry[] } {
  const losses = document.objects.flatMap((object): ReportEntry[] => {
    if (object.kind !== "TcpRoute") return [];
    const reason = `this export to ${title} has no routes for TCP: connections to ${object.spec.service.name} go to every workload of it`;
    return [{ key: objectKey(object), path: "spec", verdict: "lost", reason, changesMeaning: true }];
  });
  if (losses.length === 0) return { document, losses };
  return { document: { objects: document.objects.filter(({ kind }) => kind !== "TcpRoute") }, losses };
}
