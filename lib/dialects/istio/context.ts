// What the importers of this folder take from the shared part.
export { type ImportContext, type Resource, refFrom, sourceText, type Understood } from "../shared/context";
