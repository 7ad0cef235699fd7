export { Selection } from "./selection";
