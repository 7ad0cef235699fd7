// Everything the data path counts, in one place per process. Rule: counting is a number on an object already in hand.

import type { UpstreamCluster } from "../cluster/cluster";
import type { UpstreamHost } from "../cluster/host";
import type { NodePlan } from "../plan/types";
import { HttpStatsByPrefix } from "./http-stats";
import { inboundLabels, outboundLabels, type Peer } from "./labels";
import { NamedCounts } from "./named-counts";
import { ObservedShapes } from "./observed-shapes";
import { Outcomes } from "./outcomes";
import { RequestMetrics, type RequestSeries } from "./request-metrics";
import type { Tap } from "./tap";
import { TcpMetrics, type TcpSeries } from "./tcp-metrics";

export type RateLimitOutcome = "ok" | "over_limit" | "error" | "failure_mode_allowed";

export type AuthorizationOutcome = "ok" | "denied" | "error" | "disabled" | "failure_mode_allowed" | "invalid";

/** Of spans or log records: those that a collector took, and those that were lost. */
export interface ExportCounts {
  sent: number;
  dropped: number;
  /** Batches that left because their time was over. */
  timerFlushed: number;
}

export class Telemetry {
  readonly metrics = new RequestMetrics();
  readonly tcp = new TcpMetrics();
  readonly http = new HttpStatsByPrefix();
  /** Of filters and of TCP, by Envoy's names. */
  readonly named = new NamedCounts();
  readonly shapes = new ObservedShapes(this.metrics);
  /** SPIFFE ID of our own certificate; "" before there is one. */
  ownPrincipal = "";
  rbacDenied = 0;
  /** Refused for what their tokens are, or for having none. */
  jwtDenied = 0;
  delaysInjected = 0;
  answersSlowed = 0;
  abortsInjected = 0;
  /** Not injected, because as many were active as max_active_faults allows. */
  faultsOverflowed = 0;
  /** Refused for want of a token. */
  rateLimited = 0;
  /** Let on though there was no token: the limit is not enforced. */
  rateLimitShadowed = 0;
  /** What rate limit services said, by cluster and Envoy's name of the outcome. */
  readonly rateLimits = new Outcomes<RateLimitOutcome>();
  /** What external authorizers said, by cluster and Envoy's name of the outcome. */
  readonly authorizations = new Outcomes<AuthorizationOutcome>();
  /** Who watches requests now. */
  readonly taps = new Set<Tap>();
  readonly spans: ExportCounts = { sent: 0, dropped: 0, timerFlushed: 0 };
  /** Records of access logs over OTLP, by stat_prefix. */
  readonly otlpLogs = new Map<string, ExportCounts>();
  /** Of calls that came with an Origin, where CORS is on or watches. */
  readonly corsOrigins = { allowed: 0, refused: 0 };
  private readonly activeFaults = new Map<string, { active: number }>();
  readonly shadowDenied = new Map<string, number>();
  readonly handshakeFailures = new Map<string, number>();
  /** Refused requests by the detail of docs/reference/http1-strictness.md. */
  readonly protocolErrors = new Map<string, number>();
  downstreamConnections = 0;
  activeDownstreamRequests = 0;
  node: NodePlan = {
    id: "",
    cluster: "",
    workload: "",
    namespace: "",
    service: "",
    version: "",
    serviceAccount: "",
    zone: "",
    metadata: {},
  };

  inbound(peer: Peer | null, isTls: boolean): RequestSeries {
    return this.metrics.series(inboundLabels(this.node, this.ownPrincipal, peer, isTls));
  }

  inboundTcp(peer: Peer | null, isTls: boolean): TcpSeries {
    return this.tcp.series(inboundLabels(this.node, this.ownPrincipal, peer, isTls));
  }

  /** As the caller's side tells it: of the host that was reached or tried, else of the cluster, else of nobody. */
  outboundTcp(cluster: UpstreamCluster | null, host: UpstreamHost | null): TcpSeries {
    const of = host !== null ? this.toHost(host) : cluster !== null ? this.toCluster(cluster) : this.nowhere();
    return this.tcp.series(of.labels);
  }

  /** Requests that matched no route or reached no cluster. */
  nowhere(): RequestSeries {
    return this.metrics.series(
      outboundLabels(this.node, this.ownPrincipal, {
        service: "",
        namespace: "",
        workload: "",
        version: "",
        principal: "",
        isMutualTls: false,
      }),
    );
  }

  toCluster(cluster: UpstreamCluster): RequestSeries {
    const { metadata, tls } = cluster.plan;
    cluster.series ??= this.metrics.series(
      outboundLabels(this.node, this.ownPrincipal, {
        service: metadata["service"] ?? cluster.plan.name,
        namespace: metadata["namespace"] ?? "",
        workload: metadata["workload"] ?? "",
        version: metadata["version"] ?? "",
        principal: "",
        isMutualTls: tls?.identitySecret != null,
      }),
    );
    return cluster.series;
  }

  toHost(host: UpstreamHost): RequestSeries {
    if (host.series === null) {
      const { metadata, tls, name } = host.cluster.plan;
      host.series = this.metrics.series(
        outboundLabels(this.node, this.ownPrincipal, {
          service: metadata["service"] ?? name,
          namespace: metadata["namespace"] ?? "",
          workload: host.plan.metadata["workload"] ?? metadata["workload"] ?? "",
          version: host.plan.metadata["version"] ?? metadata["version"] ?? "",
          principal: host.principal,
          isMutualTls: tls?.identitySecret != null,
        }),
      );
    }
    return host.series;
  }

  /** Series of the gRPC requests between the parties of `series`. */
  grpcOf(series: RequestSeries): RequestSeries {
    series.grpc ??= this.metrics.series({ ...series.labels, request_protocol: "grpc" });
    return series.grpc;
  }

  countOrigin(isAllowed: boolean): void {
    if (isAllowed) this.corsOrigins.allowed++;
    else this.corsOrigins.refused++;
  }

  /** Shared by every plan with this prefix, so that a swap forgets no fault under way. */
  faultsOf(statPrefix: string): { active: number } {
    const known = this.activeFaults.get(statPrefix) ?? { active: 0 };
    this.activeFaults.set(statPrefix, known);
    return known;
  }

  otlpLogsOf(statPrefix: string): ExportCounts {
    const known = this.otlpLogs.get(statPrefix) ?? { sent: 0, dropped: 0, timerFlushed: 0 };
    this.otlpLogs.set(statPrefix, known);
    return known;
  }

  countShadowDenial(policy: string): void {
    this.shadowDenied.set(policy, (this.shadowDenied.get(policy) ?? 0) + 1);
  }

  countProtocolError(detail: string): void {
    this.protocolErrors.set(detail, (this.protocolErrors.get(detail) ?? 0) + 1);
  }

  countHandshakeFailure(reason: string): void {
    this.handshakeFailures.set(reason, (this.handshakeFailures.get(reason) ?? 0) + 1);
  }
}
