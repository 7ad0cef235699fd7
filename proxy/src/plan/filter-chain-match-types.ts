// What makes a connection fit a filter chain. Rule: what says nothing takes everything; the most specific chain wins, level by level.

export interface FilterChainMatchPlan {
  readonly destinationPort: number | null;
  readonly destinationRanges: readonly AddressRange[];
  /** Lower case; "*.example.com" is ".example.com". */
  readonly serverNames: readonly string[];
  readonly transportProtocol: string;
  readonly applicationProtocols: readonly string[];
  readonly directSourceRanges: readonly AddressRange[];
  readonly sourceType: "any" | "local" | "external";
  readonly sourceRanges: readonly AddressRange[];
  readonly sourcePorts: readonly number[];
}

export interface AddressRange {
  /** Equal for equal ranges. */
  readonly key: string;
  readonly length: number;
  readonly matches: (address: string) => boolean;
}

/** What is known of a connection before its filter chain is chosen. */
export interface ArrivingConnection {
  readonly destinationAddress: string;
  readonly destinationPort: number;
  /** Lower case; "" when the caller named none, or nobody looked. */
  readonly serverName: string;
  readonly transportProtocol: "tls" | "raw_buffer";
  /** In the caller's order. */
  readonly applicationProtocols: readonly string[];
  readonly sourceAddress: string;
  /** Of the peer itself, where the PROXY protocol names another caller; absent: sourceAddress. */
  readonly directSourceAddress?: string;
  readonly sourcePort: number;
}
