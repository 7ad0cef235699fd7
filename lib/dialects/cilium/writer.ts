// What an export writes, each under a name that nothing else has.
import type { Manifest } from "../shared/dialect";
import type { ExportContext } from "../shared/export-context";
import { freeNames } from "../shared/names";

export type Writer = { write(manifest: Manifest): string };

/** The name that it has at last. */
export function writerOf({ resources }: ExportContext): Writer {
  const free = freeNames(resources);
  return {
    write(manifest) {
      const { metadata, kind } = manifest;
      const name = free(kind, metadata.namespace, metadata.name);
      resources.push({ ...manifest, metadata: { ...metadata, name } });
      return name;
    },
  };
}
