// The cluster of the bootstrap behind which the control plane is, for filters that ask it something (rate limits). One rule: as in Envoy
// a static cluster can be named by what comes over ADS; here it has the identity and the bundle that the stream itself has.

import { isIP } from "node:net";
import { decodeJson } from "../contract/decode";
import { ClusterSchema } from "../contract/messages";
import { clusterPlan } from "../plan/clusters";
import { Scope } from "../plan/scope";
import type { SecretCollector } from "../plan/tls";
import type { ProxyPlan, SocketAddress } from "../plan/types";

export interface ControlPlaneAt {
  readonly clusterName: string;
  readonly address: SocketAddress;
  /** "": no TLS. */
  readonly spiffeId: string;
}

const TYPE = "type.googleapis.com/envoy.extensions";
const ADS = { ads: {}, resource_api_version: "V3" };

/** The plan with the cluster, where a filter names it and no other has its name. */
export function withControlPlane(plan: ProxyPlan, at: ControlPlaneAt): ProxyPlan {
  if (plan.clusters.has(at.clusterName) || !asks(plan, at.clusterName)) return plan;
  const secrets: SecretCollector = { names: new Set(plan.secretNames), sources: new Map(), areDiscovered: true };
  const decoded = decodeJson(ClusterSchema, configOf(at));
  if (!decoded.ok) throw new Error(`the cluster of the control plane cannot be decoded: ${JSON.stringify(decoded)}`);
  const cluster = clusterPlan(decoded.value, undefined, new Scope(at.clusterName, []), secrets);
  return {
    ...plan,
    clusters: new Map([...plan.clusters, [at.clusterName, cluster]]),
    secretNames: [...secrets.names].sort(),
  };
}

function asks({ listeners }: ProxyPlan, clusterName: string): boolean {
  return listeners
    .flatMap(({ filterChains }) => filterChains)
    .flatMap(({ network }) => (network.kind === "http" ? network.filters : []))
    .some((filter) => filter.kind === "ratelimit" && filter.service.cluster === clusterName);
}

function configOf({ clusterName: name, address, spiffeId }: ControlPlaneAt) {
  const place = { socket_address: { address: address.address, port_value: address.port } };
  const http2 = `${TYPE}.upstreams.http.v3.HttpProtocolOptions`;
  return {
    name,
    type: isIP(address.address) === 0 ? "STRICT_DNS" : "STATIC",
    connect_timeout: "2s",
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address: place } }] }] },
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": http2,
        explicit_http_config: { http2_protocol_options: {} },
      },
    },
    ...(spiffeId === "" ? {} : { transport_socket: mutualTls(spiffeId) }),
  };
}

const mutualTls = (spiffeId: string) => ({
  name: "envoy.transport_sockets.tls",
  typed_config: {
    "@type": `${TYPE}.transport_sockets.tls.v3.UpstreamTlsContext`,
    common_tls_context: {
      alpn_protocols: ["h2"],
      tls_params: { tls_minimum_protocol_version: "TLSv1_3", tls_maximum_protocol_version: "TLSv1_3" },
      tls_certificate_sds_secret_configs: [{ name: "identity", sds_config: ADS }],
      combined_validation_context: {
        default_validation_context: {
          match_typed_subject_alt_names: [{ san_type: "URI", matcher: { exact: spiffeId } }],
        },
        validation_context_sds_secret_config: { name: "bundle", sds_config: ADS },
      },
    },
  },
});
