// Namespace and ServiceAccount: where things are, and who they are.
import { keyOf } from "@/lib/mesh";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";

export function importNamespace(context: ImportContext, resource: Resource): Understood {
  const result = understood(resource);
  const existing = context.get(keyOf("Namespace", undefined, resource.name));
  const current = existing?.kind === "Namespace" ? existing : undefined;
  result.objects.push(context.put("Namespace", resource.name, current?.spec ?? {}, { resource }, current));
  result.sentences.push(`namespace ${resource.name}.`);
  return result;
}

/** An identity, no object of its own: workloads name it. */
export function importServiceAccount(_context: ImportContext, resource: Resource): Understood {
  const result = understood(resource);
  // without the trust domain, which a document that is read later may name
  result.sentences.push(`its workloads are ns/${resource.namespace}/sa/${resource.name} of the mesh's trust domain.`);
  return result;
}
