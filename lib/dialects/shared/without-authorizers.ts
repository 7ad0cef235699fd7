// A design for a product that asks no authorizer, or not so: nobody is asked then, and each loss is told.
// The rule: where a product can deny, what is left refuses more, never less. Where it cannot, and at gateways, requests go on, and that is told.
import { type AuthorizationPolicy, type MeshDocument, type MeshObject, objectKey } from "@/lib/mesh";
import type { ReportEntry, SaysAsking } from "./dialect";

/** What a product has instead: the policies that it carries, and whether it can deny at all. */
export type Instead = { saysAsking?: SaysAsking | undefined; canDeny: boolean };

export function withoutAuthorizers(
  document: MeshDocument,
  title: string,
  { saysAsking, canDeny }: Instead,
): { document: MeshDocument; losses: ReportEntry[] } {
  const losses: ReportEntry[] = [];
  const known = document.objects.flatMap((each) => (each.kind === "Mesh" ? (each.spec.authorizers ?? []) : []));
  const saidBy = (policy: AuthorizationPolicy) =>
    known.find((each) => each.name === policy.spec.authorizer && saysAsking?.(policy, each));
  const asking = document.objects.flatMap((each) =>
    each.kind === "AuthorizationPolicy" && each.spec.action === "custom" ? [each] : [],
  );
  const left = new Set(asking.flatMap((each) => saidBy(each) ?? []));
  const objects = document.objects.flatMap((object): MeshObject[] => {
    if (object.kind === "Mesh" && object.spec.authorizers && left.size === known.length) return [object];
    if (object.kind === "Mesh" && object.spec.authorizers) {
      const names = known.flatMap((each) => (left.has(each) ? [] : [each.name])).join(", ");
      const reason = `this export to ${title} asks nobody of ${names}: set up external authorization there`;
      losses.push({ key: objectKey(object), path: "spec.authorizers", verdict: "lost", reason });
      const { authorizers, ...spec } = object.spec;
      return [
        {
          ...object,
          spec: left.size === 0 ? spec : { ...spec, authorizers: authorizers.filter((each) => left.has(each)) },
        },
      ];
    }
    if (object.kind !== "AuthorizationPolicy" || object.spec.action !== "custom" || saidBy(object)) return [object];
    const { authorizer, ...spec } = object.spec;
    if (spec.target.gateway) {
      const reason = `this export to ${title} asks nobody at gateway ${spec.target.gateway}: what authorizer ${authorizer ?? ""} would decide goes on`;
      losses.push({ key: objectKey(object), path: "spec", verdict: "lost", reason, changesMeaning: true });
      return [];
    }
    const becomes = canDeny
      ? "is denied, as far as a denial can be said there"
      : "goes on, for nothing can be denied there";
    const reason = `this export to ${title} asks nobody: what authorizer ${authorizer ?? ""} would decide ${becomes}`;
    losses.push({ key: objectKey(object), path: "spec.authorizer", verdict: "lost", reason, changesMeaning: true });
    if (!canDeny) return [];
    return [{ ...object, spec: { ...spec, action: "deny" } }];
  });
  return losses.length > 0 ? { document: { objects }, losses } : { document, losses };
}
