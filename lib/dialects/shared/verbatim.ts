// Whole resources that the model has no place for, kept word for word beside the namespace (or the mesh) that they belong to.
// The rule: they come back on export to the same product; what would not fit is said, never cut.
import { keyOf, type MeshDocument, type MeshObject, type Origin, objectKey } from "@/lib/mesh";
import type { ImportContext, Resource, Understood } from "./context";
import type { DialectId, Manifest } from "./dialect";
import { isRecord } from "./fields";
import { WHOLE } from "./whole";

/** Those of the model's origin block. */
const MAX_JSON = 65_536;
const MAX_ENTRIES = 256;
const MAX_PATH = 256;

type Kept = NonNullable<Origin["kept"]>;

/** The object that carries it; undefined when there is no room. */
export function keepWhole(context: ImportContext, resource: Resource): string | undefined {
  const holder = holderOf(context, resource);
  const path = `${WHOLE}${resource.dialect} ${resource.apiVersion} ${resource.kind} ${resource.name}`;
  if (!holder || path.length > MAX_PATH) return undefined;
  const { origin } = holder.metadata;
  const value = manifestOf(resource);
  const kept: Kept = [...(origin?.kept ?? []).filter((each) => each.path !== path), { path, value: value as never }];
  if (kept.length > MAX_ENTRIES || JSON.stringify(kept).length > MAX_JSON) return undefined;
  const { name } = holder.metadata;
  const source: Origin = origin ?? {
    dialect: resource.dialect,
    apiVersion: "v1",
    kind: holder.kind,
    name,
  };
  const metadata = { ...holder.metadata, origin: { ...source, kept } };
  const changed = { ...holder, metadata } as MeshObject;
  context.objects.set(objectKey(changed), changed);
  return objectKey(changed);
}

/** As `keepWhole`; the object that carries it belongs to what was understood of the resource. False: there is no room. */
export function keepBeside(
  context: ImportContext,
  { resource, result }: { resource: Resource; result: Understood },
): boolean {
  const holder = keepWhole(context, resource);
  if (holder !== undefined && !result.objects.includes(holder)) result.objects.push(holder);
  return holder !== undefined;
}

function holderOf(context: ImportContext, resource: Resource): MeshObject | undefined {
  if (resource.namespace === "") return context.all("Mesh")[0];
  context.assumeNamespace(resource.namespace);
  return context.get(keyOf("Namespace", undefined, resource.namespace));
}

function manifestOf(resource: Resource): Manifest {
  const { apiVersion, kind, name, namespace, labels, annotations, spec } = resource;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace === "" ? {} : { namespace }),
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
    },
    spec: isRecord(spec) ? spec : {},
  };
}

export type KeptResource = { holder: MeshObject; path: string; dialect: string; manifest: Manifest };

/** What was kept whole, of one product or of all. */
export function keptResources(document: MeshDocument, dialect?: DialectId): KeptResource[] {
  return document.objects.flatMap((holder) =>
    (holder.metadata.origin?.kept ?? []).flatMap(({ path, value }) => {
      if (!path.startsWith(WHOLE)) return [];
      const own = path.slice(WHOLE.length).split(" ")[0] ?? "";
      if (dialect !== undefined && own !== dialect) return [];
      return [{ holder, path, dialect: own, manifest: value as unknown as Manifest }];
    }),
  );
}
