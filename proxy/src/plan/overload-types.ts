// What the plan says about overload of the whole process.

export interface OverloadPlan {
  readonly refreshMs: number;
  readonly heaps: readonly HeapMonitorPlan[];
  /** Downstream connections at a time, of all listeners; null: no limit. */
  readonly maxConnections: number | null;
  readonly actions: readonly OverloadActionPlan[];
}

export interface HeapMonitorPlan {
  readonly name: string;
  readonly maxBytes: number;
}

export type OverloadActionKind = "stop-requests" | "disable-keep-alive" | "reject-connections";

export interface OverloadActionPlan {
  readonly kind: OverloadActionKind;
  /** As statistics name it. */
  readonly name: string;
  readonly triggers: readonly OverloadTriggerPlan[];
}

/** Nothing is shed below `from`, everything at `to`, a growing share between; equal: all at once. Shares of a monitor's limit. */
export interface OverloadTriggerPlan {
  readonly monitor: string;
  readonly from: number;
  readonly to: number;
}
