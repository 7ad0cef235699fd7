// Which products there are, in words: what screens, API and commands list without loading a reader or a writer.
// The rule: a dialect's kinds are the kinds that its readers know; a test holds the two together.

export type DialectId =
  | "kubernetes"
  | "istio"
  | "gateway-api"
  | "app-mesh"
  | "linkerd"
  | "consul"
  | "kuma"
  | "cilium"
  | "envoy"
  | "compose";

export type DialectEntry = {
  id: DialectId;
  title: string;
  /** What the text may be, as a person reads it. */
  versions: readonly string[];
  kinds: readonly string[];
  /** Whether designs can be written for it. */
  hasExport: boolean;
  /** The product is no more: what an export is then good for. */
  retired?: string;
  /** Variants of the export; the first is the default. */
  channels?: readonly string[];
};

export const CATALOGUE = {
  kubernetes: {
    id: "kubernetes",
    title: "Kubernetes",
    versions: ["v1", "apps/v1", "batch/v1", "networking.k8s.io/v1"],
    kinds: ["Namespace", "ServiceAccount", "Service", "Deployment", "StatefulSet", "Job", "CronJob", "NetworkPolicy"],
    hasExport: true,
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
      "MeshConfig",
      "PeerAuthentication",
      "RequestAuthentication",
      "AuthorizationPolicy",
      "Sidecar",
      "WorkloadEntry",
      "WorkloadGroup",
      "EnvoyFilter",
      "ProxyConfig",
      "Telemetry",
      "WasmPlugin",
      "TrafficExtension",
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
    hasExport: true,
    retired: "AWS App Mesh ended on 2026-09-30: nothing takes these resources any more",
  },
  consul: {
    id: "consul",
    title: "Consul",
    versions: ["1.22: consul.hashicorp.com/v1alpha1 of consul-k8s, and native config entries as JSON (Kind, Name)"],
    kinds: [
      "ServiceDefaults",
      "ServiceRouter",
      "ServiceSplitter",
      "ServiceResolver",
      "ServiceIntentions",
      "ProxyDefaults",
      "Mesh",
      "IngressGateway",
      "TerminatingGateway",
      "ExportedServices",
      "SamenessGroup",
      "ControlPlaneRequestLimit",
      "RateLimit",
      "Registration",
      "JWTProvider",
      "PeeringAcceptor",
      "PeeringDialer",
      "GatewayClassConfig",
      "GatewayPolicy",
      "RouteRetryFilter",
      "RouteTimeoutFilter",
      "RouteAuthFilter",
      "api-gateway",
      "http-route",
      "tcp-route",
    ],
    hasExport: true,
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
  envoy: {
    id: "envoy",
    title: "Envoy static files",
    versions: ["Envoy v3 API, 1.40: one bootstrap for each workload and gateway"],
    // nothing comes in
    kinds: [],
    hasExport: true,
    channels: ["hosts", "one-machine"],
  },
  cilium: {
    id: "cilium",
    title: "Cilium",
    versions: ["1.20: cilium.io/v2, and routes of Gateway API"],
    kinds: [
      "CiliumNetworkPolicy",
      "CiliumClusterwideNetworkPolicy",
      "CiliumEnvoyConfig",
      "CiliumClusterwideEnvoyConfig",
      "CiliumLocalRedirectPolicy",
      "CiliumEgressGatewayPolicy",
      "CiliumCIDRGroup",
      "CiliumLoadBalancerIPPool",
      "CiliumL2AnnouncementPolicy",
      "CiliumBGPClusterConfig",
      "CiliumBGPPeerConfig",
      "CiliumBGPAdvertisement",
      "CiliumBGPNodeConfigOverride",
      "CiliumBGPPeeringPolicy",
    ],
    hasExport: true,
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
/** Those that something is read of. */
export const importEntries = dialectEntries.filter(({ kinds }) => kinds.length > 0);

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
  "consul",
  "kuma",
  "cilium",
  "compose",
] as const satisfies readonly ImportChoice[];

export type ExportId = { [K in DialectId]: (typeof CATALOGUE)[K]["hasExport"] extends true ? K : never }[DialectId];
export const EXPORT_IDS = [
  "istio",
  "gateway-api",
  "linkerd",
  "consul",
  "kuma",
  "cilium",
  "kubernetes",
  "envoy",
  "app-mesh",
] as const satisfies readonly ExportId[];
export const CHANNELS = ["standard", "experimental", "2.x", "3.x", "hosts", "one-machine"] as const;
