// What one import of Kuma resources gathers before it knows which policies act together on a service.

import type { Fault, HashKey, HealthCheck, LoadBalancing, OutlierDetection, Service } from "@/lib/mesh";
import type { Filtered } from "../gateway-api/filters";
import type { RankedMatch } from "../gateway-api/state";
import type { Resource, Understood } from "../shared/context";
import type { Kept } from "../shared/fields";

export type TargetRef = {
  kind: string;
  name?: string;
  namespace?: string;
  labels: Record<string, string>;
  sectionName?: string;
  /** Only proxies of built-in gateways. */
  isGatewayOnly: boolean;
  path: (string | number)[];
};

/** Which proxies a top-level targetRef or a client selector means. */
export type Selection =
  | { type: "all" }
  | { type: "namespace"; namespace: string }
  | { type: "services"; services: Service[] }
  | { type: "unknown"; why: string };

/** A service, or one of its versions, as a reference to a MeshService names it. */
export type Place = { service: Service; subset?: string; port?: number };

/** One entry of to[], with what was understood of its default. `index` is its place in the list. */
export type Entry<C> = { ref: TargetRef; index: number; conf: C };

/** A policy as it was read. `kept` is what the model has no word for. */
export type Policy<C> = {
  resource: Resource;
  result: Understood;
  top: TargetRef | undefined;
  to: Entry<C>[];
  kept: Kept[];
};

export type TimeoutConf = {
  connectMs?: number;
  idleMs?: number;
  requestMs?: number;
  lifeMs?: number;
  streamIdleMs?: number;
};
export type RetryPart = {
  attempts?: number;
  perTryMs?: number;
  on?: string[];
  baseMs?: number;
  maxMs?: number;
  isElsewhere?: boolean;
  isRemote?: boolean;
};
export type RetryConf = { http?: RetryPart; grpc?: RetryPart; tcp?: { attempts: number } };
export type BreakerConf = { limits?: Record<string, number>; outlier?: OutlierConf };
export type OutlierConf = {
  isOff?: boolean;
  total?: number;
  gateway?: number;
  isSplit?: boolean;
  local?: number;
  successRate?: NonNullable<OutlierDetection["successRate"]>;
  failurePercentage?: NonNullable<OutlierDetection["failurePercentage"]>;
  intervalMs?: number;
  ejectionMs?: number;
  maxPercent?: number;
  panic?: number;
};
export type CheckConf = {
  when?: Omit<Extract<HealthCheck, { type: "tcp" }>, "type" | "send" | "receive">;
  http?: { isOff?: boolean; path?: string; expectedStatuses?: number[]; headers?: Record<string, string> };
  grpc?: { isOff?: boolean; serviceName?: string; host?: string };
  tcp?: { isOff?: boolean; send?: string; receive?: string[] };
};
export type BalancerConf = {
  policy?: LoadBalancing["policy"];
  hash?: HashKey[];
  /** Inside of ringHash or maglev, where 2.x takes them as well. */
  innerHash?: HashKey[];
  ringHash?: LoadBalancing["ringHash"];
  maglev?: LoadBalancing["maglev"];
  /** All hosts alike, wherever they are. */
  isAwarenessOff?: true;
};

/** A Dataplane of the universal form. */
export type DataplaneInfo = { resource: Resource; tags: Record<string, string>[]; labels: Record<string, string> };

export class KumaState {
  readonly timeouts: Policy<TimeoutConf>[] = [];
  readonly retries: Policy<RetryConf>[] = [];
  readonly breakers: Policy<BreakerConf>[] = [];
  readonly balancers: Policy<BalancerConf>[] = [];
  readonly checks: Policy<CheckConf>[] = [];
  readonly routes: RoutePolicy[] = [];
  readonly tcp: TcpPolicy[] = [];
  readonly permissions: Permission[] = [];
  readonly faults: FaultPolicy[] = [];
  readonly dataplanes: DataplaneInfo[] = [];
  /** Calls that a Dataplane opens a port for. */
  readonly outbounds: { resource: Resource; result: Understood; from: string; to: string }[] = [];
  /** The trust domain that MeshIdentity says in so many words. */
  trustDomain: string | undefined;
  /** The mesh that the import is about: the first that is met. */
  mesh: string | undefined;
}

/** A rule as written. `key` is what Kuma merges rules by: their matches. `kept` has paths within the rule. */
export type RuleSource = {
  key: string;
  matches: RankedMatch[];
  isCatchAll: boolean;
  filtered?: Filtered;
  backends?: { place: Place; weight: number }[];
  mirrors?: { place: Place; percent: number }[];
  kept: Kept[];
};
export type RoutePolicy = Policy<{ hostnames?: string[]; rules: RuleSource[] }>;

/** Where connections go, as written: what is named is looked up when all services are known. */
export type TcpConf = { backends: { ref: TargetRef; weight: number; port?: number }[] };
/** `why`: what it says that the model has no word for. */
export type TcpPolicy = Policy<TcpConf> & { why?: string };

export type Action = "Allow" | "Deny" | "AllowWithShadowDeny";
export type Matcher = { type: string; value: string };
export type Permission = {
  resource: Resource;
  result: Understood;
  top: TargetRef | undefined;
  /** 2.x: in order, a later entry wins. */
  from: { ref: TargetRef; action: Action }[];
  /** 3.x: deny wins over allow; matchers are SPIFFE IDs. */
  lists: { allow: Matcher[]; shadow: Matcher[]; deny: Matcher[] };
};

/** What a MeshFaultInjection makes, or why that cannot be said. */
export type FaultPolicy = {
  resource: Resource;
  result: Understood;
  selection: Selection;
  fault?: Fault | undefined;
  why?: string;
};
