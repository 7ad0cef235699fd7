// A rate limit service with a script: a descriptor entry `do` says what it answers. Rule: every answer tells the caller, in x-asked,
// what the service was asked.

import { createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  RateLimitResponse_Code as Code,
  type RateLimitRequest,
  RateLimitRequestSchema,
  RateLimitResponseSchema,
  RateLimitResponse_RateLimit_Unit as Unit,
} from "../../src/contract/gen/envoy/service/ratelimit/v3/rls_pb";

type Answer = Omit<MessageInitShape<typeof RateLimitResponseSchema>, "$typeName" | "$unknown"> & {
  readonly told?: readonly { readonly key: string; readonly value: string }[];
};

const quota = (requestsPerUnit: number, unit: Unit, limitRemaining: number, seconds: number, name = "") => ({
  code: Code.OK,
  currentLimit: { requestsPerUnit, unit, name },
  limitRemaining,
  durationUntilReset: { seconds: BigInt(seconds), nanos: 900_000_000 },
});

const ANSWERS: Readonly<Record<string, Answer>> = {
  ok: { overallCode: Code.OK },
  unknown: { overallCode: Code.UNKNOWN },
  over: { overallCode: Code.OVER_LIMIT },
  body: { overallCode: Code.OVER_LIMIT, rawBody: Buffer.from("too much") },
  typed: {
    overallCode: Code.OVER_LIMIT,
    rawBody: Buffer.from("{}"),
    told: [{ key: "Content-Type", value: "application/json" }],
  },
  add: {
    overallCode: Code.OK,
    requestHeadersToAdd: [{ key: "X-Added", value: "by the service" }],
    told: [{ key: "X-Told", value: "by the service" }],
  },
  quota: { overallCode: Code.OK, statuses: [quota(10, Unit.MINUTE, 7, 42), quota(100, Unit.HOUR, 5, 99, "hourly")] },
  "over-quota": { overallCode: Code.OVER_LIMIT, statuses: [quota(3, Unit.DAY, 0, 1234)] },
  units: {
    overallCode: Code.OK,
    statuses: [
      quota(1, Unit.SECOND, 1, 1),
      quota(2, Unit.MONTH, 2, 2),
      quota(3, Unit.YEAR, 3, 3),
      quota(4, Unit.UNKNOWN, 4, 4),
      { code: Code.OK, limitRemaining: 0 },
    ],
  },
};

/** Not one that listens: whoever starts it knows the port. */
export function rateLimitServer(onAsked: (asked: string) => void = () => {}): Http2Server {
  return createServer().on("stream", (stream) => {
    const chunks: Buffer[] = [];
    stream.on("error", () => {});
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      const request = fromBinary(RateLimitRequestSchema, Buffer.concat(chunks).subarray(5));
      onAsked(wordsOf(request));
      answer(stream, request);
    });
  });
}

function wordsOf({ domain, descriptors, hitsAddend }: RateLimitRequest): string {
  const each = descriptors.map(({ entries }) => entries.map(({ key, value }) => `${key}=${value}`).join(","));
  return [domain, ...each, ...(hitsAddend > 0 ? [`hits ${hitsAddend}`] : [])].join("|");
}

function answer(stream: ServerHttp2Stream, request: RateLimitRequest): void {
  const word = request.descriptors.flatMap(({ entries }) => entries).find(({ key }) => key === "do")?.value ?? "ok";
  if (word === "silent") return;
  const head = { ":status": 200, "content-type": "application/grpc" };
  if (word === "error") {
    stream.respond({ ...head, "grpc-status": "13" }, { endStream: true });
    return;
  }
  const { told = [], ...said } = ANSWERS[word] ?? {};
  const asked = { key: "X-Asked", value: wordsOf(request) };
  const message = create(RateLimitResponseSchema, {
    ...said,
    responseHeadersToAdd: [...told, asked],
  });
  const bytes = toBinary(RateLimitResponseSchema, message);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(bytes.length, 1);
  stream.respond(head, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(Buffer.concat([prefix, bytes]));
}
