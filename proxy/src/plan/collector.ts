// Who takes OTLP: a gRPC or an HTTP service of Envoy's configuration -> CollectorPlan. Rule: exactly one of them.

import type { GrpcService } from "../contract/gen/envoy/config/core/v3/grpc_service_pb";
import type { HttpService } from "../contract/gen/envoy/config/core/v3/http_service_pb";
import { grpcServicePlan } from "./grpc-service";
import { headerAdditions } from "./header-ops";
import { httpTarget } from "./http-uri";
import type { Scope } from "./scope";
import type { CollectorPlan } from "./types";
import { timeout } from "./values";

const EXPORT_TIMEOUT_MS = 10_000;
/** Of an answer: what was not taken, in words. */
export const MAX_EXPORT_ANSWER_BYTES = 64 * 1024;

interface Services {
  readonly grpcService?: GrpcService | undefined;
  readonly httpService?: HttpService | undefined;
}

export function collectorPlan({ grpcService, httpService }: Services, scope: Scope): CollectorPlan {
  if ((grpcService === undefined) === (httpService === undefined))
    scope.fail("exactly one of grpc_service, http_service must be set");
  if (httpService) return httpCollector(httpService, scope.field("http_service"));
  return { kind: "grpc", grpc: grpcServicePlan(grpcService, EXPORT_TIMEOUT_MS, MAX_EXPORT_ANSWER_BYTES) };
}

function httpCollector({ httpUri, requestHeadersToAdd }: HttpService, scope: Scope): CollectorPlan {
  const { cluster, host, path } = httpTarget(httpUri, scope.field("http_uri"));
  return {
    kind: "http",
    cluster,
    authority: host,
    path,
    timeoutMs: timeout(httpUri?.timeout, EXPORT_TIMEOUT_MS),
    headers: headerAdditions(requestHeadersToAdd, "request_headers_to_add", scope),
  };
}
