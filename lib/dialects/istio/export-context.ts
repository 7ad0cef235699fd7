// What the exporters of this folder take from the shared part.
export { ExportContext, metadataOf, originOfKind } from "../shared/export-context";
