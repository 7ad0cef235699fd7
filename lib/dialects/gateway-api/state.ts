// What one import of Gateway API resources gathers before it knows which rules stand together.
import type { ExternalTls, ListenerProtocol, ObjectKey, RouteMatch, RouteRule, TcpRule } from "@/lib/mesh";
import type { Resource, Understood } from "../shared/context";
import type { Kept } from "../shared/fields";

/** A match with its rank: the higher one is tried first, compared number by number. */
export type RankedMatch = { match: RouteMatch; rank: readonly number[] };

/** A rule of a route as written, before the rules of all routes are put in order. `kept` has paths within the rule. */
export type RuleSource = { index: number; matches: RankedMatch[]; rule: Omit<RouteRule, "matches">; kept: Kept[] };

export type Parent = {
  kind: "Gateway" | "Service";
  namespace: string;
  name: string;
  sectionName?: string;
  port?: number;
  index: number;
};

export type RouteSource = {
  resource: Resource;
  kind: "HTTPRoute" | "GRPCRoute";
  parents: Parent[];
  hostnames?: string[];
  rules: RuleSource[];
  /** Of the resource outside its rules, and whole rules that were left out. */
  kept: Kept[];
  result: Understood;
};

/** A route of connections, which has one rule; `hostnames`: of a TLSRoute, for these server names. */
export type TcpSource = {
  resource: Resource;
  hostnames?: string[];
  result: Understood;
  parents: Parent[];
  rule: Omit<TcpRule, "matches">;
};

export type ListenerInfo = {
  name: string;
  port: number;
  protocol: ListenerProtocol;
  hosts: readonly string[];
  isTls: boolean;
  allows(namespace: string): boolean;
};

/** What a BackendTLSPolicy is for. */
export type BackendTarget = { group: string; kind: string; name: string; sectionName?: string };

export type BackendPolicy = {
  resource: Pick<Resource, "namespace" | "name" | "createdAt">;
  targets: BackendTarget[];
  /** A text says why there is none. */
  tls: (ExternalTls & { sni: string }) | string;
  hasOptions: boolean;
};

export type BackendSource = { resource: Resource; policy: BackendPolicy; result: Understood };

export class GatewayState {
  readonly routes: RouteSource[] = [];
  readonly tcp: TcpSource[] = [];
  readonly backendTls: BackendSource[] = [];
  readonly listeners = new Map<ObjectKey, ListenerInfo[]>();
}

export const GROUP = "gateway.networking.k8s.io";
export const ROOT = "/";
/** A backend that is not there on purpose: where a rule without backends would be sent on, this one is answered with 500. */
export const NO_BACKEND = "no-such-service";
