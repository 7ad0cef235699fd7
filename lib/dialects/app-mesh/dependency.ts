// Who calls whom: backends of nodes and targets of gateway routes, each once.
import { keyOf, type Ref } from "@/lib/mesh";
import type { ImportContext } from "../shared/context";
import type { Part } from "./state";

export function putDependency(context: ImportContext, { resource, result }: Part, from: Ref, called: string): void {
  const to: Ref = { kind: "Service", name: called };
  const isThere = context
    .all("Dependency")
    .some(({ spec }) => spec.from.kind === from.kind && spec.from.name === from.name && spec.to.name === called);
  if (isThere || !context.get(keyOf("Service", resource.namespace, called))) return;
  result.objects.push(
    context.put("Dependency", `${from.name}-to-${called}`.slice(0, 253), { from, to }, { resource }, undefined),
  );
}
