// Envoy Listener -> ListenerPlan. One rule: each filter chain ends in an HTTP connection manager or a TCP proxy, and
// chains are told apart by transport protocol only.

import { toJsonString } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
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
import { httpConnectionPlan } from "./http-connection";
import { rbacFilter } from "./rbac";
import type { Scope } from "./scope";
import { tcpProxyPlan } from "./tcp-proxy";
import { downstreamTls, type SecretCollector } from "./tls";
import type { DownstreamTlsPlan, FilterChainPlan, ListenerPlan } from "./types";
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
  const tlsInspector = listener.listenerFilters.some(
    ({ configType }) => configType.case === "typedConfig" && anyUnpack(configType.value, TlsInspectorSchema),
  );
  checkChains(chains, tlsInspector, scope);
  return {
    name: listener.name,
    address: socketAddress(listener.address, scope.field("address")),
    trafficDirection: DIRECTION[listener.trafficDirection],
    tlsInspector,
    listenerFiltersTimeoutMs: timeout(listener.listenerFiltersTimeout, 15_000),
    perConnectionBufferLimitBytes: listener.perConnectionBufferLimitBytes ?? 1_048_576,
    filterChains: chains,
    contentKey: toJsonString(ListenerSchema, listener, { registry }),
  };
}

function checkChains(chains: readonly FilterChainPlan[], tlsInspector: boolean, scope: Scope): void {
  const seen = new Set<string>();
  chains.forEach(({ transportProtocol }, index) => {
    const at = scope.item("filter_chains", index);
    if (seen.has(transportProtocol)) {
      at.fail("matches the same connections as a filter chain before it; give it another filter_chain_match");
    }
    seen.add(transportProtocol);
    if (transportProtocol === "tls" && !tlsInspector) {
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
  const protocol = chain.filterChainMatch?.transportProtocol ?? "";
  if (isDefault && protocol !== "") {
    scope.field("filter_chain_match").fail("has no effect on the default filter chain; remove it");
  }
  return {
    name: chain.name || id,
    transportProtocol: protocol === "tls" || protocol === "raw_buffer" ? protocol : "any",
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
): Pick<FilterChainPlan, "network" | "networkRbac"> {
  const networkRbac = list.slice(0, -1).flatMap((filter, index) => {
    const at = scope.item("filters", index).field("typed_config");
    const any = filter.configType.case === "typedConfig" ? filter.configType.value : undefined;
    const rbac = any && anyUnpack(any, NetworkRBACSchema);
    if (!rbac) {
      at.fail("only network RBAC may stand before the last filter");
    }
    return rbac ? [rbacFilter(filter.name, rbac, at)] : [];
  });
  return { networkRbac, network: lastFilter(list, id, scope, around) };
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
