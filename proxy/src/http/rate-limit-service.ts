// What the rate limit service is asked and what it answers. Rule: an answer is one of three, and what cannot be read is an error;
// names and values that would be no header are left out.

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { UpstreamCluster } from "../cluster/cluster";
import {
  RateLimitResponse_Code as Code,
  RateLimitRequestSchema,
  type RateLimitResponse,
  RateLimitResponseSchema,
  RateLimitResponse_RateLimit_Unit as Unit,
} from "../contract/messages";
import type { GrpcServicePlan } from "../plan/grpc-service-types";
import type { HeaderOp } from "../plan/types";
import type { DescriptorStatus, RateLimitQuestion } from "../semantics";
import type { CancelCall } from "./cluster-call";
import { callGrpc } from "./grpc-call";

const METHOD = "/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit";

export type RateLimitAnswer =
  | { readonly kind: "error" }
  | {
      readonly kind: "ok" | "over-limit";
      readonly requestHeaders: readonly HeaderOp[];
      readonly responseHeaders: readonly HeaderOp[];
      readonly body: Buffer;
      readonly statuses: readonly DescriptorStatus[];
    };

/** `onDone` is never called inside this call. */
export function askRateLimit(
  cluster: UpstreamCluster | undefined,
  service: GrpcServicePlan,
  { domain, descriptors }: RateLimitQuestion,
  onDone: (answer: RateLimitAnswer) => void,
): CancelCall {
  const entries = descriptors.map((descriptor) => ({ entries: descriptor.map(({ key, value }) => ({ key, value })) }));
  const message = toBinary(RateLimitRequestSchema, create(RateLimitRequestSchema, { domain, descriptors: entries }));
  return callGrpc(cluster, service, METHOD, message, (result) =>
    onDone(result.kind === "message" ? answerOf(result.bytes) : { kind: "error" }),
  );
}

function answerOf(bytes: Buffer): RateLimitAnswer {
  let response: RateLimitResponse;
  try {
    response = fromBinary(RateLimitResponseSchema, bytes);
  } catch {
    return { kind: "error" };
  }
  return {
    kind: response.overallCode === Code.OVER_LIMIT ? "over-limit" : "ok",
    requestHeaders: additions(response.requestHeadersToAdd),
    responseHeaders: additions(response.responseHeadersToAdd),
    body: Buffer.from(response.rawBody),
    statuses: response.statuses.flatMap(({ currentLimit, limitRemaining, durationUntilReset }) =>
      currentLimit
        ? [
            {
              limit: {
                name: currentLimit.name,
                requests: currentLimit.requestsPerUnit,
                unitSeconds: UNIT_SECONDS[currentLimit.unit],
              },
              remaining: limitRemaining,
              resetSeconds: Number(durationUntilReset?.seconds ?? 0n),
            },
          ]
        : [],
    ),
  };
}

const UNIT_SECONDS: Readonly<Record<Unit, number>> = {
  [Unit.UNKNOWN]: 0,
  [Unit.SECOND]: 1,
  [Unit.MINUTE]: 60,
  [Unit.HOUR]: 3600,
  [Unit.DAY]: 86_400,
  [Unit.MONTH]: 2_592_000,
  [Unit.YEAR]: 31_536_000,
};

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** They would end a line, or a message. */
const UNSAFE = ["\0", "\r", "\n"];

function additions(headers: readonly { readonly key: string; readonly value: string }[]): HeaderOp[] {
  return headers.flatMap(({ key, value }) =>
    NAME.test(key) && !UNSAFE.some((end) => value.includes(end))
      ? [{ op: "append" as const, name: key.toLowerCase(), value }]
      : [],
  );
}
