// What becomes of Cilium's fields on import.
// The rule: what is left out is kept in a policy that says only that, and written back on export to Cilium.
import type { FieldVerdict } from "../shared/dialect";

const POLICIES = "CiliumNetworkPolicy, CiliumClusterwideNetworkPolicy";

export const FIELDS: readonly FieldVerdict[] = [
  {
    kind: POLICIES,
    path: "spec.endpointSelector",
    verdict: "approximate",
    note: "The services that it selects as a whole, or a namespace. A selector that means some pods of a service: kept whole. specs: a policy for each.",
  },
  { kind: POLICIES, path: "spec.nodeSelector", verdict: "lost", note: "Kept whole: nodes have no place." },
  {
    kind: POLICIES,
    path: "spec.enableDefaultDeny",
    verdict: "exact",
    note: "Without it a direction with rules is closed. Rules that close nothing, where nothing else does: left out and kept.",
  },
  {
    kind: POLICIES,
    path: "spec.ingress[].fromEndpoints",
    verdict: "exact",
    note: "Service account and namespace: identities. Other labels: approximate, the services or workloads that have them, by their service account; who shares one is told.",
  },
  {
    kind: POLICIES,
    path: "spec.ingress[].fromEntities",
    verdict: "approximate",
    note: "all: anybody; cluster: anybody with an identity; ingress: the gateways. world and nodes: left out and kept.",
  },
  {
    kind: POLICIES,
    path: "spec.ingress[].{fromCIDR,fromCIDRSet,fromGroups,fromNodes}",
    verdict: "lost",
    note: "Left out and kept: addresses have no place.",
  },
  {
    kind: POLICIES,
    path: "spec.*[].{fromRequires,toRequires}",
    verdict: "ignored",
    note: "Not of Cilium 1.20; the rule is left out.",
  },
  {
    kind: POLICIES,
    path: "spec.*[].toPorts[].ports",
    verdict: "exact",
    note: "Ports of pods become those of the service. UDP and SCTP: kept, without effect on a mesh.",
  },
  {
    kind: POLICIES,
    path: "spec.ingress[].toPorts[].rules.http",
    verdict: "approximate",
    note: "method, path, host, headers, headerMatches. A path with a query is told: Cilium compares both. Expressions beyond a beginning, an end or alternatives: left out and kept.",
  },
  {
    kind: POLICIES,
    path: "spec.*[].toPorts[].{rules.kafka,rules.l7,terminatingTLS,originatingTLS,listener,serverNames}",
    verdict: "lost",
    note: "Left out and kept.",
  },
  { kind: POLICIES, path: "spec.*[].icmps", verdict: "ignored", note: "Kept: meshes carry TCP." },
  {
    kind: POLICIES,
    path: "spec.ingress[].authentication",
    verdict: "exact",
    note: "required: mutual TLS. What a policy selects is strict here in any case, for callers are known by their certificates.",
  },
  {
    kind: POLICIES,
    path: "spec.ingressDeny",
    verdict: "exact",
    note: "A policy that denies. What cannot be said is told: these calls are not denied here.",
  },
  {
    kind: POLICIES,
    path: "spec.egress[].{toEndpoints,toServices}",
    verdict: "exact",
    note: "Drawn dependencies. Whole namespaces and conditions on requests: left out and kept.",
  },
  {
    kind: POLICIES,
    path: "spec.egress[].toFQDNs",
    verdict: "exact",
    note: "ExternalServices, drawn and granted. *.x: approximate, every name below x. Rules for DNS alone are not needed here.",
  },
  {
    kind: POLICIES,
    path: "spec.egress[].{toEntities,toCIDR,toCIDRSet,toGroups,toNodes}",
    verdict: "lost",
    note: "Left out and kept.",
  },
  {
    kind: POLICIES,
    path: "spec.egressDeny",
    verdict: "moved",
    note: "A policy of the callee that denies these callers.",
  },
  { kind: POLICIES, path: "spec.{description,labels,log}", verdict: "ignored", note: "Kept." },
  {
    kind: "CiliumEnvoyConfig, CiliumClusterwideEnvoyConfig",
    path: "spec",
    verdict: "escape",
    note: "Kept whole: configuration of Envoy by hand.",
  },
  {
    kind: "CiliumLocalRedirectPolicy, CiliumEgressGatewayPolicy, CiliumCIDRGroup",
    path: "spec",
    verdict: "lost",
    note: "Kept whole.",
  },
  {
    kind: "CiliumLoadBalancerIPPool, CiliumL2AnnouncementPolicy, CiliumBGP*",
    path: "spec",
    verdict: "ignored",
    note: "Kept whole; no call in a mesh notices.",
  },
];
