import { expect, test } from "vitest";
import type { AccessLogJson, AccessLogOperator } from "../plan/types";
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

const lone = (operator: AccessLogOperator, argument = "") =>
  ({ kind: "format", parts: [{ operator, argument, alternative: null, maxLength: null }] }) as const;
const entries: readonly (readonly [string, AccessLogJson])[] = [
  ["peer", lone("DOWNSTREAM_PEER_URI_SAN")],
  ["method", lone("REQ", ":method")],
  ["path", lone("REQ", ":path")],
  ["code", lone("RESPONSE_CODE")],
  ["flags", lone("RESPONSE_FLAGS")],
  ["took", lone("DURATION")],
  ["route", lone("ROUTE_NAME")],
];
const call = (method: string, path: string, status: number, flags: string, durationMs: number, peerUriSan = "") =>
  ({
    status,
    flags,
    durationMs,
    peerUriSan,
    routeName: "",
    requestHeader: (name: string) => (name === ":method" ? method : path),
  }) as unknown as AccessRecord;

test("what repeats from line to line and what does not stand in every line as they are", () => {
  const line = compileAccessLog({ kind: "json", root: { kind: "object", entries }, omitEmptyValues: false });
  const logged = [
    call("GET", "/a", 200, "-", 1),
    call("GET", "/b", 200, "-", 2.6),
    call('P"T', "/b", 503, "UF", 2),
    call("GET", "/a", 200, "-", 1, "spiffe://mesh/a"),
    call("GET", "/a", 200, "-", 1),
  ].map(line);
  expect(logged).toEqual([
    '{"peer":null,"method":"GET","path":"/a","code":200,"flags":"-","took":1,"route":null}\n',
    '{"peer":null,"method":"GET","path":"/b","code":200,"flags":"-","took":3,"route":null}\n',
    '{"peer":null,"method":"P\\"T","path":"/b","code":503,"flags":"UF","took":2,"route":null}\n',
    '{"peer":"spiffe://mesh/a","method":"GET","path":"/a","code":200,"flags":"-","took":1,"route":null}\n',
    '{"peer":null,"method":"GET","path":"/a","code":200,"flags":"-","took":1,"route":null}\n',
  ]);
});

test("an entry that is left out leaves no comma, wherever it stands", () => {
  const write = (kept: readonly (readonly [string, AccessLogJson])[]) =>
    compileAccessLog({ kind: "json", root: { kind: "object", entries: kept }, omitEmptyValues: true });
  const line = write(entries);
  expect(line(call("GET", "/a", 200, "-", 1))).toBe('{"method":"GET","path":"/a","code":200,"flags":"-","took":1}\n');
  expect(line(call("GET", "/a", 200, "-", 1, "x"))).toContain('{"peer":"x","method":"GET",');
  const some = (...names: string[]) => write(entries.filter(([name]) => names.includes(name)));
  expect(some("peer", "path", "route")(call("GET", "/a", 200, "-", 1))).toBe('{"path":"/a"}\n');
  expect(some("peer", "route")(call("GET", "/a", 200, "-", 1))).toBe("{}\n");
});
