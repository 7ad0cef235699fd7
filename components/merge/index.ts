export { Merge } from "./merge";
