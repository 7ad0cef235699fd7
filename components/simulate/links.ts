// Where a rule that decided can be read and changed. Rule: policies open in the editor at their line; what is drawn opens on the canvas.
import { parseKey } from "@/lib/mesh";
import { isPolicyKind } from "@/lib/mesh/policies";

export function linkTo(mesh: string, object: string, path?: string): string {
  const key = parseKey(object);
  if (key && isPolicyKind(key.kind)) {
    const at = path === undefined ? "" : `?path=${encodeURIComponent(path)}`;
    return `/meshes/${mesh}/policies/${key.kind}/${key.namespace}/${key.name}${at}`;
  }
  return `/meshes/${mesh}/topology?sel=${encodeURIComponent(object)}`;
}

/** A form that is filled in for allowing this call. */
export function allowLink(mesh: string, call: { from: string; to: string; method: string; path: string }): string {
  const search = new URLSearchParams({ template: "allow-call", ...call, path: call.path.split("?")[0] ?? "/" });
  return `/meshes/${mesh}/policies/new?${search}`;
}
