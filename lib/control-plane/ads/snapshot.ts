// What one proxy should hold: encoded resources by type and name, each with a version that is the hash of its bytes.
// One rule: equal content has equal version everywhere, so that "changed" never means "sent again".

import { createHash } from "node:crypto";

export const CLUSTER = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
export const ENDPOINT = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";
export const LISTENER = "type.googleapis.com/envoy.config.listener.v3.Listener";
export const ROUTE = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";
export const SECRET = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";

export const TYPE_URLS = [CLUSTER, ENDPOINT, LISTENER, ROUTE, SECRET] as const;
export type TypeUrl = (typeof TYPE_URLS)[number];

export interface EncodedResource {
  typeUrl: TypeUrl;
  name: string;
  version: string;
  bytes: Uint8Array;
}

export type ResourceMap = ReadonlyMap<string, EncodedResource>;

export interface Snapshot {
  resources: Readonly<Record<TypeUrl, ResourceMap>>;
  /** Clusters whose endpoints come over EDS: routes to them wait until those were accepted. */
  edsClusters: ReadonlySet<string>;
  digest: string;
}

export function isTypeUrl(text: string): text is TypeUrl {
  return (TYPE_URLS as readonly string[]).includes(text);
}

export function shortHash(data: Uint8Array | string): string {
  return createHash("sha256").update(data).digest("hex").slice(0, 16);
}

export function createSnapshot(all: Iterable<EncodedResource>, edsClusters: Iterable<string> = []): Snapshot {
  const resources: Record<TypeUrl, Map<string, EncodedResource>> = {
    [CLUSTER]: new Map(),
    [ENDPOINT]: new Map(),
    [LISTENER]: new Map(),
    [ROUTE]: new Map(),
    [SECRET]: new Map(),
  };
  for (const resource of all) {
    resources[resource.typeUrl].set(resource.name, resource);
  }
  return { resources, edsClusters: new Set(edsClusters), digest: digestOf(all) };
}

/** The running digest as a proxy computes it: 16 hex of SHA-256 over the sorted lines `typeUrl name version`. */
export function digestOf(all: Iterable<{ typeUrl: string; name: string; version: string }>): string {
  const lines = [...all].map(({ typeUrl, name, version }) => `${typeUrl} ${name} ${version}`);
  return shortHash(lines.sort().join("\n"));
}

/**
 * Shares encoded bytes between snapshots: one changed cluster that 1,000 proxies hold is kept once.
 * Entries no snapshot asked for during a whole round are dropped by `endRound`.
 */
export class ResourcePool {
  private current = new Map<string, EncodedResource>();
  private previous = new Map<string, EncodedResource>();

  intern(typeUrl: TypeUrl, name: string, bytes: Uint8Array): EncodedResource {
    const version = shortHash(bytes);
    const key = `${typeUrl} ${name} ${version}`;
    const resource = this.current.get(key) ?? this.previous.get(key) ?? { typeUrl, name, version, bytes };
    this.current.set(key, resource);
    return resource;
  }

  endRound(): void {
    this.previous = this.current;
    this.current = new Map();
  }
}
