// One way of asking a host how it is. Rule: one question at a time, each ends by exactly one outcome or by `abort`, never inside the call
// that asks; nothing here knows thresholds or times.

export type ProbeOutcome =
  | { readonly kind: "passed"; readonly isDegraded: boolean }
  /** The host answered, and not as expected. */
  | { readonly kind: "failed"; readonly isRetriable: boolean; readonly isExcluded: boolean }
  /** No answer: no connection, or one that broke. */
  | { readonly kind: "network" };

export interface Probe {
  ask(): void;
  /** The time is over: nobody wants this answer. */
  abort(): void;
  /** New connections must use new keys. */
  retire(): void;
  close(): void;
}

export const PASSED: ProbeOutcome = { kind: "passed", isDegraded: false };
export const FAILED: ProbeOutcome = { kind: "failed", isRetriable: false, isExcluded: false };
export const NETWORK: ProbeOutcome = { kind: "network" };
