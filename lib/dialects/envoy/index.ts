// Envoy static files: one bootstrap for each workload and gateway, out only.
export { envoy } from "./dialect";
