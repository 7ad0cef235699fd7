// What becomes of Istio's fields on import.
// The rule: what is not in this list is kept word for word, has no effect here, and comes back on export to Istio.
import type { FieldVerdict } from "../shared/dialect";
import { KINDS } from "./kept-kinds";

const KEPT = "Kept word for word, without effect here; written back on export to Istio.";

export const FIELDS: readonly FieldVerdict[] = [
  {
    kind: "VirtualService",
    path: "spec.hosts",
    verdict: "exact",
    note: "Each service is a Route; a gateway's hosts are the hosts of its Route. Of two for one service the older counts, for one host of a gateway both do, as in Istio; what is not dated is as old as its place in the text.",
  },
  {
    kind: "VirtualService",
    path: "spec.http[].match.{uri,method,headers,withoutHeaders,queryParams}",
    verdict: "exact",
    note: "In list order; a prefix is compared as text. A header of withoutHeaders may also be missing, which is a match of its own here.",
  },
  {
    kind: "VirtualService",
    path: "spec.http[].match.gateways",
    verdict: "exact",
    note: "The match is in the routes of these gateways alone.",
  },
  {
    kind: "VirtualService",
    path: "spec.http[].match.{sourceLabels,sourceNamespace}",
    verdict: "exact",
    note: "For services: only the sidecars of these callers get the rule. At a gateway such a rule is left out; beside gateways of the match they count for nothing, as in Istio.",
  },
  {
    kind: "VirtualService",
    path: "spec.http[].match.*",
    verdict: "lost",
    note: "The rule is left out and kept whole: without the condition it would take other calls.",
  },
  {
    kind: "VirtualService",
    path: "spec.http[].{route,redirect,directResponse,timeout,retries,rewrite,headers}",
    verdict: "exact",
    note: "Retries: attempts, perTryTimeout and retryOn.",
  },
  {
    kind: "VirtualService",
    path: "spec.http[].fault.{delay.fixedDelay,abort.httpStatus,abort.grpcStatus}",
    verdict: "exact",
    note: "With their percentage, on rules that route; beside a redirect or an answer it is kept without effect.",
  },
  {
    kind: "VirtualService",
    path: "spec.http[].corsPolicy",
    verdict: "exact",
    note: "On rules that route; beside a redirect or an answer, or without an origin, it is kept without effect.",
  },
  {
    kind: "VirtualService",
    path: "spec.http[].{mirror,mirrors,mirrorPercentage,mirrorPercent}",
    verdict: "exact",
    note: "On rules that route, to services of the mesh; mirrorPercent is written as mirrorPercentage. Others are kept without effect.",
  },
  {
    kind: "VirtualService",
    path: "spec.http[].delegate",
    verdict: "moved",
    note: "The rules of the other VirtualService are put in its place, as istiod does; written back in one.",
  },
  {
    kind: "VirtualService",
    path: "spec.tcp[].{match[].{port,sourceLabels,sourceNamespace},route}",
    verdict: "exact",
    note: "A TcpRoute, where the services are in the design with TCP ports; all rules or none.",
  },
  {
    kind: "VirtualService",
    path: "spec.tcp[].match[].{destinationSubnets,sourceSubnet,gateways}",
    verdict: "lost",
    note: "All TCP rules are kept whole, without effect here; written back on export to Istio. So are those of gateways.",
  },
  { kind: "VirtualService", path: "spec.{tls,exportTo}", verdict: "lost", note: KEPT },
  {
    kind: "DestinationRule",
    path: "spec.{host,subsets}",
    verdict: "exact",
    note: "A subset's own policy is a TrafficPolicy of the subset.",
  },
  {
    kind: "DestinationRule",
    path: "spec.trafficPolicy.{connectionPool,outlierDetection,loadBalancer.simple,retryBudget}",
    verdict: "exact",
    note: "consecutiveErrors stays a number without effect, as in Istio.",
  },
  { kind: "DestinationRule", path: "spec.trafficPolicy.*", verdict: "lost", note: KEPT },
  {
    kind: "Gateway",
    path: "spec.servers[].{port,hosts}",
    verdict: "exact",
    note: "The namespace before a host is left out.",
  },
  { kind: "Gateway", path: "spec.servers[].tls", verdict: "lost", note: KEPT },
  {
    kind: "ServiceEntry",
    path: "spec.{hosts,ports,endpoints}",
    verdict: "exact",
    note: "MESH_EXTERNAL; services inside the mesh are Services.",
  },
  {
    kind: "PeerAuthentication",
    path: "spec.{selector,mtls,portLevelMtls}",
    verdict: "exact",
    note: "A selector has to name one service of the design. A mode that inherits is written down where single ports have another; ports are those of the pods.",
  },
  {
    kind: "RequestAuthentication",
    path: "spec.{selector,jwtRules[].{issuer,audiences,jwks,jwksUri,fromHeaders,fromParams,fromCookies,forwardOriginalToken,outputPayloadToHeader,outputClaimToHeaders}}",
    verdict: "exact",
    note: "A selector has to mean one service. A rule without jwks and jwksUri leaves the whole resource out: Istio looks for its keys by itself.",
  },
  {
    kind: "RequestAuthentication",
    path: "spec.jwtRules[].{timeout,spaceDelimitedClaims}",
    verdict: "lost",
    note: KEPT,
  },
  {
    kind: "AuthorizationPolicy",
    path: "spec.{selector,action,targetRefs}",
    verdict: "exact",
    note: "ALLOW, DENY, AUDIT, CUSTOM; a selector has to mean one service, or with CUSTOM one gateway by the labels of its pods or by targetRefs.",
  },
  {
    kind: "AuthorizationPolicy",
    path: "spec.rules[].from[].source.*",
    verdict: "exact",
    note: "principals, namespaces, ipBlocks, remoteIpBlocks, requestPrincipals, and their not* fields; patterns with a *.",
  },
  {
    kind: "AuthorizationPolicy",
    path: "spec.rules[].from[].source.{serviceAccounts,notServiceAccounts,trustDomains,notTrustDomains}",
    verdict: "moved",
    note: "Principals of the mesh's trust domain, and patterns of principals. trustDomains beside principals leave the policy out whole.",
  },
  {
    kind: "AuthorizationPolicy",
    path: "spec.rules[].to[].operation.{methods,paths,ports,hosts,notMethods,notPaths,notPorts,notHosts}",
    verdict: "exact",
    note: "With the templates {*} and {**} of paths. Ports are those of the pods in Istio and of the service here. A sidecar has one inbound port: ports count for all of a service's, or for none.",
  },
  {
    kind: "AuthorizationPolicy",
    path: "spec.rules[].when[]",
    verdict: "exact",
    note: "request.headers, request.auth.{claims,principal,audiences,presenter}, source.{ip,namespace,principal}, remote.ip, destination.{ip,port}, connection.sni, experimental.envoy.*; values and notValues.",
  },
  {
    kind: "AuthorizationPolicy",
    path: "spec.provider.name",
    verdict: "exact",
    note: "An authorizer of the Mesh; without the mesh configuration only its name is known, and what it would decide is refused.",
  },
  {
    kind: "AuthorizationPolicy",
    path: "spec.rules.*",
    verdict: "lost",
    note: "A policy with any other condition, or with CUSTOM in a dry run, is left out whole: part of it would be another policy.",
  },
  {
    kind: "MeshConfig",
    path: "extensionProviders[].{envoyExtAuthzHttp,envoyExtAuthzGrpc}.*",
    verdict: "moved",
    note: "Authorizers of the Mesh; read from the ConfigMap istio, an IstioOperator, Helm values or by itself. The export says what belongs there.",
  },
  {
    kind: "MeshConfig",
    path: "{extensionProviders,defaultProviders,defaultConfig.tracing,accessLogFile,accessLogFormat,accessLogEncoding}",
    verdict: "moved",
    note: "Providers that take OTLP or write files, and what holds where no Telemetry says otherwise: tracing and accessLog of the Mesh. The export says what belongs there.",
  },
  {
    kind: "MeshConfig",
    path: "*",
    verdict: "ignored",
    note: "How Istio itself runs: not part of the design and not stored.",
  },
  {
    kind: "WorkloadEntry",
    path: "spec.{labels,serviceAccount}",
    verdict: "exact",
    note: "A Workload without a service, where no Service or ServiceEntry selects it; its address and ports are kept.",
  },
  {
    kind: "WorkloadEntry",
    path: "of a machine behind a service",
    verdict: "lost",
    note: `It puts a machine outside of Kubernetes behind a service. ${KEPT}`,
  },
  {
    kind: "Telemetry",
    path: "spec.tracing[].{providers,randomSamplingPercentage,disableSpanReporting,customTags}",
    verdict: "exact",
    note: "For the whole mesh (istio-system, no selector), one entry, a provider of MeshConfig that takes OTLP: tracing of the Mesh. Custom tags by formatter: as the next row.",
  },
  {
    kind: "Telemetry",
    path: "spec.accessLogging[].{providers,filter,disabled}",
    verdict: "exact",
    note: "As tracing: accessLog of the Mesh. Filters by response.code, and the one for errors that the export writes.",
  },
  {
    kind: "Telemetry",
    path: "spec.*",
    verdict: "lost",
    note: `Metrics, other entries, and what speaks for a namespace or workloads. ${KEPT}`,
  },
  ...KINDS.map(({ kind, verdict, why }) => ({ kind, path: "spec", verdict, note: `It ${why}. ${KEPT}` })),
];
