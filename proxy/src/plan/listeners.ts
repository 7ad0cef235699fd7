// Envoy Listener -> ListenerPlan. One rule: each filter chain ends in an HTTP connection manager or a TCP proxy, and no
// connection fits two chains equally well.

import { toJsonString } from "@bufbuild/protobuf";
import { anyIs, anyUnpack } from "@bufbuild/protobuf/wkt";
import { HttpInspectorSchema } from "../contract/gen/envoy/extensions/filters/listener/http_inspector/v3/http_inspector_pb";
import { SniClusterSchema } from "../contract/gen/envoy/extensions/filters/network/sni_cluster/v3/sni_cluster_pb";
import {
  DownstreamTlsContextSchema,
  type Filter,
  type FilterChain,
  HttpConnectionManagerSchema,
  type Listener,
  ListenerSchema,
  NetworkRBACSchema,
  RawBufferSchema,
  type RouteConfiguration,
  TcpProxySchema,
  TlsInspectorSchema,
  TrafficDirection,
} from "../contract/messages";
import { registry } from "../contract/registry";
import { accessLogs } from "./access-log";
import { connectionLimits } from "./connection-limits";
import { ChainsSeen, filterChainMatch, isEverything, needsInspector } from "./filter-chain-match";
import { httpConnectionPlan } from "./http-connection";
import { proxyProtocolPlan } from "./proxy-protocol";
import { rbacFilter } from "./rbac";
import type { Scope } from "./scope";
import { tcpProxyPlan } from "./tcp-proxy";
import { downstreamTls, type SecretCollector } from "./tls";
import type { ConnectionLimitPlan, DownstreamTlsPlan, FilterChainPlan, ListenerPlan } from "./types";
import { socketAddress, timeout } from "./values";

const DIRECTION = {
  [TrafficDirection.INBOUND]: "inbound",
  [TrafficDirection.OUTBOUND]: "outbound",
  [TrafficDirection.UNSPECIFIED]: "unspecified",
} as const;

export interface ListenerSurroundings {
  readonly secrets: SecretCollector;
  readonly clusterNames: ReadonlySet<string> | null;
  /** An inline route config: plan it and keep it under `name`. */
  addInlineRoutes(name: string, config: RouteConfiguration, scope: Scope): void;
  /** A route config by RDS. */
  routesByRds(name: string): void;
}

export function listenerPlan(listener: Listener, scope: Scope, around: ListenerSurroundings): ListenerPlan {
  const chains = listener.filterChains.map((chain, index) =>
    filterChainPlan(chain, `${listener.name}:${index}`, false, scope.item("filter_chains", index), around),
  );
  if (listener.defaultFilterChain) {
    const at = scope.field("default_filter_chain");
    chains.push(filterChainPlan(listener.defaultFilterChain, `${listener.name}:default`, true, at, around));
  }
  if (chains.length === 0) {
    scope.field("filter_chains").fail("needs at least one filter chain");
  }
  const has = (schema: typeof TlsInspectorSchema | typeof HttpInspectorSchema): boolean =>
    listener.listenerFilters.some(
      ({ configType }) => configType.case === "typedConfig" && anyIs(configType.value, schema),
    );
  const tlsInspector = has(TlsInspectorSchema);
  listener.listenerFilters.forEach(({ configType }, index) => {
    const at = scope.item("listener_filters", index).field("typed_config");
    if (configType.case !== "typedConfig") at.fail("must be set: the name alone says nothing");
  });
  checkChains(chains, tlsInspector, scope);
  const proxyProtocol = proxyProtocolPlan(listener, scope);
  return {
    name: listener.name,
    statPrefix: listener.statPrefix,
    address: socketAddress(listener.address, scope.field("address")),
    trafficDirection: DIRECTION[listener.trafficDirection],
    proxyProtocol,
    tlsInspector,
    httpInspector: has(HttpInspectorSchema),
    listenerFiltersTimeoutMs: timeout(listener.listenerFiltersTimeout, 15_000),
    ignoresConnectionLimit: listener.ignoreGlobalConnLimit,
    perConnectionBufferLimitBytes: listener.perConnectionBufferLimitBytes ?? 1_048_576,
    filterChains: chains,
    accessLogs: accessLogs(listener.accessLog, scope),
    contentKey: toJsonString(ListenerSchema, listener, { registry }),
  };
}

