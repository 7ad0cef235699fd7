// What a fault may say, and what is refused by its path.

import type { JsonValue } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { decodeJson } from "../contract/decode";
import { findUnsupported } from "../contract/find-unsupported";
import { HTTPFaultSchema } from "../contract/messages";
import { abortFor, delayFor, faultApplies, isInShare, rateFor } from "../semantics";
import { request } from "../semantics/testing/build";
import { faultPlan } from "./fault";
import { Scope } from "./scope";
import type { FaultPlan } from "./types";

function planned(json: JsonValue): { plan: FaultPlan; problems: string[] } {
  const decoded = decodeJson(HTTPFaultSchema, json);
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.violations));
  const found: { path: string; message: string }[] = [];
  const plan = faultPlan(decoded.value, new Scope("fault", found));
  const refused = findUnsupported(HTTPFaultSchema, decoded.value, "fault");
  return { plan, problems: [...refused, ...found].map(({ path }) => path) };
}

test("delay, abort and rate of answers are read with their shares", () => {
  const { plan, problems } = planned({
    delay: { fixed_delay: "1.5s", percentage: { numerator: 5 } },
    abort: { http_status: 503, percentage: { numerator: 12, denominator: "TEN_THOUSAND" } },
    upstream_cluster: "app",
    response_rate_limit: { fixed_limit: { limit_kbps: 2 }, percentage: { numerator: 50 } },
    max_active_faults: 3,
  });
  expect(problems).toEqual([]);
  expect(plan).toEqual({
    delay: { ms: 1500, share: { numerator: 5, denominator: 100 } },
    abort: { status: 503, grpcStatus: null, share: { numerator: 12, denominator: 10_000 } },
    cluster: "app",
    responseRate: { bytesPerSecond: 2048, share: { numerator: 50, denominator: 100 } },
    headers: [],
    maxActive: 3,
  });
});

const refused: [what: string, config: JsonValue, paths: string[]][] = [
  ["faults by node of the caller", { downstream_nodes: ["a"] }, ["fault.downstream_nodes"]],
  ["metadata for logs", { filter_metadata: { a: 1 } }, ["fault.filter_metadata"]],
  ["a gRPC status that there is not", { abort: { grpc_status: 17 } }, ["fault.abort.grpc_status"]],
  ["a delay beyond any timer", { delay: { fixed_delay: "2147484s" } }, ["fault.delay.fixed_delay"]],
];
test.each(refused)("%s is refused by its path", (_what, config, paths) => {
  expect(planned(config).problems).toEqual(paths);
});

const most = { share: { numerator: 50, denominator: 100 } };
const byCaller = planned({
  delay: { header_delay: {}, percentage: { numerator: 50 } },
  abort: { header_abort: {}, percentage: { numerator: 50 } },
  response_rate_limit: { header_limit: {}, percentage: { numerator: 50 } },
});
const asks = (...headers: [string, string][]) => request({ headers });

test("faults that callers choose are read with the most that they may ask for", () => {
  expect(byCaller.problems).toEqual([]);
  expect(byCaller.plan).toMatchObject({
    delay: { isCallers: true, ...most },
    abort: { isCallers: true, ...most },
    responseRate: { isCallers: true, ...most },
  });
});

test.each<[ask: [string, string][], delay: number | null, share?: number]>([
  [[], null],
  [[["x-envoy-fault-delay-request", "250"]], 250],
  [[["x-envoy-fault-delay-request", "0"]], null],
  [[["x-envoy-fault-delay-request", "-1"]], null],
  [[["x-envoy-fault-delay-request", "99999999999"]], 2_147_483_647],
  [[["x-envoy-fault-delay-request", "18446744073709551616"]], null],
  [
    [
      ["x-envoy-fault-delay-request", "250"],
      ["x-envoy-fault-delay-request", "9"],
      ["x-envoy-fault-delay-request-percentage", "7"],
    ],
    250,
    7,
  ],
  [
    [
      ["x-envoy-fault-delay-request", "250"],
      ["x-envoy-fault-delay-request-percentage", "90"],
    ],
    250,
  ],
])("a caller that says %j waits %s ms", (ask, ms, share = 50) => {
  expect(delayFor(byCaller.plan, asks(...ask))).toEqual(
    ms === null ? null : { ms, share: { numerator: share, denominator: 100 } },
  );
});

test("a status of HTTP comes before one of gRPC, and rates are KiB per second", () => {
  const abort = (...ask: [string, string][]) => abortFor(byCaller.plan, asks(...ask));
  expect(abort(["x-envoy-fault-abort-request", "503"], ["x-envoy-fault-abort-grpc-request", "8"])).toMatchObject({
    status: 503,
    grpcStatus: null,
  });
  expect(abort(["x-envoy-fault-abort-request", "99"], ["x-envoy-fault-abort-grpc-request", "8"])).toMatchObject({
    status: 200,
    grpcStatus: 8,
  });
  expect(abort(["x-envoy-fault-abort-request", "600"])).toBeNull();
  const rate = (value: string) => rateFor(byCaller.plan, asks(["x-envoy-fault-throughput-response", value]));
  expect(rate("8")).toEqual({ bytesPerSecond: 8192, ...most });
  expect([rate("0"), rate("fast")]).toEqual([null, null]);
});

test("what is fixed is not the caller's to say", () => {
  const { plan } = planned({ abort: { http_status: 503, percentage: { numerator: 1 } } });
  const asked = asks(["x-envoy-fault-abort-request", "418"], ["x-envoy-fault-abort-request-percentage", "0"]);
  expect(abortFor(plan, asked)).toEqual({
    status: 503,
    grpcStatus: null,
    share: { numerator: 1, denominator: 100 },
  });
  expect([delayFor(plan, asked), rateFor(plan, asked)]).toEqual([null, null]);
});

test("an empty fault applies to nothing, one with conditions to what fits them all", () => {
  expect(faultApplies(planned({}).plan, request(), "app")).toBe(false);
  const headers: JsonValue = [
    { name: "x-a", present_match: true },
    { name: "x-b", string_match: { exact: "1" } },
  ];
  const { plan } = planned({ abort: { http_status: 503 }, upstream_cluster: "app", headers });
  const fitting = request({
    headers: [
      ["x-a", ""],
      ["x-b", "1"],
    ],
  });
  expect(faultApplies(plan, fitting, "app")).toBe(true);
  expect(faultApplies(plan, fitting, "other")).toBe(false);
  expect(faultApplies(plan, request({ headers: [["x-a", ""]] }), "app")).toBe(false);
});

test("a share takes its part of the numbers that are drawn", () => {
  const share = { numerator: 3, denominator: 100 };
  const taken = Array.from({ length: 1000 }, (_, random) => isInShare(share, random)).filter(Boolean);
  expect(taken).toHaveLength(30);
});
