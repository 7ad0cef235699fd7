// From compiled messages to what goes over the wire: bytes with a content hash, the trust bundle and the deny list.
// One rule: a secret with a key is in the snapshot of the one proxy that it is for.

import { create, toBinary } from "@bufbuild/protobuf";
import { SecretSchema } from "@meshwright/proxy/contract";
import type { EncodedResources } from "@/lib/compile/types";
import {
  CLUSTER,
  createSnapshot,
  ENDPOINT,
  type EncodedResource,
  LISTENER,
  type ResourceMap,
  type ResourcePool,
  ROUTE,
  SECRET,
  type Snapshot,
  type TypeUrl,
} from "../ads/snapshot";

export interface SharedSecrets {
  bundlePem: string;
  denyListJson: string;
}

/** By name. */
export type EncodedSecrets = ReadonlyMap<string, Uint8Array>;

export function encodeSnapshot(
  resources: EncodedResources,
  secrets: SharedSecrets,
  pool: ResourcePool,
  own?: EncodedSecrets,
): Snapshot {
  return createSnapshot({
    [CLUSTER]: interned(pool, CLUSTER, resources.clusters),
    [ENDPOINT]: interned(pool, ENDPOINT, resources.endpoints),
    [LISTENER]: interned(pool, LISTENER, resources.listeners),
    [ROUTE]: interned(pool, ROUTE, resources.routes),
    [SECRET]: interned(pool, SECRET, own ? new Map([...secretsOf(secrets), ...own]) : secretsOf(secrets)),
  });
}

function interned(pool: ResourcePool, typeUrl: TypeUrl, encoded: ReadonlyMap<string, Uint8Array>): ResourceMap {
  const resources = new Map<string, EncodedResource>();
  for (const [name, bytes] of encoded) resources.set(name, pool.intern(typeUrl, name, bytes));
  return resources;
}

const secretBytes = new WeakMap<SharedSecrets, EncodedSecrets>();

function secretsOf(secrets: SharedSecrets): EncodedSecrets {
  const made = secretBytes.get(secrets) ?? encodedSecrets(secrets);
  secretBytes.set(secrets, made);
  return made;
}

function encodedSecrets({ bundlePem, denyListJson }: SharedSecrets): EncodedSecrets {
  const trustedCa = { specifier: { case: "inlineString" as const, value: bundlePem } };
  const list = { specifier: { case: "inlineString" as const, value: denyListJson } };
  const bundle = create(SecretSchema, { name: "bundle", type: { case: "validationContext", value: { trustedCa } } });
  const denied = create(SecretSchema, { name: "denylist", type: { case: "genericSecret", value: { secret: list } } });
  return new Map([bundle, denied].map((secret) => [secret.name, toBinary(SecretSchema, secret)]));
}
