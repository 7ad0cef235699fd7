export { Signals } from "./signals";
