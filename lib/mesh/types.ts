// The types of the model under short names. The schemas beside are the source.
import type { Kind, ObjectOf } from "./schema/document";

export type { Authorizer } from "./schema/authorizer";
export type { Cors, OriginMatch } from "./schema/cors";
export type { Kind, MeshDocument, MeshObject, ObjectOf, Position, Positions } from "./schema/document";
export type { HealthCheck } from "./schema/health-check";
export type { HashKey, LoadBalancing, Warmup } from "./schema/load-balancing";
export type { TrafficLocality } from "./schema/locality";
export type { MutualTlsMode } from "./schema/mesh";
export type { Origin, Ref, ServiceRef } from "./schema/primitives";
export type { ConnectionRate, RequestLimit } from "./schema/rate-limit";
export type { JwtRule } from "./schema/request-authentication";
export type {
  AuthorizationCondition,
  AuthorizationOperation,
  AuthorizationRule,
  AuthorizationSource,
  ClaimCondition,
  HeaderCondition,
  PolicyTarget,
} from "./schema/security";
export type { ClientCertificates, ExternalTls, ListenerProtocol, Protocol, ServicePort } from "./schema/topology";
export type {
  AuthorityMatch,
  CallerMatch,
  ConnectionPool,
  Destination,
  Fault,
  HeaderChanges,
  HeaderMatch,
  InternalRedirects,
  Mirror,
  OutlierDetection,
  PathMatch,
  QueryMatch,
  RequestMatch,
  Retries,
  RouteAction,
  RouteDestination,
  RouteMatch,
  RouteRule,
  TcpMatch,
  TcpRule,
} from "./schema/traffic";

export type MeshRoot = ObjectOf<"Mesh">;
export type AccessLog = NonNullable<MeshRoot["spec"]["accessLog"]>;
export type Tracing = NonNullable<MeshRoot["spec"]["tracing"]>;
export type Namespace = ObjectOf<"Namespace">;
export type TrustBoundary = ObjectOf<"TrustBoundary">;
export type Gateway = ObjectOf<"Gateway">;
/** Of a gateway. */
export type Listener = Gateway["spec"]["listeners"][number];
export type Service = ObjectOf<"Service">;
export type Workload = ObjectOf<"Workload">;
export type ExternalService = ObjectOf<"ExternalService">;
export type Dependency = ObjectOf<"Dependency">;
export type Subset = ObjectOf<"Subset">;
export type Route = ObjectOf<"Route">;
export type TcpRoute = ObjectOf<"TcpRoute">;
export type TrafficPolicy = ObjectOf<"TrafficPolicy">;
export type RateLimit = ObjectOf<"RateLimit">;
export type MutualTls = ObjectOf<"MutualTls">;
export type RequestAuthentication = ObjectOf<"RequestAuthentication">;
export type AuthorizationPolicy = ObjectOf<"AuthorizationPolicy">;
export type Egress = ObjectOf<"Egress">;
export type SpecOf<K extends Kind> = ObjectOf<K>["spec"];

/** `Kind/namespace/name`; the namespace is empty for kinds of the whole mesh: `Mesh//shop`. */
export type ObjectKey = string;

/** A place inside an object or a value: `["spec", "rules", 0, "timeoutMs"]`. */
export type Path = readonly (string | number)[];

/**
 * A schema or consistency error. `path` is `Kind/namespace/name#spec.rules[0]` (or `objects[3]` when the object has no name),
 * `message` says what is wrong, `fix` what to do. `line` is set by readers of text.
 */
export type Violation = {
  path: string;
  message: string;
  fix: string;
  key?: ObjectKey;
  line?: number;
  column?: number;
  file?: string;
};
