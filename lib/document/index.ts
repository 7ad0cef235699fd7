// The technical design document of a revision: blocks and Markdown. Pure; lib/api prints it.
export { designDocument } from "./design-document";
export { toMarkdown } from "./markdown";
export { type Block, type DesignDocument, designDocumentSchema } from "./schema";
export type * from "./types";
