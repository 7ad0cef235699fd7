import { expect, test } from "vitest";
import { type AccessRecord, compileAccessLog } from "./access-log";

const part = (
  operator: "GRPC_STATUS" | "GRPC_STATUS_NUMBER" | "TRAILER",
  argument = "",
  alternative: string | null = null,
) => ({
  operator,
  argument,
  alternative,
  maxLength: null,
});
const recordOf = (grpcStatus: number | null, trailers: Readonly<Record<string, string>>) =>
  ({ grpcStatus, responseTrailer: (name: string) => trailers[name] }) as unknown as AccessRecord;

const write = compileAccessLog({
  kind: "json",
  root: {
    kind: "object",
    entries: [
      ["number", { kind: "format", parts: [part("GRPC_STATUS_NUMBER")] }],
      ["word", { kind: "format", parts: [part("GRPC_STATUS")] }],
      ["trailer", { kind: "format", parts: [part("TRAILER", "x-none", "x-sum")] }],
    ],
  },
  omitEmptyValues: false,
});

test("a gRPC call is logged with its status as a number and a word, and with its trailers", () => {
  expect(JSON.parse(write(recordOf(14, { "x-sum": "abc" })))).toEqual({
    number: 14,
    word: "Unavailable",
    trailer: "abc",
  });
});

test("a request that is not gRPC has none of them", () => {
  expect(JSON.parse(write(recordOf(null, {})))).toEqual({ number: null, word: null, trailer: null });
});
