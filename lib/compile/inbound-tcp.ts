// The TCP ports of a sidecar's inbound side: a filter chain each, with who may connect and the app's port behind.
// The rule: callers' sidecars name the port in the TLS handshake; it says where a connection goes, and the policies of that port decide alone.
import { FilterChainSchema } from "@meshwright/proxy/contract";
import { objectKey, type RateLimit, type Service, type Workload, workloadOwnerName } from "@/lib/mesh";
import { tcpLog } from "./access-log";
import { authorizationFilters } from "./authorization";
import { APP_IDLE_TIMEOUT_MS, behaviourOf, inlineEndpoints, tcpServerName } from "./clusters";
import { any, type JsonObject, meshwrightMetadata } from "./envoy-json";
import { tcpPorts } from "./facts";
import { protectionIn, takesPlainTcp, tcpProtectionIn } from "./modes";
import type { CompileContext, ProxyContext } from "./parts";
import { limitedConnections } from "./rate-limit";
import { finished, shared } from "./shared";
import { calleePatience } from "./tcp-patience";
import { downstreamTls } from "./transport";

const TCP_PROXY = "extensions.filters.network.tcp_proxy.v3.TcpProxy";
/** Beside other ports of a service an app is expected to listen on the same number for it. */
type AppOn = (port: number) => { host: string; port: number } | null;

/** Filter chains of all TCP ports of the service, and the clusters of the app that they lead to. */
export function tcpChains(context: ProxyContext, workload: Workload, service: Service, appOn: AppOn): JsonObject[] {
  const key = objectKey(service);
  const limit = context.facts.rateLimits.get(key);
  return tcpPorts(service.spec.ports).flatMap(({ port }) => {
    const name = `inbound|${port}`;
    context.clusters.set(name, appCluster(name, workload, appOn(port)));
    return shared(context, `inbound tcp ${key} ${port}`, [service, limit], (of) => chainsOf(of, service, port, limit));
  });
}

/** The same for every instance of the service. */
function chainsOf(context: CompileContext, service: Service, port: number, limit: RateLimit | undefined): JsonObject[] {
  const { facts, problems } = context;
  warnOfPlainText(context, service, port);
  const protection = tcpProtectionIn(facts, service, port);
  const filters = limitedConnections(limit, port, [
    ...authorizationFilters(facts, service, protection, problems, { as: "tcp", ports: [port] }),
    {
      name: "envoy.filters.network.tcp_proxy",
      typed_config: any(TCP_PROXY, {
        stat_prefix: "inbound_tcp",
        cluster: `inbound|${port}`,
        ...calleePatience(facts, objectKey(service)),
        access_log: [tcpLog(context.input.overrides.accessLogPath ?? "access.log")],
      }),
    },
  ]);
  const chains: JsonObject[] = [];
  if (protection.tls !== "disable") {
    chains.push({
      name: `tcp-${port}`,
      filter_chain_match: { transport_protocol: "tls", server_names: [tcpServerName(service, port)] },
      filters,
      transport_socket: downstreamTls(facts.trustDomain, []),
    });
  }
  if (protection.tls !== "strict" && takesPlainTcp(service)) {
    chains.push({ name: `tcp-${port}-plain`, filter_chain_match: { transport_protocol: "raw_buffer" }, filters });
  }
  return chains.map((chain) => finished(context, FilterChainSchema, chain));
}

function warnOfPlainText({ facts, problems }: CompileContext, service: Service, port: number): void {
  const { tls } = protectionIn(facts, service, port);
  if (tls === "strict" || takesPlainTcp(service)) return;
  const index = service.spec.ports.findIndex((each) => each.port === port);
  const message =
    tls === "disable"
      ? `TCP port ${port} is in mutual TLS between sidecars although it is switched off: in plain text nothing tells its connections from those of the other ports`
      : `TCP port ${port} takes connections of sidecars only: in plain text nothing tells them from those of the other ports`;
  problems.warn(service, `spec.ports[${index}]`, message, "Give the port a service of its own to take plain text.");
}

function appCluster(name: string, workload: Workload, app: { host: string; port: number } | null): JsonObject {
  return {
    name,
    ...inlineEndpoints(name, app ? [app] : []),
    ...behaviourOf({}, APP_IDLE_TIMEOUT_MS, "tcp"),
    metadata: meshwrightMetadata({
      kind: "service",
      namespace: workload.metadata.namespace,
      service: workloadOwnerName(workload),
      version: workload.spec.version,
      workload: workload.metadata.name,
    }),
  };
}
