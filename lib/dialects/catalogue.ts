// Which products there are, in words: what screens, API and commands list without loading a reader or a writer.
// The rule: a dialect's kinds are the kinds that its readers know; a test holds the two together.

export type DialectId = "kubernetes" | "istio" | "gateway-api" | "app-mesh" | "linkerd" | "kuma" | "compose";

export type DialectEntry = {
  id: DialectId;
  title: string;
  /** What the text may be, as a person reads it. */
  versions: readonly string[];
  kinds: readonly string[];
  /** Whether designs can be written for it. */
  hasExport: boolean;
  /** Variants of the export; the first is the default. */
  channels?: readonly string[];
};

export const CATALOGUE = {
  kubernetes: {
    id: "kubernetes",
    title: "Kubernetes",
    versions: ["v1", "apps/v1", "networking.k8s.io/v1"],
    kinds: ["Namespace", "ServiceAccount", "Service", "Deployment", "StatefulSet", "NetworkPolicy"],
    hasExport: false,
  },
  istio: {
    id: "istio",
    title: "Istio",
    versions: ["v1", "v1beta1", "v1alpha3 (Istio 1.31 and before)"],
    kinds: [
      "Gateway",
      "ServiceEntry",
      "DestinationRule",
      "VirtualService",
      "PeerAuthentication",
      "AuthorizationPolicy",
    ],
    hasExport: true,
  },
  "gateway-api": {
    id: "gateway-api",
    title: "Gateway API",
    versions: ["v1.6 with GAMMA, standard and experimental channel"],
    kinds: [
      "GatewayClass",
      "Gateway",
      "ListenerSet",
      "ReferenceGrant",
      "HTTPRoute",
      "GRPCRoute",
      "TLSRoute",
      "TCPRoute",
      "UDPRoute",
      "BackendTLSPolicy",
      "XBackendTrafficPolicy",
    ],
    hasExport: true,
    channels: ["standard", "experimental"],
  },
  linkerd: {
    id: "linkerd",
    title: "Linkerd",
    versions: ["2.20: policy.linkerd.io, linkerd.io/v1alpha2, annotations, and routes of Gateway API"],
    kinds: [
      "Server",
      "AuthorizationPolicy",
      "MeshTLSAuthentication",
      "NetworkAuthentication",
      "ServerAuthorization",
      "HTTPRoute",
      "GRPCRoute",
      "ServiceProfile",
      "EgressNetwork",
      "HTTPLocalRateLimitPolicy",
      "ExternalWorkload",
    ],
    hasExport: true,
  },
  "app-mesh": {
    id: "app-mesh",
    title: "AWS App Mesh (retired)",
    versions: ["JSON of its API, 2019-01-25; the service ended on 2026-09-30"],
    kinds: ["Mesh", "VirtualNode", "VirtualService", "VirtualRouter", "Route", "VirtualGateway", "GatewayRoute"],
    hasExport: false,
  },
  kuma: {
    id: "kuma",
    title: "Kuma",
    versions: ["2.x and 3.x: kuma.io/v1alpha1, and the universal form (type, mesh, name, spec)"],
    kinds: [
      "Mesh",
      "MeshIdentity",
      "Dataplane",
      "MeshService",
      "MeshExternalService",
      "MeshGateway",
      "MeshTLS",
      "MeshTrafficPermission",
      "MeshHTTPRoute",
      "MeshTimeout",
      "MeshRetry",
      "MeshCircuitBreaker",
      "MeshLoadBalancingStrategy",
      "MeshTCPRoute",
      "MeshHealthCheck",
      "MeshFaultInjection",
      "MeshRateLimit",
      "MeshPassthrough",
      "MeshMultiZoneService",
      "MeshGatewayInstance",
      "MeshTrust",
      "HostnameGenerator",
      "MeshAccessLog",
      "MeshTrace",
      "MeshMetric",
      "MeshProxyPatch",
    ],
    hasExport: true,
    channels: ["2.x", "3.x"],
  },
  compose: {
    id: "compose",
    title: "Docker Compose",
    versions: ["Compose Specification: compose.yaml, docker-compose.yml, and what docker compose config prints"],
    kinds: ["Project"],
    hasExport: false,
  },
} as const satisfies Record<DialectId, DialectEntry>;

export const dialectEntries: readonly DialectEntry[] = Object.values(CATALOGUE);

/** `auto` takes every resource for what it says it is: apiVersion and kind are enough. */
export const AUTO = "auto";
export type ImportChoice = DialectId | typeof AUTO;
export const IMPORT_CHOICES = [
  AUTO,
  "kubernetes",
  "istio",
  "gateway-api",
  "app-mesh",
  "linkerd",
  "kuma",
  "compose",
] as const satisfies readonly ImportChoice[];

export type ExportId = { [K in DialectId]: (typeof CATALOGUE)[K]["hasExport"] extends true ? K : never }[DialectId];
export const EXPORT_IDS = ["istio", "gateway-api", "linkerd", "kuma"] as const satisfies readonly ExportId[];
export const CHANNELS = ["standard", "experimental", "2.x", "3.x"] as const;
