export { Simulate } from "./simulate";
