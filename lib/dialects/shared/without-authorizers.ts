// A design for a product that asks no authorizer here: nobody is asked, and each loss is told.
// The rule: what is left refuses more, never less: what an authorizer would have decided is denied. At a gateway nothing is denied, so there
// it goes on, and that is told.
import { type MeshDocument, type MeshObject, objectKey } from "@/lib/mesh";
import type { ReportEntry } from "./dialect";

export function withoutAuthorizers(
  document: MeshDocument,
  title: string,
): { document: MeshDocument; losses: ReportEntry[] } {
  const losses: ReportEntry[] = [];
  const objects = document.objects.flatMap((object): MeshObject[] => {
    if (object.kind === "Mesh" && object.spec.authorizers) {
      const reason = `this export to ${title} asks nobody: set up external authorization there`;
      losses.push({ key: objectKey(object), path: "spec.authorizers", verdict: "lost", reason });
      const { authorizers: _, ...spec } = object.spec;
      return [{ ...object, spec }];
    }
    if (object.kind !== "AuthorizationPolicy" || object.spec.action !== "custom") return [object];
    const { authorizer, ...spec } = object.spec;
    if (spec.target.gateway) {
      const reason = `this export to ${title} asks nobody at gateway ${spec.target.gateway}: what authorizer ${authorizer ?? ""} would decide goes on`;
      losses.push({ key: objectKey(object), path: "spec", verdict: "lost", reason, changesMeaning: true });
      return [];
    }
    const reason = `this export to ${title} asks nobody: what authorizer ${authorizer ?? ""} would decide is denied`;
    losses.push({ key: objectKey(object), path: "spec.authorizer", verdict: "lost", reason, changesMeaning: true });
    return [{ ...object, spec: { ...spec, action: "deny" } }];
  });
  return losses.length > 0 ? { document: { objects }, losses } : { document, losses };
}
