// Selection of a mesh product: who the candidates are, what they are asked, and what is known, each with its source. Pure.
export { CRITERIA } from "./criteria";
export { FACTS } from "./facts";
export { PRODUCTS } from "./products";
export * from "./types";
