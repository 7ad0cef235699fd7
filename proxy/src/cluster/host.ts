// One upstream address as balancer, breakers and outlier detection see it. Rule: what is counted here is counted per
// request and read per request; connections are the pool's.

import type { Socket } from "node:net";
import type { ResetReason } from "../http/exchange";
import type { EndpointPlan } from "../plan/types";
import type { RequestSeries } from "../telemetry/request-metrics";
import { HostHealth } from "./health/host-health";
import { OutlierState } from "./outlier";
import { Latency } from "./peak-ewma";
import { ConnectionPool, type PoolCluster, type UpstreamConnection } from "./pool";
import { type ProxiedConnection, proxiedKey } from "./proxy-header";

export interface HostCluster extends PoolCluster {
  readonly dialer: Dialer;
}

/** Opens a socket to a host; calls exactly one of the two callbacks later. */
export interface Dialer {
  dial(
    host: UpstreamHost,
    onReady: (socket: Socket) => void,
    onFailure: (reason: ResetReason, detail: string) => void,
    how?: DialOptions,
  ): Socket;
}

export interface DialOptions {
  /** ALPN offers HTTP where nothing is configured. */
  readonly isHttp?: boolean;
  /** Instead of the host's. */
  readonly port?: number;
  /** Instead of the cluster's; null: none, the caller waits no longer than it wants. */
  readonly timeoutMs?: number | null;
  /** For whom, where the host is told by the PROXY protocol; left out: for the proxy itself. */
  readonly from?: ProxiedConnection;
}

export class UpstreamHost {
  readonly outlier = new OutlierState();
  readonly health = new HostHealth();
  /** Of everybody, and where hosts are told for whom a connection is, of the proxy itself. */
  readonly pool: ConnectionPool;
  /** By the caller's connection; null: hosts are not told. */
  private readonly proxied: Map<string, ConnectionPool> | null;
  /** Address and port of new connections. */
  key: string;
  activeRequests = 0;
  /** null: nobody asks how fast it is. */
  readonly latency: Latency | null;
  /** When it came, or was healthy again by its checks. */
  startedAt = performance.now();
  totalRequests = 0;
  /** Source-side metrics of requests to this host, bound at the first one. */
  series: RequestSeries | null = null;
  /** SPIFFE ID the host proved at its last handshake. */
  principal = "";

  constructor(
    readonly cluster: HostCluster,
    public plan: EndpointPlan,
    /** Resolved IP of an endpoint by DNS, else the plan's address. */
    public address: string,
  ) {
    this.key = `${address}:${plan.port}`;
    const { peakEwma } = cluster.plan.balancing;
    this.latency = peakEwma === null ? null : new Latency(peakEwma);
    this.pool = this.newPool({});
    this.proxied = cluster.plan.proxyProtocol === null ? null : new Map();
  }

  private newPool(how: DialOptions): ConnectionPool {
    const { cluster } = this;
    return new ConnectionPool(
      cluster,
      (onReady, onFailure, isHttp) =>
        cluster.dialer.dial(this, onReady, onFailure, { ...how, isHttp: isHttp === true }),
      () => this.isHealthy,
    );
  }

  get tellsCallers(): boolean {
    return this.proxied !== null;
  }

  /** What is told stands once before a connection: whoever is told of shares it with nobody. */
  poolFor(from: ProxiedConnection): ConnectionPool {
    if (this.proxied === null) return this.pool;
    const key = proxiedKey(from);
    const pool = this.proxied.get(key) ?? this.newPool({ from });
    this.proxied.set(key, pool);
    return pool;
  }

  private get pools(): readonly ConnectionPool[] {
    return this.proxied === null ? [this.pool] : [this.pool, ...this.proxied.values()];
  }

  /** Connections of callers that some are kept for. */
  get callers(): number {
    return this.proxied?.size ?? 0;
  }

  get connections(): number {
    return this.pools.reduce((sum, pool) => sum + pool.connections, 0);
  }

  sweep(now: number, maxAgeMs: number): void {
    for (const pool of this.pools) pool.sweep(now, maxAgeMs);
    if (this.proxied === null) return;
    for (const [key, pool] of this.proxied) if (pool.isUnused) this.proxied.delete(key);
  }

  drain(): void {
    for (const pool of this.pools) pool.drain();
  }

  retire(): void {
    for (const pool of this.pools) pool.retire();
  }

  each(visit: (connection: UpstreamConnection) => void): void {
    for (const pool of this.pools) pool.each(visit);
  }

  /** New connections go there; those it has are kept, for they are to the same host by another address (LOGICAL_DNS). */
  moveTo(address: string): void {
    this.address = address;
    this.key = `${address}:${this.plan.port}`;
  }

  get isHealthy(): boolean {
    const { plan, outlier, health } = this;
    return plan.health !== "unhealthy" && plan.health !== "draining" && !outlier.isEjected && !health.hasFailed;
  }

  get isDegraded(): boolean {
    return this.plan.health === "degraded" || this.health.isDegraded;
  }

  /** Of panic it is not one of all. */
  get isExcluded(): boolean {
    return this.health.isPending || this.health.isExcluded;
  }
}
