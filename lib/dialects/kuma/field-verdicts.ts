// What becomes of Kuma's fields on import.
// The rule: what is not in this list is kept word for word, has no effect here, and comes back on export to Kuma.
import type { FieldVerdict } from "../shared/dialect";

const KEPT = "Kept word for word, without effect here; written back on export to Kuma.";
const field = (kind: string, path: string, verdict: FieldVerdict["verdict"], note: string): FieldVerdict => ({
  kind,
  path,
  verdict,
  note,
});

export const FIELDS: readonly FieldVerdict[] = [
  field("all", "metadata.labels[kuma.io/*]", "moved", "Written by Kuma itself; the mesh's name comes back on export."),
  field(
    "all",
    "spec.targetRef",
    "exact",
    "All callers, for policies on calls; whole services, for policies on workloads. Anything narrower: the resource is kept whole.",
  ),
  field(
    "Mesh",
    "spec.mtls.{enabledBackend,backends[].mode}",
    "exact",
    "The mesh's mutual TLS; with it what no policy allows is refused, without it nobody is. Certificates are kept.",
  ),
  field("Mesh", "spec.{tracing,logging,metrics,networking,routing,constraints,meshServices}", "lost", KEPT),
  field(
    "MeshIdentity",
    "spec.spiffeID.trustDomain",
    "exact",
    "The mesh's trust domain, where it is no template. The rest is kept.",
  ),
  field(
    "MeshTLS",
    "spec.{rules,from}[].default.mode",
    "exact",
    "MutualTls. With sectionName the resource is kept whole.",
  ),
  field("MeshTLS", "spec.{rules,from}[].default.{tlsVersion,tlsCiphers}", "lost", KEPT),
  field("MeshService", "spec.ports", "exact", "A Service, unless Kubernetes' own says the same."),
  field("MeshService", "spec.{selector,identities,state}", "lost", KEPT),
  field("MeshExternalService", "spec.{match,endpoints}", "exact", "An ExternalService by the name that Kuma gives it."),
  field("MeshExternalService", "spec.{tls,extension}", "lost", KEPT),
  field(
    "Dataplane",
    "networking.{inbound,outbound}",
    "exact",
    "Universal form: Workload, Service by kuma.io/service, Dependencies by outbounds.",
  ),
  field("MeshGateway", "spec.conf.listeners[].{port,protocol,hostname}", "exact", "A Gateway."),
  field("MeshGateway", "spec.conf.listeners[].{tls,tags,crossMesh,resources}", "lost", KEPT),
  field(
    "MeshTrafficPermission",
    "spec.from[].{targetRef,default.action}",
    "exact",
    "AuthorizationPolicies. An allowance over an earlier denial is told: here denials win.",
  ),
  field(
    "MeshTrafficPermission",
    "spec.rules[].default.{allow,deny}[].spiffeID",
    "exact",
    "AuthorizationPolicies with principals.",
  ),
  field("MeshTrafficPermission", "spec.rules[].default.allowWithShadowDeny", "exact", "Allowed, and denied in shadow."),
  field(
    "MeshTrafficPermission",
    "spec.rules[].default.*.sni",
    "lost",
    "The policy is kept whole: part of it would be another policy.",
  ),
  field(
    "MeshHTTPRoute",
    "spec.to[].rules[].matches",
    "exact",
    "In Kuma's order: exact, prefix by segment, expression, then method, headers, query. What no rule takes goes to the service.",
  ),
  field(
    "MeshHTTPRoute",
    "spec.to[].rules[].default.{backendRefs,filters}",
    "exact",
    "Versions that are Services, and MeshServiceSubsets, are Subsets.",
  ),
  field(
    "MeshHTTPRoute",
    "spec.to[].rules[].default.filters[].requestMirror",
    "exact",
    "To a MeshService or MeshServiceSubset; others, and those beside a redirect, are kept without effect.",
  ),
  field(
    "MeshHTTPRoute",
    "spec.to[].rules[].default.filters[].urlRewrite.hostToBackendHostname",
    "lost",
    "The rule is left out and kept whole.",
  ),
  field(
    "MeshTCPRoute",
    "spec.to[].targetRef.{name,namespace,labels,sectionName}",
    "exact",
    "A TcpRoute of a service with TCP ports; sectionName is its port. Of one for calls of a namespace the rules are for callers there.",
  ),
  field(
    "MeshTCPRoute",
    "spec.to[].rules[].default.backendRefs",
    "exact",
    "Services of the design with TCP ports, and their versions; with anything else the route is kept whole.",
  ),
  field(
    "MeshTCPRoute",
    "spec.targetRef",
    "lost",
    "Some callers, and gateways: the route is kept whole, but for those of a namespace.",
  ),
  field(
    "MeshTimeout",
    "spec.to[].default.http.requestTimeout",
    "moved",
    "The time of the service's rules; 15 seconds where nothing is said.",
  ),
  field(
    "MeshTimeout",
    "spec.to[].default.{connectionTimeout,idleTimeout,http.maxConnectionDuration}",
    "exact",
    "A TrafficPolicy; idleTimeout is tcpIdleTimeoutMs of a service with a port of TCP.",
  ),
  field("MeshTimeout", "spec.to[].default.http.streamIdleTimeout", "moved", "The idle timeout of the service's rules."),
  field("MeshTimeout", "spec.to[].default.http.{maxStreamDuration,requestHeadersTimeout}", "lost", KEPT),
  field(
    "MeshRetry",
    "spec.to[].default.{http,grpc}.{numRetries,perTryTimeout,retryOn,backOff}, http.hostSelection",
    "moved",
    "The retries of the service's rules; none where nothing is said. hostSelection: OmitPreviousHosts, and OmitPreviousPriorities with updateFrequency 2; others are kept.",
  ),
  field("MeshRetry", "spec.to[].default.tcp.maxConnectAttempt", "exact", "maxConnectAttempts of a TrafficPolicy."),
  field("MeshRetry", "spec.to[].default.{http,grpc}.*", "lost", KEPT),
  field(
    "MeshCircuitBreaker",
    "spec.to[].default.connectionLimits",
    "exact",
    "A TrafficPolicy; maxConnectionPools is kept.",
  ),
  field(
    "MeshCircuitBreaker",
    "spec.to[].default.outlierDetection",
    "exact",
    "All detectors, and splitExternalAndLocalErrors.",
  ),
  field(
    "MeshLoadBalancingStrategy",
    "spec.to[].default.{loadBalancer,hashPolicies}",
    "exact",
    "Every type; keys beside the balancer, or inside of it as 2.x has them too, and the sizes of ring and table. A hash without keys chooses by chance. MurmurHash2, filterState, choiceCount and activeRequestBias are kept.",
  ),
  field(
    "MeshLoadBalancingStrategy",
    "spec.to[].default.localityAwareness.disabled",
    "exact",
    "enabled: false of a TrafficPolicy's locality. Zones, tags with weights and thresholds are kept.",
  ),
  field(
    "MeshHealthCheck",
    "spec.to[].default.{interval,timeout,*Threshold,initialJitter,intervalJitterPercent,noTrafficInterval,reuseConnection,http,grpc,tcp}",
    "exact",
    "healthCheck of a TrafficPolicy: what the service's ports speak; other fields are kept.",
  ),
  field(
    "MeshRateLimit",
    "spec.{rules,from}[].default.local.http.requestRate",
    "exact",
    "A RateLimit, where it is for all requests of whole services; otherwise kept whole.",
  ),
  field(
    "MeshRateLimit",
    "spec.{rules,from}[].default.local.tcp.connectionRate",
    "exact",
    "connectionRate of a RateLimit, so too; for HTTP approximate, since sidecars here send the requests of a caller over few connections.",
  ),
  field(
    "MeshTimeout, MeshCircuitBreaker",
    "spec.{rules,from}",
    "lost",
    "On the callee's side, which the model has no policies for: kept.",
  ),
];
