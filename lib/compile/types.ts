// What the compiler reads beside the design, and what it returns.
// The rule: what changes without a review (instances, addresses, a weight within a canary's bounds) is here, never in the revision.
import type { Cluster, ClusterLoadAssignment, Listener, RouteConfiguration } from "@meshwright/proxy/contract";
import type { MeshDocument, ObjectKey, Violation } from "@/lib/mesh";

/** What a sidecar stands in front of. `none`: nothing yet; its sidecar answers 503 and says so. */
export type AppBinding =
  | { kind: "echo" }
  | { kind: "demo"; name: string }
  | { kind: "address"; host: string; port: number }
  | { kind: "none" };

/** One workload instance. Its id is the proxy's: `<namespace>/<workload>/<instance>`. */
export type InstanceBinding = { id: string; workload: { namespace: string; name: string }; app: AppBinding };
/** Addresses of an external service in this environment; they win over those of the design. */
export type ExternalBinding = {
  namespace: string;
  name: string;
  endpoints: { host: string; port: number }[];
  tls?: ExternalTlsFiles;
};
/**
 * PEM files on the machines of the callers' proxies, where the design has TLS to it: `ca` holds the authorities that sign its certificate,
 * `chain` and `key` are the certificate that callers show.
 */
export type ExternalTlsFiles = { ca?: string | undefined; chain?: string | undefined; key?: string | undefined };
/** A gateway runs as one proxy, `<namespace>/<gateway>/0`. Without a public port the agent's own choice stays. */
export type GatewayBinding = {
  namespace: string;
  name: string;
  publicPort?: number;
  /** Ports of the machine for listeners of protocol https, tcp and tls, by their names. One that is not here shares the public port. */
  listenerPorts?: Record<string, number>;
  /** By the names that listeners of protocol https have for them. */
  certificates?: Record<string, BoundCertificate>;
};

export type BoundCertificate = CertificateFiles | StoredCertificate;
/**
 * PEM files on the machine of the gateway's proxy: the certificate with its intermediates, and its key. `ca`: certificates of the authorities
 * that sign those of clients, where a listener asks for one. `crl`: their revocation lists, one of every authority between the root and a
 * client; what is on them is refused wherever authorities are asked.
 */
export type CertificateFiles = { chain: string; key: string; ca?: string | undefined; crl?: string | undefined };
/** Given to the control plane, which delivers all of it to the gateway's proxy by SDS. `crl`: lists stand beside the authorities. */
export type StoredCertificate = { stored: true; ca?: true | undefined; crl?: true | undefined };

/** How an environment runs the design. */
export type EnvironmentBinding = {
  instances: InstanceBinding[];
  externals: ExternalBinding[];
  gateways: GatewayBinding[];
};

/** Where a proxy listens and whether calls may be sent to it. Filled from the registry; only proxies with known ports are listed. */
export type InstanceEndpoint = {
  proxyId: string;
  namespace: string;
  /** The workload's name, or the gateway's. */
  workload: string;
  host: string;
  inboundPort: number;
  outboundPort: number;
  adminPort: number;
  /** Where the app listens; absent when the binding gives its address or there is none. */
  appPort?: number;
  ready: boolean;
  draining: boolean;
};

/** Weights that a rollout has set within its approved bounds: they replace those of one rule of one route. */
export type RolloutState = { splits: { route: ObjectKey; rule: number; weights: number[] }[] };

export type Overrides = {
  /** Path of the JSON access log. Relative paths are resolved by the proxy against its own folder. Default `access.log`. */
  accessLogPath?: string;
  /** Address that listeners bind to. Default 127.0.0.1. */
  listenHost?: string;
  /** Address for what is on the same machine only: the outbound listener, and the admin of a static file. Default `listenHost`, else 127.0.0.1. */
  localHost?: string;
  /** Cluster behind which a proxy has its control plane: that of its bootstrap. null: it has none. Default `xds`. */
  controlPlaneCluster?: string | null;
  /** How long the control plane may take to say whether a request is within a shared rate limit. Default 100. */
  rateLimitAnswerMs?: number;
  /** Instances may be places by name, which a static file resolves; endpoints over EDS may not. */
  hasHostNames?: boolean;
};

export type CompileInput = {
  document: MeshDocument;
  /** Digest of the document. It does not enter the resources: an unrelated change must not reach a proxy. */
  digest: string;
  binding: EnvironmentBinding;
  endpoints: InstanceEndpoint[];
  rollout: RolloutState;
  overrides: Overrides;
};

/** Everything that one proxy is served, by name, in stable order. Secrets are names only: control plane and proxy hold their content. */
export type ProxyResources = {
  listeners: ReadonlyMap<string, Listener>;
  routes: ReadonlyMap<string, RouteConfiguration>;
  clusters: ReadonlyMap<string, Cluster>;
  endpoints: ReadonlyMap<string, ClusterLoadAssignment>;
  secrets: readonly string[];
};

/** The same, encoded, without the secrets: what several proxies have in common is the same bytes. */
export type EncodedResources = Record<
  "listeners" | "routes" | "clusters" | "endpoints",
  ReadonlyMap<string, Uint8Array>
>;

/** Something that compiles to less than was drawn; never silent. */
export type CompileWarning = { path: string; message: string; fix: string };

export type CompileResult<R = ProxyResources> =
  | { ok: true; resources: R; warnings: CompileWarning[] }
  | { ok: false; violations: Violation[] };

export const NO_ROLLOUT: RolloutState = { splits: [] };
