import { describe, expect, test } from "vitest";
import { headerViewOf } from "../plan/views";
import {
  encodeGrpcMessage,
  grpcStatusIn,
  grpcStatusOfHttp,
  grpcTimeoutText,
  httpStatusOfGrpc,
  isGrpcContentType,
  streamLimits,
} from "./grpc";
import { forwardActionOf } from "./testing/build";

const asked = (timeout?: string) => ({
  method: "POST",
  path: "/s/m",
  authority: "a",
  scheme: "http" as const,
  headers: headerViewOf(timeout === undefined ? [] : [["grpc-timeout", timeout]]),
});

// All of these were observed on Envoy 1.40.
test.each([
  ["application/grpc", true],
  ["application/grpc+proto", true],
  ["application/grpc;x=1", false],
  ["application/grpc-web", false],
  ["application/grpcx", false],
  ["Application/grpc", false],
])("%s is gRPC: %s", (value, expected) => {
  expect(isGrpcContentType(value)).toBe(expected);
});

test.each([
  [400, 13],
  [401, 16],
  [403, 7],
  [404, 12],
  [429, 14],
  [502, 14],
  [503, 14],
  [504, 14],
  [500, 2],
  [200, 2],
  [408, 2],
])("HTTP %i is gRPC %i", (http, grpc) => {
  expect(grpcStatusOfHttp(http)).toBe(grpc);
});

test("every status of gRPC has one of HTTP, and an unknown one is 500", () => {
  const all = Array.from({ length: 18 }, (_, status) => httpStatusOfGrpc(status));
  expect(all).toEqual([200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401, 500]);
});

test("a grpc-status that is none is UNKNOWN, and a missing one is missing", () => {
  const statusOf = (value: string) => grpcStatusIn(headerViewOf([["grpc-status", value]]));
  expect(["0", "14", "16", "17", "99", "-1", "x", ""].map(statusOf)).toEqual([0, 14, 16, 2, 2, 2, 2, 2]);
  expect(grpcStatusIn(headerViewOf([]))).toBe(null);
});

test("messages are percent-encoded UTF-8", () => {
  expect(encodeGrpcMessage(Buffer.from("no % ü entry\n"))).toBe("no %25 %C3%BC entry%0A");
});

test("timeouts are written in eight digits at most", () => {
  expect([0, 1, 99_999_999, 100_000_000, 1e12].map(grpcTimeoutText)).toEqual([
    "0m",
    "1m",
    "99999999m",
    "100000S",
    "16666667M",
  ]);
});

describe("how long a request may take", () => {
  const both = { timeout: "0.3s", max_stream_duration: { max_stream_duration: "1s" } };
  const header = { timeout: "0.7s", max_stream_duration: { grpc_timeout_header_max: "1s" } };
  const offset = { max_stream_duration: { grpc_timeout_header_max: "0s", grpc_timeout_header_offset: "0.2s" } };
  const max = { max_grpc_timeout: "1s" };
  const maxOffset = { max_grpc_timeout: "1s", grpc_timeout_offset: "0.1s", timeout: "0.4s" };
  // The same routes on Envoy 1.40: [grpc-timeout sent, from the request's end, from its beginning, grpc-timeout passed on].
  test.each([
    ["route timeout", { timeout: "0.3s" }, "100m", 300, null, null],
    ["max_stream_duration replaces it", both, undefined, null, 1000, 1000],
    ["and does not ask the caller", both, "500m", null, 1000, 1000],
    ["header max without header", header, undefined, null, null, null],
    ["header below max", header, "500m", null, 500, 500],
    ["header above max", header, "5S", null, 1000, 1000],
    ["offset", offset, "500m", null, 300, 300],
    ["offset that leaves nothing", offset, "100m", null, 0, 0],
    ["max_grpc_timeout, header below", max, "500m", 500, null, 500],
    ["max_grpc_timeout, header above", max, "50S", 1000, null, 1000],
    ["max_grpc_timeout without header", max, undefined, 1000, null, 1000],
    ["its offset", maxOffset, "500m", 400, null, 400],
    ["its offset, not below zero", maxOffset, "50m", 50, null, 50],
    ["a header that is none", maxOffset, "xx", 1000, null, 1000],
    ["no limit at all", { max_grpc_timeout: "0s" }, undefined, null, null, null],
  ] as const)("%s", (_, route, sent, responseMs, lifetimeMs, deadlineMs) => {
    const limits = streamLimits(forwardActionOf({ ...route }), asked(sent), true, null);
    expect(limits).toEqual({ responseMs, lifetimeMs, deadlineMs });
  });

  test("a request that is not gRPC keeps the route's timeout, but its grpc-timeout counts for the duration", () => {
    expect(streamLimits(forwardActionOf(maxOffset), asked("50m"), false, 9)).toMatchObject({
      responseMs: 400,
      lifetimeMs: 9,
      deadlineMs: null,
    });
    expect(streamLimits(forwardActionOf(header), asked("200m"), false, null)).toMatchObject({ lifetimeMs: 200 });
  });
});
