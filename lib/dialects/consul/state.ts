// What one import of Consul's config entries gathers: a call's chain and who may make it are known when all of them are read.
import type {
  AuthorizationOperation,
  ConnectionPool,
  LoadBalancing,
  OutlierDetection,
  Protocol,
  RequestLimit,
  Retries,
  RouteMatch,
  RouteRule,
} from "@/lib/mesh";
import type { Resource, Understood } from "../shared/context";
import type { Kept } from "../shared/fields";

/** A resource with what came of it. `kept` holds its fields that nobody understood. */
export type Part = { resource: Resource; result: Understood; kept: Kept[] };

/** What a caller says of the services that it calls. */
export type UpstreamConf = { pool: ConnectionPool; outlier?: OutlierDetection };

export type Defaults = Part & {
  protocol?: Protocol;
  isPermissive: boolean;
  external?: { addresses: string[]; port: number };
  limits: RequestLimit[];
  all?: UpstreamConf;
  overrides: { name: string; conf: UpstreamConf; index: number }[];
};

/** What an entry hangs into the proxies, as it is written. */
export type Extensions = { part: Part; values: readonly unknown[] };

/** Where a leg leads: a service and perhaps one of its versions. */
export type Target = { service: string; subset?: string };

export type RouteSource = {
  index: number;
  match: RouteMatch;
  target?: Target;
  timeout: number | "off" | undefined;
  idleMs?: number;
  retries: Retries;
  rewrite?: string;
  headers?: RouteRule["headers"];
};
export type Router = Part & { routes: RouteSource[] };
export type Split = { target: Target; weight: number; headers?: RouteRule["headers"] };
export type Splitter = Part & { splits: Split[] };
export type Resolver = Part & {
  subsets: { name: string; labels: Record<string, string> }[];
  defaultSubset?: string;
  redirect?: Target;
  connectMs?: number;
  timeout: number | "off" | undefined;
  balancing?: LoadBalancing;
  /** Mode of prioritizeByLocality. */
  priority?: "failover" | "none";
};

/** A condition of a permission, or why it has no words here. */
export type Condition = { operations: AuthorizationOperation[] } | { reason: string };
export type Permission = { action: "allow" | "deny"; condition: Condition; index: number };
export type Source = { name: string; index: number; decision: "allow" | "deny" | Permission[] };
export type Intentions = Part & { destination: string; sources: Source[]; needsToken: boolean };

export type IngressService = { name: string; hosts: string[]; headers?: RouteRule["headers"] };
export type Ingress = Part & {
  listeners: { port: number; protocol: Protocol; services: IngressService[]; index: number }[];
};

export class ConsulState {
  readonly defaults = new Map<string, Defaults>();
  readonly routers = new Map<string, Router>();
  readonly splitters = new Map<string, Splitter>();
  readonly resolvers = new Map<string, Resolver>();
  readonly intentions: Intentions[] = [];
  readonly ingresses: Ingress[] = [];
  readonly extensions: Extensions[] = [];
  /** Of ProxyDefaults and Mesh. */
  protocol: Protocol | undefined;
  permissive: Part | undefined;
  first: Part | undefined;

  /** All that was read, in order. */
  readonly parts: Part[] = [];

  protocolOf(service: string): Protocol {
    return this.defaults.get(service)?.protocol ?? this.protocol ?? "tcp";
  }
}
