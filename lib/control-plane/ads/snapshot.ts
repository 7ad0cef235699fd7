// What one proxy should hold: encoded resources by type and name, each with a version that is the hash of its bytes.
// One rule: equal content has equal version everywhere, so that "changed" never means "sent again".

import { hash } from "node:crypto";

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
  /** `typeUrl name version`: what it is, in one word. */
  identity: string;
  bytes: Uint8Array;
}

export function encodedResource(typeUrl: TypeUrl, name: string, bytes: Uint8Array): EncodedResource {
  const version = shortHash(bytes);
  return { typeUrl, name, version, identity: `${typeUrl} ${name} ${version}`, bytes };
}

export type ResourceMap = ReadonlyMap<string, EncodedResource>;

export interface Snapshot {
  resources: Readonly<Record<TypeUrl, ResourceMap>>;
  /** Clusters whose endpoints come over EDS, by name: routes to them wait until those were accepted. */
  edsClusters: { keys(): Iterable<string> };
  digest: string;
}

export function isTypeUrl(text: string): text is TypeUrl {
  return (TYPE_URLS as readonly string[]).includes(text);
}

export function shortHash(data: Uint8Array | string): string {
  return hash("sha256", data, "hex").slice(0, 16);
}

export function createSnapshot(
  resources: Snapshot["resources"],
  edsClusters: Snapshot["edsClusters"] = resources[ENDPOINT],
): Snapshot {
  const identities: string[] = [];
  for (const typeUrl of TYPE_URLS) {
    for (const { identity } of resources[typeUrl].values()) identities.push(identity);
  }
  return { resources, edsClusters, digest: digestOfIdentities(identities) };
}

/** The running digest as a proxy computes it: 16 hex of SHA-256 over the sorted lines `typeUrl name version`. */
export function digestOf(all: Iterable<{ typeUrl: string; name: string; version: string }>): string {
  return digestOfIdentities([...all].map(({ typeUrl, name, version }) => `${typeUrl} ${name} ${version}`));
}

/** What the compiler gives is in this order mostly. */
function digestOfIdentities(identities: string[]): string {
  const isSorted = identities.every((each, index) => index === 0 || (identities[index - 1] ?? "") <= each);
  return shortHash((isSorted ? identities : identities.sort()).join("\n"));
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
    const resource = this.share(encodedResource(typeUrl, name, bytes));
    this.known.set(bytes, resource);
    return resource;
  }

  private share(resource: EncodedResource): EncodedResource {
    const known = this.resources.get(resource.identity);
    if (known) {
      return known;
    }
    this.resources.set(resource.identity, resource);
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
          this.resources.set(resource.identity, resource);
        }
      }
    }
    this.sizeThen = this.resources.size;
  }
}
