// Pure entry point of its own, since the agent needs none of the messages: the bootstrap of a sidecar, whoever writes it, the agent on
// its machine or the sidecar itself where a machine joins.

export interface SidecarBootstrap {
  readonly proxyKey: string;
  readonly proxyRowId: string;
  readonly workload: string;
  readonly namespace: string;
  readonly service: string;
  readonly version: string;
  readonly serviceAccount: string;
  /** On loopback. */
  readonly adminPort: number;
  /** `host`: an IP address, IPv6 without brackets. */
  readonly ads: { readonly host: string; readonly port: number };
}

/** Envoy's Bootstrap (v3), JSON form: ADS by delta gRPC, everything else comes over it. */
export function sidecarBootstrap(of: SidecarBootstrap): unknown {
  const address = (at: string, port: number) => ({ socket_address: { address: at, port_value: port } });
  const ads = { ads: {}, resource_api_version: "V3" };
  const endpoint = { endpoint: { address: address(of.ads.host, of.ads.port) } };
  return {
    node: {
      id: of.proxyKey,
      cluster: of.service,
      metadata: {
        MESHWRIGHT_PROXY_ID: of.proxyKey,
        MESHWRIGHT_PROXY_ROW_ID: of.proxyRowId,
        WORKLOAD: of.workload,
        NAMESPACE: of.namespace,
        SERVICE: of.service,
        VERSION: of.version,
        SERVICE_ACCOUNT: of.serviceAccount,
      },
    },
    admin: { address: address("127.0.0.1", of.adminPort) },
    dynamic_resources: {
      ads_config: {
        api_type: "DELTA_GRPC",
        transport_api_version: "V3",
        grpc_services: [{ envoy_grpc: { cluster_name: "xds" } }],
      },
      lds_config: ads,
      cds_config: ads,
    },
    static_resources: {
      clusters: [
        {
          name: "xds",
          type: "STATIC",
          connect_timeout: "2s",
          load_assignment: { cluster_name: "xds", endpoints: [{ lb_endpoints: [endpoint] }] },
        },
      ],
    },
  };
}
