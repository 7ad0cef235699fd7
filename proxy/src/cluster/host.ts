// One upstream address: its connection pool (LIFO) and the requests that wait for a connection.
// Rule: a waiter is answered exactly once, by a connection or by a failure, never inside the call that queued it.

import type { Socket } from "node:net";
import type { ResetReason } from "../http/exchange";
import { type ConnectionOwner, H1ClientConnection } from "../http/h1/client-connection";
import type { ClusterPlan, EndpointPlan } from "../plan/types";
import type { RequestSeries } from "../telemetry/request-metrics";
import { OutlierState } from "./outlier";

export interface PoolWaiter {
  onConnection(connection: H1ClientConnection): void;
  onConnectFailure(reason: ResetReason, detail: string): void;
}

/** What a host needs of its cluster: settings, the dialer, and the counters that breakers look at. */
export interface HostCluster {
  readonly plan: ClusterPlan;
  readonly dialer: Dialer;
  readonly idleLimitMs: number;
  activeConnections: number;
  totalConnections: number;
  connectFailures: number;
  connectionOverflow: number;
  pendingRequests: number;
}

export type TakeResult = H1ClientConnection | "queued" | "overflow";

/** Opens a socket; calls exactly one of the two callbacks later. */
export interface Dialer {
  dial(
    host: UpstreamHost,
    onReady: (socket: Socket) => void,
    onFailure: (reason: ResetReason, detail: string) => void,
  ): Socket;
}

export class UpstreamHost implements ConnectionOwner {
  readonly outlier = new OutlierState();
  readonly key: string;
  activeRequests = 0;
  totalRequests = 0;
  /** Source-side metrics of requests to this host, bound at the first one. */
  series: RequestSeries | null = null;
  /** SPIFFE ID the host proved at its last handshake. */
  principal = "";
  isRemoved = false;
  private readonly idle: H1ClientConnection[] = [];
  private readonly open = new Set<H1ClientConnection>();
  private readonly connecting = new Set<Socket>();
  private readonly waiting: PoolWaiter[] = [];

  constructor(
    readonly cluster: HostCluster,
    public plan: EndpointPlan,
    /** Resolved IP of a strict-dns endpoint, else the plan's address. */
    readonly address: string,
  ) {
    this.key = `${address}:${plan.port}`;
  }

  get isHealthy(): boolean {
    return this.plan.health !== "unhealthy" && this.plan.health !== "draining" && !this.outlier.isEjected;
  }

  get connections(): number {
    return this.open.size + this.connecting.size;
  }

  get pending(): number {
    return this.waiting.length;
  }

  take(waiter: PoolWaiter): TakeResult {
    const ready = this.popIdle();
    if (ready !== null) return ready;
    const cluster = this.cluster;
    if (cluster.pendingRequests >= cluster.plan.circuitBreakers.maxPendingRequests) return "overflow";
    this.waiting.push(waiter);
    cluster.pendingRequests++;
    this.growIfNeeded();
    return "queued";
  }

  private popIdle(): H1ClientConnection | null {
    for (;;) {
      const connection = this.idle.pop();
      if (connection === undefined) return null;
      if (connection.isUsable && performance.now() - connection.idleSince < connection.idleLimitMs) return connection;
      connection.destroy();
    }
  }

  cancel(waiter: PoolWaiter): void {
    const at = this.waiting.indexOf(waiter);
    if (at < 0) return;
    this.waiting.splice(at, 1);
    this.cluster.pendingRequests--;
  }

  /** Envoy's rule: the cluster's limit holds, but a host without any connection may always open one. */
  private growIfNeeded(): void {
    const cluster = this.cluster;
    while (this.connecting.size < this.waiting.length) {
      const isOverLimit = cluster.activeConnections >= cluster.plan.circuitBreakers.maxConnections;
      if (isOverLimit) cluster.connectionOverflow++;
      if (isOverLimit && this.connections > 0) return;
      this.connect();
    }
  }

  private connect(): void {
    const cluster = this.cluster;
    cluster.activeConnections++;
    cluster.totalConnections++;
    const socket = cluster.dialer.dial(
      this,
      (ready) => {
        this.connecting.delete(socket);
        this.onReady(ready);
      },
      (reason, detail) => {
        this.connecting.delete(socket);
        cluster.activeConnections--;
        cluster.connectFailures++;
        // As Envoy: one failed connect answers all that wait, so that the router can try another host.
        for (const waiter of this.waiting.splice(0)) {
          cluster.pendingRequests--;
          waiter.onConnectFailure(reason, detail);
        }
      },
    );
    this.connecting.add(socket);
  }

  private onReady(socket: Socket): void {
    const http = this.cluster.plan.http;
    const connection = new H1ClientConnection(
      socket,
      this,
      http.maxRequestsPerConnection ?? Number.POSITIVE_INFINITY,
      this.cluster.idleLimitMs,
    );
    this.open.add(connection);
    connection.idleSince = performance.now();
    this.onConnectionIdle(connection);
  }

  onConnectionIdle(connection: H1ClientConnection): void {
    const waiter = this.waiting.shift();
    if (waiter !== undefined) {
      this.cluster.pendingRequests--;
      waiter.onConnection(connection);
      return;
    }
    if (this.isRemoved) connection.destroy();
    else this.idle.push(connection);
  }

  onConnectionClosed(connection: H1ClientConnection): void {
    if (!this.open.delete(connection)) return;
    this.cluster.activeConnections--;
    const at = this.idle.indexOf(connection);
    if (at >= 0) this.idle.splice(at, 1);
    this.growIfNeeded();
  }

  /** Closes connections that idled too long; called by the cluster's sweep. */
  sweep(now: number, maxAgeMs: number): void {
    for (const connection of [...this.idle]) {
      if (now - connection.idleSince >= connection.idleLimitMs || now - connection.openedAt >= maxAgeMs)
        connection.destroy();
    }
  }

  /** No new requests will come: close what is idle, let the rest finish. */
  drain(): void {
    this.isRemoved = true;
    for (const connection of this.open) connection.drain();
    this.idle.length = 0;
  }

  /** New connections must use new keys: retire the present ones after their request. */
  retireConnections(): void {
    for (const connection of this.open) connection.drain();
    this.idle.length = 0;
  }

  eachConnection(visit: (connection: H1ClientConnection) => void): void {
    for (const connection of this.open) visit(connection);
  }
}
