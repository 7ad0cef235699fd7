// MW1001: an imported resource named no namespace, so the import chose one.
import { type Command, KINDS, type MeshObject, objectKey } from "@/lib/mesh";
import type { FindingBody, KindsAnalyzer } from "../finding";

export const mw1001NamespaceAssumed: KindsAnalyzer = {
  code: "MW1001",
  title: "Namespace assumed on import",
  area: "routing",
  scope: "object",
  kinds: KINDS,
  run(index, object) {
    const source = sourceOf(object);
    if (source === undefined) return [];
    // one finding per source: a DestinationRule becomes several objects
    const objects = index.document.objects.filter((each) => sourceOf(each) === source);
    return objects[0] && objectKey(objects[0]) === objectKey(object) ? [findingFor(source, objects)] : [];
  },
};

function sourceOf({ metadata: { origin } }: MeshObject): string | undefined {
  return origin?.namespaceDefaulted ? `${origin.kind} ${origin.name}` : undefined;
}

function findingFor(source: string, objects: MeshObject[]): FindingBody {
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
