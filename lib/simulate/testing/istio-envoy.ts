// What istiod would send to all proxies of a mesh -> one bootstrap that a plain Envoy runs, each proxy at the address of its pod.
// The rule: only what leads to a cluster of machines is changed (addresses, certificates, discovery) and what plain Envoy lacks is left
// out (Istio's own filters, telemetry); routes, policies and matches stay as Istio made them.
import type { Identity } from "@/lib/compile/testing/echo-server";
import type { Json, JsonObject, OracleAnswer, ProxyConfiguration } from "./istio-oracle";

/** Where the apps are. */
export type Ground = {
  /** Port of what runs at namespace/name. */
  appPort(owner: string): number;
  /** Port of what stands in for an address outside of the mesh. */
  outsidePort(host: string): number;
  /** Of namespace/name. */
  identityOf(owner: string): Identity;
  /** Who signs certificates of gateways' clients. */
  clientsPem: string;
};

/** Where the app of a sidecar calls: the outbound side of the pod with the inbound address 127.1.x.y. */
export const outboundAddress = (podAddress: string): string => podAddress.replace(/^127\.1\./, "127.2.");

/** Header with the route that decided, as JSON in base64. */
export const ROUTE_HEADER = "x-istio-route";
const TYPES = "type.googleapis.com/envoy.extensions.filters";
const KEPT_FILTERS = new Set([
  `${TYPES}.http.router.v3.Router`,
  `${TYPES}.http.fault.v3.HTTPFault`,
  `${TYPES}.http.cors.v3.Cors`,
  `${TYPES}.http.cors.v3.CorsPolicy`,
  `${TYPES}.http.rbac.v3.RBAC`,
  `${TYPES}.http.rbac.v3.RBACPerRoute`,
  `${TYPES}.http.jwt_authn.v3.JwtAuthentication`,
  `${TYPES}.http.jwt_authn.v3.PerRouteConfig`,
  `${TYPES}.network.http_connection_manager.v3.HttpConnectionManager`,
  `${TYPES}.network.rbac.v3.RBAC`,
  `${TYPES}.network.tcp_proxy.v3.TcpProxy`,
]);
const LISTENER_FILTERS = new Set(["envoy.filters.listener.tls_inspector", "envoy.filters.listener.http_inspector"]);

export function istioBootstrap(answer: OracleAnswer, ground: Ground, adminPort: number): JsonObject {
  const proxies = Object.entries(answer.proxies);
  const made = proxies.map(([owner, proxy]) => new ProxyRewriting(owner, proxy, answer, ground).made());
  return {
    admin: { address: socketAddress("127.0.0.1", adminPort) },
    node: { id: "istio", cluster: "istio" },
    static_resources: {
      listeners: made.flatMap(({ listeners }) => listeners),
      clusters: made.flatMap(({ clusters }) => clusters),
    },
  };
}

class ProxyRewriting {
  private readonly routes: ReadonlyMap<string, JsonObject>;
  private readonly identity: Identity;

  constructor(
    private readonly owner: string,
    private readonly proxy: ProxyConfiguration,
    private readonly answer: OracleAnswer,
    private readonly ground: Ground,
  ) {
    this.routes = new Map(proxy.routes.map((each) => [String(each["name"]), each]));
    this.identity = ground.identityOf(owner);
  }

  made(): { listeners: JsonObject[]; clusters: JsonObject[] } {
    const listeners = this.proxy.listeners.flatMap((each) =>
      each["name"] === "virtualInbound" ? this.inbound(each) : this.outbound(each),
    );
    return { listeners, clusters: this.proxy.clusters.flatMap((each) => this.cluster(each)) };
  }

