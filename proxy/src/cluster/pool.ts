// The connections to one host and the requests that wait for one. HTTP/1.1 connections carry one request at a time
// (last in, first out); an HTTP/2 connection carries as many as it may, so there is seldom a second one.
// Rule: a waiter is answered exactly once, by a stream or by a failure, never inside the call that queued it.

import type { Socket } from "node:net";
import type { ResetReason, UpstreamStream } from "../http/exchange";
import { type ConnectionOwner, H1ClientConnection } from "../http/h1/client-connection";
import { H2ClientConnection, type H2ConnectionOwner } from "../http/h2/client-connection";
import { TunnelStream } from "../http/tunnel-stream";
import type { ClusterPlan } from "../plan/types";
import { turnNow } from "../turn-clock";

export interface PoolWaiter {
  onConnection(stream: UpstreamStream): void;
  onConnectFailure(reason: ResetReason, detail: string): void;
}

/** Waits for the connection of a CONNECT. */
export interface TunnelWaiter extends PoolWaiter {
  onTunnel(tunnel: TunnelStream): void;
}

/** What a pool needs of its cluster: settings and the counters that breakers look at. */
export interface PoolCluster {
  readonly plan: ClusterPlan;
  readonly idleLimitMs: number;
  activeConnections: number;
  totalConnections: number;
  connectFailures: number;
  connectionOverflow: number;
  pendingRequests: number;
}

/** Opens a socket; calls exactly one of the two callbacks later. */
export type Dial = (
  onReady: (socket: Socket) => void,
  onFailure: (reason: ResetReason, detail: string) => void,
  isHttp?: boolean,
) => Socket;

/** Of connections before they are needed, at one request. */
const preconnectLimit = 3;

export type UpstreamConnection = H1ClientConnection | H2ClientConnection;

export type TakeResult = UpstreamStream | "queued" | "overflow";

export class ConnectionPool implements ConnectionOwner, H2ConnectionOwner {
  private readonly open = new Set<UpstreamConnection>();
  private readonly idle: H1ClientConnection[] = [];
  private multiplexed: H2ClientConnection[] = [];
  private readonly connecting = new Set<Socket>();
  private readonly waiting: PoolWaiter[] = [];
  /** Tunnels in the making. */
  private readonly dialing = new Map<PoolWaiter, Socket>();
  private isRemoved = false;
  /** What the last connection turned out to be, for clusters that leave it to ALPN. */
  private speaksH2: boolean;

  constructor(
    private readonly cluster: PoolCluster,
    private readonly dial: Dial,
    private readonly isHealthy: () => boolean = () => true,
  ) {
    this.speaksH2 = cluster.plan.http.protocol !== "http1";
  }

  get connections(): number {
    return this.open.size + this.connecting.size;
  }

  get isUnused(): boolean {
    return this.connections + this.waiting.length + this.dialing.size === 0;
  }

  take(waiter: PoolWaiter): TakeResult {
    const ready = this.acquire() ?? this.popIdle();
    const { cluster } = this;
    const isAhead = cluster.plan.preconnectRatio > 1;
    if (ready !== null) {
      if (isAhead) this.preconnect();
      return ready;
    }
    if (cluster.pendingRequests >= cluster.plan.circuitBreakers.maxPendingRequests) return "overflow";
    this.waiting.push(waiter);
    cluster.pendingRequests++;
    if (isAhead) this.preconnect();
    this.growIfNeeded();
    return "queued";
  }

  /** A connection for the tunnel of one CONNECT, always a new one; it counts as a connection and is never shared. */
  takeTunnel(waiter: TunnelWaiter): TakeResult {
    const { cluster } = this;
    const isOverLimit = cluster.activeConnections >= cluster.plan.circuitBreakers.maxConnections;
    if (isOverLimit) cluster.connectionOverflow++;
    if (isOverLimit && this.connections > 0) return "overflow";
    cluster.activeConnections++;
    cluster.totalConnections++;
    const socket = this.dial(
      (ready) => {
        this.dialing.delete(waiter);
        ready.once("close", () => cluster.activeConnections--);
        waiter.onTunnel(new TunnelStream(ready));
      },
      (reason, detail) => {
        cluster.activeConnections--;
        cluster.connectFailures++;
        if (this.dialing.delete(waiter)) waiter.onConnectFailure(reason, detail);
      },
    );
    this.dialing.set(waiter, socket);
    return "queued";
  }

  private acquire(): UpstreamStream | null {
    for (const connection of this.multiplexed) {
      const stream = connection.acquire();
      if (stream !== null) return stream;
    }
    return null;
  }

  private popIdle(): H1ClientConnection | null {
    for (;;) {
      const connection = this.idle.pop();
      if (connection === undefined) return null;
      if (connection.isUsable && turnNow() - connection.idleSince < connection.idleLimitMs) return connection;
      connection.destroy();
    }
  }

  cancel(waiter: PoolWaiter): void {
    const socket = this.dialing.get(waiter);
    if (socket !== undefined) {
      this.dialing.delete(waiter);
      socket.destroy();
      return;
    }
    const at = this.waiting.indexOf(waiter);
    if (at < 0) return;
    this.waiting.splice(at, 1);
    this.cluster.pendingRequests--;
  }

