// One upstream address as balancer, breakers and outlier detection see it. Rule: what is counted here is counted per
// request and read per request; connections are the pool's.

import type { Socket } from "node:net";
import type { ResetReason } from "../http/exchange";
import type { EndpointPlan } from "../plan/types";
import type { RequestSeries } from "../telemetry/request-metrics";
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
  ): Socket;
}

export class UpstreamHost {
  readonly outlier = new OutlierState();
  readonly pool: ConnectionPool;
  readonly key: string;
  activeRequests = 0;
  totalRequests = 0;
  /** Source-side metrics of requests to this host, bound at the first one. */
  series: RequestSeries | null = null;
  /** SPIFFE ID the host proved at its last handshake. */
  principal = "";

  constructor(
    readonly cluster: HostCluster,
    public plan: EndpointPlan,
    /** Resolved IP of a strict-dns endpoint, else the plan's address. */
    readonly address: string,
  ) {
    this.key = `${address}:${plan.port}`;
    this.pool = new ConnectionPool(cluster, (onReady, onFailure) => cluster.dialer.dial(this, onReady, onFailure));
  }

  get isHealthy(): boolean {
    return this.plan.health !== "unhealthy" && this.plan.health !== "draining" && !this.outlier.isEjected;
  }
}
