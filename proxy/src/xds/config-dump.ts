// The configuration in force as Envoy's /config_dump has it: by kind, what came with the bootstrap apart from what discovery brought.
// Rule: private keys are left out; times of the last change are not kept, so that none is told.

import { type JsonObject, type JsonValue, toJson } from "@bufbuild/protobuf";
import { type Bootstrap, BootstrapSchema } from "../contract/messages";
import { registry } from "../contract/registry";
import { type ResourceKind, TYPE_URLS } from "../contract/resource-types";
import { withoutKeys } from "./redact";

const ADMIN = "type.googleapis.com/envoy.admin.v3";

export interface DumpedResource {
  readonly name: string;
  /** "" of what came with the bootstrap. */
  readonly version: string;
  readonly json: JsonObject;
}

export type DumpedKinds = Readonly<Partial<Record<ResourceKind, readonly DumpedResource[]>>>;

/** One of Envoy's messages: its type, and lists of resources by their field. */
export type DumpedConfig = JsonObject;

/** @param found what discovery brought */
export function envoyDump(of: Bootstrap, found: DumpedKinds): DumpedConfig[] {
  const bootstrap = withoutKeys(toJson(BootstrapSchema, of, { registry, useProtoFieldName: true })) as JsonObject;
  const own = staticResources(bootstrap);
  const routes = [...(own.listener ?? []), ...(found.listener ?? [])].flatMap(({ json }) => routesIn(json));
  return [
    { "@type": `${ADMIN}.BootstrapConfigDump`, bootstrap },
    config("ClustersConfigDump", {
      static_clusters: (own.cluster ?? []).map(({ json }) => ({ cluster: typed("cluster", json) })),
      dynamic_active_clusters: (found.cluster ?? []).map(({ version, json }) => ({
        version_info: version,
        cluster: typed("cluster", json),
      })),
    }),
    config("EndpointsConfigDump", {
      dynamic_endpoint_configs: (found.endpoint ?? []).map(({ version, json }) => ({
        version_info: version,
        endpoint_config: typed("endpoint", json),
      })),
    }),
    config("ListenersConfigDump", {
      static_listeners: (own.listener ?? []).map(({ json }) => ({ listener: typed("listener", json) })),
      dynamic_listeners: (found.listener ?? []).map(({ name, version, json }) => ({
        name,
        active_state: { version_info: version, listener: typed("listener", json) },
      })),
    }),
    config("RoutesConfigDump", {
      static_route_configs: routes.map((json) => ({ route_config: typed("route", json) })),
      dynamic_route_configs: (found.route ?? []).map(({ version, json }) => ({
        version_info: version,
        route_config: typed("route", json),
      })),
    }),
    config("SecretsConfigDump", {
      static_secrets: (own.secret ?? []).map(({ name, json }) => ({ name, secret: typed("secret", json) })),
      dynamic_active_secrets: (found.secret ?? []).map(({ name, version, json }) => ({
        name,
        version_info: version,
        secret: typed("secret", json),
      })),
    }),
  ];
}

/** As Envoy: a list without anything is not there. */
function config(type: string, lists: Readonly<Record<string, readonly JsonObject[]>>): DumpedConfig {
  const told = Object.entries(lists).filter(([, list]) => list.length > 0);
  return { "@type": `${ADMIN}.${type}`, ...Object.fromEntries(told.map(([field, list]) => [field, [...list]])) };
}

const typed = (kind: ResourceKind, json: JsonObject): JsonObject => ({ "@type": TYPE_URLS[kind], ...json });

const objects = (value: JsonValue | undefined): JsonObject[] => (Array.isArray(value) ? (value as JsonObject[]) : []);

function staticResources(bootstrap: JsonObject): DumpedKinds {
  const parts = (bootstrap["static_resources"] ?? {}) as JsonObject;
  const of = (field: string): DumpedResource[] =>
    objects(parts[field]).map((json) => ({ name: String(json["name"] ?? ""), version: "", json }));
  return { listener: of("listeners"), cluster: of("clusters"), secret: of("secrets") };
}

/** Route configurations that stand in a connection manager. */
function routesIn(listener: JsonObject): JsonObject[] {
  const chains = [...objects(listener["filter_chains"]), ...objects([listener["default_filter_chain"] ?? {}])];
  return chains
    .flatMap((chain) => objects(chain["filters"]))
    .flatMap(({ typed_config: inner }) => {
      const routes = (inner as JsonObject | undefined)?.["route_config"];
      return routes === undefined ? [] : [routes as JsonObject];
    });
}
