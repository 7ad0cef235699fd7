// Kubernetes: namespaces, services, workloads, service accounts and network policies in.
export { kubernetes } from "./dialect";
