// Pure entry point: decisions on a plan. The proxy runs them on live traffic, the simulator on questions.
export { type AuthorizationDecision, authorizeConnection, authorizeRequest, type ShadowDenial } from "./authorize";
export { faultApplies, isInShare, probabilityOf } from "./fault";
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
export { applyHeaderOps } from "./header-ops";
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
export { backOffMs, isRetriableRequest, maxConcurrentRetries, type RetryEvent, shouldRetry } from "./retry-decision";
export { TokenBucket } from "./token-bucket";
