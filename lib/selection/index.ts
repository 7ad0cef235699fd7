// Selection of a mesh product: who the candidates are, what they are asked, what is known, each with its source, and which one fits.
// Pure, and light, for screens: what measures a design (measure.ts: compiler and dialects) and what checks a request (choices.ts: zod)
// are for the server.
export { CRITERIA } from "./criteria";
export * from "./evaluate";
export { FACTS } from "./facts";
export * from "./fit";
export { PRODUCTS } from "./products";
export * from "./report";
export * from "./sensitivity";
export * from "./sources";
export * from "./types";
