// Cilium: network policies with rules on HTTP in and out; its routes are those of Gateway API.
export { cilium } from "./dialect";