  /** One listener for each port that the app is called at. */
  private inbound(listener: JsonObject): JsonObject[] {
    const chains = listOf(listener["filter_chains"]);
    const portOf = (chain: JsonObject) => Number(recordOf(chain["filter_chain_match"])["destination_port"] ?? 0);
    const ports = [...new Set(chains.map(portOf))].filter((port) => port !== 0 && port !== 15006);
    return ports.map((port) => {
      const own = chains.filter((chain) => portOf(chain) === port);
      return this.listener(`${this.owner}~inbound~${port}`, this.proxy.address, port, listener, own);
    });
  }

  private outbound(listener: JsonObject): JsonObject[] {
    const { address, port_value: port } = recordOf(recordOf(listener["address"])["socket_address"]);
    if (listener["name"] === "virtualOutbound" || !(address === "0.0.0.0" || this.isAlone(listener))) return [];
    const at = this.proxy.type === "router" ? this.proxy.address : outboundAddress(this.proxy.address);
    const name = `${this.owner}~outbound~${port}`;
    return [this.listener(name, at, Number(port), listener, listOf(listener["filter_chains"]))];
  }

  /** TCP at the address of one service: what is called there is the port alone, so another listener of the port would be in its way. */
  private isAlone(listener: JsonObject): boolean {
    const portOf = (each: JsonObject) => recordOf(recordOf(each["address"])["socket_address"])["port_value"];
    return this.proxy.listeners.filter((each) => portOf(each) === portOf(listener)).length === 1;
  }

  private listener(name: string, address: string, port: number, from: JsonObject, chains: JsonObject[]): JsonObject {
    const isInbound = from["name"] === "virtualInbound";
    const filters = listOf(from["listener_filters"]).filter((each) => LISTENER_FILTERS.has(String(each["name"])));
    return {
      name,
      address: socketAddress(address, port),
      // the addresses are fixed: another run beside this one would share them, and answer for it
      enable_reuse_port: false,
      listener_filters: filters.map(({ filter_disabled: _, ...each }) => each),
      filter_chains: chains.map((chain) => {
        const { destination_port: _, ...match } = recordOf(chain["filter_chain_match"]);
        return {
          ...(chain["name"] === undefined ? {} : { name: chain["name"] }),
          filter_chain_match: match,
          filters: kept(chain["filters"]).map((each) => this.networkFilter(each, isInbound)),
          ...(chain["transport_socket"] === undefined
            ? {}
            : { transport_socket: this.secured(chain["transport_socket"]) }),
        };
      }),
    };
  }

  private networkFilter(filter: JsonObject, isInbound: boolean): JsonObject {
    const config = recordOf(filter["typed_config"]);
    if (!String(config["@type"]).endsWith("HttpConnectionManager"))
      return this.named({ ...filter, typed_config: bare(config) });
    const { rds, route_config: own, http_filters: filters, tracing: _t, ...rest } = bare(config);
    const routes = own ?? this.routes.get(String(recordOf(rds ?? {})["route_config_name"])) ?? { virtual_hosts: [] };
    return {
      ...filter,
      typed_config: {
        ...rest,
        route_config: this.routeConfig(recordOf(routes), isInbound),
        http_filters: kept(filters).map((each) => this.named(each)),
      },
    };
  }

  private routeConfig(routes: JsonObject, isInbound: boolean): JsonObject {
    const { validate_clusters: _, ...rest } = routes;
    const hosts = listOf(rest["virtual_hosts"]).map((host) => ({
      ...withoutOthers(host),
      routes: listOf(host["routes"]).map((route) =>
        isInbound ? withoutOthers(route) : told(withoutOthers(route), host),
      ),
    }));
    return this.named({ ...withoutOthers(rest), virtual_hosts: hosts, validate_clusters: false });
  }

  /** Clusters have names of their own in each proxy. */
  private named(value: JsonObject): JsonObject {
    const walk = (each: Json, at: string, parent: string): Json => {
      if (Array.isArray(each)) return each.map((item) => walk(item, at, parent));
      if (each !== null && typeof each === "object")
        return Object.fromEntries(Object.entries(each).map(([name, item]) => [name, walk(item, name, at)]));
      const isName = typeof each === "string" && (at === "cluster" || (at === "name" && parent === "clusters"));
      return isName ? this.clusterName(each) : each;
    };
    return recordOf(walk(value, "", ""));
  }

