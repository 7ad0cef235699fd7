// What becomes of Linkerd's fields on import.
// The rule: what is not in this list is kept word for word and written back on export to Linkerd.
import type { FieldVerdict } from "../shared/dialect";

export const FIELDS: readonly FieldVerdict[] = [
  {
    kind: "Server",
    path: "spec.{podSelector.matchLabels,port}",
    verdict: "approximate",
    note: "The service of these pods is protected as a whole; its other ports are told. A Server that is no whole service is kept whole.",
  },
  { kind: "Server", path: "spec.podSelector.matchExpressions", verdict: "lost", note: "Kept whole." },
  {
    kind: "Server",
    path: "spec.accessPolicy",
    verdict: "exact",
    note: "deny, the default, closes the service; all-authenticated and all-unauthenticated open it; audit is a list in shadow. cluster-*: approximate, addresses have no place.",
  },
  { kind: "Server", path: "spec.proxyProtocol", verdict: "moved", note: "The protocol of the service's port." },
  {
    kind: "AuthorizationPolicy",
    path: "spec.targetRef",
    verdict: "exact",
    note: "Server, Namespace, HTTPRoute and GRPCRoute on a Server. A route whose calls another one takes first, for others: left out and kept.",
  },
  {
    kind: "AuthorizationPolicy",
    path: "spec.requiredAuthenticationRefs",
    verdict: "exact",
    note: "MeshTLSAuthentication and ServiceAccount. A NetworkAuthentication only where it is everywhere; otherwise the policy is left out and kept.",
  },
  {
    kind: "MeshTLSAuthentication",
    path: "spec.{identities,identityRefs}",
    verdict: "exact",
    note: "Names of workloads, whole namespaces and *. Another name: policies with it are left out and kept.",
  },
  { kind: "NetworkAuthentication", path: "spec.networks", verdict: "lost", note: "Addresses have no place." },
  {
    kind: "ServerAuthorization",
    path: "spec.{server,client}",
    verdict: "moved",
    note: "An AuthorizationPolicy, as which it is written back; as there, addresses have no place.",
  },
  {
    kind: "HTTPRoute, GRPCRoute",
    path: "spec.parentRefs (Service)",
    verdict: "exact",
    note: "As Gateway API's. The group policy.linkerd.io is read too, and written as gateway.networking.k8s.io.",
  },
  {
    kind: "HTTPRoute, GRPCRoute",
    path: "spec.parentRefs (Server)",
    verdict: "exact",
    note: "Conditions of the policies for it; a call that no route lists is granted to nobody. Regular expressions of paths and query parameters: left out and kept.",
  },
  { kind: "HTTPRoute", path: "filter URLRewrite", verdict: "ignored", note: "Linkerd refuses it." },
  { kind: "HTTPRoute", path: "filter CORS", verdict: "ignored", note: "Linkerd does not know it." },
  { kind: "HTTPRoute", path: "spec.rules[].retry", verdict: "ignored", note: "Linkerd reads annotations." },
  {
    kind: "ServiceProfile",
    path: "spec.routes[].{name,condition.method,condition.pathRegex,timeout}",
    verdict: "exact",
    note: "Rules of a Route, in the order of the list; other conditions: the rule is left out.",
  },
  {
    kind: "ServiceProfile",
    path: "spec.routes[].isRetryable",
    verdict: "approximate",
    note: "Three tries on 5xx: Linkerd has no number.",
  },
  {
    kind: "ServiceProfile",
    path: "spec.retryBudget.retryRatio",
    verdict: "approximate",
    note: "A share of the calls under way, not of those in ten seconds.",
  },
  { kind: "ServiceProfile", path: "spec.{dstOverrides,routes[].responseClasses}", verdict: "lost", note: "Told." },
  {
    kind: "HTTPLocalRateLimitPolicy",
    path: "spec.{targetRef,total}",
    verdict: "exact",
    note: "A RateLimit of the service. identity and overrides are kept and told: single callers are not counted here.",
  },
  {
    kind: "EgressNetwork, ExternalWorkload",
    path: "spec",
    verdict: "lost",
    note: "Kept whole.",
  },
  {
    kind: "Service",
    path: "metadata.annotations retry.linkerd.io/{http,grpc,limit,timeout}, timeout.linkerd.io/{request,idle}",
    verdict: "exact",
    note: "Of a service or a route; a family on the route replaces that of the service. 5xx: approximate, it counts broken connections too.",
  },
  {
    kind: "Service",
    path: "metadata.annotations timeout.linkerd.io/response",
    verdict: "lost",
    note: "It stays on the object.",
  },
  {
    kind: "Service",
    path: "metadata.annotations balancer.linkerd.io/failure-accrual*",
    verdict: "approximate",
    note: "consecutive is outlier detection; the longest penalty and the jitter stay on the object.",
  },
  {
    kind: "Service",
    path: "metadata.annotations config.linkerd.io/opaque-ports",
    verdict: "exact",
    note: "Ports of protocol tcp.",
  },
  {
    kind: "Namespace, Deployment, StatefulSet",
    path: "metadata.annotations config.linkerd.io/default-inbound-policy",
    verdict: "exact",
    note: "MutualTls, and for deny a policy that grants nothing. cluster-* and audit: approximate.",
  },
  {
    kind: "Deployment, StatefulSet",
    path: "metadata.annotations linkerd.io/inject: disabled, config.linkerd.io/skip-*-ports",
    verdict: "lost",
    note: "Told; an opt-out needs a reason and an owner.",
  },
];
