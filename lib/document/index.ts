// The technical design document of a revision: blocks, Markdown, pdfmake's definition. Pure.
export { designDocument } from "./design-document";
export { toMarkdown } from "./markdown";
export { pdfDefinition } from "./pdf-definition";
export type * from "./types";