  private clusterName(name: string): string {
    return `${this.owner}~${name}`;
  }

  private cluster(cluster: JsonObject): JsonObject[] {
    const name = String(cluster["name"]);
    const [direction, port, , host = ""] = name.split("|");
    const base = { name: this.clusterName(name), connect_timeout: "5s", type: "STATIC" };
    const assigned = (endpoints: JsonObject[]) => ({
      load_assignment: { cluster_name: this.clusterName(name), endpoints },
    });
    if (direction === "inbound" || name === "InboundPassthroughCluster") {
      const app = endpointAt("127.0.0.1", this.ground.appPort(this.owner));
      return [{ ...base, ...assigned([{ lb_endpoints: [app] }]) }];
    }
    if (direction !== "outbound" || port === undefined) return [];
    const assignment =
      cluster["load_assignment"] ?? this.proxy.endpoints.find((each) => each["cluster_name"] === name) ?? {};
    const places = listOf(recordOf(assignment)["endpoints"]).map(({ lb_endpoints: own, ...place }) => {
      const hosts = listOf(own).map((each) => this.endpoint(each, host));
      const value: JsonObject = { ...place, lb_endpoints: hosts.map((each) => each.value) };
      return { value, isOutside: hosts.some((each) => each.isOutside) };
    });
    const source = { upstream_bind_config: { source_address: { address: this.proxy.address, port_value: 0 } } };
    const isOutside = places.some((each) => each.isOutside);
    return [
      {
        ...base,
        ...source,
        ...balanced(cluster),
        ...(isOutside ? {} : this.security(cluster)),
        ...assigned(places.map(({ value }) => value)),
      },
    ];
  }

  private endpoint(endpoint: JsonObject, host: string): { value: JsonObject; isOutside: boolean } {
    const place = recordOf(recordOf(endpoint["endpoint"])["address"]);
    const { address, port_value: port } = recordOf(place["socket_address"] ?? {});
    const owner = this.answer.owners[String(address)];
    const weight = endpoint["load_balancing_weight"];
    const rest = {
      ...(endpoint["metadata"] === undefined ? {} : { metadata: endpoint["metadata"] }),
      ...(weight === undefined ? {} : { load_balancing_weight: weight }),
    };
    const at = (where: string, which: number) => ({ ...endpointAt(where, which), ...rest });
    if (owner === undefined) return { value: at("127.0.0.1", this.ground.outsidePort(host)), isOutside: true };
    if (this.answer.proxies[owner]) return { value: at(String(address), Number(port)), isOutside: false };
    return { value: at("127.0.0.1", this.ground.appPort(owner)), isOutside: false };
  }

  private security(cluster: JsonObject): JsonObject {
    const { transport_socket: one, transport_socket_matches: several } = cluster;
    return {
      ...(one === undefined ? {} : { transport_socket: this.secured(one) }),
      ...(several === undefined
        ? {}
        : {
            transport_socket_matches: listOf(several).map((each) => ({
              ...each,
              transport_socket: this.secured(each["transport_socket"] ?? {}),
            })),
          }),
    };
  }

