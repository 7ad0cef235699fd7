// Who of a cluster's hosts is chosen. Rule: plain data; it is the same plan whether the cluster's fields say it or its policy.

export interface BalancingPlan {
  readonly lbPolicy: "round-robin" | "least-request" | "random" | "consistent-hash" | "peak-ewma";
  /** Hosts that are drawn, of which the least busy one is taken; null: all are looked at. */
  readonly leastRequestChoices: number | null;
  /** null: a host that comes gets its part at once. */
  readonly slowStart: SlowStartPlan | null;
  readonly zoneAware: ZoneAwarePlan;
  /** Localities get what their weights say, before a host is chosen in one. */
  readonly isLocalityWeighted: boolean;
  /** Of consistent-hash; null: of another policy. */
  readonly hashTable: HashTablePlan | null;
  /** Of peak-ewma; null: of another policy. */
  readonly peakEwma: PeakEwmaPlan | null;
}

/** The estimate of how long a host takes to begin its answer. */
export interface PeakEwmaPlan {
  /** Time constant: after it an estimate without new answers is down to 1/e. */
  readonly decayMs: number;
  /** Of a host that has not answered yet. */
  readonly defaultRttMs: number;
  /** What a host costs that has not answered yet and is asked already. */
  readonly penalty: number;
}

/** What finds a host by the key of a request. */
export type HashTablePlan = {
  /** Where metadata says no key, the host is its name instead of address and port. */
  readonly usesHostname: boolean;
} & (
  | {
      readonly kind: "ring";
      /** Entries of all hosts together, as near as their weights allow. */
      readonly minimumSize: number;
      readonly maximumSize: number;
      /** MurmurHash2 instead of xxHash64. */
      readonly isMurmur: boolean;
    }
  /** tableSize: a prime number. */
  | { readonly kind: "maglev"; readonly tableSize: number }
);

/** A host that was added, or became healthy by its checks, gets more from moment to moment. */
export interface SlowStartPlan {
  readonly windowMs: number;
  /** 1: evenly more; above: more at once. */
  readonly aggression: number;
  /** Of its weight, from 0 to 1: what it gets at least. */
  readonly minShare: number;
}

/** Zone-aware routing, which a cluster takes part in when the proxy has a local cluster. */
export interface ZoneAwarePlan {
  /** 0-100: of how many requests the zone is chosen. */
  readonly routingEnabledPercent: number;
  /** With fewer healthy hosts no zone is preferred. */
  readonly minClusterSize: number;
  /** In panic there is no host, instead of any. */
  readonly failsOnPanic: boolean;
  /** With so many healthy hosts the own zone takes everything; null: only what it can carry. */
  readonly keepsFrom: number | null;
}
