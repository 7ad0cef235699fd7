// What becomes of Gateway API's fields on import.
// The rule: what is not in this list is kept word for word and written back on export to Gateway API.
import type { FieldVerdict } from "../shared/dialect";

export const FIELDS: readonly FieldVerdict[] = [
  {
    kind: "Gateway",
    path: "spec.listeners[].{name,port,protocol,hostname}",
    verdict: "exact",
    note: "HTTP, HTTPS and TCP.",
  },
  {
    kind: "Gateway",
    path: "spec.listeners[].tls.{mode,certificateRefs}",
    verdict: "exact",
    note: "Protocol HTTPS, mode Terminate, one Secret of the gateway's namespace: a listener of protocol https with that certificate.",
  },
  {
    kind: "Gateway",
    path: "spec.listeners[].tls, protocol HTTPS and TLS",
    verdict: "approximate",
    note: "Other certificates, options, TLS that ends without HTTP: taken over without certificates; kept.",
  },
  {
    kind: "Gateway",
    path: "spec.listeners[].allowedRoutes",
    verdict: "exact",
    note: "Routes that are not allowed are left out; a selector by expressions is taken to allow.",
  },
  { kind: "Gateway", path: "spec.{gatewayClassName,addresses,infrastructure,*}", verdict: "ignored", note: "Kept." },
  {
    kind: "HTTPRoute, GRPCRoute",
    path: "spec.parentRefs (Gateway)",
    verdict: "exact",
    note: "Of several listeners for one host the encrypted one counts, where a route names it.",
  },
  {
    kind: "HTTPRoute, GRPCRoute",
    path: "spec.parentRefs (Service)",
    verdict: "exact",
    note: "For callers in the mesh. A port of a service with several is approximate. A route of another namespace is for the callers there, and all that they have.",
  },
  {
    kind: "HTTPRoute, GRPCRoute",
    path: "spec.hostnames",
    verdict: "exact",
    note: "Cut with the hosts of the listeners; without effect on a Service, as in the standard.",
  },
  {
    kind: "HTTPRoute",
    path: "spec.rules[].matches",
    verdict: "exact",
    note: "Put in the order of precedence over all routes of the parent. Regular expressions of paths: approximate, their place is the implementation's.",
  },
  { kind: "GRPCRoute", path: "spec.rules[].matches", verdict: "exact", note: "As paths /service/method." },
  {
    kind: "HTTPRoute, GRPCRoute",
    path: "spec.rules[].backendRefs[].{name,namespace,port,weight}",
    verdict: "exact",
    note: "A Service that selects a part of another one's pods is a subset of that. Other kinds: the rule is left out and kept.",
  },
  { kind: "HTTPRoute, GRPCRoute", path: "spec.rules[].backendRefs[].filters", verdict: "lost", note: "Kept." },
  {
    kind: "HTTPRoute, GRPCRoute",
    path: "filters RequestHeaderModifier, ResponseHeaderModifier",
    verdict: "exact",
    note: "",
  },
  {
    kind: "HTTPRoute",
    path: "filter RequestRedirect",
    verdict: "exact",
    note: "ReplacePrefixMatch: the rule is left out and kept.",
  },
  {
    kind: "HTTPRoute",
    path: "filter URLRewrite",
    verdict: "exact",
    note: "ReplaceFullPath of a prefix becomes an expression of the whole path.",
  },
  {
    kind: "HTTPRoute",
    path: "filter CORS",
    verdict: "exact",
    note: "Beside a redirect, or without an origin, it is kept without effect. Preflights of other origins go on to the app.",
  },
  {
    kind: "HTTPRoute, GRPCRoute",
    path: "filter RequestMirror",
    verdict: "exact",
    note: "percent, and fraction down to a millionth. A mirror that is no Service, or stands beside a redirect, is kept without effect.",
  },
  { kind: "HTTPRoute, GRPCRoute", path: "filter ExternalAuth", verdict: "lost", note: "Kept." },
  { kind: "HTTPRoute, GRPCRoute", path: "filter ExtensionRef", verdict: "escape", note: "Kept." },
  {
    kind: "HTTPRoute",
    path: "spec.rules[].timeouts",
    verdict: "exact",
    note: "request, and backendRequest as the time of one try.",
  },
  {
    kind: "HTTPRoute",
    path: "spec.rules[].retry.{attempts,codes} (experimental)",
    verdict: "exact",
    note: "Codes beside failed connections. backoff is kept.",
  },
  {
    kind: "HTTPRoute, GRPCRoute",
    path: "spec.rules[].sessionPersistence (experimental)",
    verdict: "lost",
    note: "Kept.",
  },
  {
    kind: "ReferenceGrant",
    path: "spec",
    verdict: "moved",
    note: "Kept; a backend of a gateway in another namespace without one is told. Routes in the mesh need none.",
  },
  {
    kind: "TCPRoute",
    path: "spec.{parentRefs[].{name,namespace,port},rules[].{name,backendRefs}}",
    verdict: "exact",
    note: "Of services with TCP ports: rules of their TcpRoute, for the callers of its namespace where that is not the service's. Of gateways: a TcpRoute for the ports of the listeners.",
  },
  {
    kind: "TLSRoute",
    path: "spec.{parentRefs[].{name,namespace,port,sectionName},hostnames,rules[].{name,backendRefs}}",
    verdict: "exact",
    note: "At listeners that pass TLS on: a TcpRoute with server names. Others are kept whole.",
  },
  {
    kind: "UDPRoute, ListenerSet, BackendTLSPolicy, XBackendTrafficPolicy",
    path: "spec",
    verdict: "lost",
    note: "Kept whole.",
  },
  { kind: "GatewayClass", path: "spec", verdict: "ignored", note: "Kept whole." },
];