  /** With certificates in place of those that istiod's secrets bring. */
  private secured(socket: Json): JsonObject {
    const { typed_config: config, ...rest } = recordOf(socket);
    const context = recordOf(config ?? {});
    if (context["common_tls_context"] === undefined) return { ...recordOf(socket) };
    const common = recordOf(context["common_tls_context"]);
    const combined = recordOf(common["combined_validation_context"] ?? {});
    const validation = recordOf(combined["default_validation_context"] ?? common["validation_context"] ?? {});
    const { certPem, keyPem, caPem } = this.identity;
    const isUpstream = String(context["@type"]).endsWith("UpstreamTlsContext");
    const asked = recordOf(combined["validation_context_sds_secret_config"] ?? {});
    const isOfClients = String(asked["name"]).startsWith("kubernetes://");
    const asksNobody = !isUpstream && Object.keys({ ...combined, ...validation }).length === 0;
    const trusted = { trusted_ca: { inline_string: isOfClients ? this.ground.clientsPem : caPem } };
    return {
      ...rest,
      typed_config: {
        ...context,
        common_tls_context: {
          // the filter of Istio that would say so is left out
          alpn_protocols: isUpstream ? ["istio-http/1.1", "istio"] : (common["alpn_protocols"] ?? []),
          tls_certificates: [{ certificate_chain: { inline_string: certPem }, private_key: { inline_string: keyPem } }],
          ...(asksNobody ? {} : { validation_context: { ...validation, ...trusted } }),
        },
      },
    };
  }
}

const BALANCERS = new Set<Json | undefined>(["RING_HASH", "MAGLEV", "ROUND_ROBIN", "LEAST_REQUEST", "RANDOM"]);

/** How a host is chosen; what follows from how hosts fare is left out, for none does badly here. */
function balanced(cluster: JsonObject): JsonObject {
  const { lb_policy: policy, ring_hash_lb_config: ring, maglev_lb_config: maglev } = cluster;
  if (policy !== undefined && !BALANCERS.has(policy)) return {};
  const weighted = recordOf(cluster["common_lb_config"])["locality_weighted_lb_config"];
  return {
    ...(policy === undefined ? {} : { lb_policy: policy }),
    ...(ring === undefined ? {} : { ring_hash_lb_config: ring }),
    ...(maglev === undefined ? {} : { maglev_lb_config: maglev }),
    ...(weighted === undefined ? {} : { common_lb_config: { locality_weighted_lb_config: weighted } }),
  };
}

/** Says in the answer which route it was. */
function told(route: JsonObject, host: JsonObject): JsonObject {
  if (host["name"] === "block_all") return { ...route, direct_response: { status: 404 } };
  const action = recordOf(route["route"] ?? {});
  const said = {
    host: host["name"] ?? null,
    name: route["name"] ?? null,
    isForwarded: route["route"] !== undefined,
    timeout: action["timeout"] ?? null,
    retry: action["retry_policy"] ?? null,
    mirrors: action["request_mirror_policies"] ?? null,
    hash: action["hash_policy"] ?? null,
    fault: recordOf(route["typed_per_filter_config"] ?? {})["envoy.filters.http.fault"] ?? null,
  };
  const header = { key: ROUTE_HEADER, value: Buffer.from(JSON.stringify(said)).toString("base64") };
  return {
    ...route,
    response_headers_to_add: [
      ...listOf(route["response_headers_to_add"]),
      { header, append_action: "OVERWRITE_IF_EXISTS_OR_ADD" },
    ],
  };
}

const kept = (filters: Json | undefined): JsonObject[] =>
  listOf(filters).filter((each) => KEPT_FILTERS.has(String(recordOf(each["typed_config"] ?? {})["@type"])));

/** Without logs. */
const bare = ({ access_log: _, ...rest }: JsonObject): JsonObject => rest;

/** Without what routes say about filters that are not there. */
function withoutOthers(value: JsonObject): JsonObject {
  const { typed_per_filter_config: filters, ...rest } = value;
  const own = Object.entries(recordOf(filters ?? {})).filter(([, each]) =>
    KEPT_FILTERS.has(String(recordOf(each)["@type"])),
  );
  return own.length === 0 ? rest : { ...rest, typed_per_filter_config: Object.fromEntries(own) };
}

const socketAddress = (address: string, port: number): JsonObject => ({
  socket_address: { address, port_value: port },
});
const endpointAt = (address: string, port: number): JsonObject => ({
  endpoint: { address: socketAddress(address, port) },
});

function recordOf(value: Json | undefined): JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};
}
function listOf(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.map(recordOf) : [];
}
