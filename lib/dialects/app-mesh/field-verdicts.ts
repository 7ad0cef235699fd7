// What becomes of App Mesh's fields.
import type { FieldVerdict } from "../shared/dialect";

export const FIELDS: readonly FieldVerdict[] = [
  {
    kind: "VirtualService",
    path: "provider",
    verdict: "moved",
    note: "A Service; its nodes are Workloads, and Subsets where a router divides calls.",
  },
  { kind: "VirtualNode", path: "listeners[].portMapping", verdict: "exact", note: "Ports of the Service." },
  { kind: "VirtualNode", path: "backends", verdict: "exact", note: "Dependencies." },
  {
    kind: "VirtualNode",
    path: "listeners[].connectionPool",
    verdict: "moved",
    note: "A TrafficPolicy: at each caller here, over all callers there.",
  },
  { kind: "VirtualNode", path: "listeners[].outlierDetection", verdict: "exact", note: "A TrafficPolicy." },
  {
    kind: "VirtualNode",
    path: "listeners[].healthCheck",
    verdict: "moved",
    note: "A TrafficPolicy: each caller asks here, its own proxy there; its port is left out.",
  },
  {
    kind: "VirtualNode",
    path: "listeners[].{tls,timeout}, logging, serviceDiscovery",
    verdict: "lost",
    note: "Left out.",
  },
  { kind: "Route", path: "priority", verdict: "exact", note: "The order of the rules." },
  {
    kind: "Route",
    path: "{httpRoute,http2Route,grpcRoute}.{match,action}",
    verdict: "exact",
    note: "port: the rule is left out, and so with a range of a header that is empty or beyond 2⁵³.",
  },
  {
    kind: "Route",
    path: "timeout.perRequest",
    verdict: "exact",
    note: "Without one App Mesh's 15 seconds are written down.",
  },
  {
    kind: "Route",
    path: "retryPolicy",
    verdict: "exact",
    note: "Events as status codes and conditions; without a policy no retries.",
  },
  {
    kind: "Route",
    path: "tcpRoute.{match.port,action}",
    verdict: "exact",
    note: "A rule of the service's TcpRoute; to a node without a TCP port it is left out.",
  },
  { kind: "Route", path: "timeout.idle", verdict: "exact", note: "Idle time of the rule; of tcpRoute it is left out." },
  { kind: "VirtualGateway", path: "listeners[].portMapping", verdict: "exact", note: "A Gateway for every host." },
  {
    kind: "GatewayRoute",
    path: "match.prefix, action.{target,rewrite}",
    verdict: "exact",
    note: "The prefix is replaced by / unless that is turned off. Other conditions: the route is left out.",
  },
  { kind: "Mesh", path: "egressFilter", verdict: "lost", note: "External hosts are granted one by one." },
];
