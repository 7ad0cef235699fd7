// Pure entry point: decisions on a plan. The proxy runs them on live traffic, the simulator on questions.
export { holdsInOrder, judgeStatus, nextCheckMs, type Transition } from "./active-health";
export {
  type Authentication,
  authenticate,
  isBypassed,
  JWT_MISSING,
  JWT_OK,
  JWT_WRONG_AUDIENCE,
  type RequestChange,
  requirementOf,
  type TokenChecks,
  withoutParam,
} from "./authenticate";
export { type AuthorizationDecision, authorizeConnection, authorizeRequest, type ShadowDenial } from "./authorize";
export {
  allowsOrigin,
  type CorsDecision,
  corsHeaders,
  decideCors,
  originOf,
  preflightHeaders,
} from "./cors";
export { abortFor, delayFor, faultApplies, isInShare, probabilityOf, rateFor } from "./fault";
export {
  encodeGrpcMessage,
  GRPC,
  grpcStatusIn,
  grpcStatusOfHttp,
  grpcStatusWord,
  grpcTimeoutText,
  httpStatusOfGrpc,
  isGrpcContentType,
  isGrpcRequest,
  type StreamLimits,
  streamLimits,
} from "./grpc";
export { addressHash, type HashedRequest, hashedValue, requestHash, setCookieText } from "./hash-policy";
export { type HashedHost, type HashTable, hashTable, type TableSteps, tableSize, tableSteps } from "./hash-table";
export { type Hash64, hashModulo, hashText, xxHash64 } from "./hash64";
export { applyHeaderOps } from "./header-ops";
export {
  acceptsRoute,
  FollowedRedirects,
  type RedirectRefusal,
  redirectTarget,
  refuseTarget,
} from "./internal-redirect";
export { type Jwt, parseJwt } from "./jwt-token";
export {
  matchRoute,
  matchVirtualHost,
  pathWithoutQuery,
  pickCluster,
  type RouteDecision,
  routeRequest,
} from "./match-route";
export { normalizePath, type PathNormalization } from "./normalize-path";
export {
  ejectionTimeMs,
  isFailurePercentageOutlier,
  mayEject,
  type OutlierCounts,
  successRateThreshold,
} from "./outlier";
export { pickFilterChain } from "./pick-filter-chain";
export { carriedLoad, type LevelCount, type PriorityLoads, priorityLoads, spreadLoad } from "./priority-load";
export {
  type CountedRequest,
  type Descriptor,
  type DescriptorStatus,
  quotaHeaders,
  type RateLimitQuestion,
  rateLimitQuestion,
} from "./ratelimit";
export {
  backOffMs,
  isRetriableRequest,
  jitteredMs,
  maxConcurrentRetries,
  type RetryEvent,
  shouldRetry,
  toldBackOffMs,
} from "./retry-decision";
export { choiceOf, clusterInHeader, corsFor, faultFor, limitFor, routeFilters } from "./route-filters";
export { hasSubjectAltName, type SubjectAltNames, subjectAltNames } from "./subject-alt-names";
export { subsetName } from "./subset";
export { TokenBucket } from "./token-bucket";
export { drawZone, type ZoneCount, type ZoneShares, zoneShares, zonesInOrder } from "./zone-routing";
