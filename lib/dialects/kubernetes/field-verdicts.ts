// What becomes of the fields of Kubernetes resources.
// The rule: what only Kubernetes needs (containers, volumes, probes) is not part of a design and is not stored: it may hold secrets.
import type { FieldVerdict } from "../shared/dialect";

export const FIELDS: readonly FieldVerdict[] = [
  { kind: "Namespace", path: "metadata", verdict: "exact", note: "Name, labels and annotations." },
  {
    kind: "ServiceAccount",
    path: "metadata.name",
    verdict: "exact",
    note: "The identity of the workloads that name it.",
  },
  {
    kind: "Service",
    path: "spec.ports[].{name,port}",
    verdict: "exact",
    note: "The protocol by appProtocol, else by the name, else by well-known ports.",
  },
  {
    kind: "Service",
    path: "spec.selector",
    verdict: "moved",
    note: "It says which workloads are behind the service. A selector that is narrower than another service's is a Subset of that service.",
  },
  { kind: "Service", path: "spec.ports[].protocol UDP or SCTP", verdict: "lost", note: "Meshes carry TCP." },
  { kind: "Service", path: "spec.type ExternalName", verdict: "moved", note: "An ExternalService." },
  {
    kind: "Service",
    path: "spec.trafficDistribution",
    verdict: "approximate",
    note: "PreferClose and PreferSameZone: locality of a TrafficPolicy that prefers the zone, where no other policy says something of localities. It also stays on the Service. PreferSameNode is kept.",
  },
  { kind: "Service", path: "spec.*", verdict: "ignored", note: "Kept word for word; Kubernetes goes on to use it." },
  {
    kind: "Deployment, StatefulSet",
    path: "spec.{replicas,template.metadata.labels,template.spec.serviceAccountName}",
    verdict: "exact",
    note: "The version is the label version or app.kubernetes.io/version, else v1.",
  },
  {
    kind: "Deployment, StatefulSet, Job, CronJob",
    path: "pods that no Service selects",
    verdict: "exact",
    note: "A Workload without a service: it has an identity and calls, and nobody calls it.",
  },
  {
    kind: "Job, CronJob",
    path: "spec.{parallelism,template,jobTemplate}",
    verdict: "exact",
    note: "As of a Deployment. A CronJob's schedule is kept, and its parallelism is 1.",
  },
  {
    kind: "Deployment, StatefulSet, Job, CronJob",
    path: "spec.*",
    verdict: "ignored",
    note: "Not part of the design and not stored.",
  },
  {
    kind: "NetworkPolicy",
    path: "spec.ingress",
    verdict: "approximate",
    note: "An AuthorizationPolicy by identity where every selector means whole services; otherwise kept whole.",
  },
  {
    kind: "NetworkPolicy",
    path: "spec.{egress,ingress[].from[].ipBlock}",
    verdict: "lost",
    note: "Kept whole, without effect here.",
  },
];
