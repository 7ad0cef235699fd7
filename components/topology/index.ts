export { Topology } from "./topology";
