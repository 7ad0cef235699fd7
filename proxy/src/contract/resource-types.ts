// The xDS resource types in the order in which they are applied: a route never names a cluster that is not there.

import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import {
  type Cluster,
  type ClusterLoadAssignment,
  ClusterLoadAssignmentSchema,
  ClusterSchema,
  type Listener,
  ListenerSchema,
  type RouteConfiguration,
  RouteConfigurationSchema,
  type Secret,
  SecretSchema,
} from "./messages";

export const TYPE_URLS = {
  cluster: "type.googleapis.com/envoy.config.cluster.v3.Cluster",
  endpoint: "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
  listener: "type.googleapis.com/envoy.config.listener.v3.Listener",
  route: "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
  secret: "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
} as const;

export type ResourceKind = keyof typeof TYPE_URLS;

/** Make before break: secrets, clusters, endpoints, then listeners and their routes. */
export const RESOURCE_KINDS: readonly ResourceKind[] = ["secret", "cluster", "endpoint", "route", "listener"];

export interface ResourceMessages {
  cluster: Cluster;
  endpoint: ClusterLoadAssignment;
  listener: Listener;
  route: RouteConfiguration;
  secret: Secret;
}

export const RESOURCE_SCHEMAS: { readonly [K in ResourceKind]: GenMessage<ResourceMessages[K]> } = {
  cluster: ClusterSchema,
  endpoint: ClusterLoadAssignmentSchema,
  listener: ListenerSchema,
  route: RouteConfigurationSchema,
  secret: SecretSchema,
};

export function kindOfTypeUrl(typeUrl: string): ResourceKind | undefined {
  return RESOURCE_KINDS.find((kind) => TYPE_URLS[kind] === typeUrl);
}

/** The name a resource goes by in xDS. */
export function resourceName(kind: ResourceKind, message: ResourceMessages[ResourceKind]): string {
  return kind === "endpoint" ? (message as ClusterLoadAssignment).clusterName : (message as Listener).name;
}
