// One unary gRPC call of the proxy itself through a cluster of the configuration. Rule: whatever the callee does, the end is one
// message or one gRPC status; the statuses of what is not gRPC are Envoy's.

import type { UpstreamCluster } from "../cluster/cluster";
import type { GrpcServicePlan } from "../plan/grpc-service-types";
import { GRPC, grpcStatusIn, grpcStatusOfHttp, grpcTimeoutText } from "../semantics";
import { type CallFailure, type CancelCall, type ClusterAnswer, callCluster } from "./cluster-call";

export type GrpcResult =
  | { readonly kind: "message"; readonly bytes: Buffer }
  | { readonly kind: "failure"; readonly status: number; readonly detail: string };

const PREFIX_BYTES = 5;

const STATUS_OF: Readonly<Record<CallFailure, number>> = {
  "no-cluster": GRPC.unavailable,
  "no-host": GRPC.unavailable,
  overflow: GRPC.unavailable,
  "connect-failure": GRPC.unavailable,
  reset: GRPC.unavailable,
  "too-large": GRPC.resourceExhausted,
  timeout: GRPC.deadlineExceeded,
};

/** @param path "/package.Service/Method" */
export function callGrpc(
  cluster: UpstreamCluster | undefined,
  plan: GrpcServicePlan,
  path: string,
  message: Uint8Array,
  onDone: (result: GrpcResult) => void,
): CancelCall {
  const { timeoutMs } = plan;
  const headers: [string, string][] = [
    ["te", "trailers"],
    ["content-type", "application/grpc"],
  ];
  if (timeoutMs !== null) headers.push(["grpc-timeout", grpcTimeoutText(timeoutMs)]);
  const request = {
    method: "POST",
    scheme: cluster?.plan.tls ? "https" : "http",
    authority: plan.authority,
    path,
    headers,
    body: framed(message),
    timeoutMs,
    maxAnswerBytes: PREFIX_BYTES + plan.maxMessageBytes,
  } as const;
  return callCluster(cluster, request, (result) =>
    onDone(result.kind === "answer" ? resultOf(result) : failure(STATUS_OF[result.kind], result.kind)),
  );
}

function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  frame.writeUInt8(0, 0);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

const failure = (status: number, detail: string): GrpcResult => ({ kind: "failure", status, detail });

function resultOf({ status, headers, trailers, body }: ClusterAnswer): GrpcResult {
  const told = (trailers && grpcStatusIn(trailers)) ?? grpcStatusIn(headers);
  if (status !== 200) return failure(told ?? grpcStatusOfHttp(status), `status ${status}`);
  if (told === null) return failure(GRPC.unknown, "no grpc-status");
  if (told !== GRPC.ok) return failure(told, trailers?.get("grpc-message") ?? headers.get("grpc-message") ?? "");
  if (body.length < PREFIX_BYTES) return failure(GRPC.internal, "no message");
  if (body.readUInt8(0) !== 0) return failure(GRPC.internal, "a compressed message");
  if (body.readUInt32BE(1) !== body.length - PREFIX_BYTES) return failure(GRPC.internal, "not exactly one message");
  return { kind: "message", bytes: body.subarray(PREFIX_BYTES) };
}
