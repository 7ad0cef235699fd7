// Configuration from a control plane (ADS), and what the proxy tells it about itself. Rule: each case has a control plane of its
// own, which says what `resources` has when it is asked.

import { chosen } from "../answers";
import { at, direct, EXT, HTTP2, hcm, listener, REFUSED_HERE, ROUTER } from "../config";
import type { Resources } from "../control-plane";
import type { Case, Config } from "../types";

const ADS = { ads: {}, resource_api_version: "V3" };
const SERVICE = { envoy_grpc: { cluster_name: "control" } };
export const ads = (value: Config = {}, more: Config = {}): Config => ({
  node: {
    id: "node-id",
    cluster: "node-cluster",
    locality: { region: "r", zone: "z", sub_zone: "s" },
    metadata: { ROLE: "edge" },
  },
  dynamic_resources: {
    ads_config: {
      api_type: "DELTA_GRPC",
      transport_api_version: "V3",
      grpc_services: [SERVICE],
      ...value,
    },
    lds_config: ADS,
    cds_config: ADS,
    ...more,
  },
  static_resources: {
    clusters: [
      {
        name: "control",
        load_assignment: {
          cluster_name: "control",
          endpoints: [{ lb_endpoints: [{ endpoint: { address: at("@ads") } }] }],
        },
        ...HTTP2,
      },
    ],
  },
});
const APP: Config = {
  name: "app",
  load_assignment: { cluster_name: "app", endpoints: [{ lb_endpoints: [{ endpoint: { address: at("@app") } }] }] },
};
const BY_EDS: Config = {
  name: "app",
  type: "EDS",
  eds_cluster_config: { service_name: "app-endpoints", eds_config: ADS },
};
const TO_APP = { name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: "app" } }] };
const MAIN = listener([hcm({ route_config: { name: "inline", virtual_hosts: [TO_APP] } })]);
const BY_RDS = listener([hcm({ rds: { config_source: ADS, route_config_name: "routes" } })]);
const ASSIGNMENT = (name: string): Config => ({
  cluster_name: name,
  endpoints: [{ lb_endpoints: [{ endpoint: { address: at("@app") } }] }],
});
const discovery = (id: string, resources: Resources, more: Partial<Case> = {}): Case => ({
  id: `discovery ${id}`,
  config: ads(),
  resources,
  run: async (wire) => chosen(await wire.call()),
  ...more,
});
const PLAIN: Resources = { listener: { main: MAIN }, cluster: { app: APP } };
const SECURE = listener(
  [
    hcm({
      route_config: {
        name: "inline",
        virtual_hosts: [{ ...TO_APP, routes: [{ match: { prefix: "/" }, ...direct(200) }] }],
      },
      http_filters: [ROUTER],
    }),
  ],
  {},
  {
    transport_socket: {
      name: "tls",
      typed_config: {
        "@type": `${EXT}.transport_sockets.tls.v3.DownstreamTlsContext`,
        common_tls_context: { tls_certificate_sds_secret_configs: [{ name: "own", sds_config: ADS }] },
      },
    },
  },
);

export const discoveryCases: readonly Case[] = [
  discovery("of listeners and clusters", PLAIN, {
    proves: [
      "Bootstrap.dynamic_resources",
      "core.v3.Node.locality",
      "core.v3.Node.metadata",
      "core.v3.Locality.region",
      "core.v3.Locality.zone",
      "core.v3.Locality.sub_zone",
    ],
    needs: [
      "bootstrap.v3.Bootstrap.node",
      "core.v3.Node.id",
      "core.v3.Node.cluster",
      "DynamicResources.ads_config",
      "DynamicResources.lds_config",
      "DynamicResources.cds_config",
      "ConfigSource.ads",
      "ApiConfigSource.api_type",
    ],
    inert: ["ConfigSource.resource_api_version", "ApiConfigSource.transport_api_version"],
    explained: {
      "DynamicResources.ads_config": REFUSED_HERE,
      "DynamicResources.lds_config": REFUSED_HERE,
      "DynamicResources.cds_config": REFUSED_HERE,
    },
  }),
  {
    id: "bootstrap alone",
    config: {
      node: { id: "node-id", cluster: "node-cluster" },
      admin: { address: at(0), profile_path: "/tmp/none", ignore_global_conn_limit: true },
      static_resources: { listeners: [{ ...MAIN, address: at(0) }], clusters: [APP] },
    },
    resources: {},
    run: async (wire) => chosen(await wire.call()),
    proves: ["Bootstrap.static_resources"],
    inert: ["bootstrap.v3.Admin.profile_path", "bootstrap.v3.Admin.ignore_global_conn_limit"],
  },
  discovery("in full", PLAIN, { config: ads({ api_type: "GRPC" }), proves: ["ApiConfigSource.api_type"].slice(1) }),
  discovery("by a service", PLAIN, {
    needs: ["ApiConfigSource.grpc_services", "GrpcService.envoy_grpc", "EnvoyGrpc.cluster_name"],
  }),
  discovery("without effect", PLAIN, {
    config: ads({ set_node_on_first_message_only: true, grpc_services: [{ ...SERVICE, timeout: "1s" }] }),
    inert: ["ApiConfigSource.set_node_on_first_message_only", "GrpcService.timeout"],
  }),
  discovery(
    "of endpoints",
    { listener: { main: MAIN }, cluster: { app: BY_EDS }, endpoint: { "app-endpoints": ASSIGNMENT("app-endpoints") } },
    {
      proves: ["EdsClusterConfig.service_name", "cluster.v3.Cluster.eds_cluster_config", "EdsClusterConfig.eds_config"],
    },
  ),
  discovery(
    "of endpoints, with a time to wait for them",
    {
      listener: { main: MAIN },
      cluster: { app: { ...BY_EDS, eds_cluster_config: { eds_config: { ...ADS, initial_fetch_timeout: "20s" } } } },
      endpoint: { app: ASSIGNMENT("app") },
    },
    { inert: ["ConfigSource.initial_fetch_timeout"] },
  ),
  discovery(
    "of routes",
    {
      listener: { main: BY_RDS },
      cluster: { app: APP },
      route: { routes: { name: "routes", virtual_hosts: [TO_APP] } },
    },
    {
      proves: [
        "http_connection_manager.v3.HttpConnectionManager.rds",
        "Rds.route_config_name",
        "Rds.config_source",
      ].slice(0, 1),
    },
  ),
  discovery(
    "of routes by name",
    {
      listener: { main: BY_RDS },
      cluster: { app: APP },
      route: { routes: { name: "routes", virtual_hosts: [TO_APP] } },
    },
    {
      proves: ["Rds.config_source", "Rds.route_config_name"],
    },
  ),
  discovery(
    "of secrets",
    {
      listener: { main: SECURE },
      cluster: { app: APP },
      secret: {
        own: {
          name: "own",
          tls_certificate: {
            certificate_chain: { inline_string: "@pem:server.cert" },
            private_key: { inline_string: "@pem:server.key" },
          },
        },
      },
    },
    {
      run: (wire) => wire.status({ tls: {} }),
      proves: ["SdsSecretConfig.sds_config"],
    },
  ),
];
