// Kubernetes: namespaces, services, workloads, service accounts and network policies, in and out.
export { kubernetes } from "./dialect";
