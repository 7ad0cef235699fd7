// What a line about a connection has nothing to say of, because that belongs to requests. Rule: the rest is said by who has the connection.

import type { AccessRecord } from "./access-log";

export abstract class ConnectionRecord implements AccessRecord {
  abstract readonly protocol: string;
  readonly grpcStatus = null;
  readonly method = "";
  readonly path = "";
  readonly status = 0;
  abstract readonly flags: string;
  abstract readonly details: string;
  abstract readonly requestBytes: number;
  abstract readonly responseBytes: number;
  abstract readonly startWallMs: number;
  abstract readonly durationMs: number;
  readonly requestDurationMs = null;
  readonly responseDurationMs = null;
  readonly routeName = "";
  abstract readonly upstreamCluster: string;
  abstract readonly upstreamHost: string;
  abstract readonly upstreamLocalAddress: string;
  abstract readonly attempts: number;
  abstract readonly transportFailure: string;
  abstract readonly remoteAddress: string;
  abstract readonly directRemoteAddress: string;
  abstract readonly localAddress: string;
  abstract readonly peerUriSan: string;
  abstract readonly tlsVersion: string;
  abstract readonly serverName: string;
  readonly traceId = "";
  readonly spanId = "";
  readonly isHealthCheck = false;
  readonly request = null;

  requestHeader(): undefined {
    return undefined;
  }
  responseHeader(): undefined {
    return undefined;
  }
  responseTrailer(): undefined {
    return undefined;
  }
}
