// Selection of a mesh product: who the candidates are, what they are asked, what is known, each with its source, and which one fits.
// Pure, and light: what measures a design (measure.ts) carries compiler and dialects and is asked on the server.
export * from "./choices";
export { CRITERIA } from "./criteria";
export * from "./evaluate";
export { FACTS } from "./facts";
export * from "./fit";
export { PRODUCTS } from "./products";
export * from "./report";
export * from "./sensitivity";
export * from "./sources";
export * from "./types";