function checkChains(chains: readonly FilterChainPlan[], tlsInspector: boolean, scope: Scope): void {
  const seen = new ChainsSeen();
  chains.forEach(({ match }, index) => {
    if (match === null) return;
    const at = scope.item("filter_chains", index);
    if (!seen.add(match)) {
      at.fail("matches the same connections as a filter chain before it; give it another filter_chain_match");
    }
    if (needsInspector(match) && !tlsInspector) {
      at.field("filter_chain_match").fail("needs the tls_inspector listener filter to tell TLS from plain text");
    }
  });
}

function filterChainPlan(
  chain: FilterChain,
  id: string,
  isDefault: boolean,
  scope: Scope,
  around: ListenerSurroundings,
): FilterChainPlan {
  const at = scope.field("filter_chain_match");
  const match = filterChainMatch(chain.filterChainMatch, at);
  if (isDefault && !isEverything(match)) at.fail("has no effect on the default filter chain; remove it");
  return {
    name: chain.name || id,
    match: isDefault ? null : match,
    tls: transportSocket(chain, scope.field("transport_socket"), around.secrets),
    ...filters(chain.filters, id, scope, around),
  };
}

function transportSocket(chain: FilterChain, scope: Scope, secrets: SecretCollector): DownstreamTlsPlan | null {
  const config = chain.transportSocket?.configType;
  if (!config || !chain.transportSocket) {
    return null;
  }
  const at = scope.field("typed_config");
  if (config.case !== "typedConfig") {
    at.fail("must be set");
    return null;
  }
  if (anyUnpack(config.value, RawBufferSchema)) {
    return null;
  }
  const tls = anyUnpack(config.value, DownstreamTlsContextSchema);
  if (!tls) {
    at.fail("a listener needs a DownstreamTlsContext");
    return null;
  }
  return downstreamTls(tls, at, secrets);
}

function filters(
  list: readonly Filter[],
  id: string,
  scope: Scope,
  around: ListenerSurroundings,
): Pick<FilterChainPlan, "network" | "networkRbac" | "connectionLimits"> {
  const network = lastFilter(list, id, scope, around);
  let isClusterBySni = false;
  const limits: ConnectionLimitPlan[] = [];
  const networkRbac = list.slice(0, -1).flatMap((filter, index) => {
    const at = scope.item("filters", index).field("typed_config");
    const any = filter.configType.case === "typedConfig" ? filter.configType.value : undefined;
    const rbac = any && anyUnpack(any, NetworkRBACSchema);
    if (rbac) return [rbacFilter(filter.name, rbac, at)];
    const limited = connectionLimits(any, at);
    if (limited !== null) {
      limits.push(...limited);
      return [];
    }
    const isSniCluster = any !== undefined && anyUnpack(any, SniClusterSchema) !== undefined;
    isClusterBySni ||= isSniCluster;
    if (!isSniCluster)
      at.fail("only network RBAC, connection_limit, local_ratelimit and sni_cluster may stand before the last filter");
    else if (network.kind === "http") at.fail("has no effect in front of an HTTP connection manager; remove it");
    return [];
  });
  return {
    connectionLimits: limits,
    networkRbac,
    network: network.kind === "tcp" ? { ...network, isClusterBySni } : network,
  };
}

function lastFilter(
  list: readonly Filter[],
  id: string,
  scope: Scope,
  around: ListenerSurroundings,
): FilterChainPlan["network"] {
  const last = list.at(-1);
  const any = last?.configType.case === "typedConfig" ? last.configType.value : undefined;
  const at = scope.item("filters", Math.max(list.length - 1, 0)).field("typed_config");
  const hcm = any && anyUnpack(any, HttpConnectionManagerSchema);
  if (hcm) {
    const specifier = hcm.routeSpecifier;
    const name = specifier.case === "rds" ? specifier.value.routeConfigName : `inline:${id}`;
    if (specifier.case === "rds") {
      if (name === "") {
        at.field("rds").field("route_config_name").fail("must not be empty");
      }
      around.routesByRds(name);
    } else if (specifier.case === "routeConfig") {
      around.addInlineRoutes(name, specifier.value, at.field("route_config"));
    }
    return httpConnectionPlan(hcm, name, at);
  }
  const tcp = any && anyUnpack(any, TcpProxySchema);
  if (!tcp) {
    at.fail("a filter chain must end with an HTTP connection manager or a TCP proxy");
  }
  return tcpProxyPlan(tcp, at, around.clusterNames);
}
