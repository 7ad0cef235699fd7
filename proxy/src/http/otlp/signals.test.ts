// Which exporters a listener asks for: what nobody asks for is forgotten with the next plan.

import { expect, it } from "vitest";
import { chain, http, listener } from "../../../test/support/plans";
import type { AccessLogPlan, OtlpLogExporterPlan } from "../../plan/types";
import { logsIn } from "./signals";

const exporter = (logName: string): OtlpLogExporterPlan => ({
  collector: {
    kind: "grpc",
    grpc: { cluster: "collector", authority: "collector", timeoutMs: 1000, maxMessageBytes: 65_536 },
  },
  logName,
  resource: [],
  flushMs: 1000,
  bufferBytes: 1000,
  statPrefix: "",
});
const logTo = (logName: string): AccessLogPlan => ({
  filter: null,
  kind: "otlp",
  exporter: exporter(logName),
  body: null,
  attributes: [],
  customTags: [],
});

it("are those of its own log and of the logs of its filter chains", () => {
  const network = http({ accessLogs: [logTo("requests")] });
  const plan = listener("main", { accessLogs: [logTo("connections")], filterChains: [chain({ network })] });
  expect(logsIn(plan).map(({ logName }) => logName)).toEqual(["connections", "requests"]);
  expect(logsIn(listener("silent"))).toEqual([]);
});
