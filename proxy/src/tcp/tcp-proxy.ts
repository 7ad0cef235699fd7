// Raw TCP: bytes both ways between a downstream socket and one host of a cluster.
// Rule: half-closes are passed on as half-closes, and back-pressure of either side stops the other.

import type { Socket } from "node:net";
import type { UpstreamCluster } from "../cluster/cluster";
import type { UpstreamHost } from "../cluster/host";
import type { ProxiedConnection } from "../cluster/proxy-header";
import { localAddressOf } from "../http/socket-reader";
import type { RbacContext, SubsetMatch, TcpClusterPlan, TcpProxyPlan } from "../plan/types";
import { addressHash, pickCluster } from "../semantics";
import type { AccessRecord } from "../telemetry/access-log";
import { ConnectionRecord } from "../telemetry/connection-record";
import type { CountsOf } from "../telemetry/named-counts";
import type { TcpSeries } from "../telemetry/tcp-metrics";
import type { Telemetry } from "../telemetry/telemetry";

export interface TcpRuntime {
  readonly plan: TcpProxyPlan;
  readonly clusters: ReadonlyMap<string, UpstreamCluster>;
  readonly logs: readonly ((record: AccessRecord) => void)[];
  readonly counts: CountsOf<"tcp">;
}

export class TcpConnection extends ConnectionRecord {
  private upstream: Socket | null = null;
  private host: UpstreamHost | null = null;
  private cluster: UpstreamCluster | null = null;
  private touchedAt = performance.now();
  private isClosed = false;
  private readonly startedAt = performance.now();
  private endedAt = 0;
  readonly startWallMs = Date.now();
  readonly protocol = "";
  flags = "-";
  details = "";
  requestBytes = 0;
  responseBytes = 0;
  attempts = 0;
  transportFailure = "";
  upstreamLocalAddress = "";
  readonly tlsVersion = "";

  constructor(
    readonly socket: Socket,
    private readonly runtime: TcpRuntime,
    private readonly facts: RbacContext,
    private readonly from: ProxiedConnection,
    /** Of an inbound connection; null: outbound, which is counted by the host that it reaches. */
    private series: TcpSeries | null,
    private readonly telemetry: Telemetry,
    private readonly onClosed: () => void,
  ) {
    super();
    socket.pause();
    socket.allowHalfOpen = true;
    socket.on("error", () => this.close("DC"));
    socket.on("close", () => this.close(socket.readableEnded ? "-" : "DC"));
  }

  /** Whoever made this connection knows it by now: it may be closed at once. */
  start(): void {
    if (this.series !== null) this.series.opened++;
    const { name, subset } = this.pickTarget();
    this.cluster = this.runtime.clusters.get(name) ?? null;
    if (this.cluster === null) {
      this.runtime.counts.downstream_cx_no_route++;
      this.close("NC");
    } else this.connect(this.cluster, subset);
  }

  private pickTarget(): Pick<TcpClusterPlan, "name" | "subset"> {
    const { plan } = this.runtime;
    if (plan.isClusterBySni && this.serverName !== "") return { name: this.serverName, subset: plan.subset };
    if (plan.clusters.length === 0) return { name: "", subset: null };
    return pickCluster(plan, Math.floor(Math.random() * plan.totalWeight));
  }

  private connect(cluster: UpstreamCluster, subset: SubsetMatch | null): void {
    const { remoteAddress } = this.facts;
    const host = cluster.pick(subset, this.runtime.plan.hashesSourceIp ? addressHash(remoteAddress) : null);
    if (host === null) {
      cluster.noneHealthy++;
      this.close("UH");
      return;
    }
    if (cluster.activeConnections >= cluster.plan.circuitBreakers.maxConnections) {
      cluster.connectionOverflow++;
      this.close("UO");
      return;
    }
    this.host = host;
    this.attempts++;
    cluster.activeConnections++;
    cluster.totalConnections++;
    cluster.dialer.dial(
      host,
      (upstream) => {
        cluster.detector?.onConnected(host);
        cluster.totalRequests++;
        host.totalRequests++;
        this.join(upstream);
      },
      (_reason, detail) => {
        cluster.activeConnections--;
        cluster.connectFailures++;
        cluster.detector?.onLocalFailure(host, performance.now());
        this.transportFailure = detail;
        if (this.isClosed) return;
        if (this.attempts < this.runtime.plan.maxConnectAttempts) this.connect(cluster, subset);
        else this.close("UF,URX");
      },
      { from: this.from },
    );
  }

  private join(upstream: Socket): void {
    const cluster = this.cluster;
    upstream.on("close", () => {
      if (cluster !== null) cluster.activeConnections--;
      this.close("-");
    });
    upstream.on("error", () => this.close("UC"));
    if (this.isClosed) {
      upstream.destroy();
      return;
    }
    this.upstream = upstream;
    const series = this.series ?? this.openOutbound();
    const { counts } = this.runtime;
    this.upstreamLocalAddress = localAddressOf(upstream);
    upstream.allowHalfOpen = true;
    this.copy(this.socket, upstream, (bytes) => {
      this.requestBytes += bytes;
      series.receivedBytes += bytes;
      counts.downstream_cx_rx_bytes_total += bytes;
    });
    this.copy(upstream, this.socket, (bytes) => {
      this.responseBytes += bytes;
      series.sentBytes += bytes;
      counts.downstream_cx_tx_bytes_total += bytes;
    });
    this.socket.resume();
  }

  private openOutbound(): TcpSeries {
    const series = this.telemetry.outboundTcp(this.cluster, this.host);
    series.opened++;
    this.series = series;
    return series;
  }

  private copy(from: Socket, to: Socket, count: (bytes: number) => void): void {
    from.on("data", (chunk: Buffer) => {
      count(chunk.length);
      this.touchedAt = performance.now();
      if (!to.write(chunk)) from.pause();
    });
    to.on("drain", () => from.resume());
    from.on("end", () => to.end());
  }

  sweep(now: number): void {
    const limit = this.runtime.plan.idleTimeoutMs;
    if (limit === null || now - this.touchedAt <= limit) return;
    this.runtime.counts.idle_timeout++;
    this.close("-");
  }

  private close(flags: string): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.flags = flags;
    this.endedAt = performance.now();
    this.socket.destroySoon();
    this.upstream?.destroySoon();
    for (const log of this.runtime.logs) log(this);
    if (this.series !== null) this.series.close(flags);
    else this.telemetry.outboundTcp(this.cluster, this.host).fail(flags);
    this.onClosed();
  }

  get durationMs(): number {
    return this.endedAt - this.startedAt;
  }
  get upstreamCluster(): string {
    return this.cluster?.plan.name ?? "";
  }
  get upstreamHost(): string {
    return this.host?.key ?? "";
  }
  get remoteAddress(): string {
    return this.facts.remoteAddress;
  }
  get directRemoteAddress(): string {
    return this.facts.directRemoteAddress;
  }
  get localAddress(): string {
    return `${this.facts.destinationAddress}:${this.facts.destinationPort}`;
  }
  get peerUriSan(): string {
    return this.facts.peer?.uriSans[0] ?? "";
  }
  get serverName(): string {
    return this.facts.requestedServerName;
  }
}
