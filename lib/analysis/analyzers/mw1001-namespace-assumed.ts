// MW1001: an imported resource named no namespace, so the import chose one.
import { type Command, type MeshObject, objectKey } from "@/lib/mesh";
import type { Finding, MeshAnalyzer } from "../finding";

export const mw1001NamespaceAssumed: MeshAnalyzer = {
  code: "MW1001",
  title: "Namespace assumed on import",
  scope: "mesh",
  run(index) {
    // one finding per source: a DestinationRule becomes several objects
    const bySource = new Map<string, MeshObject[]>();
    for (const object of index.document.objects) {
      const origin = object.metadata.origin;
      if (!origin?.namespaceDefaulted) continue;
      const source = `${origin.kind} ${origin.name}`;
      const list = bySource.get(source);
      if (list) list.push(object);
      else bySource.set(source, [object]);
    }
    return [...bySource].map(([source, objects]) => findingFor(source, objects));
  },
};

function findingFor(source: string, objects: MeshObject[]): Finding {
  const namespace = objects[0]?.metadata.origin?.namespace ?? "";
  const commands = objects.flatMap((object): Command[] => {
    if (!object.metadata.origin) return [];
    const { namespaceDefaulted: _assumed, ...origin } = object.metadata.origin;
    return [{ type: "setMetadata", key: objectKey(object), metadata: { origin } }];
  });
  return {
    code: "MW1001",
    severity: "warning",
    message: `${source} was imported without a namespace; ${namespace} is assumed.`,
    cause:
      "kubectl would apply it to the namespace of the current context. In another namespace than its service a DestinationRule holds only for callers of that namespace, so subsets may be missing for everybody else.",
    refs: objects.map(objectKey),
    path: "metadata.origin",
    fixes: [
      {
        title: `Keep it in namespace ${namespace}`,
        command: { type: "batch", commands, label: `Confirm namespace ${namespace} of ${source}` },
      },
    ],
  };
}
