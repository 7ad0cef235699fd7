// Every name has to lead to an object of the right kind.
import type { MeshIndex } from "../index-document";
import { namePath, namespaceMentionsOf, referencesOf, subsetUsesOf } from "../references";
import { parseKey } from "../refs";
import type { MeshObject } from "../types";
import type { Complaint } from "./complaint";

export function violationsOfReferences(object: MeshObject, index: MeshIndex): Complaint[] {
  const complaints: Complaint[] = [];
  const references = referencesOf(object);
  for (const reference of references) {
    const { key } = reference;
    if (index.get(key)) continue;
    complaints.push({
      path: namePath(reference),
      message: `names ${readable(key)}, which does not exist`,
      fix: `Add it, or name one that exists.${suggestion(key, index)}`,
    });
  }
  for (const use of subsetUsesOf(object)) {
    if (!index.get(use.service) || index.subset(use.service, use.subset)) continue;
    const known = index.subsetsOf(use.service).map((subset) => subset.spec.name);
    complaints.push({
      path: use.path,
      message: `names subset ${use.subset} of ${readable(use.service)}, which does not exist`,
      fix: known.length > 0 ? `Use one of ${known.join(", ")}, or add a Subset.` : "Add a Subset with this name.",
    });
  }
  for (const { namespace, path } of namespaceMentionsOf(object, references)) {
    if (index.hasNamespace(namespace)) continue;
    complaints.push({
      path,
      message: `names namespace ${namespace}, which does not exist`,
      fix: `Add a Namespace object, or use one of ${index.namespaces.join(", ")}.`,
    });
  }
  return complaints;
}

function suggestion(key: string, index: MeshIndex): string {
  const wanted = parseKey(key);
  const elsewhere = index.document.objects.find(
    (object) => object.kind === wanted?.kind && object.metadata.name === wanted.name,
  );
  return elsewhere ? ` There is one in namespace ${elsewhere.metadata.namespace}.` : "";
}

/** `Service/production/cart` -> `Service production/cart` */
export function readable(key: string): string {
  const parts = parseKey(key);
  if (!parts) return key;
  return parts.namespace === undefined
    ? `${parts.kind} ${parts.name}`
    : `${parts.kind} ${parts.namespace}/${parts.name}`;
}
