// From compiled messages to what goes over the wire: bytes with a content hash, the trust bundle and the deny list.

import { create, toBinary } from "@bufbuild/protobuf";
import { SecretSchema } from "@meshwright/proxy/contract";
import type { EncodedResources } from "@/lib/compile/types";
import {
  CLUSTER,
  createSnapshot,
  ENDPOINT,
  type EncodedResource,
  LISTENER,
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

export function encodeSnapshot(resources: EncodedResources, secrets: SharedSecrets, pool: ResourcePool): Snapshot {
  const all: EncodedResource[] = [];
  const add = (typeUrl: TypeUrl, encoded: ReadonlyMap<string, Uint8Array>) => {
    for (const [name, bytes] of encoded) {
      all.push(pool.intern(typeUrl, name, bytes));
    }
  };
  add(CLUSTER, resources.clusters);
  add(ENDPOINT, resources.endpoints);
  add(LISTENER, resources.listeners);
  add(ROUTE, resources.routes);
  add(SECRET, secretsOf(secrets));
  return createSnapshot(all, resources.endpoints.keys());
}

type Secrets = ReadonlyMap<string, Uint8Array>;
const secretBytes = new WeakMap<SharedSecrets, Secrets>();

function secretsOf(secrets: SharedSecrets): Secrets {
  const made = secretBytes.get(secrets) ?? encodedSecrets(secrets);
  secretBytes.set(secrets, made);
  return made;
}

function encodedSecrets({ bundlePem, denyListJson }: SharedSecrets): Secrets {
  const trustedCa = { specifier: { case: "inlineString" as const, value: bundlePem } };
  const list = { specifier: { case: "inlineString" as const, value: denyListJson } };
  const bundle = create(SecretSchema, { name: "bundle", type: { case: "validationContext", value: { trustedCa } } });
  const denied = create(SecretSchema, { name: "denylist", type: { case: "genericSecret", value: { secret: list } } });
  return new Map([bundle, denied].map((secret) => [secret.name, toBinary(SecretSchema, secret)]));
}
