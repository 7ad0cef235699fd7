// Consul: config entries in, resources of consul-k8s out.
export { consul } from "./dialect";
