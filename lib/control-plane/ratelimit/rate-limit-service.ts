// envoy.service.ratelimit.v3.RateLimitService beside ADS, on the same port and the same mutual TLS: a sidecar asks whether a request is
// within what all instances of its service share. One rule: who may ask is decided by the certificate; a proxy counts in the limits of
// its own service in its own environment and nowhere else.

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type handleUnaryCall, type Server, type ServerUnaryCall, status } from "@grpc/grpc-js";
import {
  RateLimitResponse_Code as Code,
  type RateLimitRequest,
  RateLimitRequestSchema,
  RateLimitResponseSchema,
  RateLimitResponse_RateLimit_Unit as Unit,
} from "@meshwright/proxy/contract";
import type { MeshDocument, ObjectKey } from "@/lib/mesh";
import type { PeerIdentity, PeerResult } from "../ca/peer";
import type { Count, Counters } from "./counters";
import { type AskedLimit, askedLimit, type SharedPolicy, sharedPolicies } from "./shared-limits";

/** What a proxy may count in. */
export interface CountingProxy {
  readonly environmentId: string;
  readonly service: ObjectKey;
  /** The design that it is served; null: none yet. */
  readonly document: MeshDocument | null;
}

export interface RateLimitServiceOptions {
  /** The proxy with this identity, or why it is not let in. */
  proxyOf(peer: PeerIdentity): CountingProxy | string;
  readonly counters: Counters;
  readonly now: () => number;
}

const METHOD = {
  path: "/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit",
  requestStream: false,
  responseStream: false,
  requestSerialize: (bytes: Buffer) => bytes,
  requestDeserialize: (bytes: Buffer) => bytes,
  responseSerialize: (bytes: Buffer) => bytes,
  responseDeserialize: (bytes: Buffer) => bytes,
} as const;

/** More is no question of a sidecar. */
const MAX_DESCRIPTORS = 16;

/** Says who asks. */
type PeerOf = (call: ServerUnaryCall<Buffer, Buffer>) => PeerResult;

type Verdict = { readonly code: status; readonly details: string } | Uint8Array;

export function addRateLimitService(server: Server, options: RateLimitServiceOptions, peerOf: PeerOf): void {
  const shouldRateLimit: handleUnaryCall<Buffer, Buffer> = (call, done) => {
    const read = peerOf(call);
    const verdict = read.ok
      ? answer(options, read.peer, call.request)
      : { code: status.UNAUTHENTICATED, details: read.reason };
    if (verdict instanceof Uint8Array) done(null, Buffer.from(verdict));
    else done(verdict);
  };
  server.addService({ shouldRateLimit: METHOD }, { shouldRateLimit });
}

/** Exported for tests: a question and its answer without sockets. */
export function answer(options: RateLimitServiceOptions, peer: PeerIdentity, bytes: Uint8Array): Verdict {
  const proxy = options.proxyOf(peer);
  if (typeof proxy === "string") return { code: status.PERMISSION_DENIED, details: proxy };
  let request: RateLimitRequest;
  try {
    request = fromBinary(RateLimitRequestSchema, bytes);
  } catch {
    return { code: status.INVALID_ARGUMENT, details: "the question cannot be decoded" };
  }
  const { domain, descriptors } = request;
  if (descriptors.length > MAX_DESCRIPTORS) {
    return { code: status.INVALID_ARGUMENT, details: `more than ${MAX_DESCRIPTORS} descriptors` };
  }
  const policy = proxy.document ? sharedPolicies(proxy.document).get(domain) : undefined;
  // A design without the limit is being rolled out: what it no longer limits is not refused meanwhile.
  if (!policy) return encoded([], false);
  if (policy.service !== proxy.service) {
    return { code: status.PERMISSION_DENIED, details: `${domain} is not a limit of ${proxy.service}` };
  }
  return encoded(counted(options, proxy, policy, request), policy.policy.spec.shadow === true);
}

type Counted = { readonly asked: AskedLimit; readonly count: Count } | null;

function counted(
  { counters, now }: RateLimitServiceOptions,
  { environmentId }: CountingProxy,
  policy: SharedPolicy,
  { descriptors, hitsAddend }: RateLimitRequest,
): Counted[] {
  const at = now();
  return descriptors.map(({ entries }) => {
    const asked = askedLimit(environmentId, policy, entries);
    if (!asked) return null;
    return { asked, count: counters.take(asked.group, asked.value, asked.limit, Math.max(1, hitsAddend), at) };
  });
}

function encoded(counts: readonly Counted[], isShadow: boolean): Uint8Array {
  const isOver = !isShadow && counts.some((each) => each?.count.isOver);
  const message = create(RateLimitResponseSchema, {
    overallCode: isOver ? Code.OVER_LIMIT : Code.OK,
    statuses: counts.map((each) => {
      if (!each) return { code: Code.OK };
      const { asked, count } = each;
      const { requests, perMs, name = "" } = asked.limit;
      return {
        code: count.isOver ? Code.OVER_LIMIT : Code.OK,
        currentLimit: { requestsPerUnit: requests, unit: UNITS[perMs] ?? Unit.UNKNOWN, name },
        limitRemaining: count.remaining,
        durationUntilReset: { seconds: BigInt(Math.ceil(count.resetMs / 1000)), nanos: 0 },
      };
    }),
  });
  return toBinary(RateLimitResponseSchema, message);
}

/** Other periods have no word in the protocol: callers are told the number without its window. */
const UNITS: Readonly<Record<number, Unit>> = {
  1000: Unit.SECOND,
  60000: Unit.MINUTE,
  3600000: Unit.HOUR,
  86400000: Unit.DAY,
};