  /** Requests that a connection in the making will be able to take. */
  private get assumedCapacity(): number {
    const { http } = this.cluster.plan;
    if (!this.speaksH2) return 1;
    return Math.min(http.http2.maxConcurrentStreams, http.maxRequestsPerConnection ?? Number.POSITIVE_INFINITY);
  }

  private growIfNeeded(): void {
    while (this.connecting.size * this.assumedCapacity < this.waiting.length) if (!this.tryConnect()) return;
  }

  /** Envoy's rule: so many connections that `preconnectRatio` times the requests of now could be under way. */
  private preconnect(): void {
    if (!this.isHealthy()) return;
    const ratio = this.cluster.plan.preconnectRatio;
    for (let count = 0; count < preconnectLimit; count++) {
      const { used, free } = this.capacity();
      if ((this.waiting.length + used) * ratio <= free + used || !this.tryConnect()) return;
    }
  }

  private capacity(): { used: number; free: number } {
    let used = 0;
    let free = this.idle.length + this.connecting.size * this.assumedCapacity;
    for (const connection of this.open) {
      if (connection instanceof H2ClientConnection) {
        used += connection.streamsInUse;
        free += connection.freeStreams;
      } else used++;
    }
    return { used: used - this.idle.length, free };
  }

  /** The cluster's limit holds, but a host without any connection may always open one, as in Envoy. */
  private tryConnect(): boolean {
    const { cluster } = this;
    const isOverLimit = cluster.activeConnections >= cluster.plan.circuitBreakers.maxConnections;
    if (isOverLimit) cluster.connectionOverflow++;
    if (isOverLimit && this.connections > 0) return false;
    this.connect();
    return true;
  }

  private connect(): void {
    const { cluster } = this;
    cluster.activeConnections++;
    cluster.totalConnections++;
    const socket = this.dial(
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
      true,
    );
    this.connecting.add(socket);
  }

  private onReady(socket: Socket): void {
    const { http } = this.cluster.plan;
    const maxRequests = http.maxRequestsPerConnection ?? Number.POSITIVE_INFINITY;
    const isH2 = http.protocol === "http2" || (http.protocol === "auto" && negotiated(socket) === "h2");
    this.speaksH2 = isH2;
    if (isH2) {
      const limits = { maxHeaderBytes: http.maxResponseHeadersKb * 1024, maxHeaders: http.maxHeadersCount };
      const connection = new H2ClientConnection(socket, http.http2, limits, this, maxRequests);
      this.open.add(connection);
      this.multiplexed.push(connection);
      this.onStreamFree(connection);
      if (this.isRemoved) connection.drain();
    } else {
      const connection = new H1ClientConnection(
        socket,
        this,
        maxRequests,
        this.cluster.idleLimitMs,
        http.maxHeadersCount,
        http.hasHttp1Trailers,
      );
      this.open.add(connection);
      connection.idleSince = performance.now();
      this.onConnectionIdle(connection);
    }
    this.growIfNeeded();
  }

  onStreamFree(connection: H2ClientConnection): void {
    while (this.waiting.length > 0) {
      const stream = connection.acquire();
      if (stream === null) break;
      this.cluster.pendingRequests--;
      this.waiting.shift()?.onConnection(stream);
    }
    if (connection.isSpent) this.forget(connection);
    if (this.waiting.length > 0) this.growIfNeeded();
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

  onConnectionClosed(connection: UpstreamConnection): void {
    if (!this.open.delete(connection)) return;
    this.cluster.activeConnections--;
    if (connection instanceof H2ClientConnection) this.forget(connection);
    else {
      const at = this.idle.indexOf(connection);
      if (at >= 0) this.idle.splice(at, 1);
    }
    this.growIfNeeded();
  }

  private forget(connection: H2ClientConnection): void {
    if (this.multiplexed.includes(connection)) this.multiplexed = this.multiplexed.filter((one) => one !== connection);
  }

  /** Closes connections that idled too long; called by the cluster's sweep. */
  sweep(now: number, maxAgeMs: number): void {
    for (const connection of [...this.idle]) {
      if (now - connection.idleSince >= connection.idleLimitMs || now - connection.openedAt >= maxAgeMs)
        connection.destroy();
    }
    for (const connection of this.multiplexed) connection.sweep(now, this.cluster.idleLimitMs, maxAgeMs);
  }

  /** No new requests will come: close what is idle, let the rest finish. */
  drain(): void {
    this.isRemoved = true;
    this.retire();
  }

  /** New connections must use new keys: retire the present ones after their requests. */
  retire(): void {
    for (const connection of [...this.open]) connection.drain();
    this.idle.length = 0;
    this.multiplexed = [];
  }

  each(visit: (connection: UpstreamConnection) => void): void {
    for (const connection of [...this.open]) visit(connection);
  }
}

function negotiated(socket: Socket): string | false | null {
  return "alpnProtocol" in socket ? (socket.alpnProtocol as string | false | null) : null;
}
