// A gRPC service that the proxy itself calls through a cluster. Rule: types alone, for plans and for who calls.

export interface GrpcServicePlan {
  readonly cluster: string;
  readonly authority: string;
  /** null: no limit. */
  readonly timeoutMs: number | null;
  /** Of an answer. */
  readonly maxMessageBytes: number;
}
