// Kuma: policies of 2.x and 3.x in and out.
export { kuma } from "./dialect";
