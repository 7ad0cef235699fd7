// Envoy GrpcService -> whom to call. Rule: the cluster is looked up when it is called, as in Envoy: it may come later.

import type { GrpcService } from "../contract/gen/envoy/config/core/v3/grpc_service_pb";
import type { GrpcServicePlan } from "./grpc-service-types";
import { timeout } from "./values";

/** @param defaultTimeoutMs where the service says none */
export function grpcServicePlan(
  service: GrpcService | undefined,
  defaultTimeoutMs: number,
  maxMessageBytes: number,
): GrpcServicePlan {
  const target = service?.targetSpecifier;
  const { clusterName, authority } = target?.case === "envoyGrpc" ? target.value : { clusterName: "", authority: "" };
  return {
    cluster: clusterName,
    authority: authority || clusterName,
    timeoutMs: timeout(service?.timeout, defaultTimeoutMs),
    maxMessageBytes,
  };
}
