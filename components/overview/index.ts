export { Overview } from "./overview";
export { Tiles } from "./tiles";
