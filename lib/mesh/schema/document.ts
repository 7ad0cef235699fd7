// The document: a flat list of objects of the kinds below, and the canvas positions beside it.
// The rule: the schema is strict (an unknown field is refused with its path) and has no defaults, so what was written is what is digested.
import { z } from "zod";
import { meshSpec, namespaceSpec, trustBoundarySpec } from "./mesh";
import { MAX_OBJECTS, meshMetadata, namespacedLabelMetadata, namespacedMetadata } from "./primitives";
import { rateLimitSpec } from "./rate-limit";
import { requestAuthenticationSpec } from "./request-authentication";
import { authorizationPolicySpec, egressSpec, mutualTlsSpec } from "./security";
import { dependencySpec, externalServiceSpec, gatewaySpec, serviceSpec, workloadSpec } from "./topology";
import { routeSpec, subsetSpec, tcpRouteSpec, trafficPolicySpec } from "./traffic";

export const API_VERSION = "meshwright.dev/v1";
const apiVersion = z.literal(API_VERSION, { error: `must be ${API_VERSION}` });

function define<K extends string, M extends z.ZodType, S extends z.ZodType>(kind: K, metadata: M, spec: S) {
  return z.strictObject({ apiVersion, kind: z.literal(kind), metadata, spec });
}

/** Every kind, in the order in which documents are written. */
export const objectSchemas = {
  Mesh: define("Mesh", meshMetadata, meshSpec),
  Namespace: define("Namespace", meshMetadata, namespaceSpec),
  TrustBoundary: define("TrustBoundary", meshMetadata, trustBoundarySpec),
  Gateway: define("Gateway", namespacedLabelMetadata, gatewaySpec),
  Service: define("Service", namespacedLabelMetadata, serviceSpec),
  Workload: define("Workload", namespacedLabelMetadata, workloadSpec),
  ExternalService: define("ExternalService", namespacedLabelMetadata, externalServiceSpec),
  Dependency: define("Dependency", namespacedMetadata, dependencySpec),
  Subset: define("Subset", namespacedMetadata, subsetSpec),
  Route: define("Route", namespacedMetadata, routeSpec),
  TcpRoute: define("TcpRoute", namespacedMetadata, tcpRouteSpec),
  TrafficPolicy: define("TrafficPolicy", namespacedMetadata, trafficPolicySpec),
  RateLimit: define("RateLimit", namespacedMetadata, rateLimitSpec),
  MutualTls: define("MutualTls", namespacedMetadata, mutualTlsSpec),
  RequestAuthentication: define("RequestAuthentication", namespacedMetadata, requestAuthenticationSpec),
  AuthorizationPolicy: define("AuthorizationPolicy", namespacedMetadata, authorizationPolicySpec),
  Egress: define("Egress", namespacedMetadata, egressSpec),
} as const;

export const meshObject = z.discriminatedUnion("kind", [
  objectSchemas.Mesh,
  objectSchemas.Namespace,
  objectSchemas.TrustBoundary,
  objectSchemas.Gateway,
  objectSchemas.Service,
  objectSchemas.Workload,
  objectSchemas.ExternalService,
  objectSchemas.Dependency,
  objectSchemas.Subset,
  objectSchemas.Route,
  objectSchemas.TcpRoute,
  objectSchemas.TrafficPolicy,
  objectSchemas.RateLimit,
  objectSchemas.MutualTls,
  objectSchemas.RequestAuthentication,
  objectSchemas.AuthorizationPolicy,
  objectSchemas.Egress,
]);

export const meshDocument = z.strictObject({ objects: z.array(meshObject).max(MAX_OBJECTS) });

const coordinate = z.number().min(-1_000_000).max(1_000_000);
export const position = z.strictObject({ x: coordinate, y: coordinate });
/** By objectKey. Beside the document: moving a box is not a change of the design. */
export const positions = z
  .record(z.string().max(512), position)
  .refine((value) => Object.keys(value).length <= MAX_OBJECTS, `must have at most ${MAX_OBJECTS} entries`);

export type Kind = keyof typeof objectSchemas;
export type MeshObject = z.infer<typeof meshObject>;
export type ObjectOf<K extends Kind> = Extract<MeshObject, { kind: K }>;
export type MeshDocument = z.infer<typeof meshDocument>;
export type Position = z.infer<typeof position>;
export type Positions = Record<string, Position>;

export const KINDS = Object.keys(objectSchemas) as Kind[];
