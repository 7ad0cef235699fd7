// One upstream address as balancer, breakers and outlier detection see it. Rule: what is counted here is counted per
// request and read per request; connections are the pool's.

import type { Socket } from "node:net";
import type { ResetReason } from "../http/exchange";
import type { EndpointPlan } from "../plan/types";
import type { RequestSeries } from "../telemetry/request-metrics";
import { HostHealth } from "./health/host-health";
import { OutlierState } from "./outlier";
import { ConnectionPool, type PoolCluster } from "./pool";

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
}

export class UpstreamHost {
  readonly outlier = new OutlierState();
  readonly health = new HostHealth();
  readonly pool: ConnectionPool;
  /** Address and port of new connections. */
  key: string;
  activeRequests = 0;
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
    this.pool = new ConnectionPool(
      cluster,
      (onReady, onFailure, isHttp) => cluster.dialer.dial(this, onReady, onFailure, { isHttp: isHttp === true }),
      () => this.isHealthy,
    );
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
