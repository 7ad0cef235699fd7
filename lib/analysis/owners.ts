// Who could answer for an object that nobody answers for.
import { keyOf, type MeshIndex, type MeshObject, objectKey } from "@/lib/mesh";
import type { FindingBody } from "./finding";

/** Of an object that may have `owner`: the team of its namespace; none where that has no team. */
export function ownerFix(index: MeshIndex, object: MeshObject): Pick<FindingBody, "fixes"> {
  const { namespace } = object.metadata;
  const team = index.find("Namespace", keyOf("Namespace", undefined, namespace ?? ""))?.spec.ownerTeam;
  if (!team) return {};
  const title = `Make ${team} the owner, as of the namespace`;
  return { fixes: [{ title, command: { type: "patchSpec", key: objectKey(object), path: ["owner"], value: team } }] };
}
