// Envoy JSON -> messages, and the versions and digest that go with them.
// The rule: a resource's version is the hash of its bytes, so equal configuration has equal versions everywhere.
import { type DescMessage, type MessageShape, toBinary, toJson } from "@bufbuild/protobuf";
import {
  ClusterLoadAssignmentSchema,
  ClusterSchema,
  ListenerSchema,
  RouteConfigurationSchema,
  registry,
  TYPE_URLS,
} from "@meshwright/proxy/contract";
import { sha256Hex, sha256HexOfBytes } from "@/lib/mesh/digest/sha256";
import { decodeCluster, decodeEndpoints, decodeListener, decodeRoutes } from "./decode";
import { encode } from "./encode";
import type { JsonObject } from "./envoy-json";
import type { Parts } from "./parts";
import { SECRET_NAMES } from "./transport";
import type { EncodedResources, ProxyResources } from "./types";

/** Throws on a field that Envoy does not have: that is a mistake of the compiler, never of the design. */
export function messagesOf(parts: Parts): ProxyResources {
  return {
    listeners: eachOf(parts.listeners, decodeListener),
    routes: eachOf(parts.routes, decodeRoutes),
    clusters: eachOf(parts.clusters, decodeCluster),
    endpoints: eachOf(parts.endpoints, decodeEndpoints),
    secrets: SECRET_NAMES,
  };
}

function eachOf<M>(json: ReadonlyMap<string, JsonObject>, decode: (value: JsonObject) => M): Map<string, M> {
  const made = new Map<string, M>();
  for (const [name, value] of json) made.set(name, decode(value));
  return made;
}

/** Throws on the same. */
export function bytesOf(parts: Parts): EncodedResources {
  return {
    listeners: eachOf(parts.listeners, (json) => encode(ListenerSchema, json)),
    routes: eachOf(parts.routes, (json) => encode(RouteConfigurationSchema, json)),
    clusters: eachOf(parts.clusters, (json) => encode(ClusterSchema, json)),
    endpoints: eachOf(parts.endpoints, (json) => encode(ClusterLoadAssignmentSchema, json)),
  };
}

export type VersionedResource = { typeUrl: string; name: string; version: string; bytes: Uint8Array };

/** Encoded resources of a proxy, without its secrets, in the order in which they are applied: clusters, endpoints, listeners, routes. */
export function encodeResources(resources: ProxyResources): VersionedResource[] {
  return [
    ...encodeAll(TYPE_URLS.cluster, ClusterSchema, resources.clusters),
    ...encodeAll(TYPE_URLS.endpoint, ClusterLoadAssignmentSchema, resources.endpoints),
    ...encodeAll(TYPE_URLS.listener, ListenerSchema, resources.listeners),
    ...encodeAll(TYPE_URLS.route, RouteConfigurationSchema, resources.routes),
  ];
}

function encodeAll<D extends DescMessage>(
  typeUrl: string,
  schema: D,
  messages: ReadonlyMap<string, MessageShape<D>>,
): VersionedResource[] {
  return [...messages].map(([name, message]) => {
    const bytes = toBinary(schema, message);
    return { typeUrl, name, version: sha256HexOfBytes(bytes).slice(0, 16), bytes };
  });
}

/** 16 hex digits over the sorted lines `typeUrl name version`; the running digest of a proxy is made the same way. */
export function resourceDigest(resources: readonly Pick<VersionedResource, "typeUrl" | "name" | "version">[]): string {
  const lines = resources.map(({ typeUrl, name, version }) => `${typeUrl} ${name} ${version}`);
  return sha256Hex(lines.sort().join("\n")).slice(0, 16);
}

/** As Envoy JSON with Envoy's field names, for people and golden files. */
export function resourcesToJson(
  resources: ProxyResources,
): Record<"listeners" | "routes" | "clusters" | "endpoints", JsonObject> {
  const options = { registry, useProtoFieldName: true };
  const all = <D extends DescMessage>(schema: D, messages: ReadonlyMap<string, MessageShape<D>>) =>
    Object.fromEntries([...messages].map(([name, message]) => [name, toJson(schema, message, options) as JsonObject]));
  return {
    listeners: all(ListenerSchema, resources.listeners),
    routes: all(RouteConfigurationSchema, resources.routes),
    clusters: all(ClusterSchema, resources.clusters),
    endpoints: all(ClusterLoadAssignmentSchema, resources.endpoints),
  };
}
