// What a downstream connection works with: swapped as a whole when a new plan is in force.

import type { UpstreamCluster } from "../cluster/cluster";
import type { Overload } from "../overload";
import type { HttpConnectionPlan, PeerIdentity, RbacContext, RouteConfigPlan } from "../plan/types";
import type { AccessRecord } from "../telemetry/access-log";
import type { HttpStats } from "../telemetry/http-stats";
import type { RequestSeries } from "../telemetry/request-metrics";
import type { Telemetry } from "../telemetry/telemetry";
import type { FilterCounts } from "./filter-counts";
import type { KeySets } from "./jwt/key-sets";
import type { RateLimits } from "./rate-limits";
import type { Tracer } from "./tracing/trace";

export interface HttpRuntime {
  readonly plan: HttpConnectionPlan;
  readonly routes: RouteConfigPlan;
  readonly clusters: ReadonlyMap<string, UpstreamCluster>;
  readonly isInbound: boolean;
  readonly logs: readonly ((record: AccessRecord) => void)[];
  /** null: requests are not traced. */
  readonly tracer: Tracer | null;
  readonly telemetry: Telemetry;
  /** Of every connection manager with this stat_prefix. */
  readonly stats: HttpStats;
  readonly filterCounts: FilterCounts;
  /** Requests that have a fault now, of every connection manager with this stat_prefix. */
  readonly faults: { active: number };
  readonly rateLimits: RateLimits;
  readonly keySets: KeySets;
  /** Of the whole process; null: nothing is shed. */
  readonly overload: Overload | null;
  /** Of the whole process: what health checks are told. */
  readonly health: { readonly isFailed: boolean };
}

/** One downstream connection as the router sees it. */
export interface DownstreamInfo extends Omit<RbacContext, "request"> {
  http: HttpRuntime;
  readonly peer: PeerIdentity | null;
  /** SPIFFE ID of the peer, or "". */
  readonly peerPrincipal: string;
  readonly isTls: boolean;
  readonly isMutualTls: boolean;
  readonly localAddress: string;
  readonly remotePort: number;
  /** What the PROXY protocol said beside addresses, kept for upstreams that are told of it; null: nothing. */
  readonly proxyTlvs: Buffer | null;
  /** Whom the caller asked for in its handshake; "" where it said nothing. */
  readonly tlsServerName: string;
  /** The peer's; null without one. */
  readonly certificateDer: Uint8Array | null;
  readonly tlsVersion: string;
  /** One XFCC element as configured, or "". */
  readonly xfccElement: string;
  /** Destination-side series of this peer; null on outbound listeners. */
  readonly series: RequestSeries | null;
  isDraining: boolean;
}
