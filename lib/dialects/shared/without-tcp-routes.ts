// TCP routes for a product whose resources do not hold them: they go, and each loss is told.
// The rule: connections still reach the service, all of its versions alike; so what a route changed about that changes its meaning.
import { type MeshDocument, type MeshObject, objectKey, tcpTargetOf } from "@/lib/mesh";
import type { ReportEntry } from "./dialect";

export function withoutTcpRoutes(
  document: MeshDocument,
  title: string,
  has: { ofServices: boolean; ofGateways: boolean },
): { document: MeshDocument; losses: ReportEntry[] } {
  const losses = document.objects.flatMap((object): ReportEntry[] => {
    if (!isLost(object, has) || object.kind !== "TcpRoute") return [];
    const reason = object.spec.gateway
      ? `this export to ${title} has no routes for connections at gateways: what gateway ${object.spec.gateway.name} does with them is left to ${title}`
      : `this export to ${title} has no routes for TCP: connections to ${tcpTargetOf(object).name} go to every workload of it`;
    return [{ key: objectKey(object), path: "spec", verdict: "lost", reason, changesMeaning: true }];
  });
  if (losses.length === 0) return { document, losses };
  return { document: { objects: document.objects.filter((object) => !isLost(object, has)) }, losses };
}

const isLost = (object: MeshObject, has: { ofServices: boolean; ofGateways: boolean }): boolean =>
  object.kind === "TcpRoute" && !(object.spec.gateway ? has.ofGateways : has.ofServices);
