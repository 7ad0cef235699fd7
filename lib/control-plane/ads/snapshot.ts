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

/** Names that nobody may hold any more, before it is worth looking. */
const SPARE_NAMES = 1_000;

/**
 * Shares encoded bytes between snapshots: one changed cluster that 1,000 proxies hold is kept once.
 * What no snapshot holds any more is dropped by `endRound`, once it may be as much as what is held.
 */
export class ResourcePool {
  private resources = new Map<string, EncodedResource>();
  /** By the bytes themselves: the compiler gives the same ones to all who need the same, so they are hashed once. */
  private readonly known = new WeakMap<Uint8Array, EncodedResource>();
  private sizeThen = 0;

  get size(): number {
    return this.resources.size;
  }

  intern(typeUrl: TypeUrl, name: string, bytes: Uint8Array): EncodedResource {
    const seen = this.known.get(bytes);
    if (seen?.name === name && seen.typeUrl === typeUrl) {
      return seen;
    }
    const resource = this.share({ typeUrl, name, version: shortHash(bytes), bytes });
    this.known.set(bytes, resource);
    return resource;
  }

  private share(resource: EncodedResource): EncodedResource {
    const key = keyOf(resource);
    const known = this.resources.get(key);
    if (known) {
      return known;
    }
    this.resources.set(key, resource);
    return resource;
  }

  endRound(held: () => Iterable<Snapshot>): void {
    if (this.resources.size <= 2 * this.sizeThen + SPARE_NAMES) {
      return;
    }
    this.resources = new Map();
    for (const { resources } of held()) {
      for (const typeUrl of TYPE_URLS) {
        for (const resource of resources[typeUrl].values()) {
          this.resources.set(keyOf(resource), resource);
        }
      }
    }
    this.sizeThen = this.resources.size;
  }
}

const keyOf = ({ typeUrl, name, version }: EncodedResource) => `${typeUrl} ${name} ${version}`;
