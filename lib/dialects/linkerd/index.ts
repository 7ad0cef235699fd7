// Linkerd: policy, routes, service profiles and annotations in and out.
export { linkerd } from "./dialect";
