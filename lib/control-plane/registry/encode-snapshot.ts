// From compiled messages to what goes over the wire: bytes with a content hash, the trust bundle and the deny list.

import { create, type DescMessage, type MessageShape, toBinary } from "@bufbuild/protobuf";
import {
  ClusterLoadAssignmentSchema,
  ClusterSchema,
  ListenerSchema,
  RouteConfigurationSchema,
  SecretSchema,
} from "@meshwright/proxy/contract";
import type { ProxyResources } from "@/lib/compile/types";
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

export function encodeSnapshot(resources: ProxyResources, secrets: SharedSecrets, pool: ResourcePool): Snapshot {
  const encodeAll = <Desc extends DescMessage>(
    typeUrl: TypeUrl,
    schema: Desc,
    messages: ReadonlyMap<string, MessageShape<Desc>>,
  ) => [...messages].map(([name, message]) => pool.intern(typeUrl, name, toBinary(schema, message)));
  const all: EncodedResource[] = [
    ...encodeAll(CLUSTER, ClusterSchema, resources.clusters),
    ...encodeAll(ENDPOINT, ClusterLoadAssignmentSchema, resources.endpoints),
    ...encodeAll(LISTENER, ListenerSchema, resources.listeners),
    ...encodeAll(ROUTE, RouteConfigurationSchema, resources.routes),
    ...encodeAll(SECRET, SecretSchema, sharedSecrets(secrets)),
  ];
  return createSnapshot(all, resources.endpoints.keys());
}

function sharedSecrets({ bundlePem, denyListJson }: SharedSecrets) {
  const trustedCa = { specifier: { case: "inlineString" as const, value: bundlePem } };
  const list = { specifier: { case: "inlineString" as const, value: denyListJson } };
  return new Map([
    ["bundle", create(SecretSchema, { name: "bundle", type: { case: "validationContext", value: { trustedCa } } })],
    ["denylist", create(SecretSchema, { name: "denylist", type: { case: "genericSecret", value: { secret: list } } })],
  ]);
}
